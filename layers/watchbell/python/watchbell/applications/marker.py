"""The marker in the topic of a channel, by which it is found again. Names mean nothing: anybody can give any name.

A marker proves nothing by itself: anybody who can edit a topic can copy one. So also look at who sees the channel.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..discord.ids import made_at
from ..discord.permissions import bits

_MARKER = re.compile(r"watchbell-application/([0-9a-f]{8})/([0-9]{1,20})(/over)?(?:\s|$)")


class Marked(NamedTuple):
    """A channel with a marker. `over`: the application is over, and the channel was locked.

    `seen_by` are the ids of the roles and the people who see the channel, None if everybody sees it.
    """

    channel: str
    config: str
    user: str
    over: bool
    seen_by: frozenset[str] | None = None


def topic(text: str, config: str, user: str, *, over: bool = False) -> str:
    """Return the topic of a channel: `text` for people, and the marker."""
    return f"{text[:900]} watchbell-application/{config}/{user}{'/over' * over}"


def find(channels: list[dict[str, Any]], guild: str) -> list[Marked]:
    """Return the text channels of a server with a marker, the oldest first. `channels` are as Discord sends them."""
    found = []
    for channel in channels:
        match = _MARKER.search(str(channel.get("topic") or "")) if channel.get("type") == 0 else None
        if match:
            found.append(Marked(channel["id"], match[1], match[2], bool(match[3]), seen_by(channel, guild)))
    return sorted(found, key=lambda each: int(each.channel))


def seen_by(channel: dict[str, Any], guild: str) -> frozenset[str] | None:
    """Return the ids of the roles and the people who see a channel of a server, None if everybody sees it.

    Administrators see every channel. Discord: the role @everyone has the id of the server.
    """
    view, overwrites = bits("VIEW_CHANNEL"), channel.get("permission_overwrites") or ()
    if not any(each["id"] == guild and int(each.get("deny") or 0) & view for each in overwrites):
        return None
    return frozenset(each["id"] for each in overwrites if int(each.get("allow") or 0) & view)


def of(channels: list[dict[str, Any]], config: str, user: str, *, guild: str, team: set[str], since: float = 0) -> str:
    """Return the id of the oldest channel of an application that is not over, "" if there is none.

    The person sees it, and nobody else but the `team`: the ids of the role of the staff and of the bot. It was not
    made before `since`, in epoch seconds.
    """
    for each in find(channels, guild):
        is_marked = (each.config, each.user, each.over) == (config, user, False)
        if is_marked and is_of(each, team) and made_at(each.channel) >= since:
            return each.channel
    return ""


def is_of(marked: Marked, team: set[str]) -> bool:
    """Whether the person who is named in the marker sees the channel, and nobody else but the `team`."""
    return marked.seen_by is not None and marked.user in marked.seen_by and marked.seen_by <= {marked.user, *team}
