"""How reliable a monitor was in a window of time: uptime, latencies, outages. It says which stored rows that needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .flip import Flip
from .tally import DAY, HOUR, Period, Tally, total

Window = Literal["24h", "7d", "30d", "90d", "365d"]

_WINDOWS: dict[Window, tuple[int, int]] = {
    "24h": (24 * HOUR, HOUR),
    "7d": (7 * DAY, HOUR),
    "30d": (30 * DAY, DAY),
    "90d": (90 * DAY, DAY),
    "365d": (365 * DAY, DAY),
}
"""The length of each window, and whether it starts on an hour or on a UTC day. All in seconds."""


class Span(NamedTuple):
    """A stretch of time in epoch seconds, without the moment `end`."""

    start: int
    end: int


def start_of(window: Window, now: float) -> int:
    """When a window starts that ends now: at the start of the hour or UTC day that contains its first moment."""
    length, unit = _WINDOWS[window]
    return int((now - length) // unit * unit)


class Needed(NamedTuple):
    """The rows that a window needs: the starts of the hour rows before its first day, the day rows, the hour rows after
    its last day, and whether the hour in the shard's state belongs to it."""

    early_hours: range
    days: range
    late_hours: range
    state: bool

    @property
    def items(self) -> int:
        """How many items that are, at most. Hours and days without a run have no row."""
        return len(self.early_hours) + len(self.days) + len(self.late_hours) + self.state


def rows_needed(window: Window, now: float, hour: int | None) -> Needed:
    """Plan which rows to read for a window that ends now: at most 115 for 90 days, 55 for 7 days, 25 for 24 hours.

    `hour` is the start of the hour that the shard's state holds, None if it holds none. Read the state first: then
    nothing is counted twice and nothing is missing if the hour or the day turns while the rows are read. If the shard
    has not run since the day turned, the last day has no row yet, and its hours are needed.
    """
    return rows_between(start_of(window, now), (hour or 0) + HOUR, hour)


def rows_between(start: int, end: int, hour: int | None, unit: int = DAY) -> Needed:
    """The same for a stretch of whole hours that is over: from `start` to `end`, in epoch seconds.

    With HOUR as the `unit`, hours are read instead of days.
    """
    if hour is None or hour < start:
        return Needed(range(0), range(0), range(0), False)
    first_day = -(-start // DAY) * DAY if unit == DAY else end
    last_day = max(min(hour, end) // DAY * DAY, first_day)
    return Needed(
        range(start, min(first_day, hour, end), HOUR),
        range(first_day, last_day, DAY),
        range(last_day, min(hour, end), HOUR),
        hour < end,
    )


def by_day(periods: Iterable[Period], window: Window, now: float, monitor: str) -> dict[int, Tally]:
    """What was counted of a monitor on each UTC day of a window, by the start of the day, in the order of time."""
    days = {day: Tally() for day in range(start_of(window, now) // DAY * DAY, int(now) + 1, DAY)}
    for period in periods:
        day = period.start // DAY * DAY
        if day in days and monitor in period.tallies:
            days[day] += period.tallies[monitor]
    return days


@dataclass(frozen=True)
class Summary:
    """How reliable a monitor was in a window.

    `tally` has the uptime and the measured share. `p50`, `p95` and `p99` are latencies in milliseconds, None if there
    are none. All durations are in seconds. `outages` counts those that overlap the window, and `downtime` is their part
    in it. `repair` is the mean duration of the outages that ended in the window (MTTR), None if none did. `longest` is
    the duration of the longest outage. `repair` and `longest` include what was before the window.
    """

    tally: Tally
    p50: int | None
    p95: int | None
    p99: int | None
    outages: int
    downtime: int
    repair: float | None
    longest: int


def summary(
    periods: Iterable[Period],
    flips: Iterable[Flip],
    window: Window,
    now: int,
    monitor: str,
    planned: Sequence[Span] = (),
) -> Summary:
    """Summarise a window that ends now.

    `periods` are the rows of `rows_needed`. `flips` are the monitor's flips that were decided in the window, and the
    last one before it. Without that one, an outage that was open at the start begins at the start. Flips of other
    monitors are ignored.

    `planned` are the times of maintenance. They are no downtime, and an outage that lies inside them does not count.
    """
    start = start_of(window, now)
    counted = total(periods, monitor)
    found = []
    downtime = 0
    for outage, ended in outages([flip for flip in flips if flip.monitor == monitor], start, now):
        if seconds := _outside(planned, Span(max(outage.start, start), outage.end)):
            found.append((outage, ended))
            downtime += seconds
    latency = counted.latency
    repairs = [outage.end - outage.start for outage, ended in found if ended]
    return Summary(
        counted,
        p50=latency.percentile(50),
        p95=latency.percentile(95),
        p99=latency.percentile(99),
        outages=len(found),
        downtime=downtime,
        repair=sum(repairs) / len(repairs) if repairs else None,
        longest=max((outage.end - outage.start for outage, _ in found), default=0),
    )


def outages(flips: Iterable[Flip], start: int, now: int) -> list[tuple[Span, bool]]:
    """The outages of one monitor in the order of time, and whether each has ended. One that has not ends now.

    An outage lasts from the first failure of the streak that opened it to the first success of the streak that closed
    it. If the flip that opened it is missing, it begins at `start`.
    """
    found: list[tuple[Span, bool]] = []
    began: int | None = None
    for place, flip in enumerate(sorted(flips, key=lambda flip: (flip.at, flip.since))):
        if began is None and place == 0 and flip.old == "down":
            began = min(start, flip.since)
        if flip.new == "down":
            began = flip.since if began is None else began
        elif began is not None:
            found.append((Span(began, flip.since), True))
            began = None
    if began is not None:
        found.append((Span(began, now), False))
    return found


def _outside(planned: Iterable[Span], span: Span) -> int:
    """How many seconds of `span` are in none of the planned spans, which may overlap."""
    seconds, at = 0, span.start
    for start, end in sorted(planned):
        seconds += max(min(start, span.end) - at, 0)
        at = max(at, end)
    return seconds + max(span.end - at, 0)
