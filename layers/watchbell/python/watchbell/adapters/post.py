"""A small HTTP/1.1 client that only POSTs, over a connection that stays open.

`http.client` imports the whole of `email`, and that would take a sixth of the ingress's cold start. `ssl` and `socket`
make enums of all constants, which would take a tenth of it. So this uses the modules in C that both are made of.
"""

import _socket
import _ssl
import time
from functools import cache

HEAD_LIMIT = 64 * 1024


class BadAnswer(OSError):
    """The answer is not HTTP, or its headers are over 64 KiB."""


@cache
def trusting(authorities: str | None) -> _ssl._SSLContext:
    """Return TLS settings for a client that trusts the authorities in a file, or the system's if it is None.

    They equal those of `ssl.create_default_context` in Python 3.13. They are cached.
    """
    # PROTOCOL_TLS_CLIENT requires TLS 1.2, a certificate, and that the certificate has the name of the host.
    context = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= _ssl.VERIFY_X509_PARTIAL_CHAIN | _ssl.VERIFY_X509_STRICT
    if authorities:
        context.load_verify_locations(authorities)
    else:
        context.set_default_verify_paths()
    return context


class Connection:
    """A connection to `host`, opened at once, with TLS if there is a `context`.

    `host` is ASCII, with `:port` if that is not the default of the scheme. `context` is from `trusting`. `reusable` is
    true if another request may follow the last one.

    A `deadline` is in time.monotonic() seconds; after it, TimeoutError is raised. All errors are OSErrors:
    ConnectionError or SSLEOFError if the other side closed before its whole answer had come, BadAnswer if the answer is
    not HTTP.
    """

    __slots__ = ("_read", "_received", "_socket", "_write", "reusable")

    def __init__(self, host: str, context: "_ssl._SSLContext | None", deadline: float) -> None:
        # Bytes, because a str goes through `encodings.idna`, and that takes longer than connecting.
        name, _, port = host.encode("ascii").partition(b":")
        self._socket = _dial(name, int(port or (443 if context else 80)), deadline)
        try:
            self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            self._read, self._write = self._socket.recv, self._socket.sendall
            if context:
                self._socket.settimeout(left(deadline))
                tls = context._wrap_socket(  # type: ignore[attr-defined]  # typeshed leaves it out
                    self._socket, server_side=False, server_hostname=name.decode()
                )
                tls.do_handshake()
                self._read, self._write = tls.read, tls.write
        except BaseException:
            self._socket.close()
            raise
        self._received = b""
        self.reusable = True

    def post(self, path: str, headers: dict[str, str], body: bytes, deadline: float) -> tuple[int, bytes]:
        """Send a POST, and return the status and the body of the answer.

        `headers` are sent as they are, with a content-length added. They must contain `host`.
        The body of an answer is not read if it has a megabyte or more, or does not state its length. It is then b"".
        """
        self.reusable = False  # until the whole answer has been read
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
        self._socket.settimeout(left(deadline))
        self._write(head.encode("latin-1") + body)
        version, status, fields = self._head(deadline)
        length = fields.get("content-length", "")
        if not length.isdecimal() or len(length) > 6 or "transfer-encoding" in fields:
            return status, b""
        answer = self._take(int(length), deadline)
        stays = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"
        self.reusable = stays and not self._received  # surplus bytes would be read as the next answer
        return status, answer

    def close(self) -> None:
        self._socket.close()

    def _head(self, deadline: float) -> tuple[str, int, dict[str, str]]:
        while b"\r\n\r\n" not in self._received:
            if len(self._received) > HEAD_LIMIT:
                raise BadAnswer("the headers are over 64 KiB")
            self._receive(deadline)
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        status = rest.partition(" ")[0]
        if version not in ("HTTP/1.1", "HTTP/1.0") or len(status) != 3 or not status.isdecimal() or status < "200":
            raise BadAnswer(f"not an HTTP answer: {first[:80]!r}")
        fields = [line.partition(":") for line in lines]
        return version, int(status), {name.lower(): value.strip() for name, _, value in fields}

    def _take(self, length: int, deadline: float) -> bytes:
        while len(self._received) < length:
            self._receive(deadline)
        body, self._received = self._received[:length], self._received[length:]
        return body

    def _receive(self, deadline: float) -> None:
        self._socket.settimeout(left(deadline))
        piece = self._read(HEAD_LIMIT)
        if not piece:
            raise ConnectionResetError("closed before the whole answer had come")
        self._received += piece


class _Socket(_socket.socket):
    """A socket that TLS can refer to: its reference is weak."""

    __slots__ = ("__weakref__",)


def _dial(name: bytes, port: int, deadline: float) -> _Socket:
    """Return a connection to the first address of the host that answers. `deadline` is for all addresses together."""
    problem: OSError = OSError("the host has no address")
    for family, kind, protocol, _, address in _socket.getaddrinfo(name, port, type=_socket.SOCK_STREAM):
        dialled = _Socket(family, kind, protocol)
        try:
            dialled.settimeout(left(deadline))
            dialled.connect(address)
            return dialled
        except OSError as error:
            dialled.close()
            problem = error
    raise problem


def left(deadline: float) -> float:
    """Return the seconds until `deadline`. Raises TimeoutError if there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("no answer in time")
    return seconds
