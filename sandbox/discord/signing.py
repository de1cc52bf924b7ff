"""How Discord calls the bot: it signs a body with Ed25519, POSTs it, and measures the response."""

from __future__ import annotations

import http.client
import json
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nacl.signing import SigningKey

from sandbox.discord.validation import Json

SECONDS = 3.0


@dataclass
class Reply:
    """The response to a POST. Without one, `status` is None and `problem` says why. `ms` is real time."""

    status: int | None
    content_type: str
    body: bytes
    ms: float
    problem: str | None = None

    def is_json(self) -> bool:
        return self.content_type.split(";")[0].strip().lower() == "application/json"

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return strict_json(self.body)


class Signer:
    """A new Ed25519 key. `clock` (epoch seconds) dates the signatures."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._key = SigningKey.generate()
        self.public_key: str = self._key.verify_key.encode().hex()

    def headers(self, body: bytes) -> dict[str, str]:
        """The two headers for `body`. What is signed is the timestamp followed directly by the raw body."""
        timestamp = str(int(self.clock()))
        signature = self._key.sign(timestamp.encode() + body).signature.hex()
        return {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": timestamp}


def strict_json(text: bytes) -> Any:
    """JSON as Discord reads it: UTF-8, no NaN, and 1.0 is an integer. Raises ValueError."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not JSON")

    def number(digits: str) -> float:
        value = float(digits)
        return int(value) if value.is_integer() else value

    return json.loads(text.decode("utf-8"), parse_constant=refuse, parse_float=number)


def encode(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def post(url: str, body: bytes, headers: dict[str, str]) -> Reply:
    """One POST over a new connection. A response after 3 seconds of real time does not count."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    headers = {"Content-Type": "application/json", "User-Agent": "Discord-Interactions/1.0"} | headers
    started = time.monotonic()

    def elapsed() -> float:
        return (time.monotonic() - started) * 1000

    try:
        connection.request("POST", parts.path or "/", body, headers)
        answer = connection.getresponse()
        read = answer.read()
    except TimeoutError:
        return Reply(None, "", b"", elapsed(), f"no answer within {SECONDS:g} s")
    except (OSError, http.client.HTTPException) as broken:
        return Reply(None, "", b"", elapsed(), f"the endpoint could not be reached: {broken!r}")
    finally:
        connection.close()
    ms = elapsed()
    late = f"the answer took {ms:.0f} ms, more than {SECONDS:g} s" if ms > SECONDS * 1000 else None
    return Reply(answer.status, answer.headers.get("Content-Type", ""), read, ms, late)
