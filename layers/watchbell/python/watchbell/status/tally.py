"""What is counted of monitors in an hour or a day: results by outcome, and their latencies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .facts import Facts
from .flip import Flip
from .histogram import Histogram

HOUR = 60 * 60
DAY = 24 * HOUR

Results = Mapping[str, tuple[Facts, bool]]
"""What one run found out, by monitor id: the facts, and whether the monitor was in maintenance."""


class Share(NamedTuple):
    """`part` of `whole`. It is no float, because 100 % must mean all. Nothing was measured if `whole` is 0."""

    part: int
    whole: int


@dataclass(frozen=True)
class Tally:
    """What was counted of one monitor.

    `maintenance` counts the results in maintenance, whatever their outcome. They and `unknown` count neither for nor
    against the monitor. `latency` has every other result that came with a latency, also if the target was down.

    `repaired` counts the outages that ended, and `repair` is how long they lasted together, in seconds. They count in
    the hour in which they ended, with what was before it. An outage that ends in maintenance does not count.
    """

    up: int = 0
    degraded: int = 0
    down: int = 0
    unknown: int = 0
    maintenance: int = 0
    latency: Histogram = field(default_factory=Histogram)
    repaired: int = 0
    repair: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.up + other.up,
            self.degraded + other.degraded,
            self.down + other.down,
            self.unknown + other.unknown,
            self.maintenance + other.maintenance,
            self.latency + other.latency,
            self.repaired + other.repaired,
            self.repair + other.repair,
        )

    @property
    def counted(self) -> int:
        return self.up + self.degraded + self.down

    @property
    def uptime(self) -> Share:
        """The share of the counted results that were up or degraded."""
        return Share(self.up + self.degraded, self.counted)

    @property
    def measured(self) -> Share:
        """The share of all results that counted. The rest was unknown or in maintenance."""
        return Share(self.counted, self.counted + self.unknown + self.maintenance)


@dataclass(frozen=True)
class Period:
    """The tallies of a shard in one hour or one UTC day, by monitor id. `start` is in epoch seconds."""

    start: int
    tallies: Mapping[str, Tally] = field(default_factory=dict)


def add(tally: Tally, facts: Facts, in_maintenance: bool) -> Tally:
    """Count one more result."""
    if in_maintenance:
        return replace(tally, maintenance=tally.maintenance + 1)
    if facts.outcome == "unknown":
        return replace(tally, unknown=tally.unknown + 1)
    latency = tally.latency if facts.latency_ms is None else tally.latency.plus(facts.latency_ms)
    return replace(tally, **{facts.outcome: getattr(tally, facts.outcome) + 1}, latency=latency)


def repairs(flips: Iterable[Flip], down_since: Mapping[str, int]) -> dict[str, list[int]]:
    """How long the outages lasted that end with these flips of one run, in seconds, by monitor id.

    `down_since` says since when each monitor is down that was down before the run. A monitor that is new again because
    it was paused or edited is not repaired.
    """
    began, found = dict(down_since), dict[str, list[int]]()
    for flip in flips:
        if flip.new == "down":
            began.setdefault(flip.monitor, flip.since)
        elif (since := began.pop(flip.monitor, None)) is not None and flip.new != "new":
            found.setdefault(flip.monitor, []).append(max(flip.since - since, 0))
    return found


def record(
    hour: Period | None,
    at: int,
    results: Results,
    members: Collection[str],
    missed: Mapping[str, int] | None = None,
    repaired: Mapping[str, Collection[int]] | None = None,
) -> tuple[Period, Period | None]:
    """Count the results of the run at `at` (epoch seconds).

    `hour` is the hour that the shard's state holds, None before the first run. Returns the hour that the state holds
    from now on, and the finished hour that has to be stored, or None if the hour goes on.

    `members` are the ids of the shard's monitors. The tallies of other monitors are dropped from the hour, because
    these monitors were deleted. `missed` says how many runs of a monitor were left out since its last run. They count
    as unknown, in the hour of this run. `repaired` are the `repairs` of this run.

    Raises ValueError if the run is older than the hour. It must be dropped before.
    """
    start = at // HOUR * HOUR
    if hour is not None and hour.start > start:
        raise ValueError("this run is older than the hour of the state")
    goes_on = hour is not None and hour.start == start
    tallies = {id: tally for id, tally in hour.tallies.items() if id in members} if hour and goes_on else {}
    for id, count in (missed or {}).items():
        tally = tallies.get(id, Tally())
        tallies[id] = replace(tally, unknown=tally.unknown + count)
    for id, (facts, in_maintenance) in results.items():
        tallies[id] = add(tallies.get(id, Tally()), facts, in_maintenance)
        if not in_maintenance and (ended := (repaired or {}).get(id)):
            tally = tallies[id]
            tallies[id] = replace(tally, repaired=tally.repaired + len(ended), repair=tally.repair + sum(ended))
    return Period(start, tallies), None if goes_on else hour


def day_that_ended(finished: Period, at: int) -> int | None:
    """The start of the UTC day that ends with the hour `finished`, or None if the run at `at` is still in that day."""
    day = finished.start // DAY * DAY
    return day if at >= day + DAY else None


def day_of(hours: Iterable[Period], members: Collection[str]) -> Period:
    """The tallies of the members in a UTC day. `hours` are all hours of that day, at least one."""
    start, tallies = 0, dict[str, Tally]()
    for hour in hours:
        start = hour.start // DAY * DAY
        for id, tally in hour.tallies.items():
            if id in members:
                tallies[id] = tallies.get(id, Tally()) + tally
    return Period(start, tallies)


def total(periods: Iterable[Period], monitor: str) -> Tally:
    """What was counted of a monitor in all of these periods."""
    return sum((period.tallies[monitor] for period in periods if monitor in period.tallies), Tally())
