"""A component's custom id: the address of its handler and its state, sealed so that nobody can forge or change it.

    feature:handler:value:value~1u0htq5zJd8sK2mQp0vXyT3w

The seal is the last `~` and 23 characters:

- 1 character: the id of the key
- 1 character: who it is bound to (0 nobody, u the user, g the guild)
- 5 characters: the minute when it expires, in base 36 (00000 never)
- 16 characters: 96 bits of HMAC-SHA256 in base64

Nothing is kept in memory, so any execution environment can serve any button. Of Discord's 100 characters, 76 are for
the address and the state. State that does not fit is stored in the `ephemeral` table: `feature:handler*key`.
"""

import binascii

# These are what `hmac` calls. With `base64` it brings six modules, which take 1.5 ms of a cold start.
from _hashlib import hmac_new
from _operator import _compare_digest
from functools import lru_cache

LIMIT = 100
SEAL = 24
ROOM = LIMIT - SEAL

OPENS = "?"
"""The suffix of the handler in the address of a button that opens a form. The form itself is submitted to the address
without the suffix."""

TO_ANYONE, TO_USER, TO_GUILD = "0", "u", "g"
"""Who an address is bound to: nobody, or the user or the server that it was made for."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Address:
    """The handler that a component calls, and its state.

    `values` is the state, or `stash` is the key of the state in the table. `seconds` is how long the component can be
    used; None means forever. `bound` is TO_ANYONE, TO_USER or TO_GUILD.
    """

    __slots__ = ("bound", "feature", "handler", "seconds", "stash", "values")

    def __init__(
        self,
        feature: str,
        handler: str,
        values: tuple[str, ...] = (),
        *,
        stash: str = "",
        seconds: int | None = None,
        bound: str = TO_ANYONE,
    ) -> None:
        self.feature = feature
        self.handler = handler
        self.values = values
        self.stash = stash
        self.seconds = seconds
        self.bound = bound

    def __str__(self) -> str:
        if self.stash:
            return f"{self.feature}:{self.handler}*{self.stash}"
        return ":".join([self.feature, self.handler, *map(_quote, self.values)])

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"


class BadSeal(ValueError):
    """A custom id that must be refused. `expired` is true if it is genuine and its time is over."""

    def __init__(self, expired: bool) -> None:
        super().__init__("expired" if expired else "forged, sealed with an old key, or not for this user or server")
        self.expired = expired


class TooLong(ValueError):
    """A custom id would be longer than 100 characters."""


def seal(address: Address, key_id: str, key: bytes, now: float, bound_to: str) -> str:
    """Return the custom id for `address`.

    `key_id` is one character of 0-9 and a-z. `bound_to` is the id of the user or guild, if the address is bound.
    Raises TooLong if the custom id would be longer than 100 characters.
    """
    named = str(address)
    if len(named) > ROOM:
        raise TooLong(f"{named!r} has {len(named)} characters; a custom id has room for {ROOM}")
    expiry = 0 if address.seconds is None else int((now + address.seconds) // 60) + 1
    text = f"{named}~{key_id}{address.bound}{_base36(expiry)}"
    return text + _mac(text, key, bound_to if address.bound != "0" else "")


def verify(custom_id: str, keys: "Mapping[str, bytes]", now: float, user_id: str, guild_id: str) -> None:
    """Raise BadSeal unless one of `keys` sealed `custom_id` for this user or guild and it has not expired.

    `now` is in epoch seconds.
    """
    text, tag = custom_id[:-16], custom_id[-16:]
    mark, key_id, bound, expiry = text[-8:-7], text[-7:-6], text[-6:-5], text[-5:]
    key = keys.get(key_id)
    if key is None or mark != "~" or len(custom_id) > LIMIT:
        raise BadSeal(expired=False)
    bound_to = user_id if bound == "u" else guild_id if bound == "g" else ""
    genuine = _mac(text, key, bound_to).encode()
    if not _compare_digest(genuine, tag.encode("utf-8", "surrogatepass")):
        raise BadSeal(expired=False)
    if expiry != "00000" and now >= int(expiry, 36) * 60:
        raise BadSeal(expired=True)


def is_for_one_user(custom_id: str) -> bool:
    """Whether the custom id says that it is bound to a user. This is not verified."""
    return custom_id[-SEAL : 1 - SEAL] == "~" and custom_id[2 - SEAL : 3 - SEAL] == TO_USER


def parse(custom_id: str) -> Address:
    """Return the address in a custom id. It is not verified, and anybody can make one up. Never raises."""
    body = custom_id[:-SEAL] if custom_id[-SEAL : 1 - SEAL] == "~" else custom_id
    feature, _, rest = body.partition(":")
    head, *values = rest.split(":")
    handler, _, stash = head.partition("*")
    return Address(feature, handler, tuple(map(_unquote, values)), stash=stash)


def _mac(text: str, key: bytes, bound_to: str) -> str:
    signed = f"{text}\0{bound_to}".encode("utf-8", "surrogatepass")
    mac = _keyed(key).copy()
    mac.update(signed)
    return binascii.b2a_base64(mac.digest()[:12], newline=False).decode().replace("+", "-").replace("/", "_")


@lru_cache(8)
def _keyed(key: bytes) -> "Any":
    """Return the HMAC of nothing with this key. A copy of it is ready in half the time."""
    return hmac_new(key, digestmod="sha256")


def _quote(value: str) -> str:
    return value.replace("%", "%25").replace(":", "%3A").replace("~", "%7E")


def _unquote(value: str) -> str:
    return value.replace("%7E", "~").replace("%3A", ":").replace("%25", "%")


@lru_cache(64)  # all buttons of a minute with the same lifetime
def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits.rjust(5, "0")
