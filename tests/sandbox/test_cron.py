"""The times when schedules are due, across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.cron import ExpressionError, occurrences
from watchbell.kit.schedule import EVERY, Daily, Every


def due(expression: str, zone: str, after: str, until: str) -> list[str]:
    times = [datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (after, until)]
    return [
        datetime.fromtimestamp(moment, UTC).strftime("%m-%dT%H:%M")
        for moment in occurrences(expression, zone, times[0], times[1])
    ]


def test_hourly_is_every_hour_at_its_minute() -> None:
    assert due("cron(15 * * * ? *)", "UTC", "2026-11-22T07:15", "2026-11-22T10:14") == ["11-22T08:15", "11-22T09:15"]


def test_the_start_is_excluded_and_the_end_included() -> None:
    assert due("cron(0 9 * * ? *)", "UTC", "2026-11-21T09:00", "2026-11-22T09:00") == ["11-22T09:00"]


def test_a_zone_with_a_half_hour_offset_is_respected() -> None:
    assert due("cron(0 9 * * ? *)", "Asia/Kolkata", "2026-11-22T00:00", "2026-11-23T00:00") == ["11-22T03:30"]


def test_a_local_time_that_spring_forward_removes_is_skipped() -> None:
    assert due("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T00:00", "2026-03-30T12:00") == [
        "03-28T01:30",
        "03-30T00:30",
    ]


def test_a_local_time_that_autumn_repeats_is_due_once() -> None:
    assert due("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", "2026-10-26T12:00") == [
        "10-25T00:30",
        "10-26T01:30",
    ]


def test_days_months_lists_ranges_and_steps() -> None:
    assert due("cron(0/30 8-9 ? * MON-FRI *)", "UTC", "2026-11-22T00:00", "2026-11-23T23:00") == [
        "11-23T08:00",
        "11-23T08:30",
        "11-23T09:00",
        "11-23T09:30",
    ]
    assert due("cron(0 0 1,15 DEC ? 2026)", "UTC", "2026-11-22T00:00", "2027-01-20T00:00") == [
        "12-01T00:00",
        "12-15T00:00",
    ]


def test_a_range_may_wrap_around_midnight() -> None:
    assert due("cron(0 23-0 * * ? *)", "UTC", "2026-11-22T12:00", "2026-11-23T12:00") == ["11-22T23:00", "11-23T00:00"]


def test_a_rate_is_due_at_its_interval() -> None:
    assert due("rate(6 hours)", "UTC", "2026-11-22T00:00", "2026-11-22T13:00") == ["11-22T06:00", "11-22T12:00"]


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 9 * * *)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(60 * * * ? *)",
        "cron(0 9 L * ? *)",
        "cron(0/0 9 * * ? *)",
        "cron(0 9 ? * NOV *)",
        "rate(0 minutes)",
        "rate(5 weeks)",
        "at(2026-11-22T09:00:00)",
        "",
    ],
)
def test_an_invalid_expression_is_rejected(expression: str) -> None:
    with pytest.raises(ExpressionError):
        due(expression, "UTC", "2026-11-22T00:00", "2026-11-23T00:00")


def runs(cadence: Daily | Every, after: str, until: str) -> list[datetime]:
    """Return the dates or slots for which the ticks between these times run, each once."""
    times = [datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (after, until)]
    return list(
        dict.fromkeys(cadence.latest(tick).subject for tick in occurrences(cadence.ticks, cadence.zone, *times))
    )


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2026-11-22"])
@pytest.mark.parametrize("minutes", EVERY)
def test_ticks_find_each_slot_of_every_length_once(minutes: int, day: str) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    found = runs(Every(minutes), day, (midnight + timedelta(days=3)).isoformat()[:19])
    assert found == [found[0] + timedelta(minutes=minutes) * step for step in range(len(found))]
    assert found[0] <= midnight + timedelta(hours=1)
    assert found[-1] > midnight + timedelta(days=3) - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("at", "zone"),
    [
        *((at, "Europe/Berlin") for at in ("00:00", "02:30", "09:00", "23:59")),
        ("02:15", "Australia/Lord_Howe"),  # summer time shifts the clocks by half an hour
        ("00:30", "America/Havana"),  # the clocks change at midnight
        ("09:00", "UTC"),
    ],
)
@pytest.mark.parametrize("month", ["03", "04", "09", "10", "11"])
def test_hourly_ticks_find_each_local_date_once(at: str, zone: str, month: str) -> None:
    found = runs(Daily(at, zone), f"2026-{month}-01", f"2026-{month}-30")
    assert found == [found[0] + timedelta(days=step) for step in range(len(found))]
    assert len(found) >= 29


def test_a_tick_comes_at_the_start_of_each_slot() -> None:
    assert due(Every(15).ticks, "UTC", "2026-11-22T07:59", "2026-11-22T08:45") == [
        *("11-22T08:00", "11-22T08:15", "11-22T08:30", "11-22T08:45"),
    ]
    assert due(Every(360).ticks, "UTC", "2026-11-22T05:59", "2026-11-22T08:30") == [
        *("11-22T06:00", "11-22T07:00", "11-22T08:00"),
    ]
