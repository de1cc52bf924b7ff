"""A cron expression comes when Debian's cron would run it, also where the clock changes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.clocks import CHANGES, EXPRESSIONS, compare_next
from watchbell.errors import UserError
from watchbell.i18n import speaking
from watchbell.status import cron


def three_after(expression, zone, after):
    moments = [datetime.fromisoformat(after).timestamp()]
    for _ in range(3):
        moments.append(cron.next_after(expression, zone, moments[-1]))
    return [datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat(timespec="minutes") for moment in moments[1:]]


CASES = [
    ("* * * * *", "UTC", "2026-11-22T10:15:30Z", ["11-22T10:16+00:00", "11-22T10:17+00:00", "11-22T10:18+00:00"]),
    ("5/20 * * * *", "UTC", "2026-11-22T10:00Z", ["11-22T10:05+00:00", "11-22T10:25+00:00", "11-22T10:45+00:00"]),
    ("30 4 1 * *", "UTC", "2026-10-22T00:00Z", ["11-01T04:30+00:00", "12-01T04:30+00:00", "2027-01-01T04:30+00:00"]),
    (
        "0 12 1 jan *",
        "UTC",
        "2026-06-01T00:00Z",
        ["2027-01-01T12:00+00:00", "2028-01-01T12:00+00:00", "2029-01-01T12:00+00:00"],
    ),
    (
        "0 12 29 2 *",
        "UTC",
        "2095-06-01T00:00Z",
        ["2096-02-29T12:00+00:00", "2104-02-29T12:00+00:00", "2108-02-29T12:00+00:00"],
    ),
    ("0 6 * * 0", "UTC", "2026-11-22T06:00Z", ["11-29T06:00+00:00", "12-06T06:00+00:00", "12-13T06:00+00:00"]),
    ("0 6 * * 0-7", "UTC", "2026-11-22T06:00Z", ["11-23T06:00+00:00", "11-24T06:00+00:00", "11-25T06:00+00:00"]),
    ("0 0 * * 5", "UTC", "2026-11-22T00:00Z", ["11-27T00:00+00:00", "12-04T00:00+00:00", "12-11T00:00+00:00"]),
    ("0 0 1-31 * 1", "UTC", "2026-11-22T00:00Z", ["11-23T00:00+00:00", "11-24T00:00+00:00", "11-25T00:00+00:00"]),
    ("0 0 */7 * 1", "UTC", "2026-05-20T00:00Z", ["06-01T00:00+00:00", "06-08T00:00+00:00", "06-15T00:00+00:00"]),
    ("0 9 LW * *", "UTC", "2026-01-15T00:00Z", ["01-30T09:00+00:00", "02-27T09:00+00:00", "03-31T09:00+00:00"]),
    ("0 9 L * *", "UTC", "2026-01-15T00:00Z", ["01-31T09:00+00:00", "02-28T09:00+00:00", "03-31T09:00+00:00"]),
    ("0 9 * * MON#1", "UTC", "2026-10-06T00:00Z", ["11-02T09:00+00:00", "12-07T09:00+00:00", "2027-01-04T09:00+00:00"]),
    ("0 0 1 * MON#1", "UTC", "2026-11-02T00:00Z", ["12-01T00:00+00:00", "12-07T00:00+00:00", "2027-01-01T00:00+00:00"]),
    ("0 */5 * * *", "UTC", "2026-11-22T19:00Z", ["11-22T20:00+00:00", "11-23T00:00+00:00", "11-23T05:00+00:00"]),
    (
        "*/30 * * * *",
        "Asia/Kathmandu",
        "2026-11-22T10:01+05:45",
        ["11-22T10:30+05:45", "11-22T11:00+05:45", "11-22T11:30+05:45"],
    ),
    (
        "0 9 * * *",
        "Europe/Berlin",
        "2026-03-28T00:00+01:00",
        ["03-28T09:00+01:00", "03-29T09:00+02:00", "03-30T09:00+02:00"],
    ),
    (
        "*/30 * * * *",
        "Europe/Berlin",
        "2026-03-29T01:15+01:00",
        ["03-29T01:30+01:00", "03-29T03:00+02:00", "03-29T03:30+02:00"],
    ),
    (
        "0 3 * * *",
        "Europe/Berlin",
        "2026-10-24T04:00+02:00",
        ["10-25T03:00+01:00", "10-26T03:00+01:00", "10-27T03:00+01:00"],
    ),
    (
        "30 2 * * *",
        "Europe/Berlin",
        "2026-10-24T04:00+02:00",
        ["10-25T02:30+02:00", "10-26T02:30+01:00", "10-27T02:30+01:00"],
    ),
    (
        "*/10 2 * * *",
        "Europe/Berlin",
        "2026-10-25T02:45+02:00",
        ["10-25T02:50+02:00", "10-25T02:00+01:00", "10-25T02:10+01:00"],
    ),
    (
        "0 0 * * *",
        "America/New_York",
        "2026-03-07T00:00-05:00",
        ["03-08T00:00-05:00", "03-09T00:00-04:00", "03-10T00:00-04:00"],
    ),
    (
        "15 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T03:00+10:30",
        ["10-04T02:30+11:00", "10-05T02:15+11:00", "10-06T02:15+11:00"],
    ),
    (
        "0 2 * * *",
        "Australia/Lord_Howe",
        "2026-04-04T03:00+11:00",
        ["04-05T02:00+10:30", "04-06T02:00+10:30", "04-07T02:00+10:30"],
    ),
    (
        "*/15 3 * * *",
        "Australia/Lord_Howe",
        "2026-04-04T20:00+11:00",
        ["04-05T03:00+10:30", "04-05T03:15+10:30", "04-05T03:30+10:30"],
    ),
    (
        "0 0 * * *",
        "Africa/Cairo",
        "2026-04-23T12:00+02:00",
        ["04-24T01:00+03:00", "04-25T00:00+03:00", "04-26T00:00+03:00"],
    ),
    (
        "*/20 0 * * *",
        "Africa/Cairo",
        "2026-04-23T12:00+02:00",
        ["04-25T00:00+03:00", "04-25T00:20+03:00", "04-25T00:40+03:00"],
    ),
    (
        "30 2 * * *",
        "Antarctica/Troll",
        "2026-03-28T12:00+00:00",
        ["03-29T03:00+02:00", "03-30T02:30+02:00", "03-31T02:30+02:00"],
    ),
    (
        "10,40 2 * * *",
        "Europe/Berlin",
        "2026-03-28T12:00+01:00",
        ["03-29T03:00+02:00", "03-30T02:10+02:00", "03-30T02:40+02:00"],
    ),
    (
        "0 9 * * *",
        "Pacific/Apia",
        "2011-12-29T08:00-10:00",
        ["2011-12-29T09:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T09:00+14:00"],
    ),
]


@pytest.mark.parametrize(
    ("expression", "zone", "after", "moments"), CASES, ids=[f"{case[0]} {case[1]} {case[2][:10]}" for case in CASES]
)
def test_an_expression_comes_at_its_next_moments(expression, zone, after, moments):
    whole = [moment if moment[4:5] == "-" else f"2026-{moment}" for moment in moments]
    assert three_after(expression, zone, after) == whole


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of the month"),
        ("* * 31 2 *", "day of the month"),
        ("* * * 13 *", "month"),
        ("* * * * MON#6", "day of the week"),
        ("* * * * L", "day of the week"),
        ("0 0 */28 * MON#2", "never comes"),
        ("", "five parts"),
        ("* * * *", "five parts"),
        ("0 0 * * * *", "five parts"),
        ("@daily", "five parts"),
        ("0," * 60 + "0 * * * *", "five parts"),
    ],
)
def test_a_wrong_expression_is_refused_with_a_sentence(expression, part):
    with pytest.raises(UserError, match=part):
        cron.check(expression)
    with pytest.raises(UserError, match=part):
        cron.next_after(expression, "UTC", 0)


def test_a_refusal_is_in_the_language_of_the_reader():
    with speaking("fr"), pytest.raises(UserError, match="La minute"):
        cron.check("60 * * * *")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "Europe", "\0", "a" * 5000])
def test_a_wrong_zone_is_refused_with_a_sentence(zone):
    with pytest.raises(UserError, match="time zone"):
        cron.next_after("* * * * *", zone, 0)


@given(
    st.lists(st.text("0123456789*/,-#LWMON" + "₅²", min_size=1, max_size=6), min_size=5, max_size=5).map(" ".join)
    | st.text()
)
@example("* * * * 5L/2")
@example("* * L/3 * *")
@example(f"*/{'9' * 80} * * * *")
def test_any_text_comes_later_or_is_refused(text):
    now = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    try:
        cron.check(text)
    except UserError:
        return
    assert cron.next_after(text, "Europe/Berlin", now) > now


@pytest.mark.parametrize("zone", sorted(CHANGES))
def test_nothing_is_missed_or_doubled_around_a_change_of_the_clock(zone):
    for change in CHANGES[zone]:
        for expression in EXPRESSIONS:
            compare_next(expression, zone, change)
