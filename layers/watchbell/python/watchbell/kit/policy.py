"""Who may use a handler. Every command declares a policy. Its buttons have the same one unless they declare their own.

A policy decides from the payload that Discord signed, if it can. Only `role` may need to read a table.
"""

from ..discord.permissions import ADMINISTRATOR, bits, spelt
from ..discord.seals import FOR_ANOTHER
from ..i18n import _, either, pgettext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..discord.interaction import Interaction

RANKS = ("viewer", "responder", "admin")
"""The ranks that a server can give to its roles. Each rank may do what the ranks before it may do."""


class Policy:
    """A policy that allows everybody, and the base of the others.

    `name` is for the log. `permissions` are the bits that Discord registers as the command's default member
    permissions, None for everybody.
    """

    __slots__ = ()
    name = "anyone"
    permissions: int | None = None

    def decide(self, interaction: "Interaction", tools: "Any") -> bool | None:
        """Whether the person may use the handler, or None if only a table knows."""
        return True

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        """Whether the table allows it. Call this if `decide` returned None.

        Raises Unavailable if the table does not answer.
        """
        raise NotImplementedError

    def refusal(self) -> str:
        """The text for a person who may not use the handler."""
        raise NotImplementedError


anyone = Policy()
"""Everybody who can see the command or component."""


class permission(Policy):
    """Members with any of these permissions in the channel, and administrators. Nobody in direct messages."""

    __slots__ = ("names", "permissions")

    def __init__(self, *names: str) -> None:
        self.names = names
        # Discord requires all bits of a default, and we require any. With several permissions, everybody sees the
        # command and `decide` refuses the others.
        self.permissions = bits(*names) if len(names) < 2 else None

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"permission {' or '.join(self.names)}"

    def decide(self, interaction: "Interaction", tools: "Any") -> bool:
        return bool(interaction.permissions & (bits(*self.names) | ADMINISTRATOR))

    def refusal(self) -> str:
        names = either(pgettext("permission", name) for name in spelt(self.names))
        return _("To use this, you need this permission: {names}.", names=names)


class role(Policy):
    """Members with a role of this rank or a higher one, and administrators of the server.

    The ranks are viewer, responder and admin. `python -m ops ranks` gives them to the roles of a server. Raises
    ValueError for another rank.
    """

    __slots__ = ("rank",)

    def __init__(self, rank: str) -> None:
        if rank not in RANKS:
            raise ValueError(f"{rank!r} is not a rank; the ranks are {', '.join(RANKS)}")
        self.rank = rank

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"role {self.rank}"

    def decide(self, interaction: "Interaction", tools: "Any") -> bool | None:
        if interaction.permissions & ADMINISTRATOR:
            return True
        return None if interaction.guild_id and interaction.roles else False

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        enough = RANKS[RANKS.index(self.rank) :]
        ranks = tools.ranks.of(interaction.guild_id)
        return any(ranks.get(id) in enough for id in interaction.roles)

    def refusal(self) -> str:
        return _("To use this, you need a role with the rank {rank} in this server.", rank=self.rank)


class _Owner(Policy):
    __slots__ = ()
    name = "owner of the message"

    def decide(self, interaction: "Interaction", tools: "Any") -> bool:
        if not interaction.message_owner and interaction.custom_id:
            return True  # a message that was sent late names no owner, but its seal is bound to the owner and checked
        return bool(interaction.message_owner) and interaction.message_owner == interaction.user_id

    def refusal(self) -> str:
        return _(FOR_ANOTHER)


owner = _Owner()
"""The person whose command or button press the message answered. Its components are bound to that person."""


class _Operator(Policy):
    __slots__ = ()
    name = "operator of the bot"
    permissions = 0

    def decide(self, interaction: "Interaction", tools: "Any") -> bool:
        return bool(interaction.user_id) and interaction.user_id in tools.operators()

    def refusal(self) -> str:
        return _("Only the people who run this bot can use this.")


operator = _Operator()
"""The people who run the bot: those whose user ids are in the parameter `operators`."""
