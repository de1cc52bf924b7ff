"""Who may use a handler. Every command declares a policy. Its buttons have the same one unless they declare their own.

A policy decides from the payload that Discord signed, if it can. Only `role` may need to read a table. With `|`,
`permission("MANAGE_GUILD") | role("responder")`, it is enough that one of several policies lets the person in.
"""

from ..discord.permissions import ADMINISTRATOR, bits, spelt
from ..discord.seals import FOR_ANOTHER
from ..errors import DefinitionError
from ..i18n import _, either, pgettext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..discord.interaction import Interaction

RANKS = ("viewer", "responder", "admin")
"""The ranks that a server can give to its roles. Each rank may do what the ranks before it may do.

The setting `responder_roles` has the roles with the rank responder."""


class Policy:
    """A policy that allows everybody, and the base of the others.

    `name` is for the log. `permissions` are the bits that Discord registers as the command's default member
    permissions, None for everybody. `needs_table`: whether `decide` may leave the decision to a table.
    """

    __slots__ = ()
    name = "anyone"
    needs_table = False
    permissions: int | None = None

    def decide(self, interaction: "Interaction", tools: "Any") -> bool | None:
        """Whether the person may use the handler, or None if only a table knows."""
        return True

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        """Whether the table allows it. Call this if `decide` returned None.

        Raises Unavailable if the table does not answer.
        """
        raise NotImplementedError

    def allows(self, interaction: "Interaction", tools: "Any") -> bool:
        """Whether the person may use the handler, as `decide` or else `ask` says. Raises Unavailable like `ask`."""
        decided = self.decide(interaction, tools)
        return self.ask(interaction, tools) if decided is None else decided

    def refusal(self) -> str:
        """The text for a person who may not use the handler."""
        raise NotImplementedError

    def need(self) -> str:
        """What a person needs, such as "a role with the rank admin", to be named among others. "" for no words."""
        return ""

    def __or__(self, other: "Policy") -> "Policy":
        """A policy that lets in everybody whom one of the two lets in."""
        return _Either(self, other)


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
        return _("To use this, you need this permission: {names}.", names=self._spelt())

    def need(self) -> str:
        return _("the permission {names}", names=self._spelt())

    def _spelt(self) -> str:
        return either(pgettext("permission", name) for name in spelt(self.names))


class role(Policy):
    """Members with one of the roles that the server has chosen in a setting, and administrators of the server.

    `role("responder")`: the roles with this rank or a higher one. The ranks are viewer, responder and admin.
    `role(setting="crew_roles")`: the roles in this setting, which has the kind "roles".
    `/setup` and `python -m ops ranks` choose the roles. Raises ValueError for another rank.
    """

    __slots__ = ("rank", "settings")
    needs_table = True

    def __init__(self, rank: str = "", *, setting: str = "") -> None:
        if bool(rank) == bool(setting):
            raise ValueError('write role("responder"), or role(setting="crew_roles")')
        if rank and rank not in RANKS:
            raise ValueError(f"{rank!r} is not a rank; the ranks are {', '.join(RANKS)}")
        self.rank = rank
        self.settings = (setting,) if setting else roles_of(rank)
        """The names of the settings with the roles that are let in."""

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"role {self.rank or self.settings[0]}"

    def decide(self, interaction: "Interaction", tools: "Any") -> bool | None:
        if interaction.permissions & ADMINISTRATOR:
            return True
        return None if interaction.guild_id and interaction.roles else False

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        stored = tools.server_settings.of(interaction.guild_id).stored
        chosen = {id for name in self.settings for id in stored.get(name) or ()}
        return not chosen.isdisjoint(interaction.roles)

    def refusal(self) -> str:
        if self.rank:
            return _("To use this, you need a role with the rank {rank} in this server.", rank=self.rank)
        return _("To use this, you need a role that this server has chosen for it in `/setup`.")

    def need(self) -> str:
        if self.rank:
            return _("a role with the rank {rank}", rank=self.rank)
        return _("a role that this server has chosen for it in `/setup`")


def roles_of(rank: str) -> tuple[str, ...]:
    """Return the names of the settings with the roles of this rank and of the higher ones."""
    return tuple(f"{each}_roles" for each in RANKS[RANKS.index(rank) :])


class _Either(Policy):
    """Lets in everybody whom one of `policies` lets in. Reads a table only if no payload decides it."""

    __slots__ = ("needs_table", "permissions", "policies")

    def __init__(self, *policies: Policy) -> None:
        self.policies = tuple(inner for each in policies for inner in getattr(each, "policies", (each,)))
        if any(each is owner for each in self.policies):
            raise DefinitionError("owner cannot be one of several policies, because its button is bound to one person")
        self.needs_table = any(each.needs_table for each in self.policies)
        # Discord would hide the command from members without the permission, whatever their roles.
        self.permissions = None

    @property
    def name(self) -> str:  # type: ignore[override]
        return " or ".join(each.name for each in self.policies)

    def decide(self, interaction: "Interaction", tools: "Any") -> bool | None:
        decided = [each.decide(interaction, tools) for each in self.policies]
        return True if True in decided else None if None in decided else False

    def ask(self, interaction: "Interaction", tools: "Any") -> bool:
        asked = [each for each in self.policies if each.decide(interaction, tools) is None]
        return any(each.ask(interaction, tools) for each in asked)

    def refusal(self) -> str:
        needs = [each.need() for each in self.policies]
        if all(needs):
            return _("To use this, you need {needs}.", needs=either(needs))
        return "\n".join([_("One of these is enough:"), *(f"- {each.refusal()}" for each in self.policies)])


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
