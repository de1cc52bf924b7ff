"""A maintenance window is open exactly when a person expects it, also where the clock changes."""

from datetime import datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clocks import CHANGES, EXPRESSIONS, compare_windows
from watchbell.errors import UserError
from watchbell.i18n import speaking
from watchbell.status.maintenance import (
    LONGEST,
    Once,
    Repeating,
    Window,
    current,
    in_maintenance,
    is_open,
    next_start,
    occurrences,
    parse,
    parse_duration,
    upcoming,
    written,
)
from watchbell.status.monitor import Monitor
from watchbell.status.uptime import Span


def epoch(text):
    return int(datetime.fromisoformat(text).timestamp())


NOW = epoch("2026-01-01T00:00Z")
HOUR = 3600


@pytest.mark.parametrize(
    ("start", "duration", "zone", "at", "inside"),
    [
        pytest.param("2026-11-22 22:00", "3h", "Europe/Berlin", "2026-11-22T21:30Z", True, id="in the middle"),
        pytest.param("2026-11-22 22:00", "3h", "Europe/Berlin", "2026-11-22T21:00Z", True, id="the start is inside"),
        pytest.param("2026-11-22 22:00", "3h", "Europe/Berlin", "2026-11-23T00:00Z", False, id="the end is outside"),
        pytest.param("2026-11-22 22:00", "1h", "Asia/Kathmandu", "2026-11-22T16:14:59Z", False, id="a second before"),
        pytest.param(
            "2026-10-24 23:00", "7h", "Europe/Berlin", "2026-10-25T03:59:59Z", True, id="over autumn's change"
        ),
        pytest.param("2026-10-24 23:00", "7h", "Europe/Berlin", "2026-10-25T04:00Z", False, id="and over then"),
        pytest.param("2026-03-29 02:30", "10m", "Europe/Berlin", "2026-03-29T01:05Z", True, id="once, in a gap"),
        pytest.param(
            "2026-10-25 02:30", "10m", "Europe/Berlin", "2026-10-25T01:35Z", False, id="once, the second time"
        ),
        pytest.param("sat 22:00", "4h", "Europe/Berlin", "2026-11-22T00:59:59Z", True, id="over midnight"),
        pytest.param("sat 22:00", "4h", "Europe/Berlin", "2026-07-04T20:30Z", True, id="in summer"),
        pytest.param("daily 00:30", "60m", "UTC", "2026-11-24T00:45Z", True, id="every day"),
        pytest.param("sat 18:00", "1d 12h", "Europe/Berlin", "2026-11-23T04:59:59Z", True, id="36 hours"),
        pytest.param("sat 18:00", "1d 12h", "Europe/Berlin", "2026-11-23T05:00Z", False, id="after 36 hours"),
        pytest.param("mon 00:15", "30m", "Pacific/Kiritimati", "2026-11-23T10:20Z", False, id="Tuesday there"),
        pytest.param("wed 12:00", "30m", "Pacific/Chatham", "2026-06-23T23:20Z", True, id="in the southern winter"),
        pytest.param("sun 02:30", "1h", "Europe/Berlin", "2026-03-29T01:59:59Z", True, id="from the end of the gap"),
        pytest.param("sun 02:30", "1h", "Europe/Berlin", "2026-03-29T02:10Z", False, id="for an hour"),
        pytest.param("sun 01:00", "3h", "Europe/Berlin", "2026-03-29T02:30Z", True, id="real hours"),
        pytest.param("sun 02:10", "20m", "America/New_York", "2026-03-08T07:05Z", True, id="the gap in New York"),
        pytest.param("sun 01:00", "2h", "Europe/Berlin", "2026-10-25T00:30Z", True, id="into the overlap"),
        pytest.param("sun 01:00", "2h", "Europe/Berlin", "2026-10-25T01:00Z", False, id="over in the second pass"),
        pytest.param("sun 02:30", "1h", "Europe/Berlin", "2026-10-25T01:40Z", False, id="not twice"),
        pytest.param("sun 01:45", "10m", "Australia/Lord_Howe", "2026-04-04T14:50Z", True, id="half an hour, first"),
        pytest.param("sun 01:45", "10m", "Australia/Lord_Howe", "2026-04-04T15:20Z", False, id="half an hour, second"),
        pytest.param("0 2 * * 6", "2h", "America/New_York", "2026-11-21T08:59:59Z", True, id="cron, last second"),
        pytest.param("0 1 * * 0L", "3h", "Europe/Berlin", "2026-11-29T02:30Z", True, id="the last Sunday"),
        pytest.param("0 1 * * 0L", "3h", "Europe/Berlin", "2026-11-22T02:30Z", False, id="another Sunday"),
        pytest.param("0 * * * *", "90m", "UTC", "2026-11-22T10:59:59Z", True, id="longer than its period"),
        pytest.param("30 2 * * *", "30m", "Europe/Berlin", "2026-03-29T01:15Z", True, id="cron in a gap"),
    ],
)
def test_a_window_is_open(start, duration, zone, at, inside):
    assert is_open(parse(start, duration, zone, NOW), epoch(at)) == inside


@pytest.mark.parametrize(
    ("start", "when"),
    [
        ("2026-12-01 22:00", Once(epoch("2026-12-01T21:00Z"), epoch("2026-12-01T23:00Z"))),
        (" 2026-12-01T22:00 ", Once(epoch("2026-12-01T21:00Z"), epoch("2026-12-01T23:00Z"))),
        ("sun 02:00", Repeating("0 2 * * 0", 120, "Europe/Berlin")),
        ("Sunday 2:05", Repeating("5 2 * * 0", 120, "Europe/Berlin")),
        ("MON - Wed,  sat 22:30", Repeating("30 22 * * 1,2,3,6", 120, "Europe/Berlin")),
        ("fri-mon 22:30", Repeating("30 22 * * 0,1,5,6", 120, "Europe/Berlin")),
        ("daily 00:00", Repeating("0 0 * * *", 120, "Europe/Berlin")),
        ("0 2 * jan mon#1", Repeating("0 2 * JAN MON#1", 120, "Europe/Berlin")),
    ],
)
def test_a_start_can_be_a_date_days_of_the_week_or_a_cron_expression(start, when):
    assert parse(start, "2h", "Europe/Berlin", NOW) == when


NIGHT = epoch("2026-11-24T22:30Z")
"""23:30 in Berlin."""


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        ("now", "2026-11-24T22:30Z"),
        ("Today 22:00", "2026-11-24T21:00Z"),
        ("23:45", "2026-11-24T22:45Z"),
        ("23:30", "2026-11-24T22:30Z"),
        ("23:29", "2026-11-25T22:29Z"),
        ("6:00", "2026-11-25T05:00Z"),
        ("tomorrow", "2026-11-24T23:00Z"),
        ("tomorrow 22:00", "2026-11-25T21:00Z"),
    ],
)
def test_a_start_can_be_written_as_people_say_it(start, begins):
    begin = epoch(begins)
    assert parse(start, "2h", "Europe/Berlin", NIGHT) == Once(begin, begin + 7200)


def test_a_time_of_tomorrow_keeps_its_hour_when_the_clock_changes():
    saturday = epoch("2026-10-24T20:00Z")  # the clock goes back in this night
    begin = epoch("2026-10-25T07:00Z")
    assert parse("8:00", "1h", "Europe/Berlin", saturday) == Once(begin, begin + 3600)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("sunday 2:05", "sun 02:05"),
        ("daily 2:00", "daily 02:00"),
        ("mon-fri 22:00", "mon-fri 22:00"),
        ("mon, wed 22:00", "mon, wed 22:00"),
        ("fri-mon 22:00", "sun, mon, fri, sat 22:00"),
        ("*/10 2 1 * *", "*/10 2 1 * *"),
    ],
)
def test_when_a_window_opens_is_written_as_people_type_it(typed, shown):
    window = parse(typed, "2h", "UTC", NOW)
    assert written(window) == shown
    assert parse(shown, "2h", "UTC", NOW) == window


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(UserError, match="already be over"):
        parse("today 00:00", "1h", "Europe/Berlin", NIGHT)
    with pytest.raises(UserError, match=r"(?s)Write when it starts.*\nWrite how long it lasts"):
        parse("soon", "long", "UTC", NOW)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("2h", 120), ("90m", 90), ("45 min", 45), ("1h 30m", 90), ("1H30M", 90), ("1d", 1440), ("30d", LONGEST)],
)
def test_a_duration_is_read(text, minutes):
    assert parse_duration(text) == minutes


@pytest.mark.parametrize("text", ["", "0m", "30d 1m", "-1h", "1.5h", "1h30", "ten", "m", "99999999h", "٢h"])
def test_a_wrong_duration_is_refused_with_a_sentence(text):
    with pytest.raises(UserError, match="how long it lasts"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("start", "zone", "sentence"),
    [
        ("", "UTC", "Write when it starts"),
        ("today", "UTC", "Write when it starts"),
        ("yesterday 22:00", "UTC", "Write when it starts"),
        ("2026-12-01", "UTC", "Write when it starts"),
        ("tomorrow 24:00", "UTC", "no such date"),
        ("su 02:00", "UTC", "Write when it starts"),
        ("mon- 02:00", "UTC", "Write when it starts"),
        ("mon,,tue 02:00", "UTC", "Write when it starts"),
        ("22:60", "UTC", "no such date"),
        ("2026-02-30 22:00", "UTC", "no such date"),
        ("2026-12-01 24:00", "UTC", "no such date"),
        ("sun 24:00", "UTC", "no such date"),
        ("sun 02:60", "UTC", "no such date"),
        ("2025-12-31 22:00", "UTC", "already be over"),
        ("60 2 * * *", "UTC", "The minute"),
        ("0 2 31 2 *", "UTC", "day of the month"),
        ("sun 02:00", "Berlin", "time zone"),
    ],
)
def test_a_wrong_start_is_refused_with_a_sentence(start, zone, sentence):
    with pytest.raises(UserError, match=sentence):
        parse(start, "2h", zone, NOW)


def test_a_refusal_is_in_the_language_of_the_reader():
    with speaking("de"), pytest.raises(UserError, match="Dauer"):
        parse("sun 02:00", "long", "UTC", NOW)


@given(st.text(max_size=30) | st.text("0123456789-: ,tsunmo*", max_size=20), st.text("0123456789dhm ", max_size=8))
def test_any_text_is_a_window_or_refused(start, duration):
    try:
        when = parse(start, duration, "Europe/Berlin", NOW)
    except UserError:
        return
    found = upcoming(when, NOW - HOUR)
    assert found is None or found.end > found.start > NOW - HOUR


def test_a_window_that_has_begun_but_is_not_over_can_still_be_planned():
    assert is_open(parse("2025-12-31 23:00", "2h", "UTC", NOW), NOW)


def test_the_current_and_the_next_occurrence_are_known():
    weekly = parse("sun 02:00", "2h", "Europe/Berlin", NOW)
    sunday = epoch("2026-11-22T01:00Z")
    assert current(weekly, sunday - 1) is None
    assert current(weekly, sunday + 60) == Span(sunday, sunday + 2 * HOUR)
    assert upcoming(weekly, sunday - 1) == Span(sunday, sunday + 2 * HOUR)
    assert next_start(weekly, sunday) == sunday + 7 * 24 * HOUR
    assert upcoming(Once(sunday, sunday + 60), sunday - 60) == Span(sunday, sunday + 60)
    assert current(Once(sunday, sunday + 60), sunday + 59.9) == Span(sunday, sunday + 60)
    assert next_start(Once(sunday, sunday + 60), sunday) is None


def test_occurrences_over_the_change_of_the_clock_keep_their_length():
    sundays = occurrences(Repeating("0 2 * * 0", 120, "Europe/Berlin"), epoch("2026-10-18T01:00Z"))
    first, second = islice(sundays, 2)
    assert first == Span(epoch("2026-10-18T00:00Z"), epoch("2026-10-18T02:00Z"))
    assert second == Span(epoch("2026-10-25T00:00Z"), epoch("2026-10-25T02:00Z"))


SHOP = Monitor("shop0001", "Shop", "http", group="web", tags=("public", "eu"))
ALWAYS = Once(0, 2**40)


@pytest.mark.parametrize(
    ("window", "covered"),
    [
        (Window(ALWAYS), True),
        (Window(ALWAYS, monitors=("shop0001",)), True),
        (Window(ALWAYS, monitors=("shop0002",)), False),
        (Window(ALWAYS, groups=("web",)), True),
        (Window(ALWAYS, groups=("mail",)), False),
        (Window(ALWAYS, tags=("eu", "us")), True),
        (Window(ALWAYS, tags=("us",)), False),
        (Window(ALWAYS, monitors=("shop0002",), tags=("eu",)), True),
        (Window(Once(0, 1)), False),
    ],
)
def test_a_window_covers_monitors_by_id_group_or_tag_or_all(window, covered):
    assert in_maintenance([window], SHOP, NOW) == covered


def test_a_monitor_without_windows_is_not_in_maintenance():
    assert not in_maintenance([], SHOP, NOW)
    assert in_maintenance([Window(Once(0, 1)), Window(ALWAYS)], SHOP, NOW)


@pytest.mark.parametrize("zone", sorted(CHANGES))
def test_windows_are_open_for_their_real_minutes_around_a_change_of_the_clock(zone):
    for change in CHANGES[zone]:
        for expression in EXPRESSIONS[:6]:
            compare_windows(expression, 95, zone, change)
