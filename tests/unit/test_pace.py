"""The pace of calls to Discord: what an answer teaches, and rows that allow exactly what a slow, obvious oracle allows.

The changes run on a table in memory, which decides by their conditions as DynamoDB does.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.adapters.dynamodb import ConditionFailed
from watchbell.data import pace
from watchbell.data.pace import Bucket, Lesson, Rule, Shared, micros
from watchbell.testing.table import FakeTable

NOW = micros(1_795_334_400)
SECOND = 1_000_000
KEY = {"pk": {"S": "pace"}, "sk": {"S": "pace"}}
MESSAGES = "POST /channels/{channel}/messages"
FIVE = Rule("abc", 5, 5.0)


class Rows:
    """One row. `make` does a change, and returns whether its condition held."""

    def __init__(self):
        self.table = FakeTable()
        self.item = {}

    def make(self, change):
        try:
            self.item = self.table.update(
                KEY, change.change, change.values, condition=change.condition, returns="ALL_NEW"
            )
        except ConditionFailed as failed:
            self.item = failed.item
            return False
        return True

    @property
    def seen(self):
        return pace.shared(self.item)


# Buckets


def test_a_bucket_is_a_route_for_one_channel_server_or_webhook():
    def major(route, **names):
        return pace.bucket(route, names, {}).major

    assert major(MESSAGES, channel="7") == "7"
    assert major("PATCH /channels/{channel}/messages/{message}", channel="7", message="9") == "7"
    assert major("GET /guilds/{server}/channels", server="8") == "8"
    assert major("POST /webhooks/{webhook}/{token}?wait=true", webhook="9", token="secret") == "9"
    assert major("POST /users/@me/channels") == "-"


def test_a_bucket_that_two_routes_share_is_called_after_the_first_one():
    known = {MESSAGES: FIVE, "POST /other": FIVE._replace(limit=6), "GET /alone": Rule("", 1, 1.0)}
    assert pace.bucket("POST /other?wait=true", {}, known)[:2] == (MESSAGES, "-")
    assert pace.bucket("GET /alone", {}, known).name == "GET /alone"
    assert pace.bucket("GET /new", {}, known) == ("GET /new", "-", pace.UNKNOWN)


@pytest.mark.parametrize(
    ("rule", "entries"),
    [
        (FIVE, (5, 5 * SECOND + pace.MARGIN)),
        (Rule("a", 50, 1.0), (0, 0)),  # what Discord allows in all
        (Rule("a", 1000, 60.0), (40, 2_400_000 + pace.MARGIN)),  # in parts
    ],
)
def test_a_bucket_remembers_as_many_calls_as_its_limit_needs(rule, entries):
    assert Bucket("a", "-", rule).entries == entries


RULES = st.builds(Rule, st.just("a"), st.integers(1, 12), st.floats(0.25, 20))


@given(RULES, st.lists(st.floats(0, 6), max_size=40), st.data())
def test_a_bucket_allows_exactly_what_a_list_of_all_calls_allows(rule, pauses, data):
    bucket, rows, now = Bucket("a", "-", rule), Rows(), NOW
    count, window = bucket.entries
    calls, full_until = [], 0
    for pause in pauses:
        now += micros(pause)
        if data.draw(st.integers(0, 9)) == 0:
            full_until = max(full_until, now + 3 * SECOND)
            rows.make(pace.fill(now + 3 * SECOND, hidden=True))
        at = now + data.draw(st.integers(0, 2 * SECOND))
        recent = [each for each in calls if each > at - window]
        allowed = len(recent) < (count or 99) and at >= max([*calls, 0]) * bool(count) and at >= full_until
        assert rows.make(pace.enter(bucket, at)) is allowed
        if allowed:
            calls.append(at)
    free = pace.free_at(rows.item, bucket)
    if calls or full_until:
        assert free <= NOW or not rows.make(pace.enter(bucket, free - 1)) or not count
        assert rows.make(pace.enter(bucket, free))


def test_calls_that_were_made_before_the_limit_was_known_count():
    rows = Rows()
    for number in range(3):
        assert rows.make(pace.enter(Bucket("a", "7", pace.UNKNOWN), NOW + number * SECOND))
    assert not rows.make(pace.enter(Bucket("a", "7", pace.UNKNOWN), NOW + 2 * SECOND + 1))
    assert [rows.make(pace.enter(Bucket("a", "7", FIVE), NOW + each * SECOND)) for each in (3, 4, 5)] == [1, 1, 0]


def test_a_full_bucket_says_when_it_takes_the_next_call():
    bucket, rows = Bucket("a", "7", FIVE), Rows()
    for number in range(5):
        assert rows.make(pace.enter(bucket, NOW + number))
    assert not rows.make(pace.enter(bucket, NOW + 6))
    assert pace.free_at(rows.item, bucket) == NOW + 5 * SECOND + pace.MARGIN
    assert rows.make(pace.fill(NOW + 9 * SECOND, hidden=False))
    assert not rows.make(pace.fill(NOW + 8 * SECOND, hidden=False))
    assert pace.free_at(rows.item, bucket) == NOW + 9 * SECOND
    assert not pace.may_have_filled(rows.item)


# The line


def placed(rows, seen, now, within=pace.START_SECONDS):
    """The place in the line, None if the line is too long. `seen` is what the sender knew before."""
    for _try in range(4):
        if rows.make(pace.reserve(seen, now, within, "")):
            return rows.seen.free_at - pace.SPACE
        seen = rows.seen
        if seen.free_at > now + micros(within):
            return None
    raise AssertionError("neither taken nor too long")


@given(st.lists(st.tuples(st.floats(0, 0.2), st.booleans()), max_size=80), st.data())
def test_the_line_gives_the_places_that_one_clerk_would_give(asks, data):
    rows, now, next_free, places, pictures = Rows(), NOW, 0, [], [Shared()]
    for pause, follows in asks:
        now += micros(pause)
        within = pace.LONGEST_SECONDS if follows else pace.START_SECONDS
        seen = data.draw(st.sampled_from(pictures))  # any older picture of the row leads to the same place
        expected = max(now, next_free) if next_free <= now + micros(within) else None
        assert placed(rows, seen, now, within) == expected
        if expected is not None:
            next_free = expected + pace.SPACE
            places.append(expected)
        pictures.append(rows.seen)
    for first in places:
        assert sum(first <= place < first + SECOND for place in places) <= pace.GLOBAL_PER_SECOND


def test_calls_for_people_take_their_share_of_the_line_once_a_second():
    rows = Rows()
    assert placed(rows, Shared(), NOW) == NOW
    assert rows.make(pace.for_people(NOW))
    assert not rows.make(pace.for_people(NOW + SECOND - 1))
    assert placed(rows, rows.seen, NOW) == NOW + (pace.SHARE + 1) * pace.SPACE
    assert rows.make(pace.for_people(NOW + SECOND))


def test_messages_that_find_no_room_come_back_one_by_one():
    rows = Rows()
    times = []
    for _message in range(3):
        assert rows.make(pace.appoint(rows.seen, NOW))
        times.append(rows.seen.later_at - NOW)
    assert times == [pace.SPACE, 2 * pace.SPACE, 3 * pace.SPACE]


# Who may call at all


def test_nobody_calls_before_the_door_opens_again():
    rows = Rows()
    assert rows.make(pace.close(NOW - 9 * SECOND, NOW - 8 * SECOND))
    assert rows.make(pace.close(NOW, NOW + SECOND))
    assert rows.make(pace.close(NOW, NOW + 300 * SECOND))
    assert not rows.make(pace.close(NOW, NOW + 200 * SECOND))
    assert not rows.make(pace.close(NOW + 9 * SECOND, NOW + 309 * SECOND))  # another call met the same block
    assert pace.forbidden(rows.seen, NOW, "") == (NOW + 300 * SECOND, "closed")
    assert not rows.make(pace.reserve(rows.seen, NOW, 1.0, ""))
    assert rows.make(pace.reserve(rows.seen, NOW + 300 * SECOND, 1.0, ""))


def test_a_refused_token_stops_only_itself_and_is_tried_again_later():
    rows, later = Rows(), NOW + micros(pace.REFUSED_SECONDS)
    assert rows.make(pace.refuse("old", NOW))
    assert not rows.make(pace.refuse("old", NOW + 1))
    assert pace.forbidden(rows.seen, NOW, "old") == (later, "refused")
    assert not rows.make(pace.reserve(rows.seen, NOW, 1.0, "old"))
    assert rows.make(pace.reserve(rows.seen, NOW, 1.0, "new"))
    assert pace.forbidden(rows.seen, NOW, "new") == (0, "")
    assert pace.forbidden(rows.seen, later, "old") == (0, "")


def test_a_digest_of_a_token_does_not_hold_the_token():
    assert pace.digest("") == ""
    assert len(pace.digest("a-secret")) == 16
    assert "secret" not in pace.digest("a-secret")


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(100, 1_200), st.floats(0, 400)), max_size=4))
def test_invalid_answers_stay_far_below_a_ban(bursts):
    rows, now, answers = Rows(), NOW, []
    for count, pause in bursts:
        for _answer in range(count):
            if pace.forbidden(rows.seen, now, "")[0]:
                break
            assert rows.make(pace.spend(rows.seen, now)) or rows.make(pace.spend(rows.seen, now))
            answers.append(now)
        now += micros(pause)
    for last in set(answers):
        assert sum(last - 600 * SECOND < each <= last for each in answers) <= 2 * pace.INVALID_MOST + 1


def test_the_budget_of_invalid_answers_ends_and_comes_back():
    rows = Rows()
    count = 0
    while not pace.forbidden(rows.seen, NOW, "")[0]:
        assert rows.make(pace.spend(rows.seen, NOW))
        count += 1
    assert count == pace.INVALID_MOST + 1
    until, why = pace.forbidden(rows.seen, NOW, "")
    assert (until - NOW, why) == (600_000, "spent")
    assert not rows.make(pace.reserve(rows.seen, NOW, 1.0, ""))
    assert rows.make(pace.reserve(rows.seen, until, 1.0, ""))


# What answers teach

GOOD = {
    "X-RateLimit-Bucket": "abc",
    "X-RateLimit-Limit": "5",
    "X-RateLimit-Remaining": "4",
    "X-RateLimit-Reset-After": "5.000",
}


@pytest.mark.parametrize(
    ("status", "headers", "wait", "by_discord", "lesson"),
    [
        (200, GOOD, None, True, Lesson(FIVE, 4)),
        (404, GOOD, None, True, Lesson(FIVE, 4)),
        (200, {**GOOD, "X-RateLimit-Remaining": "0"}, None, True, Lesson(FIVE, 0, full_for=5.0)),
        (403, GOOD, None, True, Lesson(FIVE, 4, invalid=True)),
        (401, {}, None, True, Lesson(invalid=True)),
        (500, {}, None, False, Lesson()),
        (429, {**GOOD, "X-RateLimit-Scope": "user"}, 7.5, True, Lesson(full_for=7.5, hidden=True, invalid=True)),
        (429, {"X-RateLimit-Scope": "shared"}, 7.5, True, Lesson(full_for=7.5, hidden=True)),
        (429, {"X-RateLimit-Scope": "global"}, 0.5, True, Lesson(closed_for=0.5, invalid=True)),
        (429, {"X-RateLimit-Global": "true"}, 0.5, True, Lesson(closed_for=0.5, invalid=True)),
        (429, {}, 300.0, False, Lesson(closed_for=300.0, invalid=True, blocked=True)),
        (429, {}, 1e9, True, Lesson(full_for=pace.MOST_WAIT, hidden=True, invalid=True)),
    ],
)
def test_an_answer_teaches_a_limit_or_a_wait(status, headers, wait, by_discord, lesson):
    assert pace.lesson(status, headers, wait, by_discord=by_discord) == lesson


@pytest.mark.parametrize("name", [name for name in GOOD if name != "X-RateLimit-Bucket"])
@pytest.mark.parametrize("value", ["", "x", "nan", "inf", "-1", "1e99", "99999"])
def test_headers_that_make_no_sense_teach_nothing(name, value):
    assert pace.lesson(200, {**GOOD, name: value}, None, by_discord=True) == Lesson()
    assert pace.lesson(200, {**GOOD, "X-RateLimit-Bucket": "x" * 65}, None, by_discord=True) == Lesson()


@pytest.mark.parametrize(
    ("before", "remaining", "reset", "rule"),
    [
        (pace.UNKNOWN, 4, 5.0, FIVE),
        (FIVE, 4, 5.0, None),
        (FIVE, 4, 4.9, None),  # about the same
        (FIVE, 2, 1.0, None),  # in the middle of a window
        (FIVE, 4, 2.0, Rule("abc", 5, 2.0)),  # at its beginning
        (FIVE, 2, 9.0, Rule("abc", 5, 9.0)),
        (FIVE._replace(hash="old"), 2, 1.0, Rule("abc", 5, 1.0)),
        (FIVE._replace(limit=4), 4, 5.0, FIVE),
    ],
)
def test_a_limit_is_news_if_it_is_another(before, remaining, reset, rule):
    headers = {**GOOD, "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset-After": str(reset)}
    assert pace.learnt(before, pace.lesson(200, headers, None, by_discord=True)) == rule


def test_limits_of_routes_are_told_without_losing_those_of_others():
    rows = Rows()
    assert rows.make(pace.teach(rows.item, {"GET /a": FIVE}))
    assert not rows.make(pace.teach({}, {"GET /b": FIVE}))  # somebody else was faster
    assert rows.make(pace.teach(rows.item, {"GET /b": FIVE}))
    assert rows.seen.rules == {"GET /a": FIVE, "GET /b": FIVE}


@pytest.mark.parametrize("item", [{}, {"free_at": {"S": "x"}, "known": {"N": "1"}}, {"known": {"S": "[1]"}}])
def test_a_row_that_makes_no_sense_counts_as_unknown(item):
    assert pace.shared(item) == Shared()
