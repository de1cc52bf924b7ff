"""Event source mappings: receive batches from a queue, invoke the function, and delete the messages that succeeded.

A message that failed stays in the queue. It is visible again after its visibility timeout, and the queue's redrive
policy moves it to the dead letters.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore.exceptions

from sandbox.aws.runtime_api import Outcome
from sandbox.aws.services import Aws
from sandbox.logs import Logs
from sandbox.template import REGION, EventSource

WAIT_SECONDS = 5


class Poller:
    """Long-polls one queue from its own thread. At most `source.concurrency` batches are worked on at a time."""

    def __init__(self, source: EventSource, aws: Aws, invoke: Callable[[str, object], Outcome], logs: Logs) -> None:
        self._source, self._aws, self._invoke, self._logs = source, aws, invoke, logs
        self._url = aws.queue_url(source.queue.name)
        self._slots = threading.Semaphore(source.concurrency)
        self._stopping = threading.Event()
        self._twice = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name=f"poll-{source.queue.name}", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def deliver_twice(self) -> None:
        """Deliver the next batch twice at the same time, as SQS may do. It is deleted if either delivery succeeds."""
        with self._lock:
            self._twice += 1

    def deliver_once(self) -> None:
        """Forget the pending calls of `deliver_twice`."""
        with self._lock:
            self._twice = 0

    @property
    def twice(self) -> int:
        """How many batches will still be delivered twice."""
        return self._twice

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._slots.acquire()
            try:
                messages = self._receive()
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
                messages = []
                if not self._stopping.wait(1):
                    self._logs.write(self._source.function, f"cannot poll {self._source.queue.name}: {error}")
            if messages and not self._stopping.is_set():
                threading.Thread(target=self._work, args=(messages,), daemon=True).start()
            else:
                self._slots.release()

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._aws.sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(10, self._source.batch_size),
            WaitTimeSeconds=WAIT_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _work(self, messages: list[dict[str, Any]]) -> None:
        try:
            event = {"Records": [record(message, self._source.queue.arn) for message in messages]}
            reports = self._source.reports_item_failures
            done_by = [succeeded(outcome, messages, reports_item_failures=reports) for outcome in self._outcomes(event)]
            done = [message for message in messages if any(message in each for each in done_by)]
            if done:
                entries = [
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(done)
                ]
                self._aws.sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            if not self._stopping.is_set():
                self._logs.write(self._source.function, f"{self._source.queue.name} refused a delete: {error}")
        finally:
            self._slots.release()

    def _outcomes(self, event: object) -> list[Outcome]:
        with self._lock:
            times = 2 if self._twice else 1
            self._twice -= times - 1
        if times == 1:
            return [self._invoke(self._source.function, event)]
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self._invoke(self._source.function, event), range(times)))


def record(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    """A received message as Lambda passes it to a function.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    attributes = {}
    for name, value in message.get("MessageAttributes", {}).items():
        attributes[name] = {
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": value["DataType"],
        }
        if "StringValue" in value:
            attributes[name]["stringValue"] = value["StringValue"]
        if "BinaryValue" in value:
            attributes[name]["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def succeeded(outcome: Outcome, messages: list[dict[str, Any]], *, reports_item_failures: bool) -> list[dict[str, Any]]:
    """The messages that the function processed. If its answer is not a valid report, the whole batch failed.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if not outcome.ok:
        return []
    if not reports_item_failures:
        return messages
    try:
        answer = json.loads(outcome.payload or b"null")
        failures = (answer or {}).get("batchItemFailures") or []
        failed = {item["itemIdentifier"] for item in failures}
    except (ValueError, AttributeError, TypeError, KeyError):
        return []
    if not failed <= {message["MessageId"] for message in messages}:
        return []
    return [message for message in messages if message["MessageId"] not in failed]
