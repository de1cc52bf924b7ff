"""When a cron expression comes next in a time zone. It follows Debian's cron through every change of the clock.

- If the minute or the hour begins with `*`, it comes whenever the clock shows a matching minute: never in a gap, and
  in both passes of an hour that comes twice.
- Otherwise it is a fixed time and comes once a day: at the end of the gap if the clock skips it, and the first time if
  the clock shows it twice.
- If both days are given, either is enough. If one of them begins with `*`, both must match.

The day of the month can also be `L` (the last day) or `LW` (the last weekday). The day of the week can be `MON#1` (the
first Monday) or `5L` (the last Friday). `cronsim` reads the expression. The search is our own, because that of
`cronsim` misses minutes near changes of half an hour and finds minutes that do not exist.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from ..errors import UserError
from ..i18n import N_, _

LONGEST = 100
"""The most characters of an expression."""

_DAY = timedelta(days=1)
_YEARS = 41
"""Within so many years each 29 February has fallen on each day of the week, even around the year 2100."""


def check(expression: str) -> None:
    """Raise UserError, with what to correct, if this is no cron expression or if it never comes."""
    _parsed(expression)


def next_after(expression: str, zone: str, after: float) -> float:
    """The first moment later than `after` at which the expression comes. Both are in epoch seconds.

    `zone` is an IANA name. Raises UserError if the expression or the zone is not valid.
    """
    cron, clock = _parsed(expression), zone_of(zone)
    found: tuple[float, date] | None = None
    # Clocks have gone back over midnight, and have skipped a day. So begin a day early, and look at one more day.
    for day in cron.days_from(datetime.fromtimestamp(after, clock).date() - _DAY):
        if found and day > found[1] + _DAY:
            break
        first = cron.first_after(after, day, clock)
        if first is not None and (found is None or first < found[0]):
            found = first, day
    if found is None:
        raise UserError(_(_NEVER))
    return found[0]


def dates(expression: str, first: date) -> Iterator[date]:
    """The dates on which an expression comes, from `first` on. Raises UserError if the expression is not valid."""
    return _parsed(expression).days_from(first)


def zone_of(name: str) -> ZoneInfo:
    """The time zone with an IANA name. Raises UserError if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UserError(_("I do not know this time zone. Write an IANA name, such as `Europe/Berlin`.")) from None


def moment(local: datetime, clock: ZoneInfo) -> float:
    """The moment at which the clock of a zone shows the time `local`, in epoch seconds.

    The first moment if the clock shows it twice, and the end of the gap if the clock skips it.
    """
    with_offset_before = local.replace(tzinfo=clock, fold=0).timestamp()
    with_offset_after = local.replace(tzinfo=clock, fold=1).timestamp()
    if with_offset_before <= with_offset_after:
        return with_offset_before
    return _change_between(int(with_offset_after), int(with_offset_before), clock)


class _Cron:
    """A parsed expression: the times of its days, in minutes since midnight, and a test of a day."""

    def __init__(self, expression: str) -> None:
        parsed = CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
        minute, hour = expression.split()[:2]
        self.is_fixed = not minute.startswith("*") and not hour.startswith("*")
        self.times = sorted(60 * hour + minute for hour in parsed.hours for minute in parsed.minutes)
        self._months = parsed.months
        self._matches = parsed.match_day

    def days_from(self, day: date) -> Iterator[date]:
        """The matching days from `day` on, for as long as it can take until one comes."""
        end = day.year + _YEARS
        while day.year < min(end, 9999):
            if day.month not in self._months:
                day = (day.replace(day=1) + 32 * _DAY).replace(day=1)
                continue
            if self._matches(day):
                yield day
            day += _DAY

    def first_after(self, after: float, day: date, clock: ZoneInfo) -> float | None:
        """The first moment of `day` later than `after`, None if there is none."""
        midnight = datetime.combine(day, time())
        offsets = {
            each.replace(tzinfo=clock, fold=fold).utcoffset() for each in (midnight, midnight + _DAY) for fold in (0, 1)
        }
        if len(offsets) == 1:  # The clock does not change on this day.
            start = midnight.replace(tzinfo=clock).timestamp()
            index = bisect_right(self.times, (after - start) / 60)
            return start + 60 * self.times[index] if index < len(self.times) else None
        moments = _on_change(self, midnight, clock)
        index = bisect_right(moments, after)
        return moments[index] if index < len(moments) else None


@lru_cache(maxsize=64)
def _on_change(cron: _Cron, midnight: datetime, clock: ZoneInfo) -> list[float]:
    """All moments of a day on which the clock changes, in order."""
    found = set()
    for minutes in cron.times:
        local = midnight + timedelta(minutes=minutes)
        if cron.is_fixed:
            found.add(moment(local, clock))
            continue
        for fold in (0, 1):
            shown = local.replace(tzinfo=clock, fold=fold).timestamp()
            if _shown(shown, clock) == local:
                found.add(shown)
    return sorted(found)


def _shown(moment: float, clock: ZoneInfo) -> datetime:
    """What the clock of a zone shows at a moment."""
    return datetime.fromtimestamp(moment, clock).replace(tzinfo=None, fold=0)


def _change_between(early: int, late: int, clock: ZoneInfo) -> float:
    """The moment between two others at which the offset of a zone changes."""
    offset = datetime.fromtimestamp(early, clock).utcoffset()
    while late - early > 1:
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, clock).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return float(late)


@lru_cache(maxsize=256)
def _read(expression: str) -> _Cron:
    """Raises CronSimError if the expression cannot be read."""
    return _Cron(expression)


def _parsed(expression: str) -> _Cron:
    if len(expression) > LONGEST or len(expression.split()) != 5:
        raise UserError(
            _(
                "A cron expression has five parts: minute, hour, day of the month, month and day of the week. "
                "For example, `30 2 * * 0` is every Sunday at 02:30."
            )
        )
    try:
        cron = _read(expression.upper())
    except CronSimError as error:
        raise UserError(_(_FAULTS[str(error)])) from None
    if next(cron.days_from(date(2000, 1, 1)), None) is None:
        raise UserError(_(_NEVER))
    return cron


_NEVER = N_("This cron expression never comes, because no day matches it.")
_FAULTS = {
    "Bad minute": N_("The minute, the first part of a cron expression, is 0 to 59, such as `0`, `*/15` or `10-20`."),
    "Bad hour": N_("The hour, the second part of a cron expression, is 0 to 23, such as `2`, `*/6` or `22,23`."),
    "Bad day-of-month": N_(
        "The day of the month, the third part of a cron expression, is 1 to 31, `L` (the last day) or `LW` (the last "
        "weekday), and must exist in one of the months."
    ),
    "Bad month": N_("The month, the fourth part of a cron expression, is 1 to 12, or a name such as `JAN`."),
    "Bad day-of-week": N_(
        "The day of the week, the fifth part of a cron expression, is 0 (Sunday) to 7 (Sunday), or a name such as "
        "`MON`. `MON#1` is the first Monday and `5L` the last Friday of the month."
    ),
}
