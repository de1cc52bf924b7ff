"""Who may use a handler. Every command declares it, and its buttons have the same unless they declare their own.

Decided from the payload that Discord signed; only `role` asks a table too, so its handlers cannot be instant.
"""

from .discord.permissions import ADMINISTRATOR, bits, spelt
from .words import N_, _, either, pgettext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .discord.interaction import Interaction
    from .tools import Tools

RANKS = ("viewer", "responder", "admin")
"""What a server's roles can be mapped to; each may what those before it may."""


class Policy:
    """`refusal` is None where the person may, else a sentence that says what is missing. `reads` tells that it reads a
    table; `permissions` are the bits that Discord is told as the command's default, None for everybody."""

    __slots__ = ()
    name = "anyone"
    reads = False
    permissions: int | None = None

    def refusal(self, interaction: "Interaction", tools: "Tools") -> str | None:
        return None


anyone = Policy()
"""Everybody who can see it."""


class permission(Policy):
    """Any of these permissions, in the channel where it is used; administrators always. Only in a server."""

    __slots__ = ("names", "permissions")

    def __init__(self, *names: str) -> None:
        self.names = names
        # Discord would ask for all of several: told nothing, it offers the command, and who may not is told why.
        self.permissions = bits(*names) if len(names) < 2 else None

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"permission {' or '.join(self.names)}"

    def refusal(self, interaction: "Interaction", tools: "Tools") -> str | None:
        if interaction.permissions & (bits(*self.names) | ADMINISTRATOR):
            return None
        names = either(pgettext("permission", name) for name in spelt(self.names))
        return _("This needs the permission {names}.", names=names)


class role(Policy):
    """A member with a role that the server has mapped to `rank` (viewer, responder or admin) or above; administrators
    of the server always."""

    __slots__ = ("rank",)
    reads = True

    def __init__(self, rank: str) -> None:
        if rank not in RANKS:
            raise ValueError(f"{rank!r} is no rank; the ranks are {', '.join(RANKS)}")
        self.rank = rank

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"role {self.rank}"

    def refusal(self, interaction: "Interaction", tools: "Tools") -> str | None:
        if interaction.permissions & ADMINISTRATOR:
            return None
        if interaction.guild_id:
            enough = RANKS[RANKS.index(self.rank) :]
            mapped = tools.ranks.of(interaction.guild_id)
            held = interaction.member.get("roles")
            if any(mapped.get(id) in enough for id in (held if isinstance(held, list) else ()) if isinstance(id, str)):
                return None
        return _("This needs a role that an administrator has made {rank} here.", rank=self.rank)


FOR_ANOTHER = N_("This is for the person who asked for the message. Run the command yourself to get your own.")


class _Owner(Policy):
    __slots__ = ()
    name = "owner of the message"

    def refusal(self, interaction: "Interaction", tools: "Tools") -> str | None:
        whose = interaction.message_owner
        if not whose and interaction.custom_id:  # a message that came late does not say; the seal has been asked
            return None
        if whose and whose == interaction.user_id:
            return None
        return _(FOR_ANOTHER)


owner = _Owner()
"""The person whose command or press the message answered; what has it is bound to that user."""


class _Operator(Policy):
    __slots__ = ()
    name = "operator of the bot"
    permissions = 0

    def refusal(self, interaction: "Interaction", tools: "Tools") -> str | None:
        listed = tools.parameters.find(tools.settings["OPERATORS_PARAMETER"]) or ""
        if interaction.user_id and interaction.user_id in listed.replace(",", " ").split():
            return None
        return _("This is for those who run the bot.")


operator = _Operator()
"""Those whose user ids the parameter `operators` lists."""
