"""Faults to inject: the next matching REST call gets a 429, a 5xx, an odd answer, a cut connection or a long wait."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

ODD_BODIES = {
    "nothing": b"",
    "html": b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>",
    "broken": b'{"id": "1", "content": "',
    "bytes": b'{"id": "\xff\xfe"}',
    "null": b"null",
    "number": b"7",
    "text": b'"ok"',
    "list": b"[]",
    "lists": b'[[], null, {"id": 7}, "x"]',
    "object": b"{}",
    "nested": b'{"errors":' * 400 + b"{}" + b"}" * 400,  # json.loads takes it, code that walks it fails
    "deep": b"[" * 100_000 + b"]" * 100_000,  # json.loads raises RecursionError
}
"""Bodies that are not Discord's, by name. A proxy, Cloudflare, or Discord on a bad day sends them with any status."""


@dataclass
class InjectedFault:
    """What happens to the next `times` calls of `method` ("*" for any) whose path matches `pattern`.

    `pattern` is a path below the API's base, and `*` in it matches anything: "/webhooks/*/messages/@original".
    `status` is the HTTP status of the response, or None to cut the connection. A 429 carries `retry_after` seconds.
    With `after` the call takes effect first. `delay` holds the response back, in real seconds.
    `headerless` responds as Cloudflare does when it blocks a client: no rate-limit headers and no JSON.
    `body` is sent instead of Discord's JSON, and `headers` in addition to the others. With `cut`, the connection ends
    after half of the body.
    `then` is called before the response is sent or the connection is cut.
    """

    method: str
    pattern: str
    status: int | None
    code: int = 0
    retry_after: float = 1.0
    after: bool = False
    delay: float = 0.0
    headerless: bool = False
    times: int = 1
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    then: Callable[[], object] | None = None


class InjectedFaults:
    """The faults that no call has met yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[InjectedFault] = []

    def add(self, fault: InjectedFault) -> None:
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Drop all pending faults."""
        with self._lock:
            self._pending.clear()

    def next_for(self, method: str, path: str) -> InjectedFault | None:
        """The first pending fault for this call. It counts as used."""
        with self._lock:
            for fault in self._pending:
                if fault.method in (method, "*") and fnmatch.fnmatchcase(path, fault.pattern):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._pending.remove(fault)
                    return fault
        return None
