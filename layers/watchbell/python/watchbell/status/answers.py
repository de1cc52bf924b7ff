"""What a target answered, as `adapters.net` gives it to a check. Everything in it is untrusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message


@dataclass(frozen=True)
class Answer:
    """The answer to an HTTP request. `body` is as it was sent, at most 256 KB: no encoding was asked for.

    `headers` finds names in upper or lower case. `ip` is the address that answered. `latency_ms` is the time from the
    first look-up to the end of the body, redirects included. `certificate` is the number of seconds until the
    certificate expires, None without TLS.
    """

    status: int
    headers: Message = field(default_factory=Message)
    body: bytes = b""
    ip: str | None = None
    latency_ms: int | None = None
    certificate: int | None = None


@dataclass(frozen=True)
class Connection:
    """A connection that was made and closed again. The fields are those of an Answer."""

    ip: str
    latency_ms: int
    certificate: int | None = None


@dataclass(frozen=True)
class Records:
    """The answer of a name server: its response code, such as NOERROR or NXDOMAIN, and the records as text."""

    rcode: str
    records: tuple[str, ...] = ()
    latency_ms: int = 0
