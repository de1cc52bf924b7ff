"""Channels, threads and permission overwrites as Discord takes them. Source: docs/resources/channel and guild."""

from ..errors import DefinitionError, InvalidReply
from . import rules
from .permissions import bits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

KINDS = {"text": 0, "voice": 2, "category": 4, "announcement": 5, "stage": 13, "forum": 15}
"""The kinds of channel that can be created, each with Discord's number."""

THREADS = (10, 11, 12)
"""Discord's numbers for the kinds of thread: in an announcement channel, public, private."""

PUBLIC_THREAD, PRIVATE_THREAD = 11, 12

FOR_ROLE, FOR_MEMBER = 0, 1
"""Discord: the types of an overwrite."""


class Overwrite:
    """What a role or a member may do in one channel, whatever their roles allow elsewhere.

    `role` or `member` is an id. The role @everyone has the id of the server. `allow` and `deny` are a name of a
    permission, or several names. Raises DefinitionError for a name that Discord does not have.
    """

    __slots__ = ("allow", "deny", "id", "type")

    def __init__(
        self, *, role: str = "", member: str = "", allow: "str | Iterable[str]" = (), deny: "str | Iterable[str]" = ()
    ) -> None:
        if bool(role) == bool(member):
            raise DefinitionError("an overwrite is for one role or one member; write role=… or member=…")
        self.id, self.type = role or member, FOR_ROLE if role else FOR_MEMBER
        self.allow, self.deny = bits(*_names(allow)), bits(*_names(deny))
        if self.allow & self.deny:
            raise DefinitionError("an overwrite cannot allow and deny the same permission")

    def payload(self) -> "dict[str, Any]":
        return {"id": self.id, "type": self.type, "allow": str(self.allow), "deny": str(self.deny)}


def _names(given: "str | Iterable[str]") -> "Iterable[str]":
    return (given,) if isinstance(given, str) else given


def settings(
    *,
    name: str | None = None,
    kind: str | None = None,
    topic: str | None = None,
    parent: str | None = None,
    overwrites: "Iterable[Overwrite] | None" = None,
    slowmode: int | None = None,
    archived: bool | None = None,
    locked: bool | None = None,
    tags: "Iterable[str] | None" = None,
) -> "dict[str, Any]":
    """Return the payload that creates or edits a channel or a thread. What is None is left out.

    Raises DefinitionError for an unknown `kind`, InvalidReply for what Discord would refuse.
    """
    if kind is not None and kind not in KINDS:
        raise DefinitionError(f"{kind!r} is no kind of channel; use one of {', '.join(KINDS)}")
    given = {
        "name": name,
        "type": None if kind is None else KINDS[kind],
        "topic": topic,
        "permission_overwrites": None if overwrites is None else [each.payload() for each in overwrites],
        "rate_limit_per_user": slowmode,
        "archived": archived,
        "locked": locked,
        "applied_tags": None if tags is None else list(tags),
    }
    payload: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if parent is not None:
        payload["parent_id"] = parent or None
    look = rules.Look(())
    _SETTINGS(payload, "", look)
    if look.faults:
        raise InvalidReply("channel", look.faults)
    return payload


def shows(channel: "dict[str, Any]", changes: "dict[str, Any]") -> bool:
    """Return whether a channel or a thread, as Discord sends it, has what `changes` would set."""
    state = channel.get("thread_metadata")
    there = {**channel, **(state if isinstance(state, dict) else {})}
    return all(there.get(name) == value for name, value in changes.items())


_SETTINGS = rules.object_of(
    "",
    name=rules.text(1, 100),
    type=rules.one_of(*KINDS.values()),
    topic=rules.text(0, 1024),
    parent_id=rules.snowflake,
    permission_overwrites=rules.list_of(
        rules.object_of(
            "id type",
            id=rules.snowflake,
            type=rules.one_of(FOR_ROLE, FOR_MEMBER),
            allow=rules.text(1, 20),
            deny=rules.text(1, 20),
        ),
        0,
        100,
    ),
    rate_limit_per_user=rules.number(0, 21600),
    archived=rules.flag,
    locked=rules.flag,
    applied_tags=rules.list_of(rules.snowflake, 0, 5),
)
