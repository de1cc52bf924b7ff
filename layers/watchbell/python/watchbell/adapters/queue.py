"""Calls an SQS queue, for every function but the ingress."""

from __future__ import annotations

import json
import math

LONGEST_DELAY = 900
"""The most seconds before a new message comes. Source: Amazon SQS, SendMessage."""

LONGEST_WAIT = 43_200 - 900
"""The most seconds before a received message comes again.

SQS takes 0 to 43,200 and counts from when the message was received. A function may have worked on it for 15 minutes.
"""


class Queue:
    """The queue at `url`. Methods raise Unavailable if SQS refuses, and Unsure if it may have done what was asked."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, message: dict, wait: float = 0) -> None:
        """Put `message` on the queue as JSON. It comes after `wait` seconds, at most after LONGEST_DELAY."""
        self._write("send_message", MessageBody=json.dumps(message), DelaySeconds=_seconds(wait, LONGEST_DELAY))

    def come_back(self, receipt_handle: str, seconds: float) -> None:
        """Make a received message come again after `seconds`, not after the visibility timeout.

        It comes at most after LONGEST_WAIT.
        """
        wait = _seconds(seconds, LONGEST_WAIT)
        self._write("change_message_visibility", ReceiptHandle=receipt_handle, VisibilityTimeout=wait)

    def _write(self, action: str, **request: object) -> None:
        # In a cold worker, boto3 takes 150 ms and the rest 200 ms. Only a failed message needs it.
        from .aws import write

        write("sqs", action, QueueUrl=self.url, **request)


def _seconds(wait: float, most: int) -> int:
    """Return `wait` as SQS takes it: whole seconds, rounded up, from 0 to `most`. NaN counts as 0."""
    return math.ceil(max(0.0, min(wait, most)))
