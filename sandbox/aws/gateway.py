"""API Gateway's HTTP API: converts a request to payload format 2.0, invokes the function, and converts its answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from sandbox.aws.runtime_api import Outcome
from sandbox.loopback import Request, Response, as_json
from sandbox.template import ACCOUNT

API_ID = "sandbox"
DOMAIN = f"{API_ID}.execute-api.localhost"
INTEGRATION_SECONDS = 30
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")

_NOT_FOUND = as_json(404, {"message": "Not Found"})
_FAILED = as_json(500, {"message": "Internal Server Error"})
_UNAVAILABLE = as_json(503, {"message": "Service Unavailable"})
_TOO_LARGE = as_json(413, {"message": "Request Entity Too Large"})


class Gateway:
    """`routes` maps route keys ("POST /interactions") to functions. `invoke` takes a function's name and an event.

    The method of a route can be ANY, and its path can end with `{proxy+}`, which stands for one or more segments.
    """

    def __init__(self, routes: Mapping[str, str], invoke: Callable[[str, object], Outcome]) -> None:
        self._routes, self._invoke = routes, invoke

    def __call__(self, request: Request) -> Response:
        route = self._route(request.method, request.path)
        if not route:
            return _NOT_FOUND
        event = proxy_event(request, route, time.time())
        started = time.monotonic()
        outcome = self._invoke(self._routes[route], event)
        if outcome.error.startswith("TooManyRequests"):
            return _UNAVAILABLE
        if time.monotonic() - started > INTEGRATION_SECONDS:
            return _UNAVAILABLE
        if outcome.ok:
            return proxy_answer(outcome.payload)
        return _TOO_LARGE if outcome.error.startswith("RequestTooLarge") else _FAILED

    def _route(self, method: str, path: str) -> str:
        """Return the key of the route for a request, "" if there is none. A full match comes before a `{proxy+}`."""
        for route in sorted(self._routes, key=lambda route: ("{proxy+}" in route, route.startswith("ANY "))):
            of_method, _, of_path = route.partition(" ")
            start, proxy, _ = of_path.partition("{proxy+}")
            fits = path.startswith(start) and path != start if proxy else path == of_path
            if fits and of_method in (method, "ANY"):
                return route
        return ""


def proxy_event(request: Request, route: str, now: float) -> dict[str, Any]:
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
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "domainName": DOMAIN,
            "domainPrefix": API_ID,
            "http": {
                "method": request.method,
                "path": request.path,
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
    if request.query:
        event["queryStringParameters"] = _query(request.query)
    return event


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    """The body as text if its type is textual and it is UTF-8, otherwise in base64. The flag says if it is base64."""
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
