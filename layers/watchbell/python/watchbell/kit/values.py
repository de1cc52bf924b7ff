"""The value of a setting as people read it, choose it and type it."""

from ..errors import FieldError, UserError
from ..i18n import _
from . import zones
from .setting import LANGUAGES, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "ja": "日本語"}
"""The languages, each in itself."""

CHANNELS = (0, 5)
"""Discord's types of channel that can be chosen: text and announcement."""

OFFERED = 3
"""How many time zones are offered instead of one that does not exist."""


def shown(setting: Setting, value: "Any") -> str:
    """The value as people read it."""
    if setting.kind == "channel":
        return f"<#{value}>" if value else _("none")
    if setting.kind == "roles":
        return " ".join(f"<@&{id}>" for id in value) or _("none")
    return choices(setting)[stored(value)] if setting.kind in ("language", "switch") else str(value)


def choices(setting: Setting) -> dict[str, str]:
    """The values of a language or a switch, as an option holds them, with their names."""
    if setting.kind == "switch":
        return {"on": _("on"), "off": _("off")}
    return {stored(each): NAMES.get(each) or _("The server's language in Discord") for each in LANGUAGES}


def stored(value: "Any") -> str:
    """The value of a language or a switch as an option holds it. It cannot be empty."""
    return ("on" if value else "off") if isinstance(value, bool) else value or "server"


def chosen(setting: Setting, values: "list[Any]") -> "Any":
    """The value of the setting for what was chosen in its select. Raises UserError for what it did not offer."""
    if setting.kind == "channel" and values and values[0].raw.get("type") in CHANNELS:
        return values[0].id
    if setting.kind == "roles":
        return tuple(each.id for each in values)
    named = {stored(each): each for each in ((True, False) if setting.kind == "switch" else LANGUAGES)}
    if setting.kind in ("language", "switch") and values and values[0] in named:
        return named[values[0]]
    raise UserError(_("This cannot be chosen here. Use /setup again."))


def time_zone(text: str) -> str:
    """The name of the time zone, with its own capitals. Raises FieldError, which offers similar names, for no zone."""
    known = zones.find(text)
    if known:
        return known
    names = ", ".join(zones.near(text, OFFERED))
    if names:
        raise FieldError("text", _("there is no time zone with this name. Did you mean {names}?", names=names))
    raise FieldError("text", _("there is no time zone with this name. Write one such as Europe/Berlin."))
