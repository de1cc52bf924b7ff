"""Settings of a server. A feature declares each setting at the top level of its file, where the catalogue finds it.

    crew = Setting("crew_roles", "roles", label="Crew")
    tools.server_settings.of(interaction.guild_id)[crew]

`/setup` shows and changes all settings. Those that belong to no single feature are in `server`.
"""

from ..errors import DefinitionError
from ..i18n import LOCALES
from .policy import Policy, permission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_ROLES = 25
"""How many roles a setting can have. Discord: a select takes at most 25 choices."""

LANGUAGES = ("", "en", *LOCALES)
"""The values of a language. "" is the language that the server has in Discord."""

MANAGERS = permission("MANAGE_GUILD")


class Setting:
    """A value that each server can choose.

    `name`: the name under which the value is stored, at most 50 characters, such as crew_roles. Do not change it.
    `kind`: what it is:
        "channel"   the id of a text or announcement channel, "" for none
        "roles"     a tuple of at most 25 ids of roles
        "zone"      the name of a time zone, such as Europe/Berlin; "UTC" by default
        "language"  "en" or a language with translations; "" is the language that the server has in Discord
        "switch"    True or False
    `default`: the value in a server that has not chosen one. By default it is empty, off or UTC.
    `label`: what `/setup` calls it, at most 45 characters.
    `about`: a sentence that says what it does and for whom, at most 100 characters.
    `who`: who may change it, of the people who may use `/setup`.
    `needs`: for a channel, the permissions that the bot needs there. `/setup` says which are missing.

    Raises DefinitionError, which says what to write instead.
    """

    __slots__ = ("about", "default", "kind", "label", "name", "needs", "who")

    def __init__(
        self,
        name: str,
        kind: str,
        default: "Any" = None,
        *,
        label: str,
        about: str = "",
        who: Policy = MANAGERS,
        needs: tuple[str, ...] = (),
    ) -> None:
        if not (name.isascii() and name.isidentifier() and name.islower() and len(name) <= 50):
            raise DefinitionError(f"the setting {name!r} needs a name such as crew_roles, of at most 50 characters")
        if kind not in _DEFAULTS:
            raise DefinitionError(f"the setting {name} has no kind {kind!r}; write one of {', '.join(_DEFAULTS)}")
        if not 1 <= len(label) <= 45:
            raise DefinitionError(f"the setting {name} needs a label of 1-45 characters")
        if len(about) > 100:
            raise DefinitionError(f"the setting {name} has a sentence of {len(about)} characters; write at most 100")
        if needs and kind != "channel":
            raise DefinitionError(
                f"the setting {name} is no channel, so the bot needs no permissions in it; drop needs"
            )
        self.name, self.kind, self.label, self.about, self.who, self.needs = name, kind, label, about, who, needs
        self.default = _DEFAULTS[kind] if default is None else default
        if not self.fits(self.default):
            raise DefinitionError(f"the setting {name} is of the kind {kind}, so its default cannot be {default!r}")

    def __repr__(self) -> str:
        return f"Setting({self.name!r}, {self.kind!r})"

    def read(self, stored: "Any") -> "Any":
        """Return the stored value, or the default if nothing is stored that this setting can be."""
        value = tuple(stored) if isinstance(stored, list) else stored
        return value if self.fits(value) else self.default

    def fits(self, value: "Any") -> bool:
        """Whether the setting can have this value. Whether a time zone, a channel or a role exists is not checked."""
        if self.kind == "switch":
            return isinstance(value, bool)
        if self.kind == "roles":
            return isinstance(value, tuple) and len(value) <= MOST_ROLES and all(map(_is_id, value))
        if self.kind == "channel":
            return value == "" or _is_id(value)
        if self.kind == "language":
            return value in LANGUAGES
        return isinstance(value, str) and 1 <= len(value) <= 64


_DEFAULTS: "dict[str, Any]" = {"channel": "", "roles": (), "zone": "UTC", "language": "", "switch": False}


def _is_id(value: "Any") -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20
