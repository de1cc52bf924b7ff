"""API Gateway's HTTP API: converts a request to payload format 2.0, invokes the function, and converts its answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.aws.runtime_api import Outcome
from sandbox.loopback import Request, Response, as_json
from sandbox.template import ACCOUNT, Throttle

API_ID = "sandbox"
DOMAIN = f"{API_ID}.execute-api.localhost"
INTEGRATION_SECONDS = 30
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")

_NOT_FOUND = as_json(404, {"message": "Not Found"})
_FAILED = as_json(500, {"message": "Internal Server Error"})
_UNAVAILABLE = as_json(503, {"message": "Service Unavailable"})
_TOO_LARGE = as_json(413, {"message": "Request Entity Too Large"})
_TOO_MANY = as_json(429, {"message": "Too Many Requests"})


class Gateway:
    """`routes` maps route keys ("POST /interactions") to functions. `invoke` takes a function's name and an event.

    `throttles` holds the limits of routes, by route key. A route without one has no limit. `now` is in epoch
    seconds.
    """

    def __init__(
        self,
        routes: Mapping[str, str],
        invoke: Callable[[str, object], Outcome],
        throttles: Mapping[str, Throttle] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._functions, self._invoke, self._now = routes, invoke, now
        self._routes = sorted(map(_Route, routes), key=lambda route: route.rank)
        self._buckets = {key: _Bucket(throttle, now) for key, throttle in (throttles or {}).items()}

    def __call__(self, request: Request) -> Response:
        path = unquote(request.path)
        matches = ((route, route.match(request.method, path)) for route in self._routes)
        key, parameters = next(((route.key, found) for route, found in matches if found is not None), ("", {}))
        if not key:
            return _NOT_FOUND
        if key in self._buckets and not self._buckets[key].take():
            return _TOO_MANY
        event = proxy_event(request, key, self._now(), parameters)
        started = time.monotonic()
        outcome = self._invoke(self._functions[key], event)
        if outcome.error.startswith("TooManyRequests"):
            return _UNAVAILABLE
        if time.monotonic() - started > INTEGRATION_SECONDS:
            return _UNAVAILABLE
        if outcome.ok:
            return proxy_answer(outcome.payload)
        return _TOO_LARGE if outcome.error.startswith("RequestTooLarge") else _FAILED


class _Route:
    """A route key: a method or ANY with a path, whose segments may be `{name}` or, at the end, `{name+}`. Or $default.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self._method, _, path = key.partition(" ")
        self._names = re.findall(r"\{([^{}+]+)\+?\}", path)
        literal, one, rest = (re.compile(text) for text in (r"[^{}]*", r"\{[^{}+]+\}", r"\{[^{}+]+\+\}"))
        segments = path.split("/")
        kinds = [
            next((kind for kind, form in enumerate((literal, one, rest)) if form.fullmatch(segment)), None)
            for segment in segments
        ]
        bad = None in kinds or 2 in kinds[:-1] or segments[0] or not path
        if key != "$default" and bad:
            raise ValueError(f"{key!r} is not a route key of an HTTP API")
        self._pattern = "/".join(
            (re.escape(segment), "([^/]+)", "(.+)")[kind or 0] for segment, kind in zip(segments, kinds, strict=True)
        )
        self.rank = key == "$default", [kind or 0 for kind in kinds], self._method == "ANY"
        """Routes are tried in this order: the most specific one first, $default last."""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path parameters, or None if the route does not match. `path` is percent-decoded."""
        if self.key == "$default":
            return {}
        found = re.fullmatch(self._pattern, path, re.DOTALL)
        if found is None or self._method not in (method, "ANY"):
            return None
        return dict(zip(self._names, found.groups(), strict=True))


class _Bucket:
    """A token bucket. It holds `throttle.burst` requests and gets `throttle.rate` more each second."""

    def __init__(self, throttle: Throttle, now: Callable[[], float]) -> None:
        self._throttle, self._now = throttle, now
        self._tokens, self._filled = float(throttle.burst), now()
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            now = self._now()
            self._tokens = min(self._throttle.burst, self._tokens + (now - self._filled) * self._throttle.rate)
            self._filled = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def proxy_event(
    request: Request, route: str, now: float, parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The event of payload format 2.0. HTTP APIs percent-decode the path, and leave the query as it is."""
    path = unquote(request.path)
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        key = name.lower()
        if key == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";")]
        else:
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    body, encoded = _body(request.body, headers.get("content-type", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "domainName": DOMAIN,
            "domainPrefix": API_ID,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex[:15] + "=",
            "routeKey": route,
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": encoded,
    }
    if request.body:
        event["body"] = body
    if cookies:
        event["cookies"] = cookies
    if parameters:
        event["pathParameters"] = dict(parameters)
    if request.query:
        event["queryStringParameters"] = _query(request.query)
    return event


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    """The body as text if its type is textual and it is UTF-8, otherwise in base64. The flag says if it is base64."""
    if not body:
        return "", False
    if content_type.lower().startswith(_TEXT):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _query(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def proxy_answer(payload: bytes) -> Response:
    """A function's answer as API Gateway forwards it. An answer in the wrong format becomes a 500."""
    try:
        answer = json.loads(payload)
        if not isinstance(answer, dict) or "statusCode" not in answer:
            return as_json(200, answer)  # format 2.0 fills in the rest
        body = answer.get("body", "")
        if not isinstance(body, str):
            return _FAILED
        content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
        headers = [(str(name).lower(), str(value)) for name, value in (answer.get("headers") or {}).items()]
        headers += [("set-cookie", str(cookie)) for cookie in answer.get("cookies") or []]
        status = int(answer["statusCode"])
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return _FAILED
    if not 100 <= status <= 599:
        return _FAILED
    if content and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    skipped = ("content-length", "connection", "transfer-encoding")  # the server sets these itself
    return Response(status, content, [header for header in headers if header[0] not in skipped])
