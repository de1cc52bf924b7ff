"""Puts right what does not fit together among the channels of applications."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ..applications import labels, reconcile
from ..applications.application import ARCHIVE, FINISH, LOST, OPEN, OPENED, Application, begun, decide
from ..applications.configuration import ACTIVE, PAUSED, Configuration
from ..applications.figures import DUPLICATE
from ..applications.obstacles import CHANNEL_GONE
from ..discord.interaction import Interaction
from ..discord.text import escape
from ..errors import DiscordError
from ..i18n import _
from . import applying, configuring, handling, noticing, places

log = logging.getLogger(__name__)

Hold = Callable[..., AbstractContextManager[Any]]
"""Holds the flow with a name, as `interactions.flow.other` does. It gives its journal, or None."""


def check(interaction: Interaction, tools: Any, posted: configuring.Posted, welcome: applying.Welcome) -> list[str]:
    """Repair a server. Return lines that say what its buttons lack, and what was repaired."""
    guild, lines = interaction.guild_id, []
    for each in applying.all_of(guild, tools).values():
        if each.state in (ACTIVE, PAUSED):
            found = [*configuring.faults(each, interaction, tools), *configuring.warnings(each, interaction, tools)]
            lines += [f"**{escape(each.button)}**: {line}" for line in found]
            if each.message and not configuring.edit(each, posted, guild, interaction.guild_locale, tools):
                lines.append(_("❌ The posted message is gone. `/applications edit` posts it again."))
    repaired = put_right(guild, interaction.guild_locale, interaction.id, tools, welcome, tools.flow)
    return lines + [labels.repair(code, each.channel, each.user) for each, code in repaired]


def put_right(
    guild: str, locale: str, id: str, tools: Any, welcome: applying.Welcome, hold: Hold
) -> list[tuple[reconcile.Repair, str]]:
    """Repair a server, and write it to the trail. Return what was repaired, each with the code of how it ended.

    `locale` is Discord's locale of the server. `id` is that of the interaction, or another one of this time. An
    application that somebody else works on is left for the next time.
    """
    known, channels = applying.all_of(guild, tools), tools.discord.channels(guild)
    stored = {(each.config, each.user): each for each in applying.everybody(guild, tools)}
    view = applying.viewed(welcome, known, guild, locale, tools)
    found = reconcile.decide(known, [*stored.values()], channels, tools.now(), guild=guild, me=tools.discord.me())
    repaired = []
    for each in found:
        key, configuration = (each.config, each.user), known.get(each.config)
        try:
            with hold(f"apply:{guild}:{each.config}:{each.user}", people=[each.user], servers=[guild]) as journal:
                before = applying.application(guild, *key, tools)
                if journal is None or before != stored.get(key):
                    continue
                code = _repair(guild, each, before, configuration, journal, tools, view)
                after = applying.application(guild, *key, tools)
        except DiscordError as error:
            if not error.permanent:
                raise
            log.info("not repaired: %s", error)
            code, after = "refused", before
        stored |= {key: after} if after else {}
        if not code:
            continue
        repaired.append((each, code))
        outcome = DUPLICATE if each.double else code
        fields = {"config": each.config, "user": each.user if after else "", "outcome": outcome, "part": each.channel}
        applying.note(guild, id, f"repair_{each.what}", tools, **fields)
        if each.double:
            tools.measure("application", "Count", ApplicationsDuplicate=1)
    for application in applying.everybody(guild, tools):
        noticing.settle(guild, locale, application, known.get(application.config), tools)
    configuring.forget_removed(guild, tools)
    return repaired


def _repair(
    guild: str,
    each: reconcile.Repair,
    before: Application | None,
    configuration: Configuration | None,
    journal: Any,
    tools: Any,
    view: applying.View,
) -> str:
    """Repair one thing, and return the code of how it ended. It is "" if nothing is wrong.

    `journal` is that of the person's flow: the steps that somebody did before a worker died are done.
    """
    now = int(tools.now())
    if each.what == reconcile.LOST and before and before.channel == each.channel:
        if applying.exists(each.channel, tools):  # the list of channels was not whole
            return ""
        after, _effects = decide(before, LOST, now=now, reason=CHANNEL_GONE, finished=True)
        applying.store(guild, after, configuration, tools)
        return "closed"
    if each.what == reconcile.FINISH and before and before.channel == each.channel:
        ended = handling.effects(guild, before, (ARCHIVE, FINISH), configuration, journal, tools, view)
        journal.end()
        return ended
    if each.what == reconcile.FINISH and before:
        # A worker died before it stored this channel, or an earlier application was over and it was never locked.
        ended = _remove(each, tools)
        theirs = replace(before, channel=each.channel)
        return ended if ended == "removed" else handling.finish(guild, theirs, configuration, tools, complete="")
    if each.what == reconcile.ADOPT and before is None and not journal.begun("channel"):
        return "left"  # Nobody's work made this channel. Its application was erased, and is not stored again.
    if each.what == reconcile.ADOPT and configuration and places.is_member(guild, each.user, tools):
        applying.keep_earlier(guild, before, configuration, tools)
        wanted = begun(before, each.config, each.user, "", (), now)
        wanted = replace(wanted, channel=each.channel)
        there = replace(wanted, status=OPEN)
        message = applying.welcomed(there, tools) or applying.send_welcome(there, f"adopt {each.channel}", tools, view)
        after, _effects = decide(wanted, OPENED, now=now, message=message, reason="")
        applying.store(guild, after, configuration, tools)
        journal.end()
        return "adopted"
    return _remove(each, tools) if each.what in (reconcile.REMOVE, reconcile.ADOPT) else "left"


def _remove(each: reconcile.Repair, tools: Any) -> str:
    """Delete a channel that nobody needs. A channel in which there is more than our welcome is left: staff decide.

    A marker can be copied into another topic. So the channel must be empty, or have the welcome alone.
    """
    if tools.discord.missing(each.channel, "VIEW_CHANNEL", "READ_MESSAGE_HISTORY"):
        return "left"
    me, mark = tools.discord.me(), applying.mark_of(each.config, each.user)
    messages = tools.discord.recent_messages(each.channel)
    if not messages and tools.discord.channel(each.channel).get("last_message_id"):
        return "left"  # Discord: an empty list may also mean that we cannot read it
    for message in messages:
        is_ours = (message.get("author") or {}).get("id") == me
        if not is_ours or mark not in json.dumps(message.get("components")):
            return "left"
    tools.discord.delete_channel(each.channel, reason="an orphan: no application has this channel")
    return "removed"
