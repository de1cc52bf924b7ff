"""Made-up targets for monitors. Each has an http port, an https port and a plain TCP port, and fails as it is told.

A target follows a script, one line for each thing. An empty script is `up`. The words are in WORDS.
"""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from sandbox.authority import Authority
from sandbox.loopback import HOST

WORDS = """\
up                    answers 200 with the body ok
down                  refuses connections
503                   answers with this HTTP status, 200 to 599
slow [seconds]        waits before it answers, 8 seconds if no number is given
drip                  sends its answer one byte at a time
body TEXT             answers with this body; the TCP port sends it too
header Name: value    adds a header
redirect URL          redirects to this URL or address
certificate DAYS      has a certificate that expires in so many days
expired-certificate   has a certificate that expired a day ago
nonsense              answers with bytes that are not HTTP
endless-headers       sends headers without end
endless-body          sends a body without end
gzip-bomb             sends a small body that unpacks to 192 MiB
"""

SLOW_SECONDS = 8.0
DRIP_SECONDS = 0.25
CERTIFICATE_DAYS = 90
MOST_TARGETS = 100
NAME = r"[A-Za-z0-9_.-]{1,60}"

_WAYS = ("down", "drip", "nonsense", "endless-headers", "endless-body", "gzip-bomb")
_NOT_HTTP = b"\x16\x00\xff no protocol speaks like this\n" * 4
_HEAD_LIMIT = 64 * 1024
_PATIENCE = 60.0
"""The longest that a connection stays open without any progress."""


@dataclass(frozen=True)
class Script:
    """What a target does. `way` is one of _WAYS, or "" for a target that answers with status, headers and body."""

    way: str = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str = "ok"
    seconds: float = 0.0
    certificate_days: int = CERTIFICATE_DAYS


def parse(text: str) -> Script:
    """Read a script. Raises ValueError, with all words, for a line that has none of them or a wrong value."""
    script = Script()
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            script = _with(script, line)
        except ValueError as problem:
            raise ValueError(
                f"{line!r} is not a line of a target's script: {problem}. The words are:\n{WORDS}"
            ) from None
    return script


def _with(script: Script, line: str) -> Script:
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if not line.isprintable():
        raise ValueError("it has characters that cannot be printed")
    match word:
        case "body":
            return replace(script, body=rest)
        case "header":
            name, colon, value = rest.partition(":")
            if not (colon and name and name.isascii() and " " not in name):
                raise ValueError("write it as Name: value")
            return replace(script, headers=(*script.headers, (name, value.strip())))
        case "redirect" if rest:
            url = rest if "//" in rest or rest.startswith("/") else f"http://{rest}/"
            return replace(script, status=302, headers=(*script.headers, ("location", url)))
        case "slow":
            return replace(script, seconds=_between(0, float(rest or SLOW_SECONDS), 3600))
        case "certificate":
            return replace(script, certificate_days=_between(-3650, int(rest), 3650))
    if rest:
        raise ValueError(f"{word} takes no value")
    match word:
        case "up":
            return script
        case "expired-certificate":
            return replace(script, certificate_days=-1)
        case _ if word in _WAYS:
            return replace(script, way=word)
        case _ if word.isascii() and word.isdigit():
            return replace(script, status=_between(200, int(word), 599))
    raise ValueError("no word begins it")


Number = TypeVar("Number", int, float)


def _between(low: int, value: Number, high: int) -> Number:
    if not low <= value <= high:  # also for nan
        raise ValueError(f"the number must be from {low} to {high}")
    return value


class Target:
    """One target. Its three ports stay the same while it is down."""

    def __init__(self, name: str, authority: Authority) -> None:
        self.name = name
        self.script = Script()
        self.mode = "up"
        """The script as it was written."""
        self._authority = authority
        self._asked = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ports = [_Port(self._serve(wrap)) for wrap in (_plain, self._in_tls)]
        self._ports.append(_Port(self._counted(self._talk)))
        http, https, tcp = (port.number for port in self._ports)
        self.url, self.https, self.tcp = f"http://{HOST}:{http}/", f"https://{HOST}:{https}/", f"{HOST}:{tcp}"

    @property
    def asked(self) -> int:
        """How many connections it accepted, on all ports together."""
        return self._asked

    def set(self, text: str) -> None:
        """Follow this script from now on. Raises ValueError for a script that makes no sense."""
        script = parse(text)
        with self._lock:
            self.script, self.mode = script, text.strip() or "up"
            for port in self._ports:
                port.accept(script.way != "down")

    def as_json(self) -> dict[str, Any]:
        return {"mode": self.mode, "http": self.url, "https": self.https, "tcp": self.tcp, "asked": self.asked}

    def stop(self) -> None:
        self._stopping.set()
        for port in self._ports:
            port.stop()

    def _serve(self, wrap: Callable[[socket.socket, Script], socket.socket]) -> Callable[[socket.socket], None]:
        """What an http port and an https port do with a connection."""

        def serve(connection: socket.socket, script: Script) -> None:
            with wrap(connection, script) as wrapped:
                method = _read_request(wrapped)
                if method:
                    self._stopping.wait(script.seconds)
                    self._send(wrapped, script, _http(script, method))

        return self._counted(serve)

    def _talk(self, connection: socket.socket, script: Script) -> None:
        """What the TCP port does: send what the script says, then wait until the other side has closed."""
        self._stopping.wait(script.seconds)
        said = {"nonsense": [_NOT_HTTP], "endless-body": _without_end(b"x" * 4096)}.get(script.way)
        self._send(connection, script, said or ([script.body.encode()] if script.body != Script.body else []))
        with suppress(TimeoutError):
            while connection.recv(4096):
                pass

    def _counted(self, serve: Callable[[socket.socket, Script], None]) -> Callable[[socket.socket], None]:
        def counted(connection: socket.socket) -> None:
            with self._lock:
                self._asked += 1
                script = self.script
            with suppress(OSError), connection:  # the client is free to close it, and TLS to fail
                connection.settimeout(_PATIENCE)
                serve(connection, script)

        return counted

    def _send(self, connection: socket.socket, script: Script, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            for part in [piece] if script.way != "drip" else (piece[at : at + 1] for at in range(len(piece))):
                if self._stopping.is_set():
                    return
                connection.sendall(part)
                if script.way == "drip":
                    self._stopping.wait(DRIP_SECONDS)

    def _in_tls(self, connection: socket.socket, script: Script) -> socket.socket:
        return self._authority.context(script.certificate_days).wrap_socket(connection, server_side=True)


class Targets:
    """The targets by name."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._targets: dict[str, Target] = {}
        self._lock = threading.Lock()

    def target(self, name: str) -> Target:
        """The target of that name. It is made, and up, if there was none. ValueError if there are too many."""
        with self._lock:
            if name not in self._targets:
                if len(self._targets) >= MOST_TARGETS:
                    raise ValueError(f"There are {MOST_TARGETS} targets already.")
                self._targets[name] = Target(name, self._authority)
            return self._targets[name]

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            return {name: target.as_json() for name, target in sorted(self._targets.items())}

    def stop(self) -> None:
        for target in self._targets.values():
            target.stop()


class _Port:
    """A port of 127.0.0.1. Each connection is served in its own thread."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._socket = _bound(0)
        self.number: int = self._socket.getsockname()[1]
        self._accepts = False
        self.accept(True)

    def accept(self, accepts: bool, /) -> None:
        """Accept connections, or refuse them. A socket that is bound and does not listen keeps the port and refuses."""
        if accepts == self._accepts:
            return
        self.stop()
        self._socket, self._accepts = _bound(self.number), accepts
        if accepts:
            self._socket.listen(128)
            threading.Thread(target=self._run, args=(self._socket,), name=f"target-{self.number}", daemon=True).start()

    def stop(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
        self._socket.close()

    def _run(self, listening: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made


def _plain(connection: socket.socket, script: Script) -> socket.socket:
    return connection


def _read_request(connection: socket.socket) -> str:
    """Read a request with its body, and return its method, or "" if that is no request."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        data += piece
        if not piece or len(data) > _HEAD_LIMIT:
            return ""
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    left = int(lengths[0]) - len(body) if lengths and lengths[0].strip().isdigit() else 0
    while left > 0 and (piece := connection.recv(min(left, 1 << 16))):  # unread bytes would reset the connection
        left -= len(piece)
    return head.partition(b" ")[0].decode(errors="replace")


def _http(script: Script, method: str) -> Iterable[bytes]:
    """The pieces of the answer."""
    if script.way == "nonsense":
        return [_NOT_HTTP]
    body = _bomb() if script.way == "gzip-bomb" else f"{script.body}\n".encode()
    headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
    if script.way == "gzip-bomb":
        headers.append(("content-encoding", "gzip"))
    if script.way not in ("endless-body", "endless-headers"):
        headers.append(("content-length", str(len(body))))
    own = {name.lower() for name, _ in script.headers}
    lines = [f"{name}: {value}" for name, value in headers if name not in own]
    lines += [f"{name}: {value}" for name, value in script.headers]
    begin = f"HTTP/1.1 {script.status} {_phrase(script.status)}\r\n".encode()
    begin += "".join(f"{line}\r\n" for line in lines).encode()
    if script.way == "endless-headers":
        return _without_end(b"x-more: " + b"x" * 1000 + b"\r\n", begin)
    begin += b"\r\n"
    if method == "HEAD" or script.status in (204, 304):
        return [begin]
    return _without_end(b"x" * 4096, begin) if script.way == "endless-body" else [begin + body]


def _without_end(piece: bytes, begin: bytes = b"") -> Iterator[bytes]:
    yield begin
    while True:
        yield piece


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Odd"


@cache
def _bomb() -> bytes:
    """192 MiB of zeros in less than 200 KB: 16 members of gzip, one after another."""
    return gzip.compress(bytes(12 << 20), 9) * 16
