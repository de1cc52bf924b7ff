"""Discord's REST API, from an HTTP request to a response: what every call must pass before it reaches its route."""

from __future__ import annotations

import logging
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from sandbox.discord import limits, real_routes, server_routes
from sandbox.discord.faults import CODES, ODD_BODIES, InjectedFault
from sandbox.discord.files import FORMS, read_form
from sandbox.discord.routes import ROUTES, Call, Route
from sandbox.discord.signing import strict_json
from sandbox.discord.state import State
from sandbox.discord.validation import SNOWFLAKE, Form, Json, NotSimulated, Refusal

BASE = "/api/v10"
REASON = 512  # characters of a reason in the audit log
_VERSION = re.compile(r"/api(?:/v(\d+))?(?=/)")
_SIGNATURES = re.compile(r"$|Python-urllib/|Java/1\.")
"""The user agents that Cloudflare blocks in front of Discord. See issues 1504 and 4908 of discord-api-docs."""
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

    @property
    def by_discord(self) -> bool:
        """Whether Discord itself answers, and not Cloudflare in front of it."""
        return self.kind == "application/json"


class Rest:
    """Answers REST calls. The checks run in Discord's order. For `leaky` and `invalid` see `limits`."""

    def __init__(self, state: State, *, leaky: bool = False, invalid: int = limits.INVALID) -> None:
        self.state = state
        self.buckets = limits.Buckets(state.clock, leaky=leaky)
        self.ban = limits.Ban(state.clock, invalid)
        self._bot = state.world.bot["username"]

    def answer(self, method: str, target: str, headers: Message, raw: bytes, port: int = 0) -> Answer:
        """The response to a call by the client at `port`."""
        address = urllib.parse.urlsplit(target)
        if method == "GET" and address.path.startswith("/attachments/"):
            return self._file(address.path.split("/")[2])
        path = _decoded(address.path.removeprefix(BASE))
        if _SIGNATURES.match(headers.get("User-Agent", "")):
            self._note(method, path, "403, blocked for its User-Agent")
            return Answer(403, "error code: 1010", kind="text/plain; charset=UTF-8")
        if self.ban.blocks():
            self._note(method, path, "429, blocked by Cloudflare")
            return Answer(429, ODD_BODIES["blocked"], kind="text/html; charset=UTF-8")
        answer = self._answer(method, path, address, headers, raw, port)
        self.ban.count(answer.status, answer.headers.get("X-RateLimit-Scope", ""))
        if answer.by_discord:
            answer.headers["Via"] = "1.1 google"  # Clients tell Discord's 429 from Cloudflare's by this header.
        return answer

    def _answer(
        self, method: str, path: str, address: urllib.parse.SplitResult, headers: Message, raw: bytes, port: int
    ) -> Answer:
        try:
            path = self._without_version(method, address.path, path)
            if headers.get("Authorization") and headers.get("User-Agent", "").startswith("Mozilla/"):
                raise Refusal(403, 40333, "internal network error")
            route, where = self._route(method, path)
            self._authorize(route, headers)
        except Refusal as refusal:
            return self._refused(method, path, refusal)
        bucket, major = self._bucket(route, where)
        fault = self.state.injected.next_for(method, path, port)
        if fault and not fault.after:
            self._pause(method, path, fault, port)
            if fault.fails:
                return self._fail(fault, route, bucket)
        # Discord: interactions do not count towards the global limit.
        if self.state.application_id != where.get("id") and bucket:
            _, wait = self.buckets.take(limits.GLOBAL, "global", headers.get("Authorization", ""))
            if wait is not None:
                return self._too_many(method, path, wait, scope="global")
        limit_headers: dict[str, str] = {}
        if bucket:
            limit_headers, wait = self.buckets.take(route.limit, bucket, major)
            if wait is not None:
                return self._too_many(method, path, wait, limit_headers)
        for limit, scope, code, major in self._hidden(route, where):
            _, wait = self.buckets.take(limit, limit.name, major)
            if wait is not None:
                return self._too_many(method, path, wait, limit_headers, scope, code)
        query = dict(urllib.parse.parse_qsl(address.query))
        reason = urllib.parse.unquote(headers.get("X-Audit-Log-Reason", ""))
        if len(reason) > REASON:
            self._fault(method, path, f"a reason of {len(reason)} characters; Discord takes {REASON}")
        reason = reason[:REASON]
        answer = self._call(route, Call(self.state, where, query, reason=reason or None), path, headers, raw)
        if fault and fault.after:
            self._pause(method, path, fault, port)
            if fault.fails:
                return self._fail(fault, route, bucket)
        answer.headers |= limit_headers
        return answer

    def _bucket(self, route: Route, where: dict[str, str]) -> tuple[str, str]:
        """The bucket of a route, and what splits it: a channel, a guild, or a webhook with its token.

        Interaction callbacks have no bucket.
        """
        if "interaction" in where:
            return "", ""
        major = "/".join(where[name] for name in ("channel", "guild", "id", "token") if name in where)
        return route.limit.name or f"{route.method} {route.template}", major

    def _hidden(self, route: Route, where: dict[str, str]) -> Iterator[tuple[limits.Limit, str, int, str]]:
        """The limits that no header shows: each with the scope and the code of its 429, and what splits it."""
        if (route.method, route.template) == ("POST", "/users/@me/channels"):
            yield limits.OPEN_DMS, "user", 40003, ""
        if (route.method, route.template) == ("POST", "/webhooks/{id}/{token}"):
            webhook = self.state.world.webhooks.get(where["id"])
            channel = webhook.channel_id if webhook else self.state.interactions.channel_of(where["token"])
            if channel:
                yield limits.CHANNEL_WEBHOOKS, "shared", 0, channel

    def _too_many(
        self,
        method: str,
        path: str,
        wait: float,
        headers: dict[str, str] | None = None,
        scope: str = "user",
        code: int = 0,
    ) -> Answer:
        body, more = limits.too_many(wait, scope)
        if code:
            body |= {"code": code, "message": CODES[code][1]}
        self._note(method, path, f"429, retry after {wait:.1f} s")
        return Answer(429, body, (headers or {}) | more)

    def _without_version(self, method: str, whole: str, path: str) -> str:
        """The path below the API's base. Discord also takes /api/webhooks/…, which is how its client copies a URL.

        Raises 50041 for a version that Discord no longer has, 501 for another one.
        """
        if whole.startswith(f"{BASE}/"):
            return path
        version = _VERSION.match(whole)
        if version is None:
            raise self._unknown(method, whole)
        below = path[version.end() :]
        if version[1] is None and below.startswith("/webhooks/"):
            return below
        if version[1] is not None and not 6 <= int(version[1][:4]) <= 10:
            raise Refusal(400, 50041, "Invalid API version")
        raise NotSimulated("a version of the API other than 10")

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
        for route in ROUTES:
            if route.method == method and (match := route.path.fullmatch(path)):
                return route, match.groupdict()
        shape, methods = real_routes.find(path)
        if not shape:
            raise self._unknown(method, path)
        if method not in methods:
            self._fault(method, path, "this route has no such method")
            raise Refusal(405, 0, "405: Method Not Allowed")
        simulated = next((each for each in ROUTES if (each.method, each.shape) == (method, shape)), None)
        if simulated is None:
            raise NotSimulated(f"{method} {shape}")
        raise _no_snowflake(simulated, path)

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

    def _fail(self, fault: InjectedFault, route: Route, bucket: str) -> Answer:
        """The response that `fault` asks for. A 429 of a route has the headers of its empty bucket."""
        if fault.headerless:
            answer = Answer(fault.status, "error code: 1015", kind="text/plain; charset=UTF-8")
        elif fault.status == 429:
            body, headers = limits.too_many(fault.retry_after, fault.scope)
            if bucket and fault.scope != "global":
                headers |= limits.shown(route.limit, bucket, 0, fault.retry_after)
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


def _decoded(path: str) -> str:
    """The path with every part decoded, so that %40me is @me. A slash inside of a part stays encoded."""
    return "/".join(urllib.parse.unquote(part).replace("/", "%2F") for part in path.split("/"))


def _no_snowflake(route: Route, path: str) -> Refusal:
    """The refusal of a path of `route` in which an id is not a number."""
    errors: Json = {}
    for key, value in zip(route.template.split("/"), path.split("/"), strict=True):
        if key.startswith("{") and not SNOWFLAKE.fullmatch(value):
            error = {"code": "NUMBER_TYPE_COERCE", "message": f'Value "{value}" is not snowflake.'}
            errors[f"{key[1:-1]}_id"] = {"_errors": [error]}
    return Refusal(400, 50035, "Invalid Form Body", errors)


def _read_body(headers: Message, raw: bytes, form: Form) -> Any:
    """The JSON body. Uploaded files are put into `form`.

    A form without `payload_json` is the body itself: every value is text. A request without a body is an empty object.
    Raises 50035 for a Content-Type that Discord does not accept, 50109 for a body that is not JSON.
    """
    kind = headers.get("Content-Type", "").split(";")[0].strip().lower()
    if not raw and kind != "application/json":
        return {}
    if kind in FORMS:
        fields, form.uploads = read_form(headers, raw)
        if "payload_json" not in fields:
            form.textual = True
            return fields
        raw = fields["payload_json"].encode()
    elif kind != "application/json":
        message = "Expected \"Content-Type\" header to be one of {'application/json'}."
        error = {"_errors": [{"code": "CONTENT_TYPE_INVALID", "message": message}]}
        raise Refusal(400, 50035, "Invalid Form Body", error)
    try:
        return strict_json(raw)
    except (ValueError, RecursionError):
        raise Refusal(400, 50109, "The request body contains invalid JSON.") from None
