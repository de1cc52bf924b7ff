"""How Discord checks an endpoint, when it is set and regularly afterwards: a signed PING, then forged requests."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.discord.signing import Signer, encode, post
from sandbox.discord.validation import Json


class EndpointRefused(Exception):
    """Discord could not verify the URL. The text says which request got the wrong response."""


def check_interactions_endpoint(url: str, signer: Signer, application_id: str) -> None:
    """PING (type 1) must get 200 {"type":1} as JSON. Every request not signed by `signer` must get 401.

    Raises EndpointRefused.
    """
    ping: Json = {"id": "1", "application_id": application_id, "type": 1, "version": 1, "token": "ping"}
    body = encode(ping)
    reply = post(url, body, signer.headers(body))
    if reply.problem:
        raise EndpointRefused(f"{url}: PING: {reply.problem}")
    if reply.status != 200 or not reply.is_json():
        raise EndpointRefused(f"{url}: PING got {reply.status} {reply.content_type!r} instead of 200 and JSON")
    try:
        answer = reply.json()
    except ValueError as wrong:
        raise EndpointRefused(f"{url}: PING got a body that is not JSON: {wrong}") from None
    if answer != {"type": 1}:
        raise EndpointRefused(f'{url}: PING got {reply.body[:100]!r} instead of {{"type":1}}')
    command = ping | {"type": 2, "data": {"id": "1", "name": "ping", "type": 1}, "user": {"id": "1"}}
    _check_forgeries(url, signer, [ping, command])


def check_events_endpoint(url: str, signer: Signer, application_id: str) -> None:
    """PING (type 0) must get 204 with a Content-Type. Every request not signed by `signer` must get 401.

    Raises EndpointRefused.
    """
    ping: Json = {"version": 1, "application_id": application_id, "type": 0}
    body = encode(ping)
    reply = post(url, body, signer.headers(body))
    if reply.problem:
        raise EndpointRefused(f"{url}: PING: {reply.problem}")
    if reply.status != 204 or not reply.content_type:
        got = f"{reply.status} and Content-Type {reply.content_type!r}"
        raise EndpointRefused(f"{url}: PING got {got} instead of 204 and a Content-Type")
    event = ping | {"type": 1, "event": {"type": "APPLICATION_DEAUTHORIZED", "data": {"user": {"id": "1"}}}}
    _check_forgeries(url, signer, [ping, event])


def _check_forgeries(url: str, signer: Signer, bodies: list[Json]) -> None:
    for body in bodies:
        for what, headers in _forgeries(signer, encode(body)):
            reply = post(url, encode(body), headers)
            if reply.problem or reply.status != 401:
                got = reply.problem or f"got {reply.status}"
                raise EndpointRefused(f"{url}: type {body['type']} {what}: {got} instead of 401")


def _forgeries(signer: Signer, body: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    good = signer.headers(body)
    signature, timestamp = good["X-Signature-Ed25519"], good["X-Signature-Timestamp"]
    flipped = f"{int(signature[0], 16) ^ 1:x}{signature[1:]}"
    yield "with a wrong signature", good | {"X-Signature-Ed25519": flipped}
    yield "signed with another key", Signer(signer.clock).headers(body)
    yield "with the signature of another body", signer.headers(body + b" ")
    yield "with a timestamp that was not signed", good | {"X-Signature-Timestamp": str(int(timestamp) + 1)}
    yield "with a signature that is not hex", good | {"X-Signature-Ed25519": "z" * 128}
    yield "with half a signature", good | {"X-Signature-Ed25519": signature[:64]}
    yield "without a signature", {"X-Signature-Timestamp": timestamp}
    yield "without a timestamp", {"X-Signature-Ed25519": signature}
