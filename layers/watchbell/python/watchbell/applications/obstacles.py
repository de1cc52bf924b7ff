"""Why a channel cannot be made: found in what Discord shows of the server, or in Discord's own refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..discord.lacks import Lack, lacks
from .configuration import Configuration

MOST_IN_SERVER, MOST_IN_CATEGORY = 500, 50
"""Discord: how many channels a server and a category can have."""

NEEDED = ("VIEW_CHANNEL", "MANAGE_CHANNELS", "MANAGE_ROLES", "SEND_MESSAGES", "EMBED_LINKS", "READ_MESSAGE_HISTORY")
"""What the bot needs in the category."""

MISSING, CATEGORY_GONE, CATEGORY_FULL, SERVER_FULL, ROLE_GONE, LEFT, TOO_LONG, CHANNEL_GONE = (
    *("missing_permission", "category_gone", "category_full", "server_full"),
    *("role_gone", "person_left", "took_too_long", "channel_gone"),
)

CODES = {
    10003: CHANNEL_GONE,
    10007: LEFT,
    10009: ROLE_GONE,
    10011: ROLE_GONE,
    10013: LEFT,
    30013: SERVER_FULL,
    50001: MISSING,
    50013: MISSING,
}
"""Discord's error codes, each with the obstacle that it tells of."""

INVALID_FORM = 50035
_PARENT = {"CHANNEL_PARENT_MAX_CHANNELS": CATEGORY_FULL, "CHANNEL_PARENT_INVALID": CATEGORY_GONE}
"""Discord's inner codes at `parent_id` in an error 50035."""


@dataclass(frozen=True)
class Obstacle:
    """Why a channel cannot be made. `lacks` are the permissions, if one is missing."""

    code: str
    lacks: tuple[Lack, ...] = ()


@dataclass(frozen=True)
class Place:
    """The server as Discord shows it: the guild, the bot's member, the channels, and whether the person is a member."""

    server: dict[str, Any]
    me: dict[str, Any]
    channels: list[dict[str, Any]]
    is_member: bool

    def channel(self, id: str) -> dict[str, Any] | None:
        return next((each for each in self.channels if each["id"] == id), None)


def found(configuration: Configuration, place: Place, now: float) -> Obstacle | None:
    """Return the first obstacle that is visible before anything is tried."""
    category = place.channel(configuration.category)
    if category is None:
        return Obstacle(CATEGORY_GONE)
    if not place.is_member:
        return Obstacle(LEFT)
    if all(role["id"] != configuration.role for role in place.server["roles"]):
        return Obstacle(ROLE_GONE)
    missing = lacks(NEEDED, place.server, place.me, category, now)
    if missing:
        return Obstacle(MISSING, tuple(missing))
    if len(place.channels) >= MOST_IN_SERVER:
        return Obstacle(SERVER_FULL)
    if sum(each.get("parent_id") == category["id"] for each in place.channels) >= MOST_IN_CATEGORY:
        return Obstacle(CATEGORY_FULL)
    return None


def refused(code: int, errors: object) -> str:
    """Return the obstacle of which a refusal tells, "" for any other. `errors` is Discord's nested explanation."""
    if code == INVALID_FORM and isinstance(errors, dict):
        parent = errors.get("parent_id")
        listed = parent.get("_errors") if isinstance(parent, dict) else None
        inner = [each.get("code") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return next((_PARENT[each] for each in inner if each in _PARENT), "")
    return CODES.get(code, "")
