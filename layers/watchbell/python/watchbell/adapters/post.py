"""A small HTTP/1.1 client that only POSTs, over a connection that stays open.

`http.client` imports the whole of `email`, and that would take a sixth of the ingress's cold start.
"""

import socket
import ssl
import time

HEAD_LIMIT = 64 * 1024


class BadAnswer(OSError):
    """The answer is not HTTP, or its headers are over 64 KiB."""


class Connection:
    """A connection to `host`, opened at once, with TLS if there is a `context`.

    `host` is ASCII, with `:port` if that is not the default of the scheme. `reusable` is true if another request may
    follow the last one.

    A `deadline` is in time.monotonic() seconds; after it, TimeoutError is raised. All errors are OSErrors:
    ConnectionError if the other side closed before its whole answer had come, BadAnswer if the answer is not HTTP.
    """

    __slots__ = ("_received", "_socket", "reusable")

    def __init__(self, host: str, context: "ssl.SSLContext | None", deadline: float) -> None:
        # Bytes, because a str goes through `encodings.idna`, and that takes longer than connecting.
        name, _, port = host.encode("ascii").partition(b":")
        self._socket = _dial(name, int(port or (443 if context else 80)), deadline)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context:
                self._socket.settimeout(left(deadline))
                self._socket = context.wrap_socket(self._socket, server_hostname=name)
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
        self._socket.sendall(head.encode("latin-1") + body)
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
        piece = self._socket.recv(HEAD_LIMIT)
        if not piece:
            raise ConnectionResetError("closed before the whole answer had come")
        self._received += piece


def _dial(name: bytes, port: int, deadline: float) -> socket.socket:
    """Return a connection to the first address of the host that answers. `deadline` is for all addresses together."""
    problem: OSError = OSError("the host has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
        dialled = socket.socket(family, kind, protocol)
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
