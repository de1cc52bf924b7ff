"""Seal the addresses in the messages that the bot sends, and check the custom ids that come back."""

import binascii
import json
import logging
import os
from _hashlib import hmac_digest  # what `hmac` calls, see `custom_id`
from functools import lru_cache

from ..errors import NoRoom, UserError
from ..i18n import N_, _
from . import custom_id
from .interaction import MODAL, Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Stash(Protocol):
        """The table for state that does not fit into a custom id."""

        def put(self, values: list[str], seconds: int) -> str: ...


log = logging.getLogger(__name__)

EXPIRED = N_("This has expired. Run the command again, or ask the server's staff for a new message.")
FORM_EXPIRED = N_("This form has expired, so your answers were not used. Please open it again.")
FOR_ANOTHER = N_("This is for the person who asked for the message. Run the command yourself to get your own.")
NOT_YOURS = N_(
    "This no longer works, or it is not for you. Run the command again, or ask the server's staff for a new message."
)

_PLAIN = (str, int, bool, type(None))

UNREADABLE = N_("Your answers can no longer be read, so they were not used. Please open the form again.")

REREAD_SECONDS = 10
"""How many seconds must pass before an unknown key makes us read the keys again."""

LINGER = 60 * 60
"""How many seconds the state in the table is kept after its button expires. A form that the button opened may still be
open then."""


@lru_cache(2)  # each button is sealed with the same keys
def parse_keys(text: str) -> dict[str, bytes]:
    """Parse `1:hex,2:hex` into a dict of key id -> key. The first key seals. Raises ValueError for any other format."""
    keys = {}
    for word in text.split(","):
        key_id, _, digits = word.strip().partition(":")
        key = bytes.fromhex(digits)
        if len(key_id) != 1 or not key_id.isalnum() or len(key) < 16:
            raise ValueError("signing keys must be written as `1:hex,2:hex`, with at least 32 hex digits each")
        keys[key_id] = key
    return keys


class Seals:
    """Seals and checks custom ids.

    `keys(fresh)` returns the signing keys in the format of `parse_keys`. With `fresh` true it reads them again instead
    of using a cached copy. `clock` returns epoch seconds. `stash` stores state that does not fit into a custom id. It
    is None in the ingress, which has no table.
    """

    def __init__(self, keys: "Callable[[bool], str]", clock: "Callable[[], float]", stash: "Stash | None") -> None:
        self._keys = keys
        self._clock = clock
        self._stash = stash
        self._reread_at = float("-inf")

    def seal(self, payload: "Any", interaction: Interaction | None = None, *, edits: bool = False) -> "Any":
        """Return `payload` with every Address in it replaced by its custom id.

        Addresses that are bound to a user are sealed for the person who caused `interaction`. If the payload `edits`
        the message with the pressed button, they are sealed for the owner of that message. Raises ValueError for a
        bound address without an `interaction`, and NoRoom for state that cannot be stored.
        """
        return self._sealed(payload, interaction, edits)

    def _sealed(self, part: "Any", interaction: Interaction | None, edits: bool) -> "Any":
        kind = type(part)
        if kind is dict:
            return {
                key: value if type(value) in _PLAIN else self._sealed(value, interaction, edits)
                for key, value in part.items()
            }
        if kind is list:
            return [self._sealed(value, interaction, edits) for value in part]
        return self._custom_id(part, interaction, edits) if kind is custom_id.Address else part

    def check(self, interaction: Interaction) -> None:
        """Raise UserError if the custom id of `interaction` is forged, expired, for another, or has an old key."""
        keys = parse_keys(self._keys(False))
        sealed_with = interaction.custom_id[-SEAL_KEY : 1 - SEAL_KEY]
        if sealed_with.isalnum() and sealed_with not in keys and self._clock() >= self._reread_at + REREAD_SECONDS:
            # The key is newer than our copy, or made up. The pause keeps made-up keys from causing a call each.
            self._reread_at = self._clock()
            keys = parse_keys(self._keys(True))
        try:
            custom_id.verify(interaction.custom_id, keys, self._clock(), interaction.user_id, interaction.guild_id)
        except custom_id.BadSeal as error:
            raise UserError(_(self._refusal(interaction, error))) from error

    def conceal(self, interaction: Interaction) -> dict:
        """Return the raw interaction of a submitted form with its answers encrypted, for a queue. `reveal` opens them.

        Each interaction has a key of its own, which is derived from the signing key.
        """
        data = dict(interaction.data)
        key_id, key = next(iter(parse_keys(self._keys(False)).items()))
        answers = json.dumps(data.pop("components", None)).encode()
        data["concealed"] = key_id + _encrypted(answers, _answers_key(key, interaction))
        return {**interaction.raw, "data": data}

    def reveal(self, interaction: Interaction) -> dict:
        """Return the data of a submitted form, with its answers readable if `conceal` encrypted them.

        Raises UserError if they cannot be decrypted: the key was retired, or they belong to another interaction.
        """
        data = dict(interaction.data)
        concealed = data.pop("concealed", None)
        if concealed is None:
            return data
        key_id, sealed = str(concealed)[:1], str(concealed)[1:]
        key = parse_keys(self._keys(False)).get(key_id) or parse_keys(self._keys(True)).get(key_id)
        answers = _decrypted(sealed, _answers_key(key, interaction)) if key else None
        if answers is None:
            raise UserError(_(UNREADABLE))
        data["components"] = json.loads(answers)
        return data

    def _refusal(self, interaction: Interaction, error: custom_id.BadSeal) -> str:
        if error.expired:
            return FORM_EXPIRED if interaction.type == MODAL else EXPIRED
        details = {"interaction_id": interaction.id, "user_id": interaction.user_id, "guild_id": interaction.guild_id}
        log.warning(
            "AUDIT refused a custom id: it is forged, has an old key, or is for another person or server", extra=details
        )
        return FOR_ANOTHER if custom_id.is_for_one_user(interaction.custom_id) else NOT_YOURS

    def _custom_id(self, address: custom_id.Address, interaction: Interaction | None, edits: bool) -> str:
        key_id, key = next(iter(parse_keys(self._keys(False)).items()))
        bound_to = ""
        if address.bound != "0":
            if interaction is None:
                raise ValueError(
                    f"{address.feature}:{address.handler} is bound, but there is no interaction to bind it to"
                )
            user = _holder(interaction) if edits else interaction.user_id
            bound_to = user if address.bound == "u" else interaction.guild_id
        try:
            return custom_id.seal(address, key_id, key, self._clock(), bound_to)
        except custom_id.TooLong:
            return custom_id.seal(self._put_away(address), key_id, key, self._clock(), bound_to)

    def _put_away(self, address: custom_id.Address) -> custom_id.Address:
        name = f"{address.feature}:{address.handler}"
        if self._stash is None or address.seconds is None:
            raise NoRoom(
                f"the state of {name} has {len(str(address))} characters, but a custom id has room for "
                f"{custom_id.ROOM}; defer the handler and let the button expire, so that the table can store the state"
            )
        key = self._stash.put(list(address.values), address.seconds + LINGER)
        return custom_id.Address(
            address.feature, address.handler, stash=key, seconds=address.seconds, bound=address.bound
        )


def _holder(interaction: Interaction) -> str:
    """Return the id of the user who owns the message with the pressed button.

    If the message does not name its owner, the owner is the person who pressed a button bound to them. Otherwise it is
    "nobody", so that nobody can use the new buttons: a button must not pass from its owner to somebody else.
    """
    if interaction.message_owner:
        return interaction.message_owner
    # The seal of a form says nothing about the owner: forms are always bound to the person who opened them.
    pressed = interaction.type != MODAL and custom_id.is_for_one_user(interaction.custom_id)
    return interaction.user_id if pressed else "nobody"


SEAL_KEY = custom_id.SEAL - 1  # the character of the key comes right after the `~`


def _answers_key(key: bytes, interaction: Interaction) -> bytes:
    """Return the key for the answers of one form: 32 bytes. No custom id is sealed with it."""
    return hmac_digest(key, f"answers of the form\0{interaction.id}".encode(), "sha256")


def _encrypted(text: bytes, key: bytes) -> str:
    """Encrypt with libsodium's secretbox: 24 random bytes, and the box, in base64."""
    from nacl._sodium import ffi, lib  # 2 ms of the worker's cold start; the ingress has loaded it

    nonce = os.urandom(lib.crypto_secretbox_noncebytes())
    box = ffi.new("unsigned char[]", len(text) + lib.crypto_secretbox_macbytes())
    lib.crypto_secretbox_easy(box, text, len(text), nonce, key)
    return binascii.b2a_base64(nonce + ffi.buffer(box)[:], newline=False).decode()


def _decrypted(sealed: str, key: bytes) -> bytes | None:
    """Return what `_encrypted` got. None if it was changed, or encrypted with another key."""
    from nacl._sodium import ffi, lib  # 2 ms of the worker's cold start; the ingress has loaded it

    try:
        raw = binascii.a2b_base64(sealed)
    except ValueError:
        return None
    nonce_bytes, mac_bytes = lib.crypto_secretbox_noncebytes(), lib.crypto_secretbox_macbytes()
    nonce, box = raw[:nonce_bytes], raw[nonce_bytes:]
    if len(box) < mac_bytes:
        return None
    text = ffi.new("unsigned char[]", len(box) - mac_bytes or 1)
    if lib.crypto_secretbox_open_easy(text, box, len(box), nonce, key) != 0:
        return None
    return ffi.buffer(text)[: len(box) - mac_bytes]
