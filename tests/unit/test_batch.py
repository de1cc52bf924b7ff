"""How long a failed message waits before it comes again."""

import math

import pytest

from watchbell.adapters.batch import NotOurs, backoff, process, wait_after
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
