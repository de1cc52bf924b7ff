"""Reads what the outbox remembers of a server."""

from __future__ import annotations

import logging

from ..errors import DiscordError
from ..status.roster import OPERATOR
from ..subscriptions.subscription import Subscription
from ..subscriptions.timed import Timed
from ..tools.toolbox import Tools
from .kinds import ON_IT, STEP, SUBSCRIPTION, TIMED

log = logging.getLogger(__name__)

NO_MEMBER = (10007, 10013)
"""Discord: the codes for a person who is not in the server, and for one who no longer exists."""


def subscriptions(guild_id: str, tools: Tools) -> list[Subscription]:
    """What channels, roles and people of a server hear of."""
    return [Subscription.parse(item) for item in tools.data(SUBSCRIPTION, guild_id).all()]


def timed(guild_id: str, tools: Tools) -> list[Timed]:
    """The digests and reminders of a server, the next one first."""
    found = [Timed.parse(item) for item in tools.data(TIMED, guild_id).all()]
    return sorted(found, key=lambda each: (each.due, each.id))


def steps(guild_id: str, tools: Tools) -> list[dict]:
    """The steps of a server's escalation, in their order."""
    return sorted(tools.data(STEP, guild_id).all(), key=lambda step: (step["minutes"], step["step"]))


def on_it(guild_id: str, tools: Tools) -> dict[str, str | None]:
    """The ids of those who take care of monitors, by the ids of the monitors. None is somebody who was erased."""
    return {item["monitor"]: item["person"] for item in tools.data(ON_IT, guild_id).all() if not item.get("ended")}


def server_name(guild_id: str, tools: Tools) -> str:
    """The name of a server for a direct message, "" if the bot is no longer there."""
    try:
        return str(tools.discord.server(guild_id).get("name", ""))
    except DiscordError as error:
        if not error.permanent:
            raise
        return ""


def is_member(guild_id: str, person: str, tools: Tools) -> bool:
    """Whether a person is still in a server. Everybody counts as a member of the operator's monitors.

    Raises DiscordError for a failure that passes. If Discord does not tell, the person counts as a member.
    """
    try:
        if guild_id != OPERATOR:
            tools.discord.member(guild_id, person)
    except DiscordError as error:
        if not error.permanent:
            raise
        return error.code not in NO_MEMBER
    return True


def forget(guild_id: str, person: str, tools: Tools) -> None:
    """Tell a person who has left a server nothing more of it: end what they subscribed to, and leave its escalation."""
    to = f"user:{person}"
    for subscription in subscriptions(guild_id, tools):
        if subscription.to == to:
            tools.data(SUBSCRIPTION, guild_id).delete(subscription.id)
    for each in timed(guild_id, tools):
        if each.to == to:
            tools.data(TIMED, guild_id).delete(each.id)
    for step in steps(guild_id, tools):
        if step["to"] == to:
            tools.data(STEP, guild_id).delete(step["step"])
    log.warning("told nothing more to somebody who left", extra={"guild_id": guild_id, "user_id": person})
