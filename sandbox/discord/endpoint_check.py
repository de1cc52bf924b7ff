"""What Discord does before it accepts a URL, and keeps doing after: a signed PING, then requests that are forged."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.discord.signing import Signer, encode, post
from sandbox.discord.validation import Json


class EndpointRefused(Exception):
    """The URL could not be verified; the text says which request was answered wrongly, and how."""


def check_interactions_endpoint(url: str, signer: Signer, application_id: str, now: float) -> None:
    """PING (type 1) must be 200 {"type":1} as JSON; whatever is not signed by the key must be 401."""
    ping: Json = {"id": "1", "application_id": application_id, "type": 1, "version": 1, "token": "ping"}
    body = encode(ping)
    reply = post(url, body, signer.headers(body, now))
    if reply.problem:
        raise EndpointRefused(f"{url}: PING: {reply.problem}")
    if reply.status != 200 or not reply.is_json():
        raise EndpointRefused(f"{url}: PING was answered {reply.status} {reply.content_type!r}, not 200 and JSON")
    try:
        answer = reply.json()
    except ValueError as wrong:
        raise EndpointRefused(f"{url}: PING was answered with a body that is not JSON: {wrong}") from None
    if answer != {"type": 1}:
        raise EndpointRefused(f'{url}: PING was answered {reply.body[:100]!r}, not {{"type":1}}')
    command = ping | {"type": 2, "data": {"id": "1", "name": "ping", "type": 1}, "user": {"id": "1"}}
    _check_forgeries(url, signer, [ping, command], now)


def check_events_endpoint(url: str, signer: Signer, application_id: str, now: float) -> None:
    """PING (type 0) must be 204 with a Content-Type; whatever is not signed by the key must be 401."""
    ping: Json = {"version": 1, "application_id": application_id, "type": 0}
    body = encode(ping)
    reply = post(url, body, signer.headers(body, now))
    if reply.problem:
        raise EndpointRefused(f"{url}: PING: {reply.problem}")
    if reply.status != 204 or not reply.content_type:
        raise EndpointRefused(
            f"{url}: PING was answered {reply.status} with Content-Type {reply.content_type!r}, not 204 with one"
        )
    event = ping | {"type": 1, "event": {"type": "APPLICATION_DEAUTHORIZED", "data": {"user": {"id": "1"}}}}
    _check_forgeries(url, signer, [ping, event], now)


def _check_forgeries(url: str, signer: Signer, bodies: list[Json], now: float) -> None:
    for body in bodies:
        for what, headers in _forgeries(signer, encode(body), now):
            reply = post(url, encode(body), headers)
            if reply.problem or reply.status != 401:
                got = reply.problem or f"was answered {reply.status}"
                raise EndpointRefused(f"{url}: type {body['type']} {what}: {got}, where only 401 will do")


def _forgeries(signer: Signer, body: bytes, now: float) -> Iterator[tuple[str, dict[str, str]]]:
    good = signer.headers(body, now)
    signature, timestamp = good["X-Signature-Ed25519"], good["X-Signature-Timestamp"]
    flipped = f"{int(signature[0], 16) ^ 1:x}{signature[1:]}"
    yield "with a wrong signature", good | {"X-Signature-Ed25519": flipped}
    yield "signed by another key", Signer().headers(body, now)
    yield "with the signature of another body", signer.headers(body + b" ", now)
    yield "with another timestamp than was signed", good | {"X-Signature-Timestamp": str(int(timestamp) + 1)}
    yield "with a signature that is not hex", good | {"X-Signature-Ed25519": "z" * 128}
    yield "with half a signature", good | {"X-Signature-Ed25519": signature[:64]}
    yield "without a signature", {"X-Signature-Timestamp": timestamp}
    yield "without a timestamp", {"X-Signature-Ed25519": signature}
