"""Gives notice of maintenance in the status channel, each occurrence once."""

from __future__ import annotations

import logging

from ..data.tables import TOLD
from ..discord.reply import Reply
from ..errors import DiscordError
from ..i18n import speaking
from ..kit import server
from ..status.later import Later
from ..status.roster import OPERATOR
from ..subscriptions import message
from ..tools.toolbox import Tools
from . import posting

log = logging.getLogger(__name__)


def announce(guild_id: str, notice: Later, tools: Tools) -> None:
    """Give notice of an occurrence of maintenance, unless the plan was cancelled or the occurrence is over.

    Then the next notice of the plan takes the place of this one.
    """
    id, start = notice.id, notice.number
    plan = next((each for each in tools.shards.plans(guild_id) if each.id == id), None)
    if plan is None:
        log.info("not told: the maintenance was cancelled", extra={"guild_id": guild_id, "plan": id})
        tools.shards.replace(guild_id, notice, None)
        return
    if plan.end(start) > tools.now():
        chosen = tools.server_settings.of(guild_id)
        names = {entry.id: entry.name for entry in tools.monitors.roster(guild_id).entries}
        name = f"maintenance#{id}#{start}"
        channels = tools.operator_alerts() if guild_id == OPERATOR else [chosen[server.status_channel]]
        for channel in filter(None, channels):
            with speaking(server.spoken(chosen)):
                reply = message.planned(plan, start, names, message.reference(name, f"channel:{channel}"))
            _note(guild_id, name, channel, reply, tools)
    tools.shards.replace(guild_id, notice, plan.notice(tools.now(), told=start))


def _note(guild_id: str, name: str, channel: str, reply: Reply, tools: Tools) -> None:
    """Send a message to a channel once. Raises Retry while another sender does it."""
    claim = tools.claims.take(TOLD, guild_id, name, channel)
    if claim is None:
        return
    delivery = message.reference(name, f"channel:{channel}")
    with claim:
        try:
            sent = posting.send(channel, reply, f"alert {guild_id} {name}", delivery, tools, again=claim.attempt > 1)
        except DiscordError as error:
            if not error.permanent:
                raise
            at, chosen = int(tools.now()), tools.server_settings.of(guild_id)
            posting.refused(guild_id, f"channel:{channel}", error, at, chosen, tools)
            claim.done(f"refused:{error.status}:{error.code}")
            return
        claim.done(sent)
