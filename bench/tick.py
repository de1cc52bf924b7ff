"""What a run of a shard costs: the calls and units of DynamoDB, the time of a processor, and the US dollars of a month.

The monitor's door runs for some hours of every minute, over a table in memory that counts what AWS would bill. The
checks are stubs. Their own time comes from the bench of checks. So the dollars are simulated, from measured figures.
"""

from __future__ import annotations

import platform
import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

from bench import checks
from bench.cold import verdicts
from bench.instance import WrongAnswer
from infra.cost import PRICES_OF, Run, of_run
from watchbell.adapters.batch import Delivery
from watchbell.adapters.monitors import Change, Monitors
from watchbell.adapters.shards import Shards
from watchbell.doors import monitor as door
from watchbell.status.facts import Facts
from watchbell.status.monitor import Monitor
from watchbell.status.reason import Reason
from watchbell.status.roster import Entry
from watchbell.testing.table import FakeTable

FULL = 25
BEGUN = 20_780 * 86_400
WARM = 60
"""Minutes before the measured ones, in which the states and the first hour fill up."""

HEALTHY_SECONDS, HANGING_SECONDS = 0.1, 5.0
"""The slowest wait of a run: targets that answer, and one that does not."""

GOALS: dict[str, tuple[str, float]] = {
    "write_units_per_run": ("at most", 8),
    "usd_per_monitor_month_25_healthy": ("at most", 0.03),
}


@dataclass(frozen=True)
class Measured:
    """The runs of a shard with one monitor, of a full one, and of a full one with a target that hangs."""

    alone: Run
    healthy: Run
    hanging: Run
    items: float
    """That a run of the full, healthy shard reads and writes."""

    def figures(self) -> dict[str, float]:
        return {
            "items_per_run": round(self.items, 1),
            "write_units_per_run": round(self.healthy.write_units, 2),
            "read_units_per_run": round(self.healthy.read_units, 2),
            "usd_per_monitor_month_25_healthy": round(of_run(self.healthy) / FULL, 4),
            "usd_per_monitor_month_25_one_hanging": round(of_run(self.hanging) / FULL, 4),
            "usd_per_monitor_month_alone": round(of_run(self.alone), 4),
        }

    def table(self) -> str:
        figures = self.figures()
        lines = [
            f"A shard's run every minute on Python {platform.python_version()}, at list prices of {PRICES_OF}",
            "",
            *(f"{name:38}{value:12}" for name, value in figures.items() if name not in GOALS),
            f"{'cpu_ms_of_a_run':38}{self.healthy.cpu_seconds * 1000:12.1f}",
            "",
            *verdicts(figures, GOALS),
        ]
        return "\n".join(lines)


def measure(*, rounds: int, minutes: int = 240, cpu_ms_per_check: float | None = None) -> Measured:
    """Run the shards. `cpu_ms_per_check` is measured if it is not given.

    Raise WrongAnswer if a result is not counted.
    """
    if cpu_ms_per_check is None:
        cpu_ms_per_check = checks.measure(rounds=min(rounds, 5)).figures()["cpu_ms_per_check"]
    alone, healthy, hanging = Server(1), Server(FULL), Server(FULL, hanging=True)
    seconds = cpu_ms_per_check / 1000
    runs = [server.measured(minutes, seconds) for server in (alone, healthy, hanging)]
    return Measured(runs[0], runs[1], runs[2], healthy.items)


class Server:
    """A server with one shard: what the monitor's door needs of the tools."""

    guild = "1100000000000000001"

    def __init__(self, monitors: int, *, hanging: bool = False) -> None:
        self.at = float(BEGUN)
        self.table = FakeTable()
        self.shards = Shards(self.table, self.now)  # type: ignore[arg-type]
        self.monitors = Monitors(self.table, ceiling=FULL, of_host=FULL)  # type: ignore[arg-type]
        self.sent: list[dict] = []
        self.items = 0.0
        self.calls: Counter[str] = Counter()
        self.send_queue = self
        self._hanging = hanging
        self._chance = random.Random(7)
        self._ids = [f"monitor{'abcdefghijklmnopqrstuvwxy'[number]}" for number in range(monitors)]
        for number, id in enumerate(self._ids):
            self._add(a_monitor(id, number))

    def now(self) -> float:
        return self.at

    def send(self, message: dict) -> None:
        self.sent.append(message)

    def check(self, guild_id: str, monitors: Iterable[Monitor], **_again: object) -> dict[str, Facts]:
        found = {}
        for each in monitors:
            latency = int(self._chance.lognormvariate(5, 0.7))
            values = {"status": 200, "certificate_days": 61}
            found[each.id] = Facts("up", latency_ms=latency, values=values)
        if self._hanging:
            found[self._ids[-1]] = Facts("down", Reason("timeout", {"seconds": 5}))
        return found

    def measured(self, minutes: int, cpu_of_a_check: float) -> Run:
        """Run some hours, and return what a run costs on average. The hours end with their rows."""
        for _minute in range(WARM):
            self._run()
        for counted in (self.table.units, self.table.items, self.table.calls):
            counted.clear()
        times = [self._run() for _minute in range(minutes)]
        units, self.calls = self.table.units.copy(), self.table.calls.copy()
        self.items = self.table.items.total() / minutes
        self._check_figures()
        return Run(
            read_units=units["read"] / minutes,
            write_units=units["write"] / minutes,
            cpu_seconds=mean(times) + len(self._ids) * cpu_of_a_check,
            waits=HANGING_SECONDS if self._hanging else HEALTHY_SECONDS,
        )

    def _check_figures(self) -> None:
        """Raise WrongAnswer if a run was not counted in the figures of the server."""
        periods = self.shards.periods(self.guild, "01", "24h", self.at)
        counted = [sum(each.tallies[id].counted for each in periods) for id in self._ids]
        if set(counted) != {(self.at - BEGUN) // 60}:
            raise WrongAnswer(f"tick: {min(counted)} of {(self.at - BEGUN) // 60:.0f} results were counted")

    def _run(self) -> float:
        """Run the shard for this minute, and return the seconds of a processor that it took."""
        message = {"kind": "shard", "guild": self.guild, "shard": "01", "slot": int(self.at), "every": 1}
        begun = time.process_time()
        door.run(Delivery(message, 1, False), self)  # type: ignore[arg-type]
        spent = time.process_time() - begun
        self.at += 60
        return spent

    def _add(self, each: Monitor) -> None:
        entry = Entry(each.id, each.name, each.kind, "01", each.every)
        self.monitors.change(self.guild, lambda roster: Change(roster.with_(entry), put=("01", each)))


def a_monitor(id: str, number: int) -> Monitor:
    return Monitor(
        id,
        f"Service {number} of the shop",
        "http",
        f"https://service-{number}.shop.example/health/ready",
        1,
        group="Shop",
        tags=("production", "europe"),
        conditions=checks.CONDITIONS,
    )
