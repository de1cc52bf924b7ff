"""How long an alert takes: from the last failure that was needed to the moment when Discord has the message.

The real doors of the monitor and the sender run in this process. They call AWS and Discord over TLS on loopback, where
stubs answer. So the figures are simulated. They leave out how long SQS takes to deliver, how far AWS and Discord are
away, and cold starts.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import certifi

from bench.instance import WrongAnswer
from bench.stubs import AwsStub, Stub, amz_json, refusal
from sandbox.loopback import Request, Response, as_json
from watchbell.adapters import aws
from watchbell.adapters.batch import Delivery
from watchbell.adapters.dynamodb import Cancelled, ConditionFailed
from watchbell.adapters.monitors import Change
from watchbell.adapters.sessions import tls_context
from watchbell.doors import monitor as monitor_door
from watchbell.doors import sender as sender_door
from watchbell.kit import server
from watchbell.status.facts import Facts
from watchbell.status.monitor import Monitor
from watchbell.status.reason import Reason
from watchbell.status.roster import Entry
from watchbell.testing.table import FakeTable
from watchbell.tools.toolbox import Tools

FLIPS = 200
MONITORS = [f"monitor{letter}" for letter in "abcdefghijklmnopqrstuvwxy"]
GUILD, CHANNEL = "1100000000000000001", "1100000000000000009"
BEGUN = 20_780 * 86_400
UP, DOWN = Facts("up", latency_ms=20), Facts("down", Reason("http_status", {"status": 503}), 31, {"status": 503})


@dataclass(frozen=True)
class Measured:
    """The milliseconds of each alert, and the calls of AWS of the run and the sender that it took."""

    times: list[float]
    calls: list[int]

    def figures(self) -> dict[str, float]:
        p99 = quantiles(self.times, n=100, method="inclusive")[98] if len(self.times) > 1 else self.times[0]
        return {"p50_ms": round(median(self.times), 1), "p99_ms": round(p99, 1), "aws_calls": median(self.calls)}

    def table(self) -> str:
        title = f"{len(self.times)} alerts on Python {platform.python_version()}, over TLS on loopback (simulated)"
        return "\n".join([title, "", *(f"{name:12}{figure:10}" for name, figure in self.figures().items())])


def measure(*, rounds: int = 1, flips: int = FLIPS) -> Measured:
    """Let monitors of a full shard fail in turn. Raise WrongAnswer if Discord does not get one message for each."""
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder, watching(Path(folder)) as watched:
        measured = Measured([], [])
        for number in range(flips + 1):
            milliseconds, calls = watched.outage(MONITORS[number % len(MONITORS)])
            if number:  # the first one opens the connections
                measured.times.append(milliseconds)
                measured.calls.append(calls)
    return measured


class Backend(AwsStub):
    """DynamoDB with tables in memory, the send queue, and the parameters of the sender. `calls` counts all calls."""

    name = "backend"
    services = ("dynamodb", "sqs", "ssm")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tables = {"bench-state": FakeTable(), "bench-ephemeral": FakeTable()}
        self.calls = 0
        self.environment |= {
            "STATE_TABLE": "bench-state",
            "EPHEMERAL_TABLE": "bench-ephemeral",
            "SEND_QUEUE_URL": f"{self.url}/123456789012/send",
            "BOT_TOKEN_PARAMETER": "/bench/bot-token",
            "SIGNING_KEYS_PARAMETER": "/bench/signing-keys",
        }

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        self.calls += 1
        service, _dot, action = headers.get("x-amz-target", "").partition(".")
        call = json.loads(request.body)
        if service == "AmazonSQS" and action == "SendMessage":
            self.messages.append(call["MessageBody"])
            digest = hashlib.md5(call["MessageBody"].encode(), usedforsecurity=False).hexdigest()
            return amz_json(200, {"MD5OfMessageBody": digest, "MessageId": str(self.calls)})
        if service == "AmazonSSM" and action == "GetParameter":
            return amz_json(200, {"Parameter": {"Name": call["Name"], "Value": "1:" + "5a" * 32}})
        try:
            return amz_json(200, self._dynamodb(action, call))
        except (ConditionFailed, Cancelled) as failed:
            return amz_json(400, failed.details)
        except (KeyError, ValueError) as error:
            return refusal(400, f"ValidationException: {error!r}")

    def _dynamodb(self, action: str, call: dict) -> dict:
        if action == "BatchGetItem":
            ((name, asked),) = call["RequestItems"].items()
            return {"Responses": {name: self.tables[name].get_many(asked["Keys"])}, "UnprocessedKeys": {}}
        if action == "TransactWriteItems":
            names = {inner["TableName"] for each in call["TransactItems"] for inner in each.values()}
            (name,) = names
            self.tables[name].transact(*call["TransactItems"], token=call["ClientRequestToken"])
            return {}
        table = self.tables[call["TableName"]]
        if action == "GetItem":
            item = table.get(call["Key"])
            return {"Item": item} if item else {}
        if action == "Query":
            values = call["ExpressionAttributeValues"]
            partition = values[":pk"]["S"]
            if ":start" in values:
                return {"Items": table.query(partition, values[":start"]["S"], most=call["Limit"])[0]}
            return {"Items": table.between(partition, values[":first"]["S"], values[":last"]["S"])}
        if action == "PutItem":
            table.put(call["Item"])
        elif action == "DeleteItem":
            table.delete(call["Key"])
        elif action == "UpdateItem":
            names, condition = call.get("ExpressionAttributeNames"), call.get("ConditionExpression", "")
            values, returns = call["ExpressionAttributeValues"], call.get("ReturnValues", "NONE")
            found = table.update(
                call["Key"], call["UpdateExpression"], values, names=names, condition=condition, returns=returns
            )
            return {"Attributes": found} if found else {}
        else:
            raise ValueError(action)
        return {}


class Channel(Stub):
    """Discord's channel. `messages` are what was posted, and `arrived` is when the last one came."""

    name = "channel"
    roots = Path(certifi.where())
    _route = re.compile(rf"/api/v10/channels/{CHANNEL}/messages(/\d+)?")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.arrived = 0.0
        self.environment["DISCORD_URL"] = f"{self.url}/api/v10"

    def _respond(self, request: Request) -> Response:
        arrived = time.perf_counter()
        found = self._route.fullmatch(request.path)
        if not found or request.method != ("PATCH" if found[1] else "POST"):
            return as_json(404, {"message": "404: Not Found", "code": 0})
        message = json.loads(request.body)
        if request.method == "POST":
            self.arrived = arrived
            self.messages.append(message["content"])
        return as_json(200, {**message, "id": str(1_100_000_000_000_000_100 + len(self.messages))})


class Watching:
    """A server whose shard is run minute after minute, and whose alerts are sent."""

    def __init__(self, backend: Backend, channel: Channel) -> None:
        self._backend, self._channel = backend, channel
        self.at = float(BEGUN)
        self._down = ""
        self._checked = 0.0
        settings = {**backend.environment, **channel.environment, "POWERTOOLS_SERVICE_NAME": "bench"}
        self._monitor, self._sender = Tools("monitor", settings), Tools("sender", settings)
        worker = Tools("worker", settings)
        for tools in (self._monitor, self._sender, worker):
            tools.now = lambda: self.at  # type: ignore[method-assign]
        self._monitor.check = self._check  # type: ignore[method-assign]
        worker.change_setting(GUILD, server.status_channel, CHANNEL)
        for number, id in enumerate(MONITORS):
            each = Monitor(id, f"Service {number}", "http", f"https://service-{number}.example/", 1)
            self._add(worker, each)

    def outage(self, id: str) -> tuple[float, int]:
        """Let a monitor fail until it is told, and recover. Return the milliseconds and the calls of the alert."""
        self._minute()
        self._down = id
        self._minute()
        self._minute()
        told, calls = len(self._channel.messages), self._backend.calls
        self._minute()
        spent = (self._channel.arrived - self._checked) * 1000
        calls = self._backend.calls - calls
        self._down = ""
        if len(self._channel.messages) != told + 1 or spent <= 0:
            raise WrongAnswer(f"alert: Discord got {self._channel.messages[told:]} after the third failure")
        self._minute()
        self._minute()
        if len(self._channel.messages) != told + 2:
            raise WrongAnswer(f"alert: Discord got {self._channel.messages[told:]} after the recovery")
        return spent, calls

    def _minute(self) -> None:
        run = {"kind": "shard", "guild": GUILD, "shard": "01", "slot": int(self.at), "every": 1}
        monitor_door.run(Delivery(run, 1, False), self._monitor)
        while self._backend.messages:
            message = json.loads(self._backend.messages.pop(0))
            sender_door.deliver(Delivery(message, 1, False), self._sender)
        self.at += 60

    def _check(self, guild_id: str, monitors: Iterable[Monitor], **_again: object) -> dict[str, Facts]:
        facts = {each.id: DOWN if each.id == self._down else UP for each in monitors}
        self._checked = time.perf_counter()
        return facts

    @staticmethod
    def _add(worker: Tools, each: Monitor) -> None:
        entry = Entry(each.id, each.name, each.kind, "01", each.every)
        worker.monitors.change(GUILD, lambda roster: Change(roster.with_(entry), put=("01", each)))


@contextmanager
def watching(folder: Path) -> Iterator[Watching]:
    """The stubs and a server that is watched. The environment is changed meanwhile."""
    backend, channel = Backend(folder), Channel(folder)
    credentials: dict[str, Any] = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    before = dict(os.environ)
    os.environ.update(credentials, **backend.environment)
    tls_context().load_verify_locations(channel.authorities)
    aws.client.cache_clear()
    try:
        yield Watching(backend, channel)
    finally:
        aws.client.cache_clear()
        os.environ.clear()
        os.environ.update(before)
        backend.stop()
        channel.stop()
