"""What happens to messages when their function succeeds, fails in part, or always fails."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox.aws.pollers import Poller, record, succeeded
from sandbox.aws.runtime_api import Outcome, failure
from sandbox.aws.services import Aws
from sandbox.logs import Logs
from sandbox.template import EventSource, Queue
from tests.sandbox import eventually

MESSAGES = [{"MessageId": "a"}, {"MessageId": "b"}]


def done(answer: Any, *, reports: bool = True) -> list[str]:
    outcome = Outcome(True, answer if isinstance(answer, bytes) else json.dumps(answer).encode())
    return [message["MessageId"] for message in succeeded(outcome, MESSAGES, reports_item_failures=reports)]


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, b""])
def test_an_empty_report_is_success(answer: Any) -> None:
    assert done(answer) == ["a", "b"]


def test_what_is_reported_stays_and_the_rest_is_done() -> None:
    assert done({"batchItemFailures": [{"itemIdentifier": "a"}]}) == ["b"]


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": "c"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": ["a"]}]},
        {"batchItemFailures": [{"id": "a"}]},
        {"batchItemFailures": "a"},
        {"batchItemFailures": 1},
        "done",
        b"{",
    ],
)
def test_a_report_of_a_wrong_shape_fails_the_whole_batch(answer: Any) -> None:
    assert done(answer) == []


def test_without_reports_the_answer_does_not_matter() -> None:
    assert done("done", reports=False) == ["a", "b"]
    assert succeeded(failure("Error", ""), MESSAGES, reports_item_failures=False) == []


def test_a_record_has_lambdas_names() -> None:
    message = {
        "MessageId": "a",
        "ReceiptHandle": "r",
        "Body": "hello",
        "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "Attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1"},
        "MessageAttributes": {
            "word": {"DataType": "String", "StringValue": "x"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00"},
        },
    }
    assert record(message, "arn:q") == {
        "messageId": "a",
        "receiptHandle": "r",
        "body": "hello",
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1"},
        "messageAttributes": {
            "word": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "bytes": {"binaryValue": "AA==", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        },
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:q",
        "awsRegion": "us-east-1",
    }


@pytest.fixture
def source(aws: Aws) -> EventSource:
    """A queue with a dead-letter queue. A received message is hidden for 1 second. It is received at most twice."""
    name = f"poll-{uuid.uuid4().hex[:8]}"
    aws.sqs.create_queue(QueueName=f"{name}-dead")
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{name}-dead", "maxReceiveCount": 2}
    attributes = {"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(redrive)}
    aws.sqs.create_queue(QueueName=name, Attributes=attributes)
    queue = Queue(name, name, f"arn:aws:sqs:us-east-1:123456789012:{name}", attributes, f"{name}-dead", 2)
    return EventSource("worker", queue, 5, True, 5)


Start = Callable[[Callable[[str, object], Outcome]], None]


@pytest.fixture
def start(aws: Aws, source: EventSource) -> Iterator[Start]:
    pollers: list[Poller] = []
    yield lambda invoke: pollers.append(Poller(source, aws, invoke, Logs()))
    for poller in pollers:
        poller.stop()


def test_a_poison_message_ends_in_the_dead_letters_and_its_neighbour_is_done(
    aws: Aws, source: EventSource, start: Start
) -> None:
    counts: list[str] = []

    def invoke(function: str, event: Any) -> Outcome:
        failed = [item for item in event["Records"] if item["body"] == "poison"]
        counts.extend(item["attributes"]["ApproximateReceiveCount"] for item in failed)
        answer = {"batchItemFailures": [{"itemIdentifier": item["messageId"]} for item in failed]}
        return Outcome(True, json.dumps(answer).encode())

    dead = Queue("", source.queue.dead_letters, "", {})
    for body in ("good", "poison"):
        aws.send(source.queue.name, body, {})
    start(invoke)
    assert eventually(lambda: aws.depth(dead) == 1)
    assert aws.depth(source.queue) == 0
    assert counts == ["1", "2"]


def test_a_queue_takes_no_more_invocations_at_a_time_than_the_template_allows(aws: Aws, source: EventSource) -> None:
    one_by_one = replace(source, batch_size=1, concurrency=6)
    aws.sqs.set_queue_attributes(QueueUrl=aws.queue_url(source.queue.name), Attributes={"VisibilityTimeout": "60"})
    begun: list[str] = []
    gate = threading.Event()

    def invoke(function: str, event: Any) -> Outcome:
        begun.extend(item["body"] for item in event["Records"])
        gate.wait(30)
        return Outcome(True, b"null")

    for body in "abcdefgh":
        aws.send(source.queue.name, body, {})
    poller = Poller(one_by_one, aws, invoke, Logs())
    assert eventually(lambda: len(begun) == 6)
    assert aws.counts(source.queue) == (2, 6)
    gate.set()
    assert eventually(lambda: aws.depth(source.queue) == 0)
    poller.stop()


def test_a_slow_batch_does_not_hold_up_the_next(aws: Aws, source: EventSource, start: Start) -> None:
    seen: list[str] = []

    def invoke(function: str, event: Any) -> Outcome:
        seen.append(event["Records"][0]["body"])
        if seen[-1] == "slow":
            eventually(lambda: "quick" in seen)
        return Outcome(True, b"null")

    start(invoke)
    aws.send(source.queue.name, "slow", {})
    assert eventually(lambda: seen == ["slow"])
    aws.send(source.queue.name, "quick", {})
    assert eventually(lambda: seen == ["slow", "quick"])
    assert eventually(lambda: aws.depth(source.queue) == 0)
