"""An SQS queue, for the functions behind the ingress."""

from __future__ import annotations

import json


class Queue:
    """The queue at `url`. Raises Unavailable if SQS refuses a call, and Unsure if it may have done it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, message: dict, wait: float = 0) -> None:
        """Puts `message` on the queue as JSON, to come in `wait` seconds (at most 15 minutes)."""
        self._write("send_message", MessageBody=json.dumps(message), DelaySeconds=int(wait))

    def come_back(self, receipt_handle: str, seconds: float) -> None:
        """Has a received message come again in `seconds` (at most 12 hours) instead of after the visibility timeout."""
        wait = int(max(0.0, min(seconds, 12 * 60 * 60 - 1)) + 0.999)
        self._write("change_message_visibility", ReceiptHandle=receipt_handle, VisibilityTimeout=wait)

    def _write(self, action: str, **request: object) -> None:
        from .aws import write  # boto3 takes 150 ms, all else of a cold worker 200, and only what failed needs it

        write("sqs", action, QueueUrl=self.url, **request)
