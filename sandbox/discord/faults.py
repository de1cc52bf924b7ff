"""Faults to inject: the next matching REST call gets a 429, a 5xx, an odd answer or a cut connection, or is slow."""

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

CODES = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    30005: (400, "Maximum number of guild roles reached (250)"),
    30013: (400, "Maximum number of guild channels reached (500)"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50028: (400, "Invalid Role"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    130000: (503, "API resource is currently overloaded. Try again a little later."),
}
"""The HTTP status and the message of Discord's error codes that a bot meets."""


@dataclass
class InjectedFault:
    """What happens to the next `times` calls of `method` ("*" for any) whose path matches `pattern`.

    `pattern` is a path below the API's base, and `*` in it matches anything: "/webhooks/*/messages/@original".
    `status` is the HTTP status of the response, or None to cut the connection. A 429 carries `retry_after` seconds
    and the `scope` "user", "global" or "shared".
    With `after` the call takes effect first. `delay` holds the response back, in real seconds.
    `headerless` responds as Cloudflare does when it blocks a client: no rate-limit headers and no JSON.
    `body` is sent instead of Discord's JSON, and `headers` in addition to the others. With `cut`, the connection ends
    after half of the body.
    `then` is called before the response is sent or the connection is cut, with the client's port.
    `whose` says of a client's port whether the fault is for its calls. Without it, the fault is for every client.
    If not `fails`, the call is only slow: after `delay` and `then` it goes on as usual.
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
    scope: str = "user"
    then: Callable[[int], object] | None = None
    whose: Callable[[int], bool] | None = None
    fails: bool = True


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

    def next_for(self, method: str, path: str, port: int = 0) -> InjectedFault | None:
        """The first pending fault for this call by the client at `port`. It counts as used."""
        with self._lock:
            for fault in self._pending:
                matches = fault.method in (method, "*") and fnmatch.fnmatchcase(path, fault.pattern)
                if matches and (fault.whose is None or fault.whose(port)):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._pending.remove(fault)
                    return fault
        return None
