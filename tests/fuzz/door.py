"""The deployed ingress in this process, with a queue on loopback, and the rules that every answer must keep."""

from __future__ import annotations

import base64
import contextlib
import functools
import importlib.util
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from sandbox.loopback import Request, Response, Server, as_json
from tests import judge, recorded
from tests.conftest import CREDENTIALS
from tests.discord_side import KEY, PUBLIC_KEY, signed

HANDLER = Path(__file__).parents[2] / "functions/ingress/handler.py"

TAKES, REFUSES, HANGS_UP = "takes", "refuses", "hangs up"
"""What the queue does with a message."""

ANSWERS = {1: {1}, 2: {4, 5, 9}, 3: {4, 5, 6, 7, 9}, 4: {8}, 5: {4, 5, 6, 7}}
"""Interaction type -> the response types that Discord accepts for it. Source: Discord, "Interaction Callback Type"."""


PARAMETERS = {"/fuzz/signing-keys": "1:" + "5a" * 32, "/fuzz/status-sources/prod": "https://prod.example/status"}


class Queue:
    """SQS's SendMessage for bodies of at most 1 MiB, and Parameter Store with the ingress's parameters."""

    def __init__(self) -> None:
        self.mode = TAKES
        self.messages: list[str] = []
        self._server = Server(self._respond)
        self.environment = {
            "AWS_ENDPOINT_URL": self._server.url,
            "WORK_QUEUE_URL": f"{self._server.url}/123456789012/work",
            "SIGNING_KEYS_PARAMETER": "/fuzz/signing-keys",
            "OPERATORS_PARAMETER": "/fuzz/operators",
            "STATUS_SOURCES_PATH": "/fuzz/status-sources",
            "FLAGS_PATH": "/fuzz/flags",
            "STATE_TABLE": "fuzz-state",
        }

    def stop(self) -> None:
        self._server.stop()

    def _respond(self, request: Request) -> Response:
        if ("x-amz-target", "AmazonSSM.GetParameter") in request.headers:
            value = PARAMETERS.get(json.loads(request.body)["Name"])
            if value is None:
                return as_json(400, {"__type": "ParameterNotFound"})
            return as_json(200, {"Parameter": {"Value": value}})
        if ("x-amz-target", "AmazonSSM.GetParametersByPath") in request.headers:
            path = json.loads(request.body)["Path"]
            found = [{"Name": name, "Value": PARAMETERS[name]} for name in PARAMETERS if name.startswith(path + "/")]
            return as_json(200, {"Parameters": found})
        if ("x-amz-target", "DynamoDB_20120810.GetItem") in request.headers:
            return as_json(200, {})
        if self.mode == HANGS_UP:
            raise ConnectionAbortedError("as asked")
        text = json.loads(request.body)["MessageBody"]
        if self.mode == REFUSES or len(text.encode()) > 1 << 20:
            return as_json(400, {"__type": "com.amazonaws.sqs#InvalidParameterValue"})
        self.messages.append(text)
        return as_json(200, {"MessageId": "1"})


class Errors(logging.Handler):
    """Keeps logged errors, so that an apology to the person does not hide a bug from the fuzzer."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def texts(self) -> list[str]:
        return [f"{each.getMessage()}: {each.exc_info[1]!r}" if each.exc_info else each.msg for each in self.records]


class Door:
    def __init__(self, handler: Any, queue: Queue, errors: Errors) -> None:
        self._handler = handler
        self.queue = queue
        self.errors = errors

    def ask(self, event: dict, sent: bytes, *, queue: str = TAKES) -> tuple[int, Any]:
        """Return the status and payload of the answer to `event`. `sent` is the body of `event`.

        Fail if the answer breaks a rule.
        """
        self.queue.mode = queue
        self.queue.messages.clear()
        self.errors.records.clear()
        answer = self._handler(event, None)
        status, payload = answer["statusCode"], _payload(answer)
        assert status in (200, 204, 400, 401, 503)
        if status == 200:
            _discord_takes(answer["body"])
        if queue == TAKES and len(sent) < 300_000:  # A larger body may not fit into a message after escaping.
            assert self.errors.texts() == []
            assert status != 503
        self._queued_is_what_was_promised(status, payload, sent)
        return status, payload

    def _queued_is_what_was_promised(self, status: int, payload: Any, sent: bytes) -> None:
        promised = (status == 200 and payload["type"] in (5, 6)) or (status == 204 and json.loads(sent)["type"] == 1)
        if any("an event is too large" in text for text in self.errors.texts()):
            assert len(sent) >= 300_000
            promised = False  # it is acknowledged, because Discord would send it again and again
        assert len(self.queue.messages) == promised
        for message in map(json.loads, self.queue.messages):
            assert message["kind"] == ("event" if status == 204 else "interaction")
            # Compare as text, because a NaN does not equal itself.
            assert json.dumps(message["body"]) == json.dumps(json.loads(sent))


@contextlib.contextmanager
def opened() -> Iterator[Door]:
    """The ingress's handler, loaded with its environment. The environment stays set until the block ends."""
    queue, errors = Queue(), Errors()
    log = logging.getLogger("watchbell")
    environment = {**CREDENTIALS, **queue.environment, "DISCORD_PUBLIC_KEYS": PUBLIC_KEY}
    log.addHandler(errors)
    with mock.patch.dict(os.environ, environment), mock.patch.object(log, "propagate", False):
        spec = importlib.util.spec_from_file_location("fuzzed_ingress", HANDLER)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield Door(module.handler, queue, errors)
    log.removeHandler(errors)
    queue.stop()


def event(body: bytes, path: str, *, shape: str = "gateway_v2", encoded: bool = False, key: Any = KEY) -> dict:
    """Return the request as API Gateway passes it on, with a valid signature by `key`.

    A body that is not UTF-8 is always base64-encoded.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        encoded = True
    if encoded:
        text = base64.b64encode(body).decode()
    request = recorded.load(shape, body=text, isBase64Encoded=encoded)
    request["rawPath" if shape == "gateway_v2" else "path"] = path
    context = request["requestContext"]
    context.get("http", context)["path"] = path
    headers = signed(body, key=key)
    request["headers"].update(headers)
    if shape == "gateway_v1":
        request["multiValueHeaders"].update({name: [value] for name, value in headers.items()})
    return request


def _payload(answer: dict) -> Any:
    """Return the payload that API Gateway sends, or None without a body. Fail if API Gateway could not send it."""
    assert isinstance(answer["statusCode"], int)
    assert answer["headers"]["content-type"] == "application/json"
    assert not answer.get("isBase64Encoded")
    assert isinstance(answer["body"], str)
    return json.loads(answer["body"]) if answer["body"] else None


@functools.lru_cache(10_000)
def _discord_takes(body: str) -> None:
    """Check `body` against Discord's schema. The schema is slow and answers repeat, so results are cached."""
    payload = json.loads(body)
    json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()  # fails for a lone surrogate or a NaN
    judge.approve("callback", payload)
