"""When cron and rate expressions of EventBridge Scheduler are due, in their time zone and across its clock changes.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MINUTE = 60
_UNITS = {"minute": MINUTE, "hour": 60 * MINUTE, "day": 24 * 60 * MINUTE}
_MONTHS = {"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6}
_MONTHS |= {"JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}


class ExpressionError(ValueError):
    """EventBridge Scheduler does not accept the expression, or the sandbox does not support it (L, W, #, at)."""


def occurrences(expression: str, zone: str, after: float, until: float) -> Iterator[float]:
    """Yield the times in (`after`, `until`] at which `expression` is due. All times are in epoch seconds.

    As on AWS, a local time that spring-forward removes is skipped, and a local time that autumn repeats is due once.
    Unlike on AWS, a rate counts from the epoch, not from the creation of the schedule. Raise ExpressionError if the
    expression is invalid.
    """
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        step = int(match[1]) * _UNITS[match[2]]
        if not step:
            raise ExpressionError(f"{expression}: the rate must be at least 1")
        yield from _steps(after, until, step)
        return
    due, place = _cron(expression), ZoneInfo(zone)
    for moment in _steps(after, until, MINUTE):
        local = datetime.fromtimestamp(moment, UTC).astimezone(place)
        if due(local) and not local.fold:
            yield moment


def _steps(after: float, until: float, step: int) -> Iterator[float]:
    moment = (int(after) // step + 1) * step
    while moment <= until:
        yield float(moment)
        moment += step


def _cron(expression: str) -> Callable[[datetime], bool]:
    match = re.fullmatch(r"cron\(([^()]+)\)", expression)
    fields = match[1].split() if match else []
    if len(fields) != 6:
        raise ExpressionError(
            f"{expression}: expected cron(minute hour day-of-month month day-of-week year) or rate(…)"
        )
    if (fields[2] == "?") == (fields[4] == "?"):
        raise ExpressionError(f"{expression}: exactly one of day-of-month and day-of-week must be ?")
    minute = _values(fields[0], 0, 59)
    hour = _values(fields[1], 0, 23)
    day = _values(fields[2], 1, 31)
    month = _values(fields[3], 1, 12, _MONTHS)
    weekday = _values(fields[4], 1, 7, _DAYS)
    year = _values(fields[5], 1970, 2199)

    def due(local: datetime) -> bool:
        return (
            local.minute in minute
            and local.hour in hour
            and local.day in day
            and local.month in month
            and local.isoweekday() % 7 + 1 in weekday
            and local.year in year
        )

    return due


def _values(text: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """Return the values that a field such as `0`, `*/15`, `MON-FRI` or `1,15` allows."""

    def number(word: str) -> int:
        value = (names or {}).get(word.upper())
        if value is None and word.isascii() and word.isdigit():
            value = int(word)
        if value is None or not low <= value <= high:
            raise ExpressionError(f"cron field {text}: {word} is not in {low}-{high}")
        return value

    allowed: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        elif "-" in span:
            first, last = (number(word) for word in span.split("-", 1))
        else:
            first = number(span)
            last = high if step else first
        if step and not (step.isdigit() and int(step)):
            raise ExpressionError(f"cron field {text}: the step /{step} must be a whole number of at least 1")
        if last < first:  # 22-2 wraps around
            allowed.update(range(first, high + 1, int(step or 1)))
            first, last = low, last
        allowed.update(range(first, last + 1, int(step or 1)))
    return allowed
