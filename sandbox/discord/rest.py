"""Discord's REST API on loopback: what every call must pass before its route, and the HTTP server in front of it."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
import urllib.parse
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from sandbox.discord import limits
from sandbox.discord.faults import Mishap
from sandbox.discord.files import read_multipart
from sandbox.discord.routes import ROUTES, Call, Route
from sandbox.discord.signing import strict_json
from sandbox.discord.validation import Form, NotSimulated, Refusal

if TYPE_CHECKING:
    from sandbox.discord.service import Discord

BASE = "/api/v10"
MAX_BODY = 25 * 1024 * 1024
USER_AGENT = re.compile(r"DiscordBot \(\S+, ?\S+\)")
log = logging.getLogger(__name__)


@dataclass
class Answer:
    """An HTTP answer, JSON where `kind` does not say otherwise; `status` None cuts the connection without a word."""

    status: int | None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"


class Rest:
    """Everything between the socket and the routes, in the order in which Discord minds it."""

    def __init__(self, discord: Discord) -> None:
        self.discord = discord
        self.buckets = limits.Buckets(discord.world.clock)
        self._bot = discord.world.bot["username"]

    def answer(self, method: str, target: str, headers: Message, raw: bytes) -> Answer:
        address = urllib.parse.urlsplit(target)
        if method == "GET" and address.path.startswith("/attachments/"):
            return self._file(address.path.split("/")[2])
        path = address.path.removeprefix(BASE)
        try:
            if not address.path.startswith(f"{BASE}/"):
                raise self._unknown(method, address.path)
            if not USER_AGENT.match(headers.get("User-Agent", "")):
                raise Refusal(403, 40333, "internal network error")
            route, where = self._route(method, path)
            self._authorize(route, headers)
        except Refusal as refusal:
            return self._refused(method, path, refusal)
        mishap = self.discord.mishaps.next_for(method, path)
        if mishap and not mishap.after:
            return self._mishap(method, path, mishap)
        limit_headers, wait = self.buckets.take(route.limit, _major(route, where))
        if wait is not None:
            body, more = limits.too_many(wait)
            self.discord.note(f"{self._bot} {method} {self._told(path)} -> 429, retry after {wait:.1f} s")
            return Answer(429, body, limit_headers | more)
        query = dict(urllib.parse.parse_qsl(address.query))
        answer = self._call(route, Call(self.discord, where, query), path, headers, raw)
        if mishap:
            return self._mishap(method, path, mishap)
        answer.headers |= limit_headers
        return answer

    def _file(self, id: str) -> Answer:
        upload = self.discord.world.files.get(id)
        if upload is None:
            return Answer(404, "This content is no longer available.", kind="text/plain; charset=UTF-8")
        return Answer(200, upload.content, kind=upload.content_type)

    def _told(self, path: str) -> str:
        """The path as transcripts show it: the application's id as {app}, tokens left out."""
        path = re.sub(r"^/(webhooks|interactions)/([^/]+)/[^/]+", r"/\1/\2/…", path)
        return path.replace(f"/{self.discord.application_id}", "/{app}")

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        fitting = [(route, match) for route in ROUTES if (match := route.path.fullmatch(path))]
        for route, match in fitting:
            if route.method == method:
                return route, {name: urllib.parse.unquote(value) for name, value in match.groupdict().items()}
        if fitting:
            self.discord.fault(f"{method} {self._told(path)}: this route has no such method")
            raise Refusal(405, 0, "405: Method Not Allowed")
        raise self._unknown(method, path)

    def _unknown(self, method: str, path: str) -> Refusal:
        self.discord.fault(f"{method} {self._told(path)}: no such route")
        return Refusal(404, 0, "404: Not Found")

    def _authorize(self, route: Route, headers: Message) -> None:
        """The bot's token where the route needs it; a wrong one is refused even where none is needed."""
        given = headers.get("Authorization")
        if given != f"Bot {self.discord.bot_token}" and (route.needs_bot or given is not None):
            raise Refusal(401, 0, "401: Unauthorized")

    def _call(self, route: Route, call: Call, path: str, headers: Message, raw: bytes) -> Answer:
        try:
            if route.takes_a_body:
                call.body = _read_body(headers, raw, call.form)
            with self.discord.world.lock:
                status, body = route.answer(call)
        except Refusal as refusal:
            return self._refused(route.method, path, refusal)
        except Exception as bug:
            log.exception("the simulated Discord has a bug in %s", route.template)
            self.discord.fault(f"a bug in the simulated Discord, {route.method} {route.template}: {bug!r}")
            return Answer(500, {"message": "500: Internal Server Error", "code": 0})
        for ignored in call.form.ignored:
            self.discord.fault(f"{route.method} {self._told(path)}: {ignored}")
        self.discord.note(f"{self._bot} {route.method} {self._told(path)} -> {status}")
        if route.method in ("POST", "PATCH") and isinstance(body, dict) and "author" in body:
            self.discord.show(body)
        return Answer(status, body)

    def _refused(self, method: str, path: str, refusal: Refusal) -> Answer:
        self.discord.note(f"{self._bot} {method} {self._told(path)} -> {refusal}")
        if isinstance(refusal, NotSimulated):
            self.discord.fault(f"{method} {self._told(path)}: {refusal.message}")
        return Answer(refusal.status, refusal.body())

    def _mishap(self, method: str, path: str, mishap: Mishap) -> Answer:
        when = "after" if mishap.after else "before"
        what = mishap.status or "the connection cut"
        self.discord.note(f"{self._bot} {method} {self._told(path)} -> {what} (injected, {when} it took effect)")
        if mishap.then:
            mishap.then()
        self.discord.stopped.wait(mishap.delay)
        if mishap.headerless:
            return Answer(mishap.status, "error code: 1015", kind="text/plain; charset=UTF-8")
        if mishap.status == 429:
            body, headers = limits.too_many(mishap.retry_after)
            return Answer(429, body | ({"code": mishap.code} if mishap.code else {}), headers)
        return Answer(mishap.status, {"message": f"{mishap.status}: injected", "code": mishap.code})


def _major(route: Route, where: dict[str, str]) -> str:
    """What splits the bucket: the webhook with its token, the channel or the guild; ordinary routes, the route too."""
    if route.limit is limits.WEBHOOK:
        return f"{where['id']}/{where['token']}"
    majors = "/".join(where[name] for name in ("channel", "guild", "token") if name in where)
    return majors if route.limit is limits.CREATE_MESSAGE else f"{route.method} {route.template} {majors}"


def _read_body(headers: Message, raw: bytes, form: Form) -> Any:
    """The body, its files put into `form`. Raises 50035 for a Content-Type that Discord does not take, 50109 for a body
    that is not JSON."""
    kind = headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        raise NotSimulated(f"{kind} bodies")
    if kind == "multipart/form-data":
        raw, form.uploads = read_multipart(headers, raw)
    elif kind != "application/json":
        message = "Expected \"Content-Type\" header to be one of {'application/json'}."
        error = {"_errors": [{"code": "CONTENT_TYPE_INVALID", "message": message}]}
        raise Refusal(400, 50035, "Invalid Form Body", error)
    try:
        return strict_json(raw)
    except (ValueError, RecursionError):
        raise Refusal(400, 50109, "The request body contains invalid JSON.") from None


class Server(ThreadingHTTPServer):
    """The HTTP server, on 127.0.0.1 only. `stop()` also hangs up on clients that keep their connection."""

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
                hang_up(connection)
        self.server_close()


def hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("the other side had hung up already")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def _handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
            self._send(Answer(411, {"message": "411: Length Required", "code": 0}))
            return
        if int(length) > MAX_BODY:
            self.close_connection = True
            self._send(Answer(413, Refusal(413, 40005, "Request entity too large").body()))
            return
        raw = self.rfile.read(int(length))
        self._send(self.server.rest.answer(self.command, self.path, self.headers, raw))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _handle

    def _send(self, answer: Answer) -> None:
        if answer.status is None:
            self.close_connection = True
            hang_up(self.connection)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
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
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)
