"""Compares what is stored with the channels that there are, and says what to put right."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..discord.ids import made_at
from . import marker
from .application import HAVE_A_CHANNEL, Application
from .configuration import REMOVED, Configuration

ADOPT, REMOVE, FINISH, LOST, LEAVE = "adopt", "remove", "finish", "lost", "leave"
"""What to do: record a channel that no application has; remove a channel that nobody needs; lock or delete the channel
of an application that is over; close an application whose channel is gone; leave a channel with a copied marker."""

YOUNG_SECONDS = 15 * 60
"""A channel that is younger may belong to work that is not over. The work takes at most ten minutes."""


class Repair(NamedTuple):
    """One thing to put right. `double`: there is another channel for the same application.

    FINISH may name a channel that the application does not have: one that is left of an earlier try or application.
    """

    what: str
    config: str
    user: str
    channel: str
    double: bool = False


def decide(
    configurations: dict[str, Configuration],
    applications: list[Application],
    channels: list[dict[str, Any]],
    now: float,
    *,
    guild: str,
    me: str,
) -> list[Repair]:
    """Return what to put right in a server. Channels are found by their marker, never by their name.

    Anybody can copy a marker. So a channel that others see too is left. `me` is the id of the bot.
    """
    known = {(each.config, each.user): each for each in applications}
    there = {each["id"] for each in channels}
    repairs = [
        Repair(LOST, each.config, each.user, each.channel)
        for each in applications
        if each.status in HAVE_A_CHANNEL and each.channel not in there
    ]
    taken: set[tuple[str, str]] = set()
    for found in marker.find(channels, guild):
        key, application = found[1:3], known.get(found[1:3])
        configuration = configurations.get(found.config)
        if found.over or now - made_at(found.channel) < YOUNG_SECONDS:
            continue
        if application and application.channel == found.channel:
            if not application.live and not application.finished:
                repairs.append(Repair(FINISH, *key, found.channel))
            continue
        team = {me, *([configuration.role] if configuration else [])}
        if found.seen_by is None or not found.seen_by <= {found.user, *team}:
            repairs.append(Repair(LEAVE, *key, found.channel))
        elif key in taken or (application and application.status in HAVE_A_CHANNEL and application.channel in there):
            earlier = application and application.number > 1 and made_at(found.channel) < application.applied
            repairs.append(Repair(FINISH if earlier else REMOVE, *key, found.channel, double=not earlier))
        elif application and application.ended > made_at(found.channel):
            repairs.append(Repair(FINISH, *key, found.channel))
        elif configuration is None or configuration.state == REMOVED or not marker.is_of(found, team):
            repairs.append(Repair(REMOVE, *key, found.channel))
        else:
            repairs.append(Repair(ADOPT, *key, found.channel))
            taken.add(key)
    return repairs
