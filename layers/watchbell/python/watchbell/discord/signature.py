"""Is this request really from Discord? Ed25519 over the timestamp header and the raw body, and fresh."""

# PyNaCl's binding itself: `nacl.bindings` imports 15 modules and `typing` to reach the same function, a tenth of a
# cold start. Private, so the version is pinned, and the signature tests fail at once should it move.
from nacl._sodium import ffi, lib

if lib.sodium_init() < 0:  # it picks the fastest implementation for this processor; 1 says that it had done so before
    raise RuntimeError("libsodium could not be initialised")

INTERACTION_WINDOW = 5 * 60
"""Seconds that an interaction's timestamp may be off, either way. Discord documents no window; its 3-second deadline
makes anything older useless."""

EVENT_WINDOW = 15 * 60
"""Seconds for a webhook event: Discord retries for up to 10 minutes and does not say whether it signs anew."""


def public_keys(text: str) -> tuple[bytes, ...]:
    """The keys in `text`: hex, 64 digits each, separated by commas. Raises ValueError naming the one that is wrong."""
    keys = []
    for word in text.replace(",", " ").split():
        try:
            key = bytes.fromhex(word)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise ValueError(
                f"{word!r} is not a Discord public key: 64 hex digits, from the application's General page"
            )
        keys.append(key)
    return tuple(keys)


def is_authentic(
    keys: tuple[bytes, ...], signature: str | None, timestamp: str | None, body: bytes, now: float, window: int
) -> bool:
    """Whether one of `keys` signed `timestamp + body`, and that within `window` seconds of `now`.

    `signature` and `timestamp` are the headers X-Signature-Ed25519 (128 hex digits) and X-Signature-Timestamp (unix
    seconds) as they came, None where they did not. Never raises: whatever is wrong with them is False.
    """
    if signature is None or len(signature) != 128 or not signature.isascii() or not signature.isalnum():
        return False
    if timestamp is None or len(timestamp) > 12 or not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(now - int(timestamp)) > window:
        return False
    try:
        signed = bytes.fromhex(signature) + timestamp.encode() + body
    except ValueError:
        return False
    return any(_opens(signed, key) for key in keys)


def _opens(signed: bytes, key: bytes) -> bool:
    """Whether `key` (32 bytes) made the signature, the first 64 bytes of `signed`, over the rest of it. NULL: the
    message and its length, which we have, are not to be copied out."""
    return lib.crypto_sign_open(ffi.NULL, ffi.NULL, signed, len(signed), key) == 0
