"""Calls an SQS queue, for every function but the ingress."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from ..errors import Unavailable

TOGETHER = 10
"""The most messages in one call. Source: Amazon SQS, SendMessageBatch."""

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

    def send(self, message: dict, wait: float = 0, attributes: Mapping[str, str] | None = None) -> None:
        """Put `message` on the queue as JSON. It comes after `wait` seconds, at most after LONGEST_DELAY.

        `attributes` are texts that lie beside the message.
        """
        beside = {name: {"DataType": "String", "StringValue": text} for name, text in (attributes or {}).items()}
        self._write(
            "send_message",
            MessageBody=json.dumps(message),
            DelaySeconds=_seconds(wait, LONGEST_DELAY),
            MessageAttributes=beside,
        )

    def send_many(self, messages: list[dict]) -> None:
        """Put all `messages` on the queue as JSON, ten with a call.

        Raises Unavailable if SQS did not take all of them. Then some may be on the queue.
        """
        for first in range(0, len(messages), TOGETHER):
            entries = [
                {"Id": str(place), "MessageBody": json.dumps(message)}
                for place, message in enumerate(messages[first : first + TOGETHER])
            ]
            refused = self._write("send_message_batch", Entries=entries).get("Failed", [])
            if refused:
                raise Unavailable(f"SQS refused {len(refused)} of {len(entries)} messages: {refused[0].get('Code')}")

    def come_back(self, receipt_handle: str, seconds: float) -> None:
        """Make a received message come again after `seconds`, not after the visibility timeout.

        It comes at most after LONGEST_WAIT.
        """
        wait = _seconds(seconds, LONGEST_WAIT)
        self._write("change_message_visibility", ReceiptHandle=receipt_handle, VisibilityTimeout=wait)

    def _write(self, action: str, **request: object) -> dict:
        # In a cold worker, boto3 takes 150 ms and the rest 200 ms. Only a failed message needs it.
        from .aws import write

        return write("sqs", action, QueueUrl=self.url, **request)


def _seconds(wait: float, most: int) -> int:
    """Return `wait` as SQS takes it: whole seconds, rounded up, from 0 to `most`. NaN counts as 0."""
    return math.ceil(max(0.0, min(wait, most)))
