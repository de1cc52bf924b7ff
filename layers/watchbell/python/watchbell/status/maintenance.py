"""Maintenance windows: when they are open, which monitors they cover, and how a person writes them.

A window lasts real minutes, and its last moment is outside. If the clock skips its start, it begins at the end of the
gap. If the clock shows its start twice, it happens once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ..errors import UserError
from ..i18n import _
from . import cron
from .monitor import Monitor
from .roster import Entry
from .uptime import Span

LONGEST: Final = 30 * 24 * 60
"""How long a window lasts at most, in minutes."""
DAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


@dataclass(frozen=True)
class Once:
    """A window that happens once. `start` and `end` are in epoch seconds."""

    start: int
    end: int


@dataclass(frozen=True)
class Repeating:
    """A window that opens whenever `cron` comes in the IANA zone, and lasts `minutes`.

    A weekly window is one of these: every Sunday at 02:00 is `0 2 * * 0`.
    """

    cron: str
    minutes: int
    zone: str = "UTC"


When = Once | Repeating


@dataclass(frozen=True)
class Window:
    """When maintenance takes place, and of which monitors: those with one of these ids, groups or tags.

    Without ids, groups and tags it covers all monitors of the server.
    """

    when: When
    monitors: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def covers(self, monitor: Monitor | Entry) -> bool:
        if not (self.monitors or self.groups or self.tags):
            return True
        return (
            monitor.id in self.monitors or monitor.group in self.groups or not set(self.tags).isdisjoint(monitor.tags)
        )


def in_maintenance(windows: Iterable[Window], monitor: Monitor | Entry, at: float) -> bool:
    """Whether one of these windows is open at a moment and covers the monitor."""
    return any(window.covers(monitor) and is_open(window.when, at) for window in windows)


def open_until(windows: Iterable[Window], monitor: Monitor | Entry, at: float) -> int:
    """When the maintenance of a monitor at a moment ends, in epoch seconds, 0 if it is in none."""
    spans = [current(window.when, at) for window in windows if window.covers(monitor)]
    return max((span.end for span in spans if span), default=0)


def is_open(when: When, at: float) -> bool:
    return current(when, at) is not None


def current(when: When, at: float) -> Span | None:
    """The occurrence that is open at a moment, None if there is none. The first one if several are."""
    found = next(occurrences(when, at), None)
    return found if found and found.start <= at else None


def upcoming(when: When, after: float) -> Span | None:
    """The first occurrence that starts later than `after`, None if there is none."""
    if isinstance(when, Once):
        return Span(when.start, when.end) if when.start > after else None
    start = int(cron.next_after(when.cron, when.zone, after))
    return Span(start, start + when.minutes * 60)


def next_start(when: When, after: float) -> int | None:
    """When the window opens for the first time after a moment, None if never again."""
    found = upcoming(when, after)
    return found and found.start


def occurrences(when: When, after: float) -> Iterator[Span]:
    """All occurrences that end later than `after`, in the order of time. There is no end to those of a cron."""
    length = when.end - when.start if isinstance(when, Once) else when.minutes * 60
    found = upcoming(when, after - length)
    while found is not None:
        yield found
        found = upcoming(when, found.start)


def parse(start: str, duration: str, zone: str, now: float) -> When:
    """Read what a person typed. Raises UserError, with a sentence for each part that is to be corrected.

    `start` is `now`, `22:00` (the next time that the clock shows it), `today 22:00`, `tomorrow 22:00`,
    `2026-12-01 22:00`, `sun 02:00`, `mon-fri 22:00`, `daily 02:00`, or a cron expression. `tomorrow` alone is its
    midnight. `duration` is `45m`, `2h`, `1h 30m` or `1d`. `zone` is an IANA name. A window that is over `now` is
    refused.
    """
    clock = cron.zone_of(zone)
    wrong: list[str] = []
    minutes, begin, expression = 0, 0, ""
    try:
        begin, expression = _start(" ".join(start.lower().split()), clock, now)
    except UserError as error:
        wrong.append(str(error))
    try:
        minutes = parse_duration(duration)
    except UserError as error:
        wrong.append(str(error))
    if wrong:
        raise UserError("\n".join(wrong))
    if expression:
        return Repeating(expression, minutes, zone)
    if begin + minutes * 60 <= now:
        raise UserError(_("This maintenance would already be over. Choose a later start."))
    return Once(begin, begin + minutes * 60)


def _start(text: str, clock: ZoneInfo, now: float) -> tuple[int, str]:
    """When a window begins: the epoch second, or else the cron expression. Raises UserError."""
    if text == "now":
        return int(now), ""
    if expression := repeating(text):
        return 0, expression
    today = datetime.fromtimestamp(now, clock).date()
    days = {"today": today, "tomorrow": today + timedelta(days=1)}
    found = re.fullmatch(r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2}|today|tomorrow)[ t]?)?([0-9]{1,2}:[0-9]{2})?", text)
    day, clock_time = found.groups() if found else ("", "")
    if not clock_time and day != "tomorrow":
        raise UserError(_start_rule())
    try:
        at = datetime.strptime(clock_time or "00:00", "%H:%M").time()
        date = days[day] if day in days else datetime.strptime(day, "%Y-%m-%d").date() if day else today
    except ValueError:
        raise UserError(_("There is no such date or time.")) from None
    begin = int(cron.moment(datetime.combine(date, at), clock))
    if not day and begin + 60 <= now:
        begin = int(cron.moment(datetime.combine(days["tomorrow"], at), clock))
    return begin, ""


def repeating(text: str) -> str:
    """The cron expression of `sun 02:00`, `mon-fri 22:00`, `daily 02:00` or a cron expression. "" for another text.

    Raises UserError, with a sentence that says what to correct.
    """
    text = " ".join(text.lower().split())
    weekly = re.fullmatch(r"([a-z, -]+) ([0-9]{1,2}):([0-9]{2})", text)
    if weekly and weekly[1] not in ("today", "tomorrow"):
        days, hour, minute = weekly.groups()
        if int(hour) > 23 or int(minute) > 59:
            raise UserError(_("There is no such date or time."))
        return f"{int(minute)} {int(hour)} * * {_weekdays(days)}"
    if len(text.split()) == 5:
        cron.check(text)
        return text.upper()
    return ""


def written(when: Repeating) -> str:
    """When a window opens, as a person writes it: `sun 02:00`, `mon-fri 22:00`, `daily 02:00`, or the expression."""
    found = re.fullmatch(r"([0-9]+) ([0-9]+) \* \* (\*|[0-6](?:,[0-6])*)", when.cron)
    if found is None:
        return when.cron
    minute, hour, days = found.groups()
    names = "daily"
    if days != "*":
        numbers = [int(day) for day in days.split(",")]
        shown = [DAYS[number][:3] for number in numbers]
        in_a_row = len(numbers) > 2 and numbers == [*range(numbers[0], numbers[-1] + 1)]
        names = f"{shown[0]}-{shown[-1]}" if in_a_row else ", ".join(shown)
    return f"{names} {int(hour):02}:{int(minute):02}"


def parse_duration(text: str) -> int:
    """Read a duration such as `45m`, `2h`, `1h 30m` or `1d`, in minutes. Raises UserError."""
    found = re.fullmatch(
        r"(?:([0-9]{1,5}) ?d)? ?(?:([0-9]{1,5}) ?h)? ?(?:([0-9]{1,5}) ?m(?:in)?)?", " ".join(text.lower().split())
    )
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = (days * 24 + hours) * 60 + minutes
    if not 1 <= total <= LONGEST:
        raise UserError(
            _(
                "Write how long it lasts as `45m`, `2h`, `1h 30m` or `1d`. "
                "It lasts at least 1 minute and at most 30 days."
            )
        )
    return total


def _weekdays(text: str) -> str:
    """The days of the week as cron writes them: `mon-wed, sat` is `1,2,3,6`, and `daily` is `*`."""
    if text == "daily":
        return "*"
    days = set()
    for part in re.sub(" ?([,-]) ?", r"\1", text).split(","):
        first, dash, last = part.partition("-")
        low, high = _weekday(first), _weekday(last if dash else first)
        days |= {(low + number) % 7 for number in range((high - low) % 7 + 1)}
    return ",".join(map(str, sorted(days)))


def _weekday(name: str) -> int:
    """Find a day by its English name or the first letters of it, at least three."""
    found = [number for number, day in enumerate(DAYS) if day.startswith(name) and len(name) >= 3]
    if not found:
        raise UserError(_start_rule())
    return found[0]


def _start_rule() -> str:
    return _(
        "Write when it starts as `now`, `22:00`, `tomorrow 22:00` or `2026-12-01 22:00`, every week as `sun 02:00` or "
        "`mon-fri 22:00`, every day as `daily 02:00`, or as a cron expression such as `0 2 1 * *`."
    )
