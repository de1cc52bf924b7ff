"""Fetches a URL that a user or an operator wrote, without letting it reach the network that Watchbell runs in.

Each host is resolved once. Every address is judged, and the connection goes to an address that was judged. The same
holds for each redirect. One deadline ends the whole exchange, in the thread that asked: nothing is left behind.
"""

from __future__ import annotations

import io
import logging
import math
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse
from typing import cast
from urllib.parse import urlsplit

from ..status import targets
from ..status.reason import Code, Reason
from ..status.targets import Url
from .sessions import tls_context

SECONDS = 5.0
"""How long an exchange may take: all names, connections, redirects and the body together."""

BYTES = 256 * 1024
"""The longest body."""

REDIRECTS = 3

_HEAD_BYTES = 64 * 1024
_REDIRECTING = (301, 302, 303, 307, 308)
_FOR_EVERY_HOST = ("accept", "if-none-match", "user-agent")
"""Headers that may follow a redirect to another origin. All others could be credentials."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a server answered. `body` is as it was sent: no encoding was asked for."""

    status: int
    headers: HTTPMessage
    body: bytes


class _Refused(Exception):
    """The exchange ends here, because of `code`."""

    def __init__(self, code: Code, **values: int) -> None:
        self.reason = Reason(code, values)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. The C library limits how long this takes: see RES_OPTIONS in infra/."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def get(
    url: str | Url,
    *,
    private: bool = False,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    resolve: Callable[[str, int], list[str]] = resolve,
) -> Answer | Reason:
    """GET the URL and follow at most REDIRECTS redirects. Returns the reason if there is no answer; raises nothing.

    `private` allows private and loopback addresses too. No proxy, cookie or credential is taken from the environment.
    """
    deadline = time.monotonic() + seconds
    try:
        return _follow(
            url if isinstance(url, Url) else targets.parse_url(url), private, headers or {}, deadline, resolve
        )
    except _Refused as refused:
        return refused.reason
    except targets.NotAUrl:
        return Reason("not_a_url")
    except TimeoutError:
        return Reason("timeout", {"seconds": math.ceil(seconds)})
    except (OSError, HTTPException, ValueError) as error:  # ValueError: a header that cannot be sent
        log.info("no answer: %s", type(error).__name__)
        return Reason("unreachable")


def _follow(
    url: Url,
    private: bool,
    headers: Mapping[str, str],
    deadline: float,
    resolve: Callable[[str, int], list[str]],
) -> Answer:
    for _hop in range(REDIRECTS + 1):
        addresses = [str(url.address)] if url.address else resolve(url.host, url.port)
        if not addresses or not all(_may_connect(address, url.port, private) for address in addresses):
            raise _Refused("address_not_allowed")
        with _connect(addresses, url, deadline) as connected:
            found = _exchange(_Connected(connected, deadline), url, headers)
        if isinstance(found, Answer):
            return found
        there = url.redirected(found)
        if there.origin != url.origin:
            headers = {name: value for name, value in headers.items() if name.lower() in _FOR_EVERY_HOST}
        url = there
    raise _Refused("too_many_redirects")


def _may_connect(address: str, port: int, private: bool) -> bool:
    # Asking Lambda's runtime API for the next event would take that event away from the function.
    if targets.is_loopback(address) and port in _runtime_ports():
        return False
    return targets.is_allowed(address, private=private)


def _runtime_ports() -> set[int | None]:
    """The loopback ports on which Lambda serves its runtime API and this function's credentials."""
    runtime = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
    return {urlsplit(url).port for url in (f"//{runtime}", os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""))}


def _connect(addresses: list[str], url: Url, deadline: float) -> socket.socket:
    """Connect to the first address that accepts. Each one has an equal part of the time that is left."""
    for tried, address in enumerate(addresses, 1):
        try:
            plain = socket.create_connection((address, url.port), _left(deadline) / (len(addresses) - tried + 1))
            break
        except OSError:
            if tried == len(addresses):
                raise
    if url.scheme == "http":
        return plain
    try:
        plain.settimeout(_left(deadline))
        return tls_context().wrap_socket(plain, server_hostname=url.host)
    except BaseException:
        plain.close()
        raise


def _exchange(connected: _Connected, url: Url, headers: Mapping[str, str]) -> Answer | str:
    """Send the request and return the answer, or the location of a redirect. A redirect's body is not read."""
    http = HTTPConnection(url.host, url.port)
    http.sock = connected
    http.request("GET", url.target, headers={**headers, "Host": url.authority, "Connection": "close"})
    # Not http.getresponse(): it is the same but for closing the socket before the body is read.
    response = HTTPResponse(cast(socket.socket, connected), method="GET")
    response.begin()
    location = response.headers.get("Location")
    if response.status in _REDIRECTING and location is not None:
        return location.encode("latin-1").decode()  # http.client reads headers as Latin-1
    connected.room = math.inf
    body = response.read(BYTES + 1)
    if len(body) > BYTES:
        raise _Refused("too_large", kilobytes=BYTES // 1024)
    if response.length:
        raise HTTPException("the body ended early")
    return Answer(response.status, response.headers, body)


class _Connected(io.RawIOBase):
    """What http.client needs of a socket. Every wait ends at the deadline, however few bytes come at a time.

    The socket is closed by the one who opened it.
    """

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = connected, deadline
        self.room: float = _HEAD_BYTES
        """How many bytes may still come. http.client alone would keep 6 MB of headers."""

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(_left(self._deadline))
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._socket.settimeout(_left(self._deadline))
        count = self._socket.recv_into(buffer)
        self.room -= count
        if self.room < 0:
            raise HTTPException("the headers are too long")
        return count


def _left(deadline: float) -> float:
    """The seconds until the deadline. Raises TimeoutError when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
