"""A client for the REST API of the simulated Discord, and a clock that a test can set."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from sandbox.discord import Discord
from tests import judge

APP, TOKEN = "1100000000000000001", "bot-token"
GOOD = {
    "User-Agent": "DiscordBot (https://example.org, 1)",
    "Content-Type": "application/json",
    "Authorization": f"Bot {TOKEN}",
}


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0
        self.stopped = 0.0

    def __call__(self) -> float:
        return (self.stopped or time.time()) + self.ahead


class Client:
    """An open connection to the API. `call` returns (status, JSON) and keeps the headers of the answer in `headers`."""

    def __init__(self, discord: Discord) -> None:
        base = urlsplit(discord.url)
        self.base = base.path
        self.connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=5)
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, **headers: str | None) -> tuple[int, Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in (GOOD | given).items() if value is not None}
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        self.connection.request(method, self.base + path, raw, sent)
        answer = self.connection.getresponse()
        read = answer.read()
        self.headers = dict(answer.headers)
        is_json = answer.headers.get_content_type() == "application/json"
        parsed = json.loads(read) if read and is_json else read.decode() or None
        judge.approve_answer(method, path, answer.status, parsed)
        return answer.status, parsed

    def raw(self, method: str, path: str) -> tuple[int, bytes]:
        self.connection.request(method, self.base + path, headers=GOOD)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def code(self, method: str, path: str, body: Any = None, **headers: str | None) -> tuple[int, int]:
        status, answer = self.call(method, path, body, **headers)
        return status, answer["code"]


def say(text: str, **more: Any) -> dict:
    return {"content": text} | more
