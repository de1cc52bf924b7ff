"""The pace that several processes keep together: who waits, who is sent back, and what one tells the others.

Each test runs on DynamoDB's expressions as moto knows them, and on the table in memory.
"""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from tests.adapters.conftest import NOW
from watchbell.adapters.dynamodb import Table
from watchbell.adapters.pace import ALONE_SECONDS, Pace
from watchbell.data import pace
from watchbell.errors import DiscordError, Paced, Unavailable
from watchbell.testing.table import FakeTable

POST, OPEN, TOKEN = "POST /channels/{channel}/messages", "POST /users/@me/channels", "bot-token"
HEADERS = {"X-RateLimit-Bucket": "abc", "X-RateLimit-Limit": "5"}
SPACE = pace.SPACE / 1_000_000


def headers(remaining, reset):
    return {**HEADERS, "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset-After": str(reset)}


class World:
    """A table, a clock, and the processes that share them. `slept` are the waits of all."""

    def __init__(self, table, clock):
        self.table, self.clock, self.slept, self.alarms = table, clock, [], []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.clock.now += seconds

    def process(self, *, bulk=True):
        stopped = lambda: self.alarms.append(self.clock.now)  # noqa: E731
        sleep = lambda seconds: self.sleep(seconds)  # noqa: E731 - a test may replace it
        return Process(self.table, bulk=bulk, now=self.clock, sleep=sleep, stopped=stopped, seconds=60)


class Process(Pace):
    def send(self, channel="7", route=POST, token=TOKEN, **more):
        return self.turn(route, {"channel": channel}, token, **more)

    def answered(self, turn, status=200, given=None, **refusal):
        error = DiscordError(POST, status, **refusal) if status >= 400 else None
        self.learn(turn, status, headers(4, 5) if given is None else given, error)


@pytest.fixture(params=["DynamoDB", "memory"])
def world(request, clock):
    if request.param == "memory":
        return World(FakeTable(), clock)
    return World(Table(request.getfixturevalue("settings")["EPHEMERAL_TABLE"]), clock)


@pytest.fixture
def crowded(clock):
    """A world in memory, for what takes many calls, with a sender and a worker."""
    world = World(FakeTable(), clock)
    sender, worker = world.process(), world.process(bulk=False)
    sender.answered(sender.send("1"))
    clock.now += 10
    return world, sender, worker


@pytest.fixture
def fleet(world):
    """Two senders and a worker who know the limit of POST."""
    first, second, worker = world.process(), world.process(), world.process(bulk=False)
    first.answered(first.send("1"))
    second.send("2")
    world.clock.now += 10
    world.slept.clear()
    return first, second, worker


def test_senders_keep_their_distance_and_wait_at_most_two_seconds(world, fleet):
    first, second, _worker = fleet
    begun, at = world.clock.now, []
    for number in range(6):
        (first, second)[number % 2].send(str(10 + number))
        at.append(world.clock.now - begun)
    assert at == pytest.approx([number * SPACE for number in range(6)], abs=1e-4)


def test_nobody_sleeps_for_more_than_a_second_before_a_delivery(crowded):
    world, _sender, _worker = crowded
    assert crowd(world, 100)[0] > pace.START_SECONDS
    assert max(world.slept) <= pace.START_SECONDS + SPACE


def crowd(world, size):
    """Let so many senders ask in the same instant. Return the waits of those that are sent back."""
    world.sleep = world.slept.append
    waits = []
    for number in range(size):
        try:
            world.process().send(str(100 + number))
        except Paced as error:
            waits.append(error.wait)
    return waits


def test_a_delivery_that_has_begun_goes_before_one_that_has_not(crowded):
    world, _sender, _worker = crowded
    assert crowd(world, 60)
    world.process().send("8", follows=True)
    assert pace.START_SECONDS < world.slept[-1] <= pace.LONGEST_SECONDS


def test_those_who_are_sent_back_come_again_one_by_one(crowded):
    world, _sender, _worker = crowded
    waits = crowd(world, 60)
    assert len(waits) > 5
    assert waits == pytest.approx([waits[0] + SPACE * number for number in range(len(waits))])


def test_the_sixth_message_in_a_channel_waits_whoever_sends_it(world, fleet):
    first, second, _worker = fleet
    for number in range(5):
        (first, second)[number % 2].send("7")
    begun = world.clock.now
    with pytest.raises(Paced) as sent_back:
        second.send("7")
    assert 1.0 <= sent_back.value.wait < 5
    assert world.clock.now == begun
    first.send("8")  # another channel
    world.clock.now = NOW + 10 + 4.0
    second.send("7")
    assert world.clock.now == pytest.approx(NOW + 10 + 5 + pace.MARGIN / 1e6, abs=0.03)


def test_a_route_that_nobody_knows_waits_for_its_first_answer(world):
    first, second = world.process(), world.process()
    turn = first.send("7")
    first.answered(turn)
    world.clock.now += 0.1
    second.send("7")
    assert world.clock.now < NOW + 0.5
    for _message in range(3):
        second.send("7")
    with pytest.raises(Paced):  # the very first call counts too
        second.send("7")


def test_two_routes_with_one_bucket_are_one_bucket(world, fleet):
    first, _second, _worker = fleet
    first.answered(first.turn("PATCH /other/{channel}", {"channel": "3"}, TOKEN))
    for route in (POST, POST, POST, "PATCH /other/{channel}", "PATCH /other/{channel}"):
        first.turn(route, {"channel": "9"}, TOKEN)
    with pytest.raises(Paced):
        first.send("9")


@pytest.mark.parametrize("scope", ["user", "shared"])
def test_what_one_is_refused_everybody_leaves_alone(world, fleet, scope):
    first, second, _worker = fleet
    first.answered(first.send("7"), 429, {"X-RateLimit-Scope": scope}, wait=30.0)
    for sender in (first, second):
        with pytest.raises(Paced) as sent_back:
            sender.send("7")
        assert 28 <= sent_back.value.wait <= 30
        sender.send("8")


def test_a_bucket_with_a_hidden_limit_is_looked_at_again_after_a_wait(world, fleet):
    first, second, _worker = fleet
    first.answered(first.send("7"), 429, {"X-RateLimit-Scope": "user"}, wait=1.0)
    world.clock.now += 2
    turn, sleep = first.send("7"), world.sleep

    def sleep_and_be_refused(seconds):
        sleep(seconds)
        first.answered(turn, 429, {"X-RateLimit-Scope": "user"}, wait=60.0)

    world.sleep = sleep_and_be_refused  # while the second one waits in the line
    with pytest.raises(Paced):
        second.send("7")


def test_a_bucket_that_is_empty_is_told_only_if_that_is_news(world, fleet):
    first, second, _worker = fleet
    turns = [first.send("7") for _message in range(5)]
    begun = world.clock.now
    first.answered(turns[-1], 200, headers(0, 4.9))  # what everybody expects
    world.clock.now = begun + 5.2
    second.send("7")
    first.answered(first.send("8"), 200, headers(0, 60))  # a person has used it up
    with pytest.raises(Paced) as sent_back:
        second.send("8")
    assert sent_back.value.wait > 50


# Everybody stops


def test_a_global_429_stops_the_bulk_and_for_a_moment_people_too(world, fleet):
    first, second, worker = fleet
    first.answered(first.send(), 429, {"X-RateLimit-Scope": "global", "X-RateLimit-Global": "true"}, wait=0.5)
    until = world.clock.now + 0.5
    worker.send()
    assert world.clock.now == pytest.approx(until)
    second.send("9")
    assert world.alarms == []


def test_cloudflares_block_is_known_to_everybody_and_raises_one_alarm(world, fleet, caplog):
    first, second, worker = fleet
    turns = [sender.send(channel) for sender, channel in ((first, "7"), (second, "8"))]
    for sender, turn in zip((first, second), turns, strict=True):
        sender.answered(turn, 429, {}, wait=300.0, by_discord=False)
        world.clock.now += 0.1
    for sender in (first, second):
        with pytest.raises(Paced) as sent_back:
            sender.send("9")
        assert sent_back.value.wait == pytest.approx(300, abs=1)
    with pytest.raises(DiscordError) as refused:
        worker.send()
    assert (refused.value.status, refused.value.by_discord, refused.value.permanent) == (429, False, False)
    assert refused.value.wait == pytest.approx(300, abs=1)
    assert len(world.alarms) == 1
    assert len([line for line in caplog.records if line.levelno == logging.ERROR]) == 1
    world.clock.now += 301
    second.send("9")


def test_a_block_that_an_interaction_meets_counts_and_its_other_limits_do_not(world, fleet):
    _first, second, worker = fleet
    worker.learn(None, 429, {"X-RateLimit-Scope": "user"}, DiscordError("POST", 429, wait=9.0))
    second.send("9")
    worker.learn(None, 429, {}, DiscordError("POST", 429, wait=300.0, by_discord=False))
    with pytest.raises(Paced):
        world.process().send("9")


def test_a_refused_token_is_used_by_nobody_until_it_is_another(world, fleet):
    first, second, worker = fleet
    first.refused(TOKEN)
    assert first.refuses(TOKEN)
    with pytest.raises(Paced) as sent_back:
        second.send()
    assert 0 < sent_back.value.wait <= pace.REFUSED_SECONDS
    assert second.refuses(TOKEN)
    with pytest.raises(DiscordError) as refused:
        worker.send()
    assert refused.value.unauthorised
    for sender in (second, worker):
        sender.send(token="another")
    second.turn("POST /webhooks/{webhook}/{token}", {"webhook": "3", "token": "secret"})
    world.clock.now += pace.REFUSED_SECONDS + 1
    second.send("3")


def test_too_many_invalid_answers_stop_everybody_long_before_a_ban(world, fleet, monkeypatch):
    monkeypatch.setattr(pace, "_INVALID_SPACE", 200_000_000)  # so that four are too many
    first, second, _worker = fleet
    for channel in "5678":
        first.answered(first.send(channel), 403, {})
    with pytest.raises(Paced):
        second.send("9")
    assert len(world.alarms) == 1


# People


def test_people_never_wait_for_the_bulk_and_the_bulk_makes_room(crowded):
    world, first, worker = crowded
    assert not crowd(world, 30)
    world.slept.clear()
    for number in range(5):
        worker.send(str(200 + number))
    assert world.slept == []
    first.send("9", follows=True)
    assert world.slept[-1] == pytest.approx((30 + pace.SHARE) * SPACE, abs=0.03)


def test_people_cost_one_write_a_second(world, fleet, monkeypatch):
    worker, asked = fleet[2], []
    update = type(world.table).update
    monkeypatch.setattr(type(world.table), "update", lambda *args, **more: asked.append(1) or update(*args, **more))
    for _call in range(10):
        worker.send()
        world.clock.now += 0.2
    assert len(asked) == 2


def test_a_row_that_is_gone_begins_anew(world, fleet):
    first, second, _worker = fleet
    first.send("7")
    second.send("8")
    world.table.delete({"pk": {"S": "pace"}, "sk": {"S": "pace"}})
    first.send("7")
    second.send("8")


def test_a_worker_that_runs_a_job_waits_as_the_bulk_does(crowded):
    world, _sender, worker = crowded
    assert crowd(world, 60)
    worker.bulk = True
    with pytest.raises(Paced):
        worker.send("9")


# A table that fails


class Broken:
    """A table that cannot be reached. `asked` counts the tries."""

    asked = 0

    def update(self, *_args, **_more):
        self.asked += 1
        raise Unavailable("throttled")


def test_without_the_table_alerts_go_on_slowly(clock, caplog):
    caplog.set_level(logging.INFO)
    world = World(Broken(), clock)
    sender = world.process()
    at = []
    for number in range(5):
        turn = sender.send(str(number))
        at.append(clock.now - NOW)
        sender.answered(turn)
    assert at == pytest.approx([0, 1, 2, 3, 4])
    assert "keeping the pace alone" in caplog.text
    sender.answered(turn, 429, {"X-RateLimit-Scope": "user"}, wait=30.0)
    assert world.alarms == []
    with pytest.raises(Paced):  # what it has learnt itself still counts
        sender.send("4")
    asked = world.table.asked
    sender.send("5")
    assert world.table.asked == asked
    clock.now += ALONE_SECONDS
    sender.send("6")
    assert world.table.asked > asked


def test_without_the_table_a_block_raises_the_alarm_all_the_same(clock):
    world = World(Broken(), clock)
    sender = world.process()
    sender.answered(sender.send(), 429, {}, wait=300.0, by_discord=False)
    with pytest.raises(Paced):
        sender.send()
    assert len(world.alarms) == 1


def test_without_the_table_people_are_served(clock):
    world = World(Broken(), clock)
    worker = world.process(bulk=False)
    for _call in range(20):
        worker.answered(worker.send())
    assert (world.slept, world.table.asked) == ([], 1)


class Nonsense:
    """A table that answers 200 with nothing in it."""

    def update(self, *_args, **_more):
        return {}


def test_a_table_that_answers_nonsense_stops_nobody(clock):
    sender = World(Nonsense(), clock).process()
    for number in range(3):
        sender.answered(sender.send(str(number)))


class Interrupted(Process):
    """A process in which another thread takes a turn as soon as one thread has read the row."""

    meanwhile = None

    def _see(self, item):
        row = super()._see(item)
        act, self.meanwhile = self.meanwhile, None
        if act:
            act()
        return row


def test_two_threads_of_a_sender_that_meet_do_not_take_the_same_place(clock):
    world = World(FakeTable(), clock)
    world.sleep = world.slept.append
    sender = Interrupted(world.table, bulk=True, now=clock, sleep=world.slept.append, seconds=60)
    sender.answered(sender.send("1"))
    clock.now += 10
    sender.send("2")
    sender.meanwhile = lambda: sender.send("4")
    sender.send("3")
    assert sorted(world.slept) == pytest.approx([SPACE, 2 * SPACE], abs=1e-4)


def test_ten_threads_of_a_sender_find_a_place_each(clock):
    """Threads are changed as often as Python can, so that they meet between any two steps."""
    world, before = World(FakeTable(), clock), sys.getswitchinterval()
    world.sleep = world.slept.append
    sender = world.process()
    sender.answered(sender.send("1"))
    clock.now += 10
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda number: sender.send(f"1{number}"), range(40)))
    finally:
        sys.setswitchinterval(before)
    waits = sorted(world.slept)
    assert len(waits) >= 38  # the first places need no wait
    assert all(later - earlier > SPACE / 2 for earlier, later in pairwise(waits))


def test_an_answer_that_comes_late_does_not_open_what_is_closed(world, fleet):
    first, _second, _worker = fleet
    turn = first.send("7")
    before = dict(first._item)
    first.answered(turn, 429, {"X-RateLimit-Scope": "global"}, wait=30.0)
    first._see(before)
    with pytest.raises(Paced, match="closed"):
        first.send("8")
