"""The users, roles, channels, messages and files that an interaction names by id."""


class Resolved:
    """The base class. `raw` is Discord's object, or {} if Discord sent none."""

    __slots__ = ("id", "raw")

    def __init__(self, id: str, raw: dict) -> None:
        self.id = id
        self.raw = raw

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    @property
    def name(self) -> str:
        return str(self.raw.get("name") or self.id)


class User(Resolved):
    """A user. `member` is Discord's object for them as a member of the server, or {} outside of a server."""

    __slots__ = ("member",)

    def __init__(self, id: str, raw: dict, member: dict | None = None) -> None:
        super().__init__(id, raw)
        self.member = member or {}

    @property
    def name(self) -> str:
        """The name that people see: the nickname, the display name or the user name."""
        return str(self.member.get("nick") or self.raw.get("global_name") or self.raw.get("username") or self.id)

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


class Role(Resolved):
    __slots__ = ()

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"


class Channel(Resolved):
    __slots__ = ()

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"


class Message(Resolved):
    __slots__ = ()


class Attachment(Resolved):
    """A file. Its `url` is signed and expires, so fetch it soon. `size` is in bytes."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return str(self.raw.get("filename") or self.id)

    @property
    def url(self) -> str:
        return str(self.raw.get("url") or "")

    @property
    def size(self) -> int:
        return int(self.raw.get("size") or 0)


class Mentionable:
    """The annotation for an option that takes a user or a role. The handler gets a User or a Role."""


def find(kind: type, id: str, resolved: dict) -> "Resolved | None":
    """Return the object with this `id` from the `resolved` of an interaction, or None if it is not there.

    `kind` is User, Role, Mentionable, Channel, Message or Attachment.
    """

    def among(name: str) -> dict | None:
        group = resolved.get(name)
        found = group.get(id) if isinstance(group, dict) else None
        return found if isinstance(found, dict) else None

    if kind is Mentionable:
        return find(User, id, resolved) or find(Role, id, resolved)
    groups = {User: "users", Role: "roles", Channel: "channels", Message: "messages", Attachment: "attachments"}
    raw = among(groups[kind])
    if raw is None:
        return None
    return User(id, raw, among("members")) if kind is User else kind(id, raw)
