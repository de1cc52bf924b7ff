"""What a subscription says in its own words: a text with placeholders such as {monitor}. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..errors import UserError
from ..i18n import _

MOST: Final = 300
"""How many characters a wording has at most."""

PLACEHOLDERS: Final = ("icon", "monitor", "state", "reason", "since", "duration", "group")

_PLACE = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")
_MENTION = re.compile(r"@everyone|@here|<@|<id:", re.IGNORECASE)


def checked(text: str) -> str:
    """The wording that a person wrote, on one line. Raises UserError, which says what to change."""
    wording = " ".join(text.replace("\0", "").split())
    if not wording:
        raise UserError(_("A wording needs some text. Leave it out for the usual words."))
    if len(wording) > MOST:
        raise UserError(_("A wording has at most {n} characters. Yours has {length}.", n=MOST, length=len(wording)))
    if re.search("[{}]", _PLACE.sub("", wording)):
        known = ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)
        raise UserError(_("Braces only stand around these names: {names}.", names=known))
    if _MENTION.search(wording):
        raise UserError(_("A wording mentions nobody. To mention a role, use the option `role`."))
    return wording


def fill(wording: str, values: Mapping[str, str]) -> str:
    """The wording with a value for each placeholder. What looks like a placeholder in a value stays as it is."""
    return _PLACE.sub(lambda found: values[found[1]], wording).strip()
