"""API Gateway's proxy events, payload formats 2.0 and 1.0, to and from what HTTP means by them."""

import base64
import binascii
import json


def read(event: dict) -> tuple[str, dict[str, str], bytes]:
    """Path, headers (lower-case names; a doubled one's values joined by a comma) and raw body of a request.

    A body that claims to be base64 and is not is read as empty: no signature fits it.
    """
    context = event.get("requestContext")
    path = event.get("rawPath") or event.get("path") or ""
    if isinstance(context, dict) and isinstance(context.get("http"), dict):
        path = context["http"].get("path") or path
    headers: dict[str, str] = {}
    for name, values in _header_values(event):
        for value in values:
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else str(value)
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return path, headers, body.encode("utf-8", "surrogatepass")
    try:
        return path, headers, base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return path, headers, b""


def _header_values(event: dict) -> list[tuple[str, list]]:
    single = event.get("headers") or {}
    several = event.get("multiValueHeaders") or {}  # format 1.0 only, where `headers` has just the last of each
    return [(name, several.get(name) or [value]) for name, value in single.items()] + [
        (name, values) for name, values in several.items() if name not in single
    ]


def respond(status: int, payload: dict | None) -> dict:
    """The answer that makes API Gateway send `status` with `payload` as JSON. Discord asks for a Content-Type always,
    with an empty 204 too."""
    body = "" if payload is None else json.dumps(payload)
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": body,
        "isBase64Encoded": False,
    }
