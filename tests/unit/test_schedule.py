"""A digest is due once for each local date, in every zone, through every change of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from watchbell.schedule import due_date

HOUR = 3600


def due(text, zone="Europe/Berlin", at="09:00"):
    return due_date(datetime.fromisoformat(text).timestamp(), zone, at)


def test_a_date_is_due_from_its_time_on():
    assert due("2026-11-22T08:59:59+01:00") == date(2026, 11, 21)
    assert due("2026-11-22T09:00:00+01:00") == date(2026, 11, 22)
    assert due("2026-11-22T23:59:59+01:00") == date(2026, 11, 22)


def test_the_date_is_the_local_one():
    assert due("2026-11-22T00:30:00Z", "Pacific/Auckland") == date(2026, 11, 22)
    assert due("2026-11-22T00:30:00Z", "America/Los_Angeles") == date(2026, 11, 21)


def test_a_time_that_spring_forward_removes_comes_all_the_same():
    before, after = "2026-03-29T01:59:59+01:00", "2026-03-29T03:30:00+02:00"
    assert due(before, at="02:30") == date(2026, 3, 28)
    assert due(after, at="02:30") == date(2026, 3, 29)


def test_a_time_that_autumn_repeats_comes_once():
    assert due("2026-10-25T02:29:59+02:00", at="02:30") == date(2026, 10, 24)
    assert due("2026-10-25T02:30:00+02:00", at="02:30") == date(2026, 10, 25)
    assert due("2026-10-25T02:10:00+01:00", at="02:30") == date(2026, 10, 25)


def zones_that_differ():
    """One of each kind: zones with the same offsets on every day of 2026 are the same for these tests."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    kinds = {tuple(ZoneInfo(zone).utcoffset(day) for day in days): zone for zone in sorted(available_timezones())}
    assert len(kinds) > 40
    return list(kinds.values())


@pytest.mark.parametrize("at", ["00:00", "02:30", "23:59"])
def test_hourly_ticks_find_every_local_date_of_a_year_once_in_every_zone(at):
    for zone in zones_that_differ():
        place = ZoneInfo(zone)
        found = []
        for day in range(364):
            # Ticks come hourly at that minute; those around the due time are the ones that can go wrong.
            noon = datetime(2026, 1, 2, 12, tzinfo=place) + timedelta(days=day)
            target = datetime.combine(noon.date(), datetime.strptime(at, "%H:%M").time(), place).timestamp()
            for tick in (target - HOUR, target, target + HOUR, target + 2 * HOUR):
                current = due_date(tick, zone, at)
                if not found or found[-1] != current:
                    found.append(current)
        days = [found[0] + timedelta(days=step) for step in range(len(found))]
        assert found == days, zone
        assert len(found) >= 364, zone


def test_a_date_that_a_place_never_had_is_not_due():
    # Samoa went from 29 to 31 December 2011 at midnight.
    assert due("2011-12-29T23:00:00-10:00", "Pacific/Apia") == date(2011, 12, 29)
    assert due("2011-12-31T09:00:00+14:00", "Pacific/Apia") == date(2011, 12, 31)
