"""Calls an SQS queue, for every function but the ingress."""

from __future__ import annotations

import json


class Queue:
    """The queue at `url`. Methods raise Unavailable if SQS refuses, and Unsure if it may have done what was asked."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, message: dict, wait: float = 0) -> None:
        """Put `message` on the queue as JSON. It comes after `wait` seconds (at most 15 minutes)."""
        self._write("send_message", MessageBody=json.dumps(message), DelaySeconds=int(wait))

    def come_back(self, receipt_handle: str, seconds: float) -> None:
        """Make a received message come again after `seconds` (at most 12 hours), not after the visibility timeout."""
        wait = int(max(0.0, min(seconds, 12 * 60 * 60 - 1)) + 0.999)
        self._write("change_message_visibility", ReceiptHandle=receipt_handle, VisibilityTimeout=wait)

    def _write(self, action: str, **request: object) -> None:
        # In a cold worker, boto3 takes 150 ms and the rest 200 ms. Only a failed message needs it.
        from .aws import write

        write("sqs", action, QueueUrl=self.url, **request)
