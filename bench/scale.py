"""What up to 10,000 monitors take: runs, calls of AWS, functions at once and US dollars, by counted calls.

The tick and the monitor's door run over a table in memory that counts what AWS would bill. The time of a processor is a
fixed figure, rounded up from `python -m bench tick`, so the table is the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from statistics import mean

from bench.tick import BEGUN, FULL, HANGING_SECONDS, Server
from infra.cost import HOURS, Run, of_run
from watchbell.adapters.monitors import due_key
from watchbell.adapters.shards import Shards
from watchbell.schedules.watch import watch
from watchbell.testing.table import FakeTable

COUNTS = (1, 25, 100, 1_000, 10_000)
CPU_OF_A_CHECK, CPU_OF_A_RUN = 0.003, 0.010
CALLS_OF_A_RUN = 4

FULL_SHARDS = (FULL, 1)
BY_DEFAULT = (10, 5)
"""The monitors of a server, and how often they are checked in minutes, as a server may have them at first."""


@dataclass(frozen=True)
class Scale:
    """What monitors take in one minute, on average. `dollars` are those of a month."""

    monitors: int
    every: int
    shards: int
    runs: float
    dynamodb: float
    sqs: float
    functions: int
    """That run at once, if all targets answer."""
    hanging: int
    """That run at once, if a target in each shard does not answer."""
    dollars: float

    def cells(self) -> tuple[str, ...]:
        figures = (self.monitors, self.shards, self.runs, self.dynamodb, self.sqs, self.functions, self.hanging)
        often = "minute" if self.every == 1 else f"{self.every} minutes"
        monitors, *rest = (f"{math.ceil(figure):,}" for figure in figures)
        return (f"{monitors}, every {often}", *rest, f"${self.dollars:,.2f}")


@dataclass(frozen=True)
class Measured:
    scales: list[Scale]

    def figures(self) -> dict[str, float]:
        return {f"usd_per_month_{each.monitors}_every_{each.every}": round(each.dollars, 2) for each in self.scales}

    def table(self) -> str:
        heading = ("monitors", "shards", "runs", "DynamoDB", "SQS", "at once", "hanging", "a month")
        rows = [heading, *(each.cells() for each in self.scales)]
        return "\n".join("{:<26}{:>9}{:>9}{:>11}{:>9}{:>9}{:>9}{:>12}".format(*cells) for cells in rows)


def measure(*, rounds: int = 1) -> Measured:
    """Count. The figures are the same in every round."""
    return Measured([scale(count, *layout) for layout in (FULL_SHARDS, BY_DEFAULT) for count in COUNTS])


def rows() -> list[tuple[str, ...]]:
    return [each.cells() for each in measure().scales]


def scale(monitors: int, of_a_server: int, every: int) -> Scale:
    shards = math.ceil(monitors / of_a_server)
    run = run_of(min(monitors, of_a_server))
    ticks = [*tick(shards, every)]
    runs = mean(messages for messages, *_ in ticks)
    return Scale(
        monitors,
        every,
        shards,
        runs,
        dynamodb=mean(calls for _, calls, _ in ticks) + runs * CALLS_OF_A_RUN,
        sqs=mean(sends for *_, sends in ticks) + 2 * runs,
        functions=_at_once(runs, run),
        hanging=_at_once(runs, replace(run, waits=HANGING_SECONDS)),
        dollars=of_run(run, runs * 60 * HOURS),
    )


def _at_once(runs: float, run: Run) -> int:
    return math.ceil(runs * run.billed / 60)


@cache
def run_of(monitors: int) -> Run:
    """A run of a healthy shard with so many monitors."""
    server = Server(monitors)
    run = server.measured(60, 0)
    if server.calls.total() != 60 * CALLS_OF_A_RUN:
        raise ValueError(f"60 runs made {dict(server.calls)}, not {CALLS_OF_A_RUN} calls each")
    return replace(run, cpu_seconds=CPU_OF_A_RUN + monitors * CPU_OF_A_CHECK)


def tick(shards: int, every: int) -> Iterator[tuple[int, int, int]]:
    """Run the tick of each minute of a period: the shards it queues, and its calls of DynamoDB and SQS."""
    tools = _Tools()
    for number in range(shards):
        tools.table.put(due_key(str(1_100_000_000_000_000_000 + number), "01", every))
    tools.shards.ticked(BEGUN - 60)
    for minute in range(every):
        tools.queued.clear()
        tools.table.calls.clear()
        watch(datetime.fromtimestamp(BEGUN + 60 * minute, UTC), tools)
        yield len(tools.queued), tools.table.calls.total(), math.ceil(len(tools.queued) / 10)


class _Tools:
    def __init__(self) -> None:
        self.table = FakeTable()
        self.shards = Shards(self.table, lambda: float(BEGUN))  # type: ignore[arg-type]
        self.queued: list[dict] = []
        self.check_queue = self.send_queue = self

    def send_many(self, messages: list[dict]) -> None:
        self.queued += messages
