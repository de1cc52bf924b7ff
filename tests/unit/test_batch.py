"""How long a failed message waits before it comes again."""

import json
import math
import threading
import time

import pytest

from watchbell.adapters.batch import NotOurs, backoff, process, wait_after
from watchbell.doors.sender import lane
from watchbell.errors import DiscordError, Retry, Unavailable


def test_each_attempt_waits_longer_up_to_two_minutes():
    assert [backoff(attempt) for attempt in (1, 2, 3, 4, 5, 6, 10**9)] == [2, 6, 18, 54, 120, 120, 120]


@pytest.mark.parametrize(
    ("error", "wait"),
    [(DiscordError("PATCH", 429, wait=7.5), 7.5), (Retry("locked", wait=3), 3), (NotOurs(), 0)],
)
def test_an_error_says_itself_how_long(error, wait):
    assert wait_after(error, 1) == wait


class Odd(Exception):
    def __init__(self, wait):
        self.wait = wait


@pytest.mark.parametrize(
    "error",
    [KeyError(), Retry("busy"), DiscordError("PATCH", 503), *map(Odd, (math.nan, math.inf, -math.inf, "5", [], print))],
)
def test_any_other_waits_for_its_turn_and_not_for_the_same_time_as_the_next_one(error):
    waits = {wait_after(error, 2) for _ in range(5)}
    assert all(4.5 <= wait <= 7.5 for wait in waits)
    assert len(waits) > 1


class Queue:
    """A queue that keeps what it is asked."""

    def __init__(self, refuses=False):
        self.sent, self.back, self.refuses = [], [], refuses

    def send(self, message, wait):
        if self.refuses:
            raise Unavailable("no permission")
        self.sent.append((message, wait))

    def come_back(self, receipt_handle, wait):
        self.back.append(wait)


class NoTime:
    def get_remaining_time_in_millis(self):
        return 100


def one(attempt):
    attributes = {"ApproximateReceiveCount": str(attempt)}
    return {"Records": [{"messageId": "1", "receiptHandle": "1", "body": '{"a": 1}', "attributes": attributes}]}


def test_a_message_for_which_there_never_was_time_is_no_dead_letter():
    begun, queue = [], Queue()
    assert process(one(2), NoTime(), queue, 3, begun.append)["batchItemFailures"] == [{"itemIdentifier": "1"}]
    assert process(one(3), NoTime(), queue, 3, begun.append)["batchItemFailures"] == []
    assert (queue.sent, queue.back, begun) == ([({"a": 1}, 0.0)], [0.0], [])
    assert process(one(3), NoTime(), Queue(refuses=True), 3, begun.append)["batchItemFailures"]


# ---- several at once


def of_batch(*messages):
    """An event with these messages. Their ids are their places."""
    attributes = {"ApproximateReceiveCount": "1"}
    records = [
        {"messageId": str(place), "receiptHandle": str(place), "body": json.dumps(message), "attributes": attributes}
        for place, message in enumerate(messages)
    ]
    return {"Records": records}


def to(message):
    return message["to"]


def test_ten_messages_are_in_flight_at_the_same_time():
    meeting = threading.Barrier(10, timeout=20)
    batch = of_batch(*({"to": f"channel {number}"} for number in range(10)))
    answer = process(batch, None, Queue(), 10, lambda delivery: meeting.wait(), at_once=10, lane=to)
    assert answer == {"batchItemFailures": []}  # each has met the nine others


def test_more_than_so_many_are_never_in_flight():
    flying, most, lock = [], [], threading.Lock()

    def handle(delivery):
        with lock:
            flying.append(delivery)
            most.append(len(flying))
        time.sleep(0.001)
        with lock:
            flying.remove(delivery)

    process(of_batch(*({"to": str(number)} for number in range(30))), None, Queue(), 10, handle, at_once=3, lane=to)
    assert len(most) == 30
    assert max(most) <= 3


def test_the_messages_for_one_recipient_keep_their_order_and_never_overlap():
    begun, ended, both = [], [], threading.Barrier(2, timeout=20)

    def handle(delivery):
        message = delivery.message
        begun.append((message["to"], message["n"]))
        both.wait()  # the first of a goes with the first of b, and so on
        ended.append((message["to"], message["n"]))

    messages = [{"to": name, "n": number} for number in range(5) for name in ("a", "b")]
    process(of_batch(*messages), None, Queue(), 10, handle, at_once=10, lane=to)
    for name in ("a", "b"):
        assert [number for each, number in begun if each == name] == [0, 1, 2, 3, 4]
        assert [number for each, number in ended if each == name] == [0, 1, 2, 3, 4]


def test_of_several_at_once_only_those_that_fail_come_back_and_each_waits_by_itself():
    queue = Queue()

    def handle(delivery):
        if delivery.message["fails"]:
            raise Retry("busy", wait=delivery.message["fails"])

    messages = [{"to": str(number), "fails": number if number % 3 == 0 else 0} for number in range(1, 10)]
    answer = process(of_batch(*messages), None, queue, 10, handle, at_once=10, lane=to)
    assert {each["itemIdentifier"] for each in answer["batchItemFailures"]} == {"2", "5", "8"}
    assert sorted(queue.back) == [3, 6, 9]


def test_what_is_no_message_is_a_failure_among_several_at_once():
    batch = of_batch({"to": "a"}, {"to": "b"})
    batch["Records"][0]["body"] = "{"
    handled = []
    answer = process(
        batch, None, Queue(), 10, lambda delivery: handled.append(to(delivery.message)), at_once=9, lane=to
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert handled == ["b"]


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ({"kind": "news", "guild": "1"}, {"kind": "edition", "guild": "1", "edition": "e"}, True),
        ({"kind": "news", "guild": "1"}, {"kind": "news", "guild": "2"}, False),
        (
            {"kind": "edition", "guild": "1", "edition": "e", "to": ["user:1"]},
            {"kind": "edition", "guild": "1", "edition": "e", "to": ["user:2"]},
            False,
        ),
        ({"kind": "webhook", "webhook": "digest"}, {"kind": "webhook", "webhook": "digest"}, True),
        ({"detail": {"channel": "1", "guild": "2"}}, {"detail": {"channel": "1", "guild": "2"}}, True),
        ({"detail": {"channel": "1"}}, {"detail": {"channel": "2"}}, False),
        ({"detail": {"channel": []}}, {"detail": ["x"], "guild": {}}, False),
    ],
)
def test_a_sender_sends_to_one_recipient_after_the_other(one, other, together):
    assert (lane(one) == lane(other)) is together
