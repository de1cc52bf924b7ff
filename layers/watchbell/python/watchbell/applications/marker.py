"""The marker in the topic of a channel, by which it is found again. Names mean nothing: anybody can give any name."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_MARKER = re.compile(r"watchbell-application/([0-9a-f]{8})/([0-9]{1,20})(/over)?(?:\s|$)")


class Marked(NamedTuple):
    """A channel with a marker. `over`: the application is over, and the channel was locked."""

    channel: str
    config: str
    user: str
    over: bool


def topic(text: str, config: str, user: str, *, over: bool = False) -> str:
    """Return the topic of a channel: `text` for people, and the marker."""
    return f"{text[:900]} watchbell-application/{config}/{user}{'/over' * over}"


def find(channels: list[dict[str, Any]]) -> list[Marked]:
    """Return the text channels with a marker, the oldest first. `channels` are as Discord sends them."""
    found = []
    for channel in channels:
        match = _MARKER.search(str(channel.get("topic") or "")) if channel.get("type") == 0 else None
        if match:
            found.append(Marked(channel["id"], match[1], match[2], bool(match[3])))
    return sorted(found, key=lambda each: int(each.channel))


def of(channels: list[dict[str, Any]], config: str, user: str) -> str:
    """Return the id of the oldest channel of an application that is not over, "" if there is none."""
    fits = (each.channel for each in find(channels) if (each.config, each.user, each.over) == (config, user, False))
    return next(fits, "")
