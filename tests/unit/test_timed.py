"""When digests and reminders come: one turn for each local date, whatever the clock and the tick do."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.clocks import CHANGES, compare_dates, through
from watchbell.errors import UserError
from watchbell.status.tally import DAY, HOUR
from watchbell.subscriptions.timed import (
    LONGEST,
    Timed,
    Turn,
    check_often,
    check_text,
    expression,
    last_period,
    roles_in,
    turns,
)

TIMES = ("00:00", "00:30", "02:30", "03:00", "12:07", "23:59")


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize("zone", CHANGES)
def test_each_local_date_around_a_change_of_the_clock_has_one_turn(zone):
    for change in CHANGES[zone]:
        for at in TIMES:
            compare_dates(at, zone, seconds(change) - 3 * DAY, seconds(change) + 3 * DAY)


def test_a_date_that_a_zone_skips_has_no_turn():
    found = []
    for turn in turns("30 9 * * *", "Pacific/Apia", seconds("2011-12-29T00:00")):
        found.append(turn.subject)
        if turn.subject >= "2012-01-01":
            break
    assert "2011-12-30" not in found
    assert {"2011-12-29", "2011-12-31"} < set(found)


def test_a_time_that_the_clock_skips_comes_at_the_end_of_the_gap_and_a_doubled_one_the_first_time():
    timed = Timed("x", "user:1", "30 2 * * *", "Europe/Berlin")
    assert timed.next(seconds("2026-03-28T12:00")) == Turn("2026-03-29", seconds("2026-03-29T01:00"))
    assert timed.next(seconds("2026-10-24T12:00")) == Turn("2026-10-25", seconds("2026-10-25T00:30"))


def test_after_an_outage_only_the_latest_turn_comes():
    first = seconds("2026-11-02T07:00")
    timed = Timed("x", "user:1", "0 8 * * *", "Europe/Berlin", due=first)
    assert timed.latest(first) == Turn("2026-11-02", first)
    assert timed.latest(first + 5 * DAY + 7200) == Turn("2026-11-07", first + 5 * DAY)
    weekly = Timed("x", "user:1", expression("weekly", "08:00", "monday"), "Europe/Berlin", due=first)
    assert weekly.latest(first + 5 * DAY) == Turn("2026-11-02", first)
    often = Timed("x", "channel:1", "0 */6 * * *", due=seconds("2026-11-02T06:00"))
    assert often.latest(seconds("2026-11-03T13:00")).due == seconds("2026-11-03T12:00")


def test_a_turn_that_was_told_does_not_come_again_though_its_time_is_changed():
    now = seconds("2026-11-26T08:10")
    assert Timed("x", "user:1", "0 12 * * *", told="2026-11-26@UTC").next(now).subject == "2026-11-27"
    assert Timed("x", "user:1", "0 12 * * *", told="2026-11-25@UTC").next(now).subject == "2026-11-26"


def test_a_digest_that_moves_over_the_date_line_leaves_out_no_date_and_no_hour():
    morning = Timed("x", "user:1", "0 8 * * *", "Pacific/Auckland")
    told = morning.next(seconds("2026-11-26T12:00"))
    assert (told.subject, told.due) == ("2026-11-27", seconds("2026-11-26T19:00"))
    moved = replace(
        morning, zone="America/Los_Angeles", told=morning.mark(told), totals={"end": morning.period(told).end}
    )
    turn = moved.next(told.due + 60)
    assert (turn.subject, turn.due) == ("2026-11-27", seconds("2026-11-27T16:00"))
    assert moved.period(turn) == (told.due, turn.due)
    following = moved.next(turn.due)
    assert moved.period(following) == (told.due, following.due)
    later = moved.next(following.due)
    assert moved.period(later) == (later.due - DAY, later.due)  # what was left out is not made up for


def test_a_zone_that_no_longer_exists_is_utc():
    assert Timed("x", "user:1", "0 8 * * *", "Mars/Base").next(0) == Turn("1970-01-01", 8 * HOUR)
    assert Timed("x", "user:1", "0 */8 * * *", "Mars/Base").next(0).due == 8 * HOUR


def test_rules_of_a_zone_that_changed_meanwhile_leave_nothing_to_tell_yet():
    due = seconds("2026-11-26T07:00")
    moved = Timed("x", "user:1", "0 8 * * *", "UTC", due=due)
    assert moved.latest(due + 60) is None
    assert moved.next(due + 60).due == due + HOUR


@pytest.mark.parametrize(
    ("cadence", "zone", "turn", "start", "end"),
    [
        ("daily", "Europe/Berlin", "2026-03-29", "2026-03-28T07:00", "2026-03-29T06:00"),  # 23 hours
        ("daily", "Europe/Berlin", "2026-10-25", "2026-10-24T06:00", "2026-10-25T07:00"),  # 25 hours
        ("daily", "Asia/Kolkata", "2026-11-26", "2026-11-25T02:00", "2026-11-26T02:00"),  # half an hour is left out
        ("weekly", "UTC", "2026-11-23", "2026-11-16T00:00", "2026-11-23T00:00"),
        ("weekly", "Pacific/Kiritimati", "2026-11-23", "2026-11-15T00:00", "2026-11-22T00:00"),
        ("monthly", "UTC", "2026-03-01", "2026-02-01T00:00", "2026-03-01T00:00"),
    ],
)
def test_a_digest_covers_whole_hours_or_whole_days_up_to_the_one_before(cadence, zone, turn, start, end):
    timed = Timed("x", "user:1", expression(cadence, "08:00"), zone, cadence=cadence)
    found = next(each for each in turns(timed.cron, zone, seconds(f"{turn}T00:00") - 2 * DAY) if each.subject == turn)
    assert timed.period(found) == (seconds(start), seconds(end))


@pytest.mark.parametrize("cadence", ["daily", "weekly", "monthly"])
def test_no_hour_is_missing_between_two_digests(cadence):
    timed = Timed("x", "user:1", expression(cadence, "02:30"), "America/New_York", cadence=cadence)
    before = None
    for number, turn in enumerate(turns(timed.cron, timed.zone, seconds("2026-01-01T00:00"))):
        period = timed.period(turn)
        assert before in (None, period.start)
        assert period.end <= turn.due
        before = period.end
        if number > 24:
            break


@pytest.mark.parametrize(("cadence", "length"), [("daily", DAY), ("weekly", 7 * DAY), ("monthly", 30 * DAY)])
def test_a_preview_covers_the_last_whole_hours_or_days(cadence, length):
    now = seconds("2026-11-26T10:17")
    found = last_period(cadence, now)
    assert found.end - found.start == length
    assert found.end == seconds("2026-11-26T10:00" if cadence == "daily" else "2026-11-26T00:00")


@pytest.mark.parametrize(
    ("given", "cron"),
    [
        (("daily", "8:05"), "5 8 * * *"),
        (("weekly", "08:00", "monday"), "0 8 * * 1"),
        (("weekly", "08:00", "sunday"), "0 8 * * 0"),
        (("monthly", "17:30", "monday", 28), "30 17 28 * *"),
    ],
)
def test_a_cadence_is_a_cron_expression(given, cron):
    assert expression(*given) == cron


def test_the_first_day_of_a_weekly_digest_is_the_day_that_was_chosen():
    turn = Timed("x", "user:1", expression("weekly", "08:00", "saturday"), cadence="weekly").next(0)
    assert date.fromisoformat(turn.subject).strftime("%A") == "Saturday"


@pytest.mark.parametrize("at", ["", "8", "24:00", "08:60", "8 o'clock", "08:00; DROP", "٨:٠٠"])
def test_a_time_that_is_none_is_told(at):
    with pytest.raises(UserError, match="hours and minutes"):
        expression("daily", at)


@pytest.mark.parametrize(("cron", "fits"), [("0 * * * *", True), ("0 9 29 2 *", True), ("*/30 * * * *", False)])
def test_a_reminder_comes_at_most_once_an_hour(cron, fits):
    if fits:
        check_often(cron)
    else:
        with pytest.raises(UserError, match="at most once an hour"):
            check_often(cron)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x" * 10_000, "10000 characters. A message of Discord has at most 2000"),
        ("  \0 ", "needs a text"),
        ("hello @everyone", "never mention everybody"),
        ("@here come", "never mention everybody"),
    ],
)
def test_a_text_that_nobody_can_post_is_told(text, says):
    with pytest.raises(UserError, match=says):
        check_text(text)


def test_a_text_is_posted_as_it_is():
    assert check_text(" Rotate the keys, \ud800 please ") == "Rotate the keys, ? please"
    assert len(check_text("x" * LONGEST)) == LONGEST
    assert roles_in("<@&12> and <@&12> and <@34> and <@&56>") == ["12", "56"]


def test_what_is_stored_is_read_again_and_names_the_person():
    mine = Timed("x", "user:1", "0 8 * * *", totals={"start": 1}, due=5)
    assert Timed.parse({**mine.item(), "version": "v"}) == mine
    assert [each.item()["person"] for each in (mine, Timed("y", "channel:2", "0 8 * * *"))] == ["1", ""]


def test_years_of_jittered_ticks_tell_each_week_and_each_month_once():
    first = datetime(2026, 1, 1, tzinfo=UTC)
    last = first + timedelta(days=400)
    chance = random.Random(1)
    for cadence, count in (("weekly", 57), ("monthly", 14)):
        timed = Timed("x", "user:1", expression(cadence, "02:30", "sunday"), "Europe/Berlin", cadence=cadence)
        told = through(timed, int(first.timestamp()), int(last.timestamp()), chance)
        assert len(told) == len(set(told)) == count, (cadence, told)
