"""A fake of the outside world for the tests of checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any

from ..status.answers import Answer, Connection, Records
from ..status.reason import Reason


class FakeNet:
    """A `kit.check.Net` that gives these answers in their order. `asked` has the arguments of each call."""

    def __init__(self, *answers: Answer | Connection | Records | Reason) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[Any, ...]] = []

    def request(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str = ""
    ) -> Any:
        return self._next(method, url, dict(headers or {}), body)

    def connect(self, host: str, port: int, *, tls: bool = False) -> Any:
        return self._next(host, port, tls)

    def resolve(self, name: str, type: str, server: str = "") -> Any:
        return self._next(name, type, server)

    def _next(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        return self._answers.pop(0)


def answer(
    status: int = 200,
    body: object = b"",
    headers: Mapping[str, str] | None = None,
    *,
    latency_ms: int = 20,
    certificate: int | None = None,
) -> Answer:
    """An answer. A `body` that is neither bytes nor text becomes JSON."""
    sent = Message()
    for name, value in (headers or {}).items():
        sent[name] = value
    text = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return Answer(status, sent, text.encode() if isinstance(text, str) else text, "8.8.8.8", latency_ms, certificate)
