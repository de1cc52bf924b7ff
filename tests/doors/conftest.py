"""The functions' handlers as Lambda loads them, with AWS on loopback and a fake Discord that checks all payloads."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from tests.discord_side import FakeDiscord

FUNCTIONS = Path(__file__).parents[2] / "functions"


@pytest.fixture
def door(settings, monkeypatch):
    """`door("worker", DISCORD_PUBLIC_KEYS=…)` loads the function's handler module again and returns it."""

    def load(name: str, discord: FakeDiscord | None = None, **more: str) -> ModuleType:
        for key, value in {**settings, "WORK_MAX_RECEIVES": "5", "SEND_MAX_RECEIVES": "10", **more}.items():
            monkeypatch.setenv(key, value)
        spec = importlib.util.spec_from_file_location(f"{name}_door", FUNCTIONS / name / "handler.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if discord is not None:
            module.tools.discord = discord
        return module

    yield load
    os.environ.pop("DISCORD_PUBLIC_KEYS", None)


class Batches:
    """Takes messages from a queue as Lambda's event source does, and deletes those that the function handled."""

    def __init__(self, sqs, url: str) -> None:
        self.sqs, self.url = sqs, url

    def put(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def take(self) -> dict:
        """Return an event with up to 10 messages, in the shape that Lambda gets from SQS."""
        found = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages", [])
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message["Attributes"],
                    "messageAttributes": {},
                    "md5OfBody": message["MD5OfBody"],
                    "eventSource": "aws:sqs",
                    "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:work",
                    "awsRegion": "us-east-1",
                }
                for message in found
            ]
        }

    def settle(self, event: dict, answer: dict) -> None:
        """Delete the messages of `event` that did not fail according to `answer`."""
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in event["Records"]:
            if record["messageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=record["receiptHandle"])

    def waiting(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))


@pytest.fixture
def work(aws, settings):
    return Batches(aws.sqs, settings["WORK_QUEUE_URL"])


@pytest.fixture
def send(aws, settings):
    return Batches(aws.sqs, settings["SEND_QUEUE_URL"])
