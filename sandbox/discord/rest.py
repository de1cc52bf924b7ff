"""Discord's REST API, from an HTTP request to a response: what every call must pass before it reaches its route."""

from __future__ import annotations

import logging
import re
import urllib.parse
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from sandbox.discord import limits, server_routes
from sandbox.discord.faults import CODES, InjectedFault
from sandbox.discord.files import read_multipart
from sandbox.discord.routes import ROUTES, Call, Route
from sandbox.discord.signing import strict_json
from sandbox.discord.state import State
from sandbox.discord.validation import Form, NotSimulated, Refusal

BASE = "/api/v10"
REASON = 512  # characters of a reason in the audit log
USER_AGENT = re.compile(r"DiscordBot \(\S+, ?\S+\)")
log = logging.getLogger(__name__)

assert server_routes  # importing it registers its routes


@dataclass
class Answer:
    """An HTTP response. `kind` is its Content-Type. A `status` of None cuts the connection without a response.

    With `cut`, the connection ends after half of the body.
    """

    status: int | None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    cut: bool = False


class Rest:
    """Answers REST calls. The checks run in Discord's order."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.buckets = limits.Buckets(state.clock)
        self._bot = state.world.bot["username"]

    def answer(self, method: str, target: str, headers: Message, raw: bytes, port: int = 0) -> Answer:
        """The response to a call by the client at `port`."""
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
        fault = self.state.injected.next_for(method, path, port)
        if fault and not fault.after:
            self._pause(method, path, fault, port)
            if fault.fails:
                return self._fail(fault)
        if route.needs_bot:
            _, wait = self.buckets.take(limits.GLOBAL, "")
            if wait is not None:
                return self._too_many(method, path, wait, everywhere=True)
        limit_headers, wait = self.buckets.take(route.limit, _major(route, where))
        if wait is not None:
            return self._too_many(method, path, wait, limit_headers)
        query = dict(urllib.parse.parse_qsl(address.query))
        reason = urllib.parse.unquote(headers.get("X-Audit-Log-Reason", ""))[:REASON] or None
        answer = self._call(route, Call(self.state, where, query, reason=reason), path, headers, raw)
        if fault and fault.after:
            self._pause(method, path, fault, port)
            if fault.fails:
                return self._fail(fault)
        answer.headers |= limit_headers
        return answer

    def _too_many(
        self, method: str, path: str, wait: float, headers: dict[str, str] | None = None, everywhere: bool = False
    ) -> Answer:
        body, more = limits.too_many(wait, everywhere)
        self._note(method, path, f"429, retry after {wait:.1f} s")
        return Answer(429, body, (headers or {}) | more)

    def _file(self, id: str) -> Answer:
        upload = self.state.world.files.get(id)
        if upload is None:
            return Answer(404, "This content is no longer available.", kind="text/plain; charset=UTF-8")
        return Answer(200, upload.content, kind=upload.content_type)

    def _note(self, method: str, path: str, outcome: object) -> None:
        self.state.transcript.note(f"{self._bot} {method} {self._readable(path)} -> {outcome}")

    def _fault(self, method: str, path: str, what: str) -> None:
        self.state.transcript.fault(f"{method} {self._readable(path)}: {what}")

    def _readable(self, path: str) -> str:
        """The path for the transcript: the application's id as {app}, and no tokens."""
        path = re.sub(r"^/(webhooks|interactions)/([^/]+)/[^/]+", r"/\1/\2/…", path)
        return path.replace(f"/{self.state.application_id}", "/{app}")

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        matching = [(route, match) for route in ROUTES if (match := route.path.fullmatch(path))]
        for route, match in matching:
            if route.method == method:
                return route, {name: urllib.parse.unquote(value) for name, value in match.groupdict().items()}
        if matching:
            self._fault(method, path, "this route has no such method")
            raise Refusal(405, 0, "405: Method Not Allowed")
        raise self._unknown(method, path)

    def _unknown(self, method: str, path: str) -> Refusal:
        self._fault(method, path, "no such route")
        return Refusal(404, 0, "404: Not Found")

    def _authorize(self, route: Route, headers: Message) -> None:
        """Check the bot's token. A wrong token is refused even if the route needs none."""
        given = headers.get("Authorization")
        if given != f"Bot {self.state.bot_token}" and (route.needs_bot or given is not None):
            raise Refusal(401, 0, "401: Unauthorized")

    def _call(self, route: Route, call: Call, path: str, headers: Message, raw: bytes) -> Answer:
        try:
            if route.takes_a_body:
                call.body = _read_body(headers, raw, call.form)
            with self.state.world.lock:
                status, body = route.answer(call)
        except Refusal as refusal:
            return self._refused(route.method, path, refusal)
        except Exception as bug:
            log.exception("the simulated Discord has a bug in %s", route.template)
            self.state.transcript.fault(f"a bug in the simulated Discord, {route.method} {route.template}: {bug!r}")
            return Answer(500, {"message": "500: Internal Server Error", "code": 0})
        for ignored in call.form.ignored:
            self._fault(route.method, path, ignored)
        self._note(route.method, path, status)
        if route.method in ("POST", "PATCH") and isinstance(body, dict) and "author" in body:
            self.state.transcript.show(body)
        return Answer(status, body)

    def _refused(self, method: str, path: str, refusal: Refusal) -> Answer:
        self._note(method, path, refusal)
        if isinstance(refusal, NotSimulated):
            self._fault(method, path, refusal.message)
        return Answer(refusal.status, refusal.body())

    def _pause(self, method: str, path: str, fault: InjectedFault, port: int) -> None:
        """Do what `fault` asks for before the response."""
        when = "after" if fault.after else "before"
        what = (fault.status or "the connection cut") if fault.fails else "slow"
        self._note(method, path, f"{what} (injected, {when} it took effect)")
        if fault.then:
            fault.then(port)
        self.state.stopped.wait(fault.delay)

    def _fail(self, fault: InjectedFault) -> Answer:
        """The response that `fault` asks for."""
        if fault.headerless:
            answer = Answer(fault.status, "error code: 1015", kind="text/plain; charset=UTF-8")
        elif fault.status == 429:
            body, headers = limits.too_many(fault.retry_after)
            answer = Answer(429, body | ({"code": fault.code} if fault.code else {}), headers)
        else:
            message = CODES[fault.code][1] if fault.code in CODES else f"{fault.status}: injected"
            answer = Answer(fault.status, {"message": message, "code": fault.code})
        if fault.body is not None:
            answer.body = fault.body
            answer.kind = "text/html" if fault.body.startswith(b"<") else answer.kind
        answer.headers |= fault.headers
        answer.cut = fault.cut
        return answer


def _major(route: Route, where: dict[str, str]) -> str:
    """What splits a bucket: the channel, the guild, or the webhook with its token. Ordinary routes split it too."""
    if route.limit is limits.WEBHOOK:
        return f"{where['id']}/{where['token']}"
    majors = "/".join(where[name] for name in ("channel", "guild", "token") if name in where)
    shared = (limits.CREATE_MESSAGE, limits.CHANGE_COMMANDS)
    return majors if route.limit in shared else f"{route.method} {route.template} {majors}"


def _read_body(headers: Message, raw: bytes, form: Form) -> Any:
    """The JSON body. Uploaded files are put into `form`.

    Raises 50035 for a Content-Type that Discord does not accept, 50109 for a body that is not JSON.
    """
    kind = headers.get("Content-Type", "").split(";")[0].strip().lower()
    if not raw and not kind:
        return None  # such as the PUT that gives a role
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
