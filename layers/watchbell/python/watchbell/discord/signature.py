"""Check that a request is from Discord: an Ed25519 signature of the timestamp header and the raw body, and its age."""

# This is PyNaCl's private binding. `nacl.bindings` has the same function, but imports 15 modules and `typing`, which
# takes a tenth of a cold start. The version is pinned, and the signature tests fail if the binding moves.
from nacl._sodium import ffi, lib

if lib.sodium_init() < 0:  # picks the fastest implementation for this processor; 1 if that is done already
    raise RuntimeError("libsodium could not be initialised")

INTERACTION_WINDOW = 5 * 60
"""How many seconds the timestamp of an interaction may differ from our clock. Discord documents no limit. Its deadline
of 3 seconds makes older interactions useless."""

EVENT_WINDOW = 15 * 60
"""The same for a webhook event. Discord retries for up to 10 minutes and does not say whether it signs each retry."""


def public_keys(text: str) -> tuple[bytes, ...]:
    """Parse keys of 64 hex digits, separated by commas or spaces. Raises ValueError that names the wrong key."""
    keys = []
    for word in text.replace(",", " ").split():
        try:
            key = bytes.fromhex(word)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise ValueError(
                f"{word!r} is not a Discord public key; copy the 64 hex digits from the application's General page"
            )
        keys.append(key)
    return tuple(keys)


def refusal(
    keys: tuple[bytes, ...], signature: str | None, timestamp: str | None, body: bytes, now: float, window: int
) -> str:
    """Return "" if one of `keys` signed `timestamp + body`, and `timestamp` is at most `window` seconds from `now`.

    `signature` and `timestamp` are the headers X-Signature-Ed25519 (128 hex digits) and X-Signature-Timestamp (unix
    seconds), or None if they are missing. Otherwise return the code of the reason, for the log: `missing_header`,
    `malformed_header`, `stale`, `empty_body` or `wrong_key`. The last one also means a changed body. Never raises.
    """
    if signature is None or timestamp is None:
        return "missing_header"
    if len(timestamp) > 12 or not timestamp.isascii() or not timestamp.isdigit():
        return "malformed_header"
    try:
        sealed = bytes.fromhex(signature)  # skips spaces
    except ValueError:
        return "malformed_header"
    if len(sealed) != 64 or len(signature) != 128:
        return "malformed_header"
    signed = sealed + timestamp.encode() + body
    if abs(now - int(timestamp)) > window:
        return "stale"
    if any(_opens(signed, key) for key in keys):
        return ""
    return "wrong_key" if body else "empty_body"


def _opens(signed: bytes, key: bytes) -> bool:
    """Whether `key` (32 bytes) made the signature in the first 64 bytes of `signed` for the rest of it."""
    # NULL: do not copy out the message and its length.
    return lib.crypto_sign_open(ffi.NULL, ffi.NULL, signed, len(signed), key) == 0
