"""A handler that answers at once is stopped before Discord gives up, whatever it does."""

import signal
import threading
import time

import pytest

from watchbell.adapters.api_gateway import age
from watchbell.interactions.time_limit import TimeLimit, TooSlow

LATE = 100.0
"""Seconds that a request has spent already. What is left is the least time."""


def test_what_takes_too_long_is_stopped():
    with pytest.raises(TooSlow), TimeLimit(LATE):
        time.sleep(60)


def test_a_handler_gets_what_its_request_has_left_of_2_2_seconds():
    with TimeLimit(0.7):
        left, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0.5 < left <= 1.5


def stubborn():
    """Catch every exception, three times."""
    for _ in range(3):
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001 - as features do it
            time.sleep(60)
        except BaseException:  # noqa: BLE001
            continue
    time.sleep(60)


def test_what_catches_every_exception_is_stopped_too():
    with pytest.raises(TooSlow), TimeLimit(LATE):
        stubborn()


def test_what_is_quick_is_not_stopped_later():
    for _ in range(3):
        with TimeLimit(LATE):
            pass
    time.sleep(0.5)


def test_the_alarm_of_somebody_else_is_kept():
    rings = []
    before = signal.signal(signal.SIGALRM, lambda *_: rings.append("theirs"))
    try:
        signal.setitimer(signal.ITIMER_REAL, 1000, 7)
        with pytest.raises(TooSlow), TimeLimit(LATE):
            time.sleep(60)
        left, again = signal.getitimer(signal.ITIMER_REAL)
        assert (left > 900, again) == (True, 7)
        signal.raise_signal(signal.SIGALRM)
        assert rings == ["theirs"]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_in_another_thread_it_is_known_at_the_end():
    ended = []

    def run(seconds):
        try:
            with TimeLimit(LATE):
                time.sleep(seconds)
            ended.append("in time")
        except TooSlow:
            ended.append("too slow")

    for seconds in (0.0, 0.4):
        thread = threading.Thread(target=run, args=[seconds])
        thread.start()
        thread.join()
    assert ended == ["in time", "too slow"]


@pytest.mark.parametrize(
    ("context", "seconds"),
    [
        ({"timeEpoch": 98_500}, 1.5),
        ({"requestTimeEpoch": 98_500.0}, 1.5),
        ({"timeEpoch": 100_500}, 0.0),
        ({"timeEpoch": 96_000}, 0.0),
        ({"timeEpoch": "98500"}, 0.0),
        ({"timeEpoch": True}, 0.0),
        ({"timeEpoch": None}, 0.0),
        ({}, 0.0),
        ([], 0.0),
        (None, 0.0),
    ],
)
def test_the_age_of_a_request_is_known_if_api_gateway_says_something_plausible(context, seconds):
    assert age({"requestContext": context}, 100.0) == seconds
