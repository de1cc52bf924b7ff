"""A slow oracle for cron: it walks the minutes around a change of a clock and looks at what the clock shows.

It reads expressions by itself and shares no code with `watchbell.status.cron`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from watchbell.status import cron
from watchbell.status.maintenance import Repeating, is_open
from watchbell.subscriptions.timed import Timed, expression

MINUTE = timedelta(minutes=1)
AROUND = timedelta(hours=27)

EXPRESSIONS = (
    "0 0 * * *",
    "30 2 * * *",
    "15,45 0-3,23 * * *",
    "*/7 * * * *",
    "5 * * * *",
    "*/20 0,1,2,3 * * *",
    "0 */5 * * *",
    "59 23 * * *",
    "40 2 */2 * 0,6",
    "10 1 1-7 * 0",
)

CHANGES = {
    "Africa/Cairo": ("2026-04-23T22:00", "2026-10-29T21:00"),
    "Africa/Casablanca": ("2026-02-15T02:00", "2026-03-22T02:00"),
    "America/Sao_Paulo": ("2018-11-04T03:00", "2019-02-17T02:00"),
    "America/St_Johns": ("2010-03-14T03:31", "2010-11-07T02:31"),
    "Antarctica/Troll": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Asia/Beirut": ("2026-03-28T22:00", "2026-10-24T21:00"),
    "Asia/Kathmandu": ("1985-12-31T18:30",),
    "Asia/Pyongyang": ("2015-08-14T15:00", "2018-05-04T15:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Pacific/Apia": ("2011-12-30T10:00",),
    "Pacific/Chatham": ("2026-04-04T14:00", "2026-09-26T14:00"),
}
"""Changes of clocks, in UTC: over midnight, by half an hour, by two hours, by a day."""


def changes_of(zone: str, first: datetime, last: datetime) -> list[str]:
    """All changes of a clock between two moments in UTC, to the minute."""
    clock, found = ZoneInfo(zone), []
    early = first
    while early < last:
        late = early + timedelta(days=3)
        if _offset(early, clock) != _offset(late, clock):
            low, high = early, late
            while high - low > MINUTE:
                middle = low + (high - low) // 2 // MINUTE * MINUTE
                low, high = (middle, high) if _offset(middle, clock) == _offset(early, clock) else (low, middle)
            found.append(high.replace(tzinfo=None).isoformat(timespec="minutes"))
        early = late
    return found


def _offset(moment: datetime, clock: ZoneInfo) -> timedelta | None:
    return moment.astimezone(clock).utcoffset()


@lru_cache(maxsize=8)
def walk(zone: str, change: str) -> list[tuple[int, datetime]]:
    """The minutes around a change: epoch seconds, and what the clock shows."""
    clock, middle = ZoneInfo(zone), datetime.fromisoformat(change).replace(tzinfo=UTC)
    first = middle - AROUND
    minutes = [first + number * MINUTE for number in range(2 * AROUND // MINUTE)]
    return [(int(each.timestamp()), each.astimezone(clock).replace(tzinfo=None, fold=0)) for each in minutes]


def moments(expression: str, zone: str, change: str) -> list[int]:
    """When the expression comes around a change: the epoch seconds of each minute in which it runs."""
    matches, is_fixed = _reader(expression)
    walked = walk(zone, change)
    if not is_fixed:
        return [moment for moment, shown in walked if matches(shown)]
    found, highest = [], walked[0][1] - MINUTE
    for moment, shown in walked:  # A fixed time comes when the clock shows it or a later time, for the first time.
        if shown - highest == MINUTE:
            passed = [shown]
        else:
            passed = [highest + number * MINUTE for number in range(1, (shown - highest) // MINUTE + 1)]
        if any(map(matches, passed)):
            found.append(moment)
        highest = max(highest, shown)
    return found


def compare_next(expression: str, zone: str, change: str) -> None:
    """Fail if `next_after`, asked again and again, finds other moments than the walk."""
    walked = walk(zone, change)
    expected = moments(expression, zone, change)
    at, found = walked[0][0] - 1.0, []
    while (at := cron.next_after(expression, zone, at)) <= walked[-1][0]:
        found.append(int(at))
    assert found == expected, (expression, zone, change)


def _reader(expression: str):
    """A test of a local minute, and whether the expression is a fixed time."""
    parts = expression.split()
    minutes, hours, days, months, weekdays = (
        _numbers(part, least, most)
        for part, least, most in zip(parts, (0, 0, 1, 1, 0), (59, 23, 31, 12, 7), strict=True)
    )
    both = parts[2].startswith("*") or parts[4].startswith("*")

    def matches(shown: datetime) -> bool:
        if shown.minute not in minutes or shown.hour not in hours:
            return False
        in_days, in_week = shown.day in days, shown.isoweekday() in weekdays or shown.isoweekday() % 7 in weekdays
        on_day = (in_days and in_week) if both else (in_days or in_week)
        return on_day and shown.month in months

    return matches, not (parts[0].startswith("*") or parts[1].startswith("*"))


def _numbers(part: str, least: int, most: int) -> set[int]:
    found = set()
    for item in part.split(","):
        span, _, step = item.partition("/")
        low, _, high = (f"{least}-{most}" if span == "*" else span).partition("-")
        top = int(high or (most if step else low))
        found |= {
            number
            for number in range(least, most + 1)
            if int(low) <= number <= top and not (number - int(low)) % int(step or 1)
        }
    return found


def compare_windows(expression: str, minutes: int, zone: str, change: str) -> None:
    """Fail if a window that opens with the expression is open at other minutes than the walk says.

    The first minutes are left out, because a window that opened before the walk can reach into them.
    """
    starts = moments(expression, zone, change)
    window = Repeating(expression, minutes, zone)
    for moment, _ in walk(zone, change)[minutes::13]:
        last = bisect_right(starts, moment)
        expected = last > 0 and moment < starts[last - 1] + minutes * 60
        assert is_open(window, moment) == expected, (expression, zone, moment)


def through(timed: Timed, first: int, last: int, chance: Random) -> list[str]:
    """The dates that a digest is told for between two moments, by ticks that come late, twice, or not at all."""
    told, now = [], first
    timed = replace(timed, due=timed.next(first).due)
    while now < last:
        now += chance.choice([60, 60, 240, 3600, 5 * 3600])
        for _tick in range(chance.choice([1, 2])):
            turn = timed.latest(now) if timed.due <= now else None
            if turn is not None:
                told.append(turn.subject)
                timed = replace(timed, told=turn.subject)
                timed = replace(timed, due=timed.next(now).due)
    return told


def dates_of(zone: str, first: int, last: int) -> list[str]:
    """The local dates of a zone between two moments: what its clock shows, hour after hour."""
    clock = ZoneInfo(zone)
    return list(dict.fromkeys(datetime.fromtimestamp(at, clock).date().isoformat() for at in range(first, last, 3600)))


def compare_dates(at: str, zone: str, first: int, last: int) -> None:
    """Fail if a daily digest is told twice for a local date, or never."""
    told = through(Timed("x", "user:1", expression("daily", at), zone), first, last, Random(at))
    dates = dates_of(zone, first, last)
    assert [each for each in told if dates[0] < each < dates[-1]] == dates[1:-1], (zone, at)
