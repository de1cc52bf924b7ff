"""What somebody asked for: an interaction as Discord sent it, read with care."""

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 1, 2, 3, 4, 5

PRIVATE = 64
"""The message flag EPHEMERAL: only the person who asked sees the message."""

TOKEN_SECONDS = 15 * 60
"""How long an interaction's token can be used, from its creation."""


class Interaction:
    """One interaction. `raw` is Discord's own object; the properties are the parts that features use.

    Raises ValueError where `raw` cannot be one: no object, no integer type, and (but for a PING) no id, application
    id, token or data. Unknown fields are left alone, missing optional ones read as empty.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), int) or isinstance(raw["type"], bool):
            raise ValueError("not an interaction: it has no type")
        self.raw = raw
        if self.type != PING:
            for key in ("id", "application_id"):
                value = raw.get(key)
                if not isinstance(value, str) or not value.isascii() or not value.isdigit():
                    raise ValueError(f"not an interaction: {key} is no snowflake")
            if not isinstance(raw.get("token"), str) or not raw["token"]:
                raise ValueError("not an interaction: it has no token")
            if not isinstance(raw.get("data"), dict):
                raise ValueError("not an interaction: it has no data")

    @property
    def type(self) -> int:
        return self.raw["type"]

    @property
    def id(self) -> str:
        return self.raw["id"]

    @property
    def application_id(self) -> str:
        return self.raw["application_id"]

    @property
    def token(self) -> str:
        """The credential for 15 minutes of edits and follow-ups: never to be logged or stored."""
        return self.raw["token"]

    @property
    def data(self) -> dict:
        return self.raw["data"]

    @property
    def name(self) -> str:
        """The command's name; "" where this is no command."""
        name = self.data.get("name")
        return name if isinstance(name, str) else ""

    @property
    def custom_id(self) -> str:
        """The pressed component's custom id; "" where this is no component."""
        custom_id = self.data.get("custom_id")
        return custom_id if isinstance(custom_id, str) else ""

    @property
    def options(self) -> dict:
        """What was typed into the command: option name -> value as Discord sent it, of any JSON type."""
        given = self.data.get("options")
        return {
            option["name"]: option.get("value")
            for option in (given if isinstance(given, list) else ())
            if isinstance(option, dict) and isinstance(option.get("name"), str)
        }

    @property
    def user_id(self) -> str:
        """The person who asked; in a server Discord wraps the user in a member. "" where it named nobody."""
        member = self.raw.get("member")
        user = (member if isinstance(member, dict) else self.raw).get("user")
        return user["id"] if isinstance(user, dict) and isinstance(user.get("id"), str) else ""
