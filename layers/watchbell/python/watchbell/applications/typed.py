"""What people type and choose, as fields of a configuration or as a filter."""

from __future__ import annotations

from ..errors import FieldError, UserError
from ..i18n import _
from .configuration import CHOSEN

ALL = "all"
"""The value of a filter that leaves nothing out."""


def texts(button: str, text: str, keep: str, **chosen: str | None) -> dict[str, str | int]:
    """Return the fields for the texts of a button. `keep` is a number of days, 90 if it is empty.

    Fields in `chosen` without a value are left out. Raises FieldError for `keep` if it is no number from 1 to 730.
    """
    days = keep.strip() or "90"
    if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= 730:
        raise FieldError("keep", _("write a number of days from 1 to 730."))
    given = {name: value for name, value in chosen.items() if value}
    return {"button": button.strip(), "text": text.strip(), "keep": int(days), **given}


def place(field: str, chosen: str, server: str) -> dict[str, str]:
    """Return the field for a chosen place or role. Raises UserError if it cannot be chosen.

    The role @everyone, which has the id of the server, would show the channels to all.
    """
    if field not in CHOSEN or not chosen or chosen == server:
        raise UserError(_("This cannot be chosen here. Use `/applications edit` again."))
    return {field: chosen}


def filtered(values: list[str]) -> str:
    """Return the value that was chosen in a filter, "" for all."""
    chosen = "".join(values[:1])
    return "" if chosen == ALL else chosen
