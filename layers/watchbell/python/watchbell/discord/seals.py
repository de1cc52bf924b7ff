"""Seals the addresses in what we send, and checks the seals of what comes back."""

import logging

from ..errors import NoRoom, UserError
from ..i18n import N_, _
from . import custom_id
from .interaction import MODAL, Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Stash(Protocol):
        """The table for state that is too large for a custom id."""

        def put(self, values: list[str], seconds: int) -> str: ...


log = logging.getLogger(__name__)

EXPIRED = N_("That has expired. Please run the command again.")
FORM_EXPIRED = N_("That form has expired, so nothing was done with it. Please open it anew.")
ANEW_SECONDS = 10
FOR_ANOTHER = N_("This is for the person who asked for the message. Run the command yourself to get your own.")
NOT_YOURS = N_("That one is not for you, or no longer mine. Please run the command again.")

LINGER = 60 * 60
"""How many seconds state in the table outlives its button: a form that it opened is still being filled in."""


def parse_keys(text: str) -> dict[str, bytes]:
    """`1:hex,2:hex` -> key id -> key, the one that seals first. ValueError for what is written otherwise."""
    keys = {}
    for word in text.split(","):
        key_id, _, digits = word.strip().partition(":")
        key = bytes.fromhex(digits)
        if len(key_id) != 1 or not key_id.isalnum() or len(key) < 16:
            raise ValueError("signing keys are written `1:hex,2:hex`, with at least 32 hex digits each")
        keys[key_id] = key
    return keys


class Seals:
    """`keys(fresh)` gives the keys as `parse_keys` reads them; `clock` epoch seconds; `stash` keeps state that is too
    large for a custom id, None where there is no table at hand (the ingress)."""

    def __init__(self, keys: "Callable[[bool], str]", clock: "Callable[[], float]", stash: "Stash | None") -> None:
        self._keys = keys
        self._clock = clock
        self._stash = stash
        self._read_anew_at = float("-inf")

    def seal(self, payload: "Any", interaction: Interaction | None = None, *, edits: bool = False) -> "Any":
        """`payload` with every address in it sealed. What is bound to a user is for whoever caused `interaction`, and
        where that `edits` the message with the button, for whose message it is."""
        if isinstance(payload, dict):
            return {key: self.seal(value, interaction, edits=edits) for key, value in payload.items()}
        if isinstance(payload, list):
            return [self.seal(value, interaction, edits=edits) for value in payload]
        if isinstance(payload, custom_id.Address):
            return self._custom_id(payload, interaction, edits)
        return payload

    def check(self, interaction: Interaction) -> None:
        """Raises UserError where the custom id of `interaction` is forged, stale, expired or somebody else's."""
        keys = parse_keys(self._keys(False))
        sealed_with = interaction.custom_id[-SEAL_KEY : 1 - SEAL_KEY]
        if sealed_with.isalnum() and sealed_with not in keys and self._clock() >= self._read_anew_at + ANEW_SECONDS:
            # Rotated since we read them, or made up: which must not cost a call each.
            self._read_anew_at = self._clock()
            keys = parse_keys(self._keys(True))
        try:
            custom_id.verify(interaction.custom_id, keys, self._clock(), interaction.user_id, interaction.guild_id)
        except custom_id.BadSeal as error:
            raise UserError(_(self._refusal(interaction, error))) from error

    def _refusal(self, interaction: Interaction, error: custom_id.BadSeal) -> str:
        if error.expired:
            return FORM_EXPIRED if interaction.type == MODAL else EXPIRED
        details = {"interaction_id": interaction.id, "user_id": interaction.user_id, "guild_id": interaction.guild_id}
        log.warning("AUDIT refused a custom id: forged, of an old key, or made for another", extra=details)
        return FOR_ANOTHER if custom_id.is_for_one_user(interaction.custom_id) else NOT_YOURS

    def _custom_id(self, address: custom_id.Address, interaction: Interaction | None, edits: bool) -> str:
        key_id, key = next(iter(parse_keys(self._keys(False)).items()))
        if len(str(address)) > custom_id.ROOM:
            address = self._put_away(address)
        bound_to = ""
        if address.bound != "0":
            if interaction is None:
                raise ValueError(f"{address.feature}:{address.handler} is bound, and nobody asked")
            user = _holder(interaction) if edits else interaction.user_id
            bound_to = user if address.bound == "u" else interaction.guild_id
        return custom_id.seal(address, key_id, key, self._clock(), bound_to)

    def _put_away(self, address: custom_id.Address) -> custom_id.Address:
        name = f"{address.feature}:{address.handler}"
        if self._stash is None or address.seconds is None:
            raise NoRoom(
                f"the state of {name} has {len(str(address))} characters, and a custom id has room for "
                f"{custom_id.ROOM}: have it deferred and let it expire, so that its state can lie in the table"
            )
        key = self._stash.put(list(address.values), address.seconds + LINGER)
        return custom_id.Address(
            address.feature, address.handler, stash=key, seconds=address.seconds, bound=address.bound
        )


def _holder(interaction: Interaction) -> str:
    """Whose message the button is on. A message that came late does not say, so there it is who pressed what was bound
    to them, and else nobody: what is theirs is rather out of use than somebody else's."""
    if interaction.message_owner:
        return interaction.message_owner
    pressed = interaction.type != MODAL and custom_id.is_for_one_user(interaction.custom_id)  # a form is its opener's
    return interaction.user_id if pressed else "nobody"


SEAL_KEY = custom_id.SEAL - 1  # the key's character comes right after the `~`
