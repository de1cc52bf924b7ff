"""People who hear of a server by direct messages: whether they are still in it, and how they stop hearing of it."""

from __future__ import annotations

import logging

from ..errors import DiscordError
from ..status.roster import OPERATOR
from ..tools import places
from ..tools.toolbox import Tools
from . import known
from .kinds import STEP, SUBSCRIPTION, TIMED

log = logging.getLogger(__name__)


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
        return guild_id == OPERATOR or places.is_member(guild_id, person, tools)
    except DiscordError as error:
        if not error.permanent:
            raise
        return True


def unsubscribe(guild_id: str, person: str, tools: Tools) -> None:
    """End what a person subscribed to in a server, and take them out of its escalation."""
    to = f"user:{person}"
    for subscription in known.subscriptions(guild_id, tools):
        if subscription.to == to:
            tools.data(SUBSCRIPTION, guild_id).delete(subscription.id)
    for step in known.steps(guild_id, tools):
        if step["to"] == to:
            tools.data(STEP, guild_id).delete(step["step"])


def forget(guild_id: str, person: str, tools: Tools) -> None:
    """Tell a person who has left a server nothing more of it: end their digests too."""
    unsubscribe(guild_id, person, tools)
    for each in known.timed(guild_id, tools):
        if each.to == f"user:{person}":
            tools.data(TIMED, guild_id).delete(each.id)
    log.warning("told nothing more to somebody who left", extra={"guild_id": guild_id, "user_id": person})
