"""Gives notice of maintenance in the status channel, each occurrence once, and says if it is cancelled afterwards."""

from __future__ import annotations

import logging

from ..data.tables import TOLD
from ..discord.reply import Reply
from ..errors import DiscordError
from ..i18n import speaking
from ..kit import server
from ..status import plans
from ..status.later import Later
from ..status.plans import Plan
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
        name = _name(plan, start)
        channels = tools.operator_alerts() if guild_id == OPERATOR else [chosen[server.status_channel]]
        for channel in filter(None, channels):
            with speaking(server.spoken(chosen)):
                reply = message.planned(plan, start, names, message.reference(name, f"channel:{channel}"))
            _note(guild_id, name, channel, reply, tools)
    tools.shards.replace(guild_id, notice, plan.notice(tools.now(), told=start))


def cancelled_message(guild_id: str, plan: Plan, at: int) -> dict:
    """The message for the send queue that says that a plan was cancelled at `at`."""
    return {"kind": "cancelled", "guild": guild_id, "plan": plans.pack([plan]), "at": at}


def cancelled(guild_id: str, packed: str, at: int, tools: Tools) -> None:
    """Say that a plan was cancelled, if the status channel was given notice of the occurrence at `at` or after it."""
    (plan,) = plans.unpack(packed)
    span, chosen = plan.next(at), tools.server_settings.of(guild_id)
    channel = chosen[server.status_channel]
    if span is None or not channel:
        return
    notice = tools.claims.outcome(TOLD, guild_id, _name(plan, span.start), channel)
    if not notice.isdigit():  # none was given, or Discord refused it
        return
    name = f"{_name(plan, span.start)}#cancelled"
    with speaking(server.spoken(chosen)):
        reply = message.cancelled(plan, message.reference(name, f"channel:{channel}"), is_open=span.start <= at)
    posting.edit(channel, notice, reply, tools)
    _note(guild_id, name, channel, reply, tools, answers=notice)


def _name(plan: Plan, start: int) -> str:
    """What the notice of an occurrence is known by."""
    return f"maintenance#{plan.id}#{start}"


def _note(guild_id: str, name: str, channel: str, reply: Reply, tools: Tools, answers: str = "") -> None:
    """Send a message to a channel once. Raises Retry while another sender does it."""
    claim = tools.claims.take(TOLD, guild_id, name, channel)
    if claim is None:
        return
    delivery = message.reference(name, f"channel:{channel}")
    with claim:
        try:
            nonce, again = f"alert {guild_id} {name}", claim.attempt > 1
            sent = posting.send(channel, reply, nonce, delivery, tools, again=again, answers=answers)
        except DiscordError as error:
            if not error.permanent:
                raise
            at, chosen = int(tools.now()), tools.server_settings.of(guild_id)
            posting.refused(guild_id, f"channel:{channel}", error, at, chosen, tools)
            claim.done(f"refused:{error.status}:{error.code}")
            return
        claim.done(sent)
