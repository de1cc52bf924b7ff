"""Lets people who sign on real time use a bot whose clock was turned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from sandbox.clock import Clock
from sandbox.loopback import Request

SIGNATURE, TIMESTAMP = "x-signature-ed25519", "x-signature-timestamp"


class Resigner:
    """Moves the timestamps of requests to the sandbox's clock, and signs these requests again.

    `keys` are the public keys, in hex, of those who sign on real time. A request that none of them signed stays as it
    is. `public_key` is the one that the bot must accept for the new signatures.
    """

    def __init__(self, keys: Iterable[str], clock: Clock) -> None:
        self._keys = [VerifyKey(bytes.fromhex(key)) for key in keys]
        self._clock = clock
        self._own = SigningKey.generate()
        self.public_key = self._own.verify_key.encode().hex()

    def __call__(self, request: Request) -> Request:
        offset = int(self._clock.offset)
        given = {name.lower(): value for name, value in request.headers}
        signature, stamp = given.get(SIGNATURE, ""), given.get(TIMESTAMP, "")
        if not offset or not any(_signed(key, signature, stamp, request.body) for key in self._keys):
            return request
        turned = str(int(stamp) + offset)
        own = self._own.sign(turned.encode() + request.body).signature.hex()
        others = [(name, value) for name, value in request.headers if name.lower() not in (SIGNATURE, TIMESTAMP)]
        return replace(request, headers=[*others, (SIGNATURE, own), (TIMESTAMP, turned)])


def _signed(key: VerifyKey, signature: str, stamp: str, body: bytes) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    try:
        key.verify(stamp.encode() + body, bytes.fromhex(signature))
    except (BadSignatureError, ValueError):
        return False
    return True
