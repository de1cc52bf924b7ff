"""An SQS queue, for the functions that can afford boto3."""

from __future__ import annotations

import json

from .aws import client


class Queue:
    """The queue at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, message: dict, wait: float = 0) -> None:
        """Puts `message` on the queue as JSON, to come in `wait` seconds (at most 15 minutes); raises botocore's errors
        where that is not certain."""
        client("sqs").send_message(QueueUrl=self.url, MessageBody=json.dumps(message), DelaySeconds=int(wait))

    def come_back(self, receipt_handle: str, seconds: float) -> None:
        """Has a received message come again in `seconds` (at most 12 hours) instead of after the visibility timeout."""
        wait = int(max(0.0, min(seconds, 12 * 60 * 60 - 1)) + 0.999)
        client("sqs").change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt_handle, VisibilityTimeout=wait)
