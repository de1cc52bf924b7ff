"""Cron, maintenance and digests hold through every change of the clock in every IANA zone for ten years.

Without WATCHBELL_FUZZ, a few zones are checked for one year.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tests.clocks import EXPRESSIONS, changes_of, compare_dates, compare_next, compare_windows

ALL = "WATCHBELL_FUZZ" in os.environ
PARTS = 24
FIRST = datetime(2018 if ALL else 2026, 1, 1, tzinfo=UTC)
LAST = datetime(2028 if ALL else 2027, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="module")
def batch() -> None:
    """These tests have parts of their own, so they need no batches."""


@cache
def kinds() -> list[tuple[str, list[str]]]:
    """One zone of each kind, with its changes. The clocks of a kind show the same at all times."""
    found = {}
    for zone in sorted(available_timezones()):
        changes = changes_of(zone, FIRST, LAST)
        clock = ZoneInfo(zone)
        moments = [FIRST, *(datetime.fromisoformat(change).replace(tzinfo=UTC) for change in changes)]
        kind = tuple((moment, moment.astimezone(clock).utcoffset()) for moment in moments)
        found.setdefault(kind, (zone, changes))
    return [each for each in found.values() if each[1]]


def test_the_zones_differ_in_many_ways() -> None:
    assert len(kinds()) > 25


@pytest.mark.parametrize("part", range(PARTS if ALL else 1))
def test_nothing_is_missed_or_doubled_in_any_zone(part: int) -> None:
    for zone, changes in kinds()[part::PARTS]:
        for change in changes:
            for expression in EXPRESSIONS:
                compare_next(expression, zone, change)
            for expression in EXPRESSIONS[:3]:
                compare_windows(expression, 95, zone, change)


@pytest.mark.parametrize("part", range(PARTS if ALL else 1))
def test_a_daily_digest_comes_once_for_each_local_date_in_any_zone(part: int) -> None:
    """`make fuzz` walks the ten years as a whole, and the suite the days around each change."""
    for zone, changes in kinds()[part::PARTS]:
        for at in ("00:00", "00:30", "02:30", "23:45"):
            if ALL:
                compare_dates(at, zone, int(FIRST.timestamp()), int(LAST.timestamp()))
            for change in changes:
                moment = int(datetime.fromisoformat(change).replace(tzinfo=UTC).timestamp())
                compare_dates(at, zone, moment - 2 * 86_400, moment + 2 * 86_400)
