"""What is stored of applications, and who may work on them. The ingress loads this, so it imports little else."""

from ..discord import custom_id
from ..discord.permissions import ADMINISTRATOR, bits
from ..i18n import _
from ..kit.data import Data
from ..kit.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..discord.interaction import Interaction

CONFIGURATIONS = Data("application_configs", of="server", fields=("configs",))
"""The configurations of a server by their ids, as `applications.configuration.written` makes them."""

APPLICATIONS = Data(
    "application",
    of="server",
    key=("config", "user"),
    fields=(
        *("name", "status", "channel", "message", "answers", "reason", "note", "by"),
        *("finished", "applied", "changed", "number", "notice", "notice_in", "result"),
    ),
    about=("user",),
    mentions=("by",),
    personal="a Discord user id and name, and what the person answered; when it is over, it is kept for 90 days, or as "
    "long as the server has chosen",
)
"""An `applications.Application`. It is kept while it is live, and then as long as the configuration says."""

EARLIER = Data(
    "application_earlier",
    of="server",
    key=("config", "user", "number"),
    fields=tuple(name for name in APPLICATIONS.fields if name != "number"),
    about=("user",),
    mentions=("by",),
    personal="the same, if the person has applied again since",
)
"""An application that is over, after its person has begun the next one. It is kept as long as it would have been."""

TRAIL = Data(
    "application_trail",
    of="server",
    key=("id",),
    fields=("at", "action", "config", "user", "actor", "outcome", "reason", "acknowledged", "worked", "steps"),
    about=("user",),
    mentions=("actor",),
    keep=90,
)
"""One thing that was done: a press, what staff did, or one application of a batch. `id` begins with the id of the
interaction. `acknowledged` and `worked` are milliseconds."""

SERVERS = Data("application_server", of="own", key=("server",), servers=("server",))
"""The servers that have a configuration. The daily check goes through them."""


def stored(guild: str, tools: "Any") -> "dict[str, dict[str, Any]]":
    """The configurations of a server by their ids, as they are stored: the ingress cannot read them as more."""
    return (tools.data(CONFIGURATIONS, guild).get() or {}).get("configs") or {}


class Staff(Policy):
    """Members with the staff role of the configuration that the button names, and those who manage the server."""

    __slots__ = ()
    name = "staff of the applications"
    needs_table = True

    def decide(self, interaction: "Interaction", tools: "Any") -> bool | None:
        if interaction.permissions & (bits("MANAGE_GUILD") | ADMINISTRATOR):
            return True
        return None if interaction.guild_id and interaction.roles else False

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        config = "".join(custom_id.parse(interaction.custom_id).values[:1])
        return stored(interaction.guild_id, tools).get(config, {}).get("role") in interaction.roles

    def refusal(self) -> str:
        return _("Only the staff of these applications can use this.")


class AnyStaff(Staff):
    """Members with the staff role of any configuration, and those who manage the server."""

    __slots__ = ()
    name = "staff of any applications"

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        return any(each.get("role") in interaction.roles for each in stored(interaction.guild_id, tools).values())


class Applicant(Policy):
    """The person whose application it is. The state of the button has their id after that of the configuration."""

    __slots__ = ()
    name = "applicant"

    def decide(self, interaction: "Interaction", tools: "Any") -> bool:
        return custom_id.parse(interaction.custom_id).values[1:2] == (interaction.user_id,)

    def refusal(self) -> str:
        return _("Only the person who applied can use this.")
