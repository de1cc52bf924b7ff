"""An interaction as Discord sent it, and safe access to its parts."""

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 1, 2, 3, 4, 5

PRIVATE = 64
"""The message flag EPHEMERAL: only the person who asked sees the message."""

TOKEN_SECONDS = 15 * 60
"""How many seconds an interaction's token can be used after its creation."""

LARGEST = 2**53 - 1
"""The largest number that Discord accepts and sends; the smallest is its negative. Source: docs/interactions, option
types."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Interaction:
    """One interaction. `raw` is Discord's own object, and the properties are the parts that features use.

    Raises ValueError if `raw` is not an object with an integer type. Except for a PING, it also needs an id, an
    application id and a token. Commands, components, autocompletes and modals also need data. Unknown fields are
    ignored, and missing optional fields read as empty.
    """

    __slots__ = ("data", "raw", "type")

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), int) or isinstance(raw["type"], bool):
            raise ValueError("not an interaction: it has no type")
        self.raw = raw
        self.type: int = raw["type"]
        data = raw.get("data")
        self.data: dict = data if isinstance(data, dict) else {}
        """The data of the interaction; {} if there is none, for example in a type that we do not know."""
        if self.type != PING:
            for key in ("id", "application_id", "token"):  # they become parts of a URL path
                value = raw.get(key)
                if not isinstance(value, str) or not _fits_a_path(value):
                    raise ValueError(f"not an interaction: its {key} is missing or malformed")
            if self.type in (COMMAND, COMPONENT, AUTOCOMPLETE, MODAL) and not isinstance(data, dict):
                raise ValueError("not an interaction: it has no data")

    @property
    def id(self) -> str:
        return self.raw["id"]

    @property
    def application_id(self) -> str:
        return self.raw["application_id"]

    @property
    def token(self) -> str:
        """The credential for edits and follow-ups, valid for 15 minutes. Never log or store it."""
        return self.raw["token"]

    @property
    def name(self) -> str:
        """The name of the command; "" if this is not a command."""
        name = self.data.get("name")
        return name if isinstance(name, str) else ""

    @property
    def custom_id(self) -> str:
        """The custom id of the component or modal; "" if this is neither."""
        custom_id = self.data.get("custom_id")
        return custom_id if isinstance(custom_id, str) else ""

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the chosen group and subcommand; () for a command without them."""
        return self._leaf()[0]

    @property
    def options(self) -> dict:
        """The options of the command: name -> value as Discord sent it, of any JSON type."""
        return {option["name"]: option.get("value") for option in self._leaf()[1]}

    @property
    def focused(self) -> tuple[str, str]:
        """The name and the text so far of the option that is being typed; ("", "") if none is.

        The text is a string for numbers too.
        """
        for option in self._leaf()[1]:
            if option.get("focused") is True:
                return option["name"], str(option.get("value", ""))
        return "", ""

    @property
    def target_id(self) -> str:
        """The id of the user or message whose context menu was used; "" if this is not a context menu."""
        target = self.data.get("target_id")
        return target if isinstance(target, str) else ""

    @property
    def target(self) -> "Any":
        """The User or Message whose context menu was used; None if this is not a context menu."""
        from .resolved import Message, User, find

        return find(User if self.data.get("type") == 2 else Message, self.target_id, self.resolved)

    @property
    def resolved(self) -> dict:
        """Discord's objects for the ids in this interaction: group (users, members, roles, …) -> id -> object."""
        resolved = self.data.get("resolved")
        return resolved if isinstance(resolved, dict) else {}

    @property
    def values(self) -> "list[Any]":
        """The choices in a select: strings, or the chosen Users, Roles and Channels."""
        values = self.data.get("values")
        chosen = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
        kind = self.data.get("component_type")
        if kind not in (5, 6, 7, 8):
            return chosen
        from .resolved import Channel, Mentionable, Role, User, find

        found = {5: User, 6: Role, 7: Mentionable, 8: Channel}[kind]
        return [thing for thing in (find(found, id, self.resolved) for id in chosen) if thing is not None]

    @property
    def guild_id(self) -> str:
        """The id of the server; "" in direct messages."""
        return self._text("guild_id")

    @property
    def channel_id(self) -> str:
        return self._text("channel_id")

    @property
    def locale(self) -> str:
        """The language of the person who asked, such as en-GB; "" if Discord did not send it."""
        return self._text("locale")

    @property
    def guild_locale(self) -> str:
        """The language of the server; "" in direct messages."""
        return self._text("guild_locale")

    @property
    def member(self) -> dict:
        """The person as a member of the server; {} in direct messages."""
        member = self.raw.get("member")
        return member if isinstance(member, dict) else {}

    @property
    def permissions(self) -> int:
        """The permission bits of the person in this channel; 0 in direct messages."""
        bits = self.member.get("permissions")
        return int(bits) if isinstance(bits, str) and bits.isascii() and bits.isdigit() and len(bits) < 30 else 0

    @property
    def roles(self) -> list[str]:
        """The ids of the person's roles in the server; [] in direct messages."""
        roles = self.member.get("roles")
        return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []

    @property
    def message(self) -> dict:
        """The message with the component; {} if this interaction has no message."""
        message = self.raw.get("message")
        return message if isinstance(message, dict) else {}

    @property
    def message_owner(self) -> str:
        """The id of the user whose command or press caused that message; "" if the message does not say."""
        metadata = self.message.get("interaction_metadata")
        user = metadata.get("user") if isinstance(metadata, dict) else None
        return user["id"] if isinstance(user, dict) and isinstance(user.get("id"), str) else ""

    @property
    def message_flags(self) -> int:
        """The flags of that message; 0 if there is none."""
        flags = self.message.get("flags")
        return flags if isinstance(flags, int) else 0

    @property
    def installed_here(self) -> bool:
        """Whether the bot is installed in this place, and not only by a person for their own use."""
        owners = self.raw.get("authorizing_integration_owners")
        return not isinstance(owners, dict) or "0" in owners or "1" not in owners

    def _text(self, key: str) -> str:
        value = self.raw.get(key)
        return value if isinstance(value, str) else ""

    def _leaf(self) -> tuple[tuple[str, ...], list[dict]]:
        """The names of the group and subcommand, at most two, and the options below them."""
        path: tuple[str, ...] = ()
        options = _named(self.data.get("options"))
        while len(path) < 2 and options and options[0].get("type") in (1, 2):
            path += (options[0]["name"],)
            options = _named(options[0].get("options"))
        return path, options

    @property
    def user_id(self) -> str:
        """The id of the person who asked; "" if Discord sent no user. In a server the user is inside of `member`."""
        user = self._user
        return user["id"] if isinstance(user.get("id"), str) else ""

    @property
    def user(self) -> "Any":
        """The User who asked, with their `name`, `mention` and `member`."""
        from .resolved import User

        return User(self.user_id, self._user, self.member)

    @property
    def _user(self) -> dict:
        user = (self.member or self.raw).get("user")
        return user if isinstance(user, dict) else {}


def _fits_a_path(value: str) -> bool:
    """Whether `value` can be a part of a URL path. A person waits for this, and a loop takes four times as long."""
    foreign = "/" in value or "?" in value or "#" in value or "%" in value or " " in value or "\\" in value
    return bool(value) and value.isascii() and not foreign


def _named(options: object) -> list[dict]:
    given = options if isinstance(options, list) else ()
    return [option for option in given if isinstance(option, dict) and isinstance(option.get("name"), str)]
