"""An SQS batch: each message is on its own, and what failed goes back to the queue with its wait."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from ..errors import Retry, Unavailable
from .queue import Queue

log = logging.getLogger(__name__)


LEAST_SECONDS = 8.0
"""With less than this left of the invocation, no further message is begun: it would be cut off in the middle."""


class Delivery:
    """One delivery of one message. `attempt` counts from 1; `last` says that the queue will not bring it again."""

    __slots__ = ("_send", "attempt", "last", "message", "seconds_left")

    def __init__(
        self,
        message: dict,
        attempt: int,
        last: bool,
        seconds_left: Callable[[], float] = lambda: float("inf"),
        send: Callable[[dict, float], None] | None = None,
    ) -> None:
        self.message = message
        self.attempt = attempt
        self.last = last
        self.seconds_left = seconds_left
        """Until Lambda ends the function."""
        self._send = send

    def begin_again(self, wait: float) -> bool:
        """Puts the same message on the queue as a new one, with all its tries before it, to come in `wait` seconds.
        Answers False if that is not certain."""
        assert self._send is not None
        try:
            self._send(self.message, wait)
        except Unavailable:
            log.warning("could not put a message on the queue again", exc_info=True)
            return False
        return True


def backoff(attempt: int) -> float:
    """Seconds to wait after the `attempt`-th try: 2, 6, 18, 54, 120, 120, …"""
    return min(2.0 * 3 ** (attempt - 1), 120.0)


def process(event: dict, context: Any, queue: Queue, max_receives: int, handle: Callable[[Delivery], None]) -> dict:
    """Calls `handle` for each message, and answers Lambda which of them failed.

    If `handle` raises, its message goes back: after the error's own `wait` if it has one, else after `backoff`. A
    message that is not a JSON object goes back at once, and so to the dead letters. `max_receives` is the queue's.
    """

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 if context is not None else float("inf")

    def succeeds(record: dict) -> bool:
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            if seconds_left() < LEAST_SECONDS:
                raise Retry("no time left in this invocation", wait=0.0)
            handle(Delivery(_message(record["body"]), attempt, attempt >= max_receives, seconds_left, queue.send))
        except Exception as error:
            wait = getattr(error, "wait", None)
            wait = backoff(attempt) if wait is None else wait
            details = {"message_id": record["messageId"], "attempt": attempt, "wait": wait}
            if isinstance(error, Retry):
                log.info("back to the queue: %s", error, extra=details)
            else:
                log.exception("a message failed", extra=details)
            _send_back(queue, record["receiptHandle"], wait)
            return False
        return True

    failed = [record["messageId"] for record in event["Records"] if not succeeds(record)]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}


class NotOurs(ValueError):
    """A message that no part of Watchbell wrote. It goes to the dead letters as it is."""

    wait = 0.0


def _message(body: str) -> dict:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise NotOurs("not a message of ours: no JSON object")
    return message


def _send_back(queue: Queue, receipt_handle: str, wait: float) -> None:
    try:
        queue.come_back(receipt_handle, wait)
    except Unavailable:  # then it comes back after the visibility timeout: late, not lost
        log.warning("could not set a message's wait", exc_info=True)
