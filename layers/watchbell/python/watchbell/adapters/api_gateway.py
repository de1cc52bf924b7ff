"""Reads API Gateway's proxy events (payload formats 2.0 and 1.0), and builds the responses."""

import binascii

from . import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

TIMEOUT_SECONDS = 30
"""API Gateway waits for an answer for this long at most, so an older time of receipt is wrong."""


def read(event: dict) -> tuple[str, dict[str, str], bytes]:
    """Return the path, the headers and the raw body of a request.

    Header names are lower case. The values of a repeated header are joined by a comma.
    A body that claims to be base64 but is not is read as empty, so no signature fits it.
    """
    context = event.get("requestContext")
    path = event.get("rawPath") or event.get("path") or ""
    if isinstance(context, dict) and isinstance(context.get("http"), dict):
        path = context["http"].get("path") or path
    pairs = _header_values(event)
    headers = {name.lower(): str(value) for name, value in pairs}
    if len(headers) < len(pairs):
        headers = {key: ",".join(str(value) for name, value in pairs if name.lower() == key) for key in headers}
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return path, headers, body.encode("utf-8", "surrogatepass")
    try:
        return path, headers, binascii.a2b_base64(body, strict_mode=True)
    except (binascii.Error, ValueError):
        return path, headers, b""


def method(event: dict) -> str:
    """Return the HTTP method of a request, "" if the event does not say."""
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, dict) else None
    return str(http.get("method", "") if isinstance(http, dict) else event.get("httpMethod", ""))


def parameter(event: dict, name: str) -> str | None:
    """Return a parameter of the query, None if it is not there. API Gateway joins repeated values by a comma."""
    value = (event.get("queryStringParameters") or {}).get(name)
    return None if value is None else str(value)


def age(event: dict, now: float) -> float:
    """Return how many seconds ago API Gateway received the request, by `now` in epoch seconds.

    Return 0.0 if the event does not say, or says what cannot be: Discord does not wait longer than 3 seconds.
    """
    context = event.get("requestContext")
    context = context if isinstance(context, dict) else {}
    received = context.get("timeEpoch", context.get("requestTimeEpoch"))  # formats 2.0 and 1.0, in milliseconds
    if isinstance(received, bool) or not isinstance(received, int | float):
        return 0.0
    seconds = now - received / 1000
    return seconds if 0 < seconds < 3 else 0.0


def _header_values(event: dict) -> "Collection[tuple[str, Any]]":
    single = event.get("headers") or {}
    several = event.get("multiValueHeaders")  # format 1.0 only; there, `headers` has only the last of each
    if not several:
        return single.items()
    all_of_them = {name: [value] for name, value in single.items()} | {name: of for name, of in several.items() if of}
    return [(name, value) for name, values in all_of_them.items() for value in values]


def respond(status: int, payload: dict | None) -> dict:
    """Return the response that makes API Gateway send `status` with `payload` as JSON. None means no body.

    Discord requires a Content-Type on every response, even on an empty 204.
    """
    body = "" if payload is None else json_text.text(payload)
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": body,
        "isBase64Encoded": False,
    }


def respond_text(status: int, text: str, **headers: str) -> dict:
    """Return the response that makes API Gateway send `status` with a plain text."""
    return {
        "statusCode": status,
        "headers": {"content-type": "text/plain; charset=utf-8", **headers},
        "body": text,
        "isBase64Encoded": False,
    }
