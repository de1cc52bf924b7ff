"""`python -m tests.fuzz.canaries`: make every function fail in many ways, and look for secrets in what they log.

The functions run as on Lambda, under the real runtime client, at the level DEBUG: so every library says all that it
can. Every secret that a function gets is a canary. AWS, Discord, CloudFormation and a status source fail in each way.
"""

from __future__ import annotations

import itertools
import json
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.aws.lambda_service import LAYER, LambdaService
from sandbox.children import Children
from sandbox.logs import Logs
from sandbox.loopback import Request, Response, Server, as_json
from sandbox.template import Template
from tests import recorded
from tests.discord_side import OTHER_KEY, PUBLIC_KEY, request
from watchbell.discord import custom_id
from watchbell.discord.interaction import Interaction
from watchbell.discord.seals import Seals

INTERACTION_TOKEN = "aW50ZXJhY3Rpb246canary1" + "a1" * 40
WEBHOOK_TOKEN = "canary2" + "b2" * 30
SOURCE_KEY = "canary3"
RESPONSE_SIGNATURE = "canary4"
BOT_TOKEN = "MTA0MjAwMDAwMDAwMDAwMDAwMQ.canary.canary5" + "c" * 30
SIGNING_KEY = "ca9a56" * 10 + "abcd"
AWS_SECRET = "canary7" + "d4" * 16
TYPED = "canary8"
CANARIES = ("canary", SIGNING_KEY[:12])
"""What no log may hold, in upper or lower case: all of the above contain one of them."""

BODIES = {
    "empty": b"",
    "html": b"<html>error</html>",
    "list": b"[]",
    "cut json": b'{"message": "x',
    "deep json": b"[" * 5_000,
    "error": b'{"code": 50001, "message": "Missing Access"}',
    "gone": b'{"code": 10015, "message": "Unknown Webhook"}',
}
STATUSES = (200, 204, 307, 400, 401, 403, 404, 429, 500, 503)
HEADERS = {
    "plain": b"",
    "malformed": b"X-Broken\r\n : no name\r\n",
    "not gzip": b"Content-Encoding: gzip\r\n",
    "cut": b"Content-Length: 100000\r\n",
    "odd wait": b"Retry-After: soon\r\n",
}


@dataclass(frozen=True)
class Fault:
    """One answer of a server. A `status` of 0 closes the connection without an answer."""

    status: int
    body: str = "empty"
    headers: str = "plain"

    @property
    def permanent(self) -> bool:
        """Whether the registrar takes it as an answer. It would wait for half a minute in all for another one."""
        return self.status in (400, 403, 404) and self.headers in ("plain", "malformed")

    def raw(self, path: str) -> bytes:
        if not self.status:
            return b""
        body, extra = BODIES[self.body], HEADERS[self.headers]
        length = b"" if b"Content-Length" in extra else f"Content-Length: {len(body)}\r\n".encode()
        there = f"Location: http://127.0.0.1:9{path}\r\n".encode() if self.status == 307 else b""
        return f"HTTP/1.1 {self.status} X\r\n".encode() + there + extra + length + b"Connection: close\r\n\r\n" + body


FAULTS = [Fault(0), *itertools.starmap(Fault, itertools.product(STATUSES, BODIES, HEADERS))]
SOME = [
    Fault(0),
    Fault(200, "html", "malformed"),
    Fault(200, "error", "not gzip"),
    Fault(307, "html"),
    Fault(404, "gone", "malformed"),
    Fault(429, "html", "odd wait"),
    Fault(500, "deep json", "cut"),
]
"""One of each kind, for the suite."""


class Outside:
    """Discord, CloudFormation and a status source. Each connection gets one answer, the present `fault`."""

    def __init__(self) -> None:
        self.fault = Fault(200)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(2)
            try:
                head = connection.recv(65536)
                connection.sendall(self.fault.raw(head.split(b" ")[1].decode()))
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except (OSError, IndexError):
                return


@dataclass
class World:
    """The functions, and what is around them. `aws_fails` makes AWS answer with an error that quotes the request."""

    service: LambdaService
    outside: Outside
    logs: Logs
    url: str
    aws_fails: bool = False
    queued: list[bytes] = field(default_factory=list)
    tried: set[tuple[str, str, Fault | None]] = field(default_factory=set)

    def leaks(self) -> list[str]:
        return [line for line in self.logs.lines if any(canary in line.lower() for canary in CANARIES)]


@contextmanager
def world(layer: Path = LAYER, level: str = "DEBUG") -> Iterator[World]:
    """The functions with the library in `layer`. Their clock and their time limits are real."""
    outside, children, logs = Outside(), Children(), Logs(keep=200_000)

    def aws(request: Request) -> Response:
        target = dict(request.headers).get("x-amz-target", "")
        if target.startswith("AmazonSQS"):
            made.queued.append(request.body)
        if made.aws_fails:
            return as_json(400, {"__type": "AccessDeniedException", "message": request.body.decode()})
        if target.startswith("AmazonSSM"):
            found = _parameters(json.loads(request.body), outside.url)
            return as_json(200, found) if found else as_json(400, {"__type": "ParameterNotFound"})
        return as_json(200, {"MessageId": "1", "Attributes": {"first": {"S": "0"}}})

    server = Server(aws)
    environment = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "AWS_SESSION_TOKEN": AWS_SECRET,
        "DISCORD_URL": f"{outside.url}/api/v10",
        "DISCORD_PUBLIC_KEYS": PUBLIC_KEY,
        "DISCORD_APPLICATION_ID": "42",
        "DISCORD_GUILD_ID": "",
        "WORK_QUEUE_URL": f"{server.url}/123456789012/work",
        "SEND_QUEUE_URL": f"{server.url}/123456789012/send",
        "POWERTOOLS_DEBUG": "1",
    }
    functions = [replace(function, log_level=level) for function in Template.read().functions()]
    service = LambdaService(functions, environment, children, logs, layer=layer)
    made = World(service, outside, logs, server.url)
    try:
        yield made
    finally:
        service.stop()
        children.stop()
        outside.stop()
        server.stop()


def sweep(world: World, fault: Fault | None) -> None:
    """Try every entrance with the fault, or with an AWS that refuses if it is None."""
    world.aws_fails = fault is None
    world.outside.fault = fault or Fault(200)
    for name, function, event in _entrances(world.outside.url):
        if name != "registration" or fault is None or fault.permanent:
            world.service.invoke(function, event)
            world.tried.add((name, function, fault))


def _entrances(outside: str) -> list[tuple[str, str, dict]]:
    status = _interaction("command_status")
    button = _interaction("component_refresh")
    form = _secret_form()
    created = {**recorded.load("event_application_authorized"), "token": INTERACTION_TOKEN}
    change = {"RequestId": "1", "StackId": "1", "LogicalResourceId": "Commands"}
    change["ResponseURL"] = f"{outside}/answer?X-Amz-Signature={RESPONSE_SIGNATURE}"
    nonsense = {**status, "type": TYPED}
    digest = {"kind": "webhook", "delivery": "digest#1", "webhook": "digest", "message": {"content": TYPED}}
    return [
        ("deferred command", "ingress", request(status)),
        ("instant command", "ingress", request(_interaction("command_ping"))),
        ("button", "ingress", request(button)),
        ("secret form", "ingress", request(form)),
        ("autocomplete", "ingress", request(_interaction("autocomplete"))),
        ("event", "ingress", request(created, "/events")),
        ("forged request", "ingress", request(status, key=OTHER_KEY)),
        ("stale request", "ingress", request(status, at=1)),
        ("nonsense", "ingress", request(nonsense)),
        ("no JSON", "ingress", request(json.dumps(status).encode()[:-9])),
        ("queued command", "worker", _queued(_work("interaction", status))),
        ("last try", "worker", _queued(_work("interaction", status), tries=5)),
        ("queued button", "worker", _queued(_work("interaction", button), tries=5)),
        ("queued secret form", "worker", _queued(_work("interaction", _concealed(form)))),
        ("last secret form", "worker", _queued(_work("interaction", _concealed(form)), tries=5)),
        ("queued event", "worker", _queued(_work("event", created), tries=5)),
        ("message of others", "worker", _queued({"kind": TYPED, "body": status, "received_at": 1}, tries=5)),
        ("queued nonsense", "worker", _queued(_work("interaction", nonsense), tries=5)),
        ("webhook", "sender", _queued(digest)),
        ("last webhook", "sender", _queued(digest, tries=10)),
        ("webhook of others", "sender", _queued({**digest, "message": TYPED}, tries=10)),
        ("digest", "scheduler", {"schedule": "daily_digest", "at": "2026-11-25T09:00:00Z", "run": "now"}),
        ("no schedule", "scheduler", {"schedule": "nothing", "at": "2026-11-25T09:00:00Z"}),
        ("registration", "registrar", {**change, "RequestType": "Create"}),
        ("deletion", "registrar", {**change, "RequestType": "Delete"}),
        ("half a request", "registrar", {"ResponseURL": change["ResponseURL"], "RequestType": "Delete"}),
    ]


def _interaction(name: str) -> dict:
    changes = {"token": INTERACTION_TOKEN, "id": str(time.time_ns())}
    interaction = recorded.load(name, **changes)
    interaction["member"]["user"] |= {"username": TYPED, "global_name": TYPED}
    for option in interaction["data"].get("options", ()):
        if option["type"] == 3:
            option["value"] = TYPED
    return interaction


def _secret_form() -> dict:
    """The submitted form of `/monitor` that sets a secret."""
    user = recorded.load("modal")["member"]["user"]["id"]
    address = custom_id.Address("monitor", "set_secret", ("01", "aaaaaaaa"), seconds=900, bound=custom_id.TO_USER)
    answers = [
        {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}}
        for name, value in (("name", "shop"), ("value", f"{TYPED}-value"))
    ]
    data = {
        "custom_id": custom_id.seal(address, "1", bytes.fromhex(SIGNING_KEY), time.time(), user),
        "components": answers,
    }
    form = recorded.load("modal", token=INTERACTION_TOKEN, id=str(time.time_ns()), data=data)
    form["member"]["permissions"] = str(1 << 5)  # Manage Server
    return form


def _concealed(form: dict) -> dict:
    """The form as the ingress queues it."""
    seals = Seals(lambda fresh: f"1:{SIGNING_KEY}", time.time, None)
    return seals.conceal(Interaction(form))


def _work(kind: str, body: dict) -> dict:
    return {"kind": kind, "received_at": int(time.time()) - 60, "body": body}


def _queued(message: dict, tries: int = 1) -> dict:
    attributes = {"ApproximateReceiveCount": str(tries), "SentTimestamp": str(int(time.time() * 1000))}
    return {
        "Records": [{"messageId": "1", "receiptHandle": "1", "body": json.dumps(message), "attributes": attributes}]
    }


def _parameters(asked: dict, outside: str) -> dict | None:
    if "Path" in asked:
        if not asked["Path"].endswith("status-sources"):
            return {"Parameters": []}
        source = f"{outside}/status?key={SOURCE_KEY} private"
        return {"Parameters": [{"Name": f"{asked['Path']}/prod", "Value": source}]}
    values = {
        "signing-keys": f"1:{SIGNING_KEY}",
        "bot-token": BOT_TOKEN,
        "digest": f"{outside}/api/v10/webhooks/1/{WEBHOOK_TOKEN}",
        "operators": "1",
    }
    value = values.get(asked["Name"].rpartition("/")[2])
    return {"Parameter": {"Value": value}} if value else None


def main() -> int:
    began = time.monotonic()
    with world() as made:
        for number, fault in enumerate([None, *FAULTS]):
            sweep(made, fault)
            print(f"\r{number} of {len(FAULTS)} faults", end="", file=sys.stderr, flush=True)  # noqa: T201
        print(file=sys.stderr)  # noqa: T201
        leaks, lines = made.leaks(), len(made.logs.lines)
    for line in leaks[:20]:
        print(urllib.parse.unquote(line)[:500])  # noqa: T201
    kinds, seconds = len(made.tried), time.monotonic() - began
    told = f"{len(leaks)} lines hold a secret." if leaks else "None of them leaked a secret."
    print(f"{kinds} kinds of failure were tried in {seconds:.0f} s, with {lines} log lines. {told}")  # noqa: T201
    return 1 if leaks else 0


if __name__ == "__main__":
    raise SystemExit(main())
