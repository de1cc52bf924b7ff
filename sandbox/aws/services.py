"""SQS, DynamoDB, Parameter Store and EventBridge, simulated by moto, with what the template declares of them."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from sandbox.children import Children
from sandbox.logs import Logs
from sandbox.loopback import HOST
from sandbox.template import ACCOUNT, REGION, Queue, Template

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class Aws:
    """Starts moto in a subprocess. Call `wait` before you use it. moto keeps everything in memory.

    `environment` is added to the subprocess's environment.
    """

    def __init__(self, children: Children, logs: Logs, environment: Mapping[str, str] | None = None) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://{HOST}:{self._port}"
        self._process = children.spawn(
            [sys.executable, "-m", "sandbox.aws.moto_server", str(self._port)],
            environment={name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
            | {"AWS_DEFAULT_REGION": REGION, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
            | dict(environment or {}),
        )
        self._of_thread = threading.local()
        self._output: deque[str] = deque(maxlen=5)
        threading.Thread(target=self._watch, args=(logs,), name="moto", daemon=True).start()
        # Ignore the developer's own AWS settings: read neither their files nor AWS_PROFILE.
        nothing = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
        session = botocore.session.Session(session_vars=nothing | {"profile": (None, None, None, None)})
        self._session = boto3.Session(botocore_session=session)
        self.sqs = self._client("sqs")
        self.dynamodb = self._client("dynamodb")
        self.ssm = self._client("ssm")
        self.events = self._client("events")

    def wait(self) -> None:
        """Wait until moto answers. Raises RuntimeError with its last output if it ends or takes over 30 s."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection((HOST, self._port), 1):
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("moto did not start: " + " / ".join(self._output))

    def create(self, template: Template) -> None:
        """Create the template's queues, tables and event buses. moto brings the events of a bus to queues only."""
        for queue in template.queues():
            self.sqs.create_queue(QueueName=queue.name, Attributes=queue.attributes)
        for table in template.tables():
            self.dynamodb.create_table(
                TableName=table.name,
                KeySchema=table.key,
                AttributeDefinitions=table.attributes,
                BillingMode="PAY_PER_REQUEST",
            )
            if table.ttl_attribute:
                self.dynamodb.update_time_to_live(
                    TableName=table.name,
                    TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
                )

        for bus in template.buses():
            self.events.create_event_bus(Name=bus)
        for rule in template.rules():
            if rule.bus and rule.queue:
                self.events.put_rule(Name=rule.name, EventBusName=rule.bus, EventPattern=json.dumps(rule.pattern))
                target = {"Id": "0", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{rule.queue}"}
                self.events.put_targets(Rule=rule.name, EventBusName=rule.bus, Targets=[target])

    def depth(self, queue: Queue) -> int:
        """The number of messages in `queue`: visible, in flight and delayed."""
        return sum(self.counts(queue))

    def counts(self, queue: Queue) -> tuple[int, int]:
        """The number of messages in `queue` that can be received now, and of those in flight or delayed."""
        return self.all_counts()[queue.name]

    def all_counts(self) -> dict[str, tuple[int, int]]:
        """The same for each queue, by name."""
        return {name: (now, later) for name, (now, later) in self._ask("GET", "/queues").items()}

    def empty(self) -> dict[str, list[dict[str, Any]]]:
        """Delete all items, messages and parameters. Return the items that each table had, by its name."""
        left: dict[str, list[dict[str, Any]]] = self._ask("POST", "/empty")
        return left

    def send(self, queue: str, body: str, attributes: dict[str, str]) -> None:
        """Send a message with string attributes to the queue of that name."""
        self.sqs.send_message(
            QueueUrl=self.queue_url(queue),
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def take_all(self, queue: str) -> list[dict[str, Any]]:
        """Receive and delete the messages of a queue whose bodies are JSON, with their text attributes."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.queue_url(queue), MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", []):
            for each in messages:
                attributes = {name: value["StringValue"] for name, value in each.get("MessageAttributes", {}).items()}
                found.append({"body": json.loads(each["Body"]), "attributes": attributes})
                self.sqs.delete_message(QueueUrl=self.queue_url(queue), ReceiptHandle=each["ReceiptHandle"])
        return found

    def queue_url(self, name: str) -> str:
        return f"{self.url}/{ACCOUNT}/{name}"

    def put_parameter(self, name: str, value: str, *, secret: bool) -> None:
        kind = "SecureString" if secret else "String"
        self.ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)

    def parameter(self, name: str) -> str:
        """The decrypted value of an SSM parameter. Raises botocore's ParameterNotFound."""
        return self.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]

    def table_faults(self, method: str = "GET", **fault: Any) -> int:
        """Add (POST) or drop (DELETE) faults of DynamoDB, and return how many calls will still fail.

        A fault has an `action`, a `text`, `after` and `times`; see `moto_server`.
        """
        body = json.dumps(fault).encode() if fault else None
        return int(self._ask(method, "/faults", body))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The JSON that `moto_server` answers on one of its own paths. Raises botocore's error if it does not."""
        connection = self._of_thread.__dict__.setdefault("own", HTTPConnection(HOST, self._port, timeout=30))
        try:
            connection.request(method, path, body)
            return json.load(connection.getresponse())
        except (OSError, HTTPException) as problem:
            connection.close()  # the next call opens it again
            raise EndpointConnectionError(endpoint_url=self.url, error=problem) from problem

    def _client(self, service: str) -> Any:
        return self._session.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106  moto accepts any
            config=Config(read_timeout=30, retries={"max_attempts": 2}, max_pool_connections=20, proxies={}),
        )

    def _watch(self, logs: Logs) -> None:
        """Log only moto's errors, not its banner and not every request."""
        for line in self._process.stdout or ():
            text = re.sub("\x1b\\[[0-9;]*m", "", line.decode(errors="replace")).rstrip()
            self._output.append(text)
            if "Traceback" in text or " 500 -" in text:
                logs.write("moto", text)
