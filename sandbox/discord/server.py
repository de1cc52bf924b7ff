"""The HTTP server in front of Discord's REST API."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.discord.rest import Answer, Rest
from sandbox.discord.validation import Refusal

MAX_BODY = 25 * 1024 * 1024
log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Serves `rest` on 127.0.0.1 only. `stop()` also closes connections that clients keep open."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, rest: Rest, port: int) -> None:
        self.rest = rest
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), name="discord", daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a client went away", exc_info=True)

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                _close(connection)
        self.server_close()


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("the client had closed the connection already")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def _handle(self) -> None:
        try:
            raw = self._body()
        except Refusal as refusal:
            self.close_connection = True
            self._send(Answer(refusal.status, refusal.body()))
            return
        port = self.client_address[1]
        self._send(self.server.rest.answer(self.command, self.path, self.headers, raw, port))

    def _body(self) -> bytes:
        """The body, whether its length is given or it comes in chunks. Raises Refusal."""
        if "Transfer-Encoding" not in self.headers:
            return self._read(self.headers.get("Content-Length", "0"), 10)
        if self.headers["Transfer-Encoding"].strip().lower() != "chunked":
            raise Refusal(501, 0, "501: Not Implemented")
        raw = b""
        while chunk := self._read(self.rfile.readline(1000).split(b";")[0].decode("latin-1").strip(), 16, len(raw)):
            raw += chunk
            self.rfile.readline(3)  # the end of the line after the chunk
        while self.rfile.readline(1000).strip():
            pass  # trailers
        return raw

    def _read(self, length: str, base: int, before: int = 0) -> bytes:
        if not re.fullmatch("[0-9a-fA-F]{1,12}" if base == 16 else "[0-9]{1,12}", length):
            raise Refusal(400, 0, "400: Bad Request")
        if before + int(length, base) > MAX_BODY:
            raise Refusal(413, 40005, "Request entity too large")
        return self.rfile.read(int(length, base))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _handle

    def _send(self, answer: Answer) -> None:
        if answer.status is None:
            self.close_connection = True
            _close(self.connection)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        if answer.status == 204:
            self.end_headers()
            return
        body = answer.body
        if not isinstance(body, str | bytes):
            body = json.dumps(body, ensure_ascii=False)
        body = body.encode() if isinstance(body, str) else body
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if answer.cut else body)
        if answer.cut:
            self.wfile.flush()
            self.close_connection = True
            _close(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)
