"""HTTP servers on 127.0.0.1. Each one serves a function from request to response, fast enough to replace AWS."""

from __future__ import annotations

import contextlib
import json
import socketserver
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """One HTTP request. `target` and the names of the headers are exactly as the client sent them."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    client: str = HOST
    protocol: str = "HTTP/1.1"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)


def as_json(status: int, value: Any) -> Response:
    return Response(status, json.dumps(value).encode(), [("content-type", "application/json")])


Respond = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """Serves `respond` from its own thread until `stop`.

    Port 0 takes a free one. A port in use raises OSError. A body over `body_limit` bytes is answered with 413.
    """

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_port = False  # otherwise a second server on the port would get half of its requests instead of failing

    def __init__(self, respond: Respond, *, port: int = 0, body_limit: int = 10_000_000) -> None:
        self.respond = respond
        self.body_limit = body_limit
        super().__init__((HOST, port), _Handler)
        self.port: int = self.server_address[1]
        self.address = f"{HOST}:{self.port}"
        self.url = f"http://{self.address}"
        threading.Thread(target=self.serve_forever, args=(0.05,), name=f"http-{self.port}", daemon=True).start()

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # the one of HTTPServer asks DNS for the host's name
        self.server_name, self.server_port = HOST, self.server_address[1]

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # the client closed the connection
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Buffered writes and no Nagle. With the defaults, each response waits 40 ms or more for a TCP acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        problem, body = self._read_body()
        if problem:
            self.close_connection = True
            return self._send(problem)
        request = Request(
            self.command, self.path, list(self.headers.items()), body, self.client_address[0], self.request_version
        )
        return self._send(self.server.respond(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _read_body(self) -> tuple[Response | None, bytes]:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return as_json(400, {"message": "Bad Request"}), b""
        if int(length) > self.server.body_limit:
            _discard(self.rfile, min(int(length), 4 * self.server.body_limit))
            return _TOO_LARGE, b""
        return None, _exactly(self.rfile, int(length))

    def _read_chunks(self) -> tuple[Response | None, bytes]:
        body = b""
        while True:
            try:
                size = int(self.rfile.readline(64).split(b";")[0], 16)
            except ValueError:
                return as_json(400, {"message": "Bad Request"}), b""
            if size < 0 or len(body) + size > self.server.body_limit:
                return _TOO_LARGE, b""
            body += _exactly(self.rfile, size)
            if size == 0:
                while self.rfile.readline(65537).strip():  # trailers, up to the empty line
                    pass
                return None, body
            _exactly(self.rfile, 2)

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status not in (204, 304):
            self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in (204, 304):
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing. The functions log what matters."""


_TOO_LARGE = as_json(413, {"message": "Request Entity Too Large"})


def _exactly(stream: BufferedIOBase, length: int) -> bytes:
    body = stream.read(length) if length else b""
    if len(body) < length:
        raise ConnectionAbortedError("the client closed the connection before its body ended")
    return body


def _discard(stream: BufferedIOBase, length: int) -> None:
    """Read and drop the refused body. Otherwise a client that is still sending gets a reset instead of the response."""
    with contextlib.suppress(ConnectionError):
        while length > 0 and (piece := stream.read(min(length, 1 << 16))):
            length -= len(piece)
