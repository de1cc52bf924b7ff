"""When schedules come due, through clock changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.occurrences import ExpressionError, occurrences


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


def test_a_zone_of_half_hours_counts() -> None:
    assert due("cron(0 9 * * ? *)", "Asia/Kolkata", "2026-11-22T00:00", "2026-11-23T00:00") == ["11-22T03:30"]


def test_a_local_time_that_spring_forward_removes_is_skipped() -> None:
    assert due("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T00:00", "2026-03-30T12:00") == [
        "03-28T01:30",
        "03-30T00:30",
    ]


def test_a_local_time_that_autumn_repeats_comes_once() -> None:
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


def test_a_range_may_go_round_midnight() -> None:
    assert due("cron(0 23-0 * * ? *)", "UTC", "2026-11-22T12:00", "2026-11-23T12:00") == ["11-22T23:00", "11-23T00:00"]


def test_a_rate_comes_at_its_distance() -> None:
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
def test_an_expression_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        due(expression, "UTC", "2026-11-22T00:00", "2026-11-23T00:00")
