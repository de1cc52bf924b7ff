"""What a timed job is, and when it is due: one file in `schedules/`, named as EventBridge Scheduler names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from .tools import Tools


class Schedule:
    """A job that runs once for each local date. Its function gets that date and the tools.

    It runs again for the same date only where an earlier run did not reach its end, so it must be idempotent.
    """

    __slots__ = ("description", "function", "name")

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self.function: Callable[[date, Tools], None]

    def run(self, function: Callable[[date, Tools], None]) -> Callable[[date, Tools], None]:
        self.function = function
        return function


def today(now: float, zone: str) -> date:
    """The local date in `zone` (IANA) at `now` (epoch seconds)."""
    return datetime.fromtimestamp(now, ZoneInfo(zone)).date()


def due_date(now: float, zone: str, at: str) -> date:
    """The latest local date whose time `at` ("HH:MM") has come in `zone` (IANA) by `now` (epoch seconds).

    Today or the day before there: an older one that was missed is superseded. A time that spring-forward removes
    comes when the clock would have shown it; a time that autumn repeats comes at its first showing.
    """
    day = today(now, zone)
    while due_time(day, zone, at) > now:
        day -= timedelta(days=1)
    return day


def due_time(day: date, zone: str, at: str) -> float:
    """When the time `at` comes on that local date, in epoch seconds."""
    return datetime.combine(day, time.fromisoformat(at), ZoneInfo(zone)).timestamp()
