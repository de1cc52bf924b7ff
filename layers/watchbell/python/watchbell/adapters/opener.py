"""Asks what a user or an operator wrote, without letting it reach the network that Watchbell runs in.

Each host is resolved once. Every address is judged, and the connection goes to an address that was judged. The same
holds for each redirect. One deadline ends the whole exchange, in the thread that asked: nothing is left behind.
"""

from __future__ import annotations

import io
import logging
import math
import os
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TypeVar, cast
from urllib.parse import urlsplit

from ..status import targets
from ..status.answers import Answer, Connection
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


class _Refused(Exception):
    """The exchange ends here, because of `code`."""

    def __init__(self, code: Code, **values: int | str) -> None:
        self.reason = Reason(code, values)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. The C library limits how long this takes: see RES_OPTIONS in infra/."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


Resolve = Callable[[str, int], list[str]]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Limits:
    """What one exchange may do.

    `private` allows private and loopback addresses too. `refused` are hosts that may not be asked, with all names below
    them. `seconds` limits the whole exchange.
    """

    private: bool = False
    refused: Collection[str] = ()
    seconds: float = SECONDS
    resolve: Resolve = resolve


def get(
    url: str | Url,
    *,
    private: bool = False,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    resolve: Resolve = resolve,
) -> Answer | Reason:
    """GET the URL and follow at most REDIRECTS redirects. Returns the reason if there is no answer; raises nothing."""
    return request(url, limits=Limits(private, (), seconds, resolve), headers=headers)


def request(
    url: str | Url,
    *,
    limits: Limits,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    bound: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer | Reason:
    """Make the request and follow at most REDIRECTS redirects. Returns a reason if there is no answer; raises nothing.

    No proxy, cookie or credential is taken from the environment. A redirect to another origin gets no body, and of
    `headers` only those that cannot be credentials. `bound` are more headers, which are for the URL's origin only.
    """

    def ask(deadline: float) -> Answer:
        parsed = url if isinstance(url, Url) else targets.parse_url(url)
        return _follow(_Request(parsed, method, dict(headers or {}), dict(bound or {}), body), limits, deadline)

    return _guarded(ask, limits)


def connect(host: str, port: int, *, limits: Limits, tls: bool = False) -> Connection | Reason:
    """Connect, check the certificate if `tls`, and close. Returns a reason if that fails; raises nothing."""

    def ask(deadline: float) -> Connection:
        begun = time.monotonic()
        url = targets.parse_url(f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/")
        with _connected(url, limits, deadline) as (connected, ip):
            return Connection(ip, _since(begun), _certificate(connected))

    return _guarded(ask, limits)


def _guarded(ask: Callable[[float], Found], limits: Limits) -> Found | Reason:
    """What `ask(deadline)` returns, or the reason why it failed."""
    try:
        return ask(time.monotonic() + limits.seconds)
    except _Refused as refused:
        return refused.reason
    except targets.NotAUrl:
        return Reason("not_a_url")
    except TimeoutError:
        return Reason("timeout", {"seconds": math.ceil(limits.seconds)})
    except (OSError, HTTPException, ValueError) as error:  # ValueError: a header that cannot be sent
        log.info("no answer: %s", type(error).__name__)
        return Reason(_code(error))


def _code(error: Exception) -> Code:
    """What the failure of a connection means."""
    match error:
        case ssl.SSLCertVerificationError(verify_code=code):
            return _CERTIFICATE.get(code, "certificate_invalid")
        case ssl.SSLError():
            return "tls_failed"
        case socket.gaierror(errno=socket.EAI_NONAME | socket.EAI_NODATA):
            return "name_not_found"
        case ConnectionRefusedError():
            return "connection_refused"
    return "unreachable"


_CERTIFICATE: dict[int, Code] = {10: "certificate_expired", 62: "certificate_name", 64: "certificate_name"}
"""X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""


@dataclass(frozen=True)
class _Request:
    """One request of an exchange."""

    url: Url
    method: str
    headers: dict[str, str] = field(repr=False)
    bound: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def redirected(self, status: int, url: Url) -> _Request:
        """The request that follows a redirect. A 303, or a 301 or 302 after a POST, makes it a GET, as in browsers."""
        made = replace(self, url=url)
        if (status == 303 and self.method != "HEAD") or (status in (301, 302) and self.method == "POST"):
            made = replace(made, method="GET", body=b"")
        if url.origin != self.url.origin:
            kept = {name: value for name, value in self.headers.items() if name.lower() in _FOR_EVERY_HOST}
            made = replace(made, headers=kept, bound={})
        elif not made.body:
            kept = {name: value for name, value in self.headers.items() if name.lower() != "content-type"}
            made = replace(made, headers=kept)
        return made


def _follow(request: _Request, limits: Limits, deadline: float) -> Answer:
    begun = time.monotonic()
    for _hop in range(REDIRECTS + 1):
        with _connected(request.url, limits, deadline) as (connected, ip):
            found = _exchange(_Connected(connected, deadline), request)
            certificate = _certificate(connected)
        if isinstance(found, Answer):
            return replace(found, ip=ip, latency_ms=_since(begun), certificate=certificate)
        status, location = found
        following = request.redirected(status, request.url.redirected(location))
        if following.body and following.url.origin != request.url.origin:
            raise _Refused("unexpected_status", status=status, expected="2xx")  # the body is not for another origin
        request = following
    raise _Refused("too_many_redirects")


@contextmanager
def _connected(url: Url, limits: Limits, deadline: float) -> Iterator[tuple[socket.socket, str]]:
    """A connection to one of the host's addresses, and that address. All addresses are judged before."""
    if targets.is_among(url.host, limits.refused):
        raise _Refused("address_not_allowed")
    addresses = [str(url.address)] if url.address else limits.resolve(url.host, url.port)
    if not addresses or not all(_may_connect(address, url.port, limits.private) for address in addresses):
        raise _Refused("address_not_allowed")
    connected, address = _connect(addresses, url, deadline)
    with connected:
        yield connected, address


def _certificate(connected: socket.socket) -> int | None:
    """The seconds until the server's certificate expires, None without TLS."""
    if not isinstance(connected, ssl.SSLSocket):
        return None
    expires = (connected.getpeercert() or {}).get("notAfter")
    return int(ssl.cert_time_to_seconds(expires) - time.time()) if isinstance(expires, str) else None


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _may_connect(address: str, port: int, private: bool) -> bool:
    # Asking Lambda's runtime API for the next event would take that event away from the function.
    if targets.is_loopback(address) and port in _runtime_ports():
        return False
    return targets.is_allowed(address, private=private)


def _runtime_ports() -> set[int | None]:
    """The loopback ports on which Lambda serves its runtime API and this function's credentials."""
    runtime = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
    return {urlsplit(url).port for url in (f"//{runtime}", os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""))}


def _connect(addresses: list[str], url: Url, deadline: float) -> tuple[socket.socket, str]:
    """Connect to the first address that accepts. Each one has an equal part of the time that is left."""
    for tried, address in enumerate(addresses, 1):
        try:
            plain = socket.create_connection((address, url.port), _left(deadline) / (len(addresses) - tried + 1))
            break
        except OSError:
            if tried == len(addresses):
                raise
    if url.scheme == "http":
        return plain, address
    try:
        plain.settimeout(_left(deadline))
        return tls_context().wrap_socket(plain, server_hostname=url.host), address
    except BaseException:
        plain.close()
        raise


def _exchange(connected: _Connected, request: _Request) -> Answer | tuple[int, str]:
    """Send the request and return the answer, or the status and location of a redirect, whose body is not read."""
    url, method = request.url, request.method
    http = HTTPConnection(url.host, url.port)
    http.sock = connected
    headers = {**request.headers, **request.bound, "Host": url.authority, "Connection": "close"}
    http.request(method, url.target, body=request.body or None, headers=headers)
    # Not http.getresponse(): it is the same but for closing the socket before the body is read.
    response = HTTPResponse(cast(socket.socket, connected), method=method)
    response.begin()
    location = response.headers.get("Location")
    if response.status in _REDIRECTING and location is not None:
        return response.status, location.encode("latin-1").decode()  # http.client reads headers as Latin-1
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
