"""Why a member may not do something in a channel, and so what somebody must change. Source: docs/topics/permissions."""

from __future__ import annotations

from .permissions import ADMINISTRATOR, BITS, in_server, is_timed_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

ROLE, OVERWRITE, TIMEOUT = "role", "overwrite", "timeout"
"""Reasons: no role of the member grants it, an overwrite of the channel denies it, or the member is timed out."""

_IN_A_TIMEOUT = ("VIEW_CHANNEL", "READ_MESSAGE_HISTORY")


class Lack:
    """The permission `name` is missing for this `reason`.

    `target` is the id of the role or member whose overwrite denies it, "" for the other reasons. The overwrite of
    @everyone has the server's id.
    """

    __slots__ = ("name", "reason", "target")

    def __init__(self, name: str, reason: str, target: str = "") -> None:
        self.name, self.reason, self.target = name, reason, target

    def __eq__(self, other: object) -> bool:
        mine = (self.name, self.reason, self.target)
        return isinstance(other, Lack) and mine == (other.name, other.reason, other.target)

    def __repr__(self) -> str:
        return f"Lack({self.name!r}, {self.reason!r}, {self.target!r})"


def lacks(
    names: Iterable[str], server: dict[str, Any], member: dict[str, Any], channel: dict[str, Any], now: float
) -> list[Lack]:
    """Return the permissions in `names` that `member` lacks in `channel`, each with the one reason to remove.

    The objects are as in `permissions.in_channel`. Permissions that do not work without another one count as missing
    only if they are denied themselves: name the other one too. Discord: in a server's channels everything needs
    VIEW_CHANNEL, and EMBED_LINKS needs SEND_MESSAGES.
    """
    granted = in_server(server, member)
    if granted & ADMINISTRATOR:
        return []
    timed_out = is_timed_out(member, now)
    stages = _stages(server, member, channel)
    found = []
    for name in names:
        reason = _reason(BITS[name], granted, stages)
        if reason is None and timed_out and name not in _IN_A_TIMEOUT:
            reason = (TIMEOUT, "")
        if reason is not None:
            found.append(Lack(name, *reason))
    return found


def _stages(server: dict[str, Any], member: dict[str, Any], channel: dict[str, Any]) -> list[list[dict]]:
    """Return the overwrites that count for the member in Discord's order: of @everyone, of all roles, of the member."""
    overwrites = channel.get("permission_overwrites") or ()
    held = ([server["id"]], [id for id in member["roles"] if id != server["id"]], [member["user"]["id"]])
    return [[overwrite for overwrite in overwrites if overwrite["id"] in ids] for ids in held]


def _reason(bit: int, granted: int, stages: list[list[dict]]) -> tuple[str, str] | None:
    """Return the last thing that denies the permission, None if the member has it."""
    reason = None if granted & bit else (ROLE, "")
    for overwrites in stages:
        denies = [overwrite["id"] for overwrite in overwrites if int(overwrite.get("deny") or 0) & bit]
        if any(int(overwrite.get("allow") or 0) & bit for overwrite in overwrites):
            reason = None
        elif denies:
            reason = (OVERWRITE, denies[0])
    return reason
