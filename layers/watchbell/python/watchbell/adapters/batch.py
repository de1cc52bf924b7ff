"""Processes an SQS batch. Each message succeeds or fails by itself. A failed message waits, then comes again."""

from __future__ import annotations

import json
import logging
import math
import random
from collections.abc import Callable
from typing import Any

from ..errors import Retry, Unavailable
from .queue import Queue

log = logging.getLogger(__name__)

LEAST_SECONDS = 8.0
"""If the invocation has less time left, no further message is begun: it would be cut off in the middle."""


class Delivery:
    """One delivery of a message. `attempt` counts from 1. `last` is true if the queue will not deliver it again.

    `sent_at` is when the message was put on the queue, in epoch seconds, 0 if that is not known.
    """

    __slots__ = ("_send", "attempt", "ended", "last", "message", "seconds_left", "sent_at")

    def __init__(
        self,
        message: dict,
        attempt: int,
        last: bool,
        seconds_left: Callable[[], float] = lambda: float("inf"),
        send: Callable[[dict, float], None] | None = None,
        sent_at: float = 0.0,
    ) -> None:
        self.message = message
        self.attempt = attempt
        self.last = last
        self.seconds_left = seconds_left
        """Gives the seconds until Lambda ends the function."""
        self._send = send
        self.sent_at = sent_at
        self.ended = ""
        """How it ended, as a code for the log. The function that handles the message sets it."""

    def begin_again(self, wait: float, message: dict | None = None) -> bool:
        """Put the message on the queue as a new one, to come in `wait` seconds. Its attempts count from 1 again.

        With `message`, another message is put there. Returns False if it may not be on the queue.
        """
        assert self._send is not None
        try:
            self._send(self.message if message is None else message, wait)
        except Unavailable as error:
            log.warning("could not put a message on the queue again: %s", error)
            return False
        return True


def backoff(attempt: int) -> float:
    """Return the seconds to wait after the `attempt`-th attempt: 2, 6, 18, 54, 120, 120, …"""
    return min(2.0 * 3 ** min(attempt - 1, 4), 120.0)  # a power of a large number takes for ever


def wait_after(error: Exception, attempt: int) -> float:
    """Return the seconds that a failed message waits: the error's `wait`, if that is a finite number, or `backoff`.

    `backoff` varies by a quarter, so that messages that failed together do not come back together.
    """
    wait = getattr(error, "wait", None)
    if isinstance(wait, int | float) and math.isfinite(wait):
        return wait
    return backoff(attempt) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def process(
    event: dict,
    context: Any,
    queue: Queue,
    max_receives: int,
    handle: Callable[[Delivery], None],
    *,
    at_once: int = 1,
    lane: Callable[[dict], str] = lambda message: "",
) -> dict:
    """Call `handle` for each message, and return the failed ones in the form that Lambda expects.

    Up to `at_once` messages are handled at the same time, each in a thread. Messages with the same `lane` are handled
    one after another, in their order.

    If `handle` raises an exception, its message goes back to the queue, and waits as `wait_after` says. A message that
    is not a JSON object does not wait, and ends in the dead letters. `max_receives` is how often the queue delivers a
    message.
    """

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 if context is not None else float("inf")

    def succeeds(record: dict) -> bool:
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        last, sent_at = attempt >= max_receives, int(record["attributes"].get("SentTimestamp", 0)) / 1000
        try:
            delivery = Delivery(_message(record["body"]), attempt, last, seconds_left, queue.send, sent_at)
            if seconds_left() < LEAST_SECONDS:
                if last and delivery.begin_again(0.0):  # it was never begun, so it must not be a dead letter
                    return True
                raise Retry("no time left in this invocation", wait=0.0)
            handle(delivery)
        except Exception as error:
            wait = wait_after(error, attempt)
            details = {"message_id": record["messageId"], "attempt": attempt, "wait": wait}
            if last:
                log.exception("a message failed for good", extra=details)
            elif isinstance(error, Retry):
                log.info("back to the queue: %s", error, extra=details)
            else:
                kind = type(error).__name__
                log.warning("a message failed: %s: %s", kind, error, extra={**details, "error": kind})
            _send_back(queue, record["receiptHandle"], wait)
            return False
        return True

    def follow(records: list[dict]) -> list[str]:
        return [record["messageId"] for record in records if not succeeds(record)]

    lanes: dict[str, list[dict]] = {}
    for record in event["Records"]:
        lanes.setdefault(_lane(record, lane), []).append(record)
    if at_once == 1 or len(lanes) == 1:
        failed = follow(event["Records"])
    else:
        from concurrent.futures import ThreadPoolExecutor  # 5 ms of a cold start, and only the sender needs it

        with ThreadPoolExecutor(at_once) as pool:
            failed = [id for ids in pool.map(follow, lanes.values()) for id in ids]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}


class NotOurs(ValueError):
    """A message that no part of Watchbell wrote. It ends in the dead letters, unchanged."""

    wait = 0.0


def _lane(record: dict, lane: Callable[[dict], str]) -> str:
    try:
        return lane(_message(record["body"]))
    except NotOurs:
        return ""


def _message(body: str) -> dict:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise NotOurs("not a Watchbell message: it is not a JSON object")
    return message


def _send_back(queue: Queue, receipt_handle: str, wait: float) -> None:
    try:
        queue.come_back(receipt_handle, wait)
    except Unavailable as error:  # the message comes after the visibility timeout instead: late, not lost
        log.warning("could not set how long a failed message waits: %s", error)
