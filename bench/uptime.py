"""90 days of uptime: how many stored items it takes, and how long their figures take, for one monitor and for 25.

The rows of a full shard are packed as they are stored, in a table in memory that counts what is read.
"""

from __future__ import annotations

import platform
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.cold import verdicts
from bench.instance import WrongAnswer
from watchbell.status.facts import Facts
from watchbell.status.packing import pack_period, unpack_period
from watchbell.status.tally import DAY, HOUR, Period, Tally, add
from watchbell.status.uptime import Summary, rows_needed, summary

MONITORS = [f"monitor{letter}" for letter in "abcdefghijklmnopqrstuvwxy"]
NOW = 20_780 * DAY - 30  # The end of a day needs the most rows.
GOALS: dict[str, tuple[str, float]] = {
    "items_read_90d_1_monitor": ("at most", 120),
    "items_read_90d_25_monitors": ("at most", 120),
}


class Table:
    """The packed rows of a shard whose 25 monitors were checked every minute. `reads` counts the items read."""

    def __init__(self) -> None:
        hours = [self._hour() for _ in range(12)]
        day = {id: sum((hour[id] for hour in hours + hours), Tally()) for id in MONITORS}
        today = NOW // DAY * DAY
        starts = range(today, NOW // HOUR * HOUR, HOUR)
        self._hours = {start: pack_period(Period(start, hours[start // HOUR % 12])) for start in starts}
        self._days = {start: pack_period(Period(start, day)) for start in range(today - 400 * DAY, today, DAY)}
        self._state = pack_period(Period(NOW // HOUR * HOUR, hours[0]))
        self.reads = 0

    @staticmethod
    def _hour() -> dict[str, Tally]:
        chance, tallies = random.Random(7), dict.fromkeys(MONITORS, Tally())
        for id in MONITORS:
            for _ in range(60):
                outcome = "down" if chance.random() < 0.01 else "up"
                tallies[id] = add(tallies[id], Facts(outcome, latency_ms=int(chance.lognormvariate(5, 0.7))), False)
        return tallies

    def state(self) -> bytes:
        self.reads += 1
        return self._state

    def hour(self, start: int) -> bytes:
        self.reads += 1
        return self._hours[start]

    def day(self, start: int) -> bytes:
        self.reads += 1
        return self._days[start]


def ask(table: Table, monitors: Sequence[str]) -> list[Summary]:
    """Read what 90 days of these monitors need, and summarise each monitor."""
    hour = unpack_period(table.state(), set(monitors))
    needed = rows_needed("90d", NOW, hour.start)
    packed = [*map(table.day, needed.days), *map(table.hour, (*needed.early_hours, *needed.late_hours))]
    periods = [hour, *(unpack_period(row, set(monitors)) for row in packed)]
    return [summary(periods, [], "90d", NOW, monitor) for monitor in monitors]


@dataclass(frozen=True)
class Measured:
    """The items that were read and the milliseconds of each round, by the number of monitors."""

    items: dict[int, int]
    times: dict[int, list[float]]

    def figures(self) -> dict[str, float]:
        names = {1: "90d_1_monitor", len(MONITORS): "90d_25_monitors"}
        return {
            **{f"items_read_{names[count]}": items for count, items in self.items.items()},
            **{f"ms_{names[count]}": round(median(times), 2) for count, times in self.times.items()},
        }

    def table(self) -> str:
        figures = self.figures()
        lines = [
            f"90 days of uptime on Python {platform.python_version()}, without the time of the database",
            "",
            *(f"{name:28}{value:12}" for name, value in figures.items() if name not in GOALS),
            "",
            *verdicts(figures, GOALS),
        ]
        return "\n".join(lines)


def measure(*, rounds: int, table: Table | None = None) -> Measured:
    """Ask for one monitor and for all. Raise WrongAnswer if a summary has not counted every result."""
    table = table or Table()
    items, times = {}, {}
    for monitors in (MONITORS[:1], MONITORS):
        times[len(monitors)] = []
        for _ in range(rounds):
            table.reads = 0
            started = time.perf_counter()
            found = ask(table, monitors)
            times[len(monitors)].append((time.perf_counter() - started) * 1000)
            items[len(monitors)] = table.reads
            if {each.tally.counted for each in found} != {(91 * 24) * 60}:
                raise WrongAnswer("uptime: not every result of the 90 days was counted")
    return Measured(items, times)
