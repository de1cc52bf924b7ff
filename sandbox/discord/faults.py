"""Faults to inject: the next matching REST call gets a 429, a 5xx, an odd answer or a cut connection, or is slow."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

ODD_BODIES = {
    "nothing": b"",
    "html": b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>",
    "blocked": b"<!DOCTYPE html><html><head><title>Access denied</title></head><body>error code: 1015</body></html>",
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
    10009: (404, "Unknown Overwrite"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10087: (404, "Unknown tag"),
    20012: (403, "You are not authorized to perform this action on this application"),
    30003: (400, "Maximum number of pins reached for the channel (250)"),
    30005: (400, "Maximum number of guild roles reached (250)"),
    30007: (400, "Maximum number of webhooks reached (15)"),
    30013: (400, "Maximum number of guild channels reached (500)"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    30058: (400, "Maximum number of webhooks per guild reached (1000)"),
    30060: (400, "Maximum number of channel permission overwrites reached (1000)"),
    40003: (429, "You are opening direct messages too fast"),
    40005: (413, "Request entity too large"),
    40058: (400, "Cannot message this channel until a thread was created in it"),
    40060: (400, "Interaction has already been acknowledged."),
    40062: (429, "Service resource is being rate limited"),
    40067: (400, "A tag is required to create a forum post in this channel"),
    40094: (400, "The maximum number of follow-up messages for this interaction was reached"),
    40333: (403, "internal network error"),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50028: (400, "Invalid Role"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50146: (400, "Invalid file upload"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    60003: (403, "Two factor is required for this operation"),
    130000: (503, "API resource is currently overloaded. Try again a little later."),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
    200000: (400, "Message was blocked by automatic moderation"),
    220001: (400, "Webhooks posted to forum channels must have a thread_name or thread_id"),
    220002: (400, "Webhooks posted to forum channels cannot have both a thread_name and thread_id"),
    220003: (400, "Webhooks can only create threads in forum channels"),
    240000: (400, "Message blocked by harmful links filter"),
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
