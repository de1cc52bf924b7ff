"""Puts right what does not fit together among the channels of applications."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..applications import labels, reconcile
from ..applications.application import LOST, OPEN, OPENED, begun, decide
from ..applications.configuration import ACTIVE, PAUSED, Configuration
from ..applications.figures import DUPLICATE
from ..applications.obstacles import CHANNEL_GONE
from ..discord.interaction import Interaction
from ..discord.permissions import bits
from ..discord.text import escape
from ..i18n import _
from . import applying, configuring, handling, noticing


def check(interaction: Interaction, tools: Any, posted: configuring.Posted, welcome: applying.Welcome) -> list[str]:
    """Repair a server. Return lines that say what its buttons lack, and what was repaired."""
    guild, lines = interaction.guild_id, []
    for each in applying.all_of(guild, tools).values():
        if each.state in (ACTIVE, PAUSED):
            found = [*configuring.faults(each, interaction, tools), *configuring.warnings(each, interaction, tools)]
            lines += [f"**{escape(each.button)}**: {line}" for line in found]
            if each.message and not configuring.edit(each, posted, guild, interaction.guild_locale, tools):
                lines.append(_("❌ The posted message is gone. `/applications edit` posts it again."))
    repaired = put_right(guild, interaction.guild_locale, interaction.id, tools, welcome)
    return lines + [labels.repair(code, each.channel, each.user) for each, code in repaired]


def put_right(
    guild: str, locale: str, id: str, tools: Any, welcome: applying.Welcome
) -> list[tuple[reconcile.Repair, str]]:
    """Repair a server, and write it to the trail. Return what was found, each with the code of how it ended.

    `locale` is Discord's locale of the server. `id` is that of the interaction, or another number that grows.
    """
    known, channels = applying.all_of(guild, tools), tools.discord.channels(guild)
    view = applying.viewed(welcome, known, guild, locale, tools)
    found = reconcile.decide(known, applying.everybody(guild, tools), channels, tools.now())
    repaired = [(each, _repair(guild, each, known.get(each.config), tools, view)) for each in found]
    for each, code in repaired:
        outcome = DUPLICATE if each.double else code
        fields = {"config": each.config, "user": each.user, "outcome": outcome, "part": each.channel}
        applying.note(guild, id, f"repair_{each.what}", tools, **fields)
        if each.double:
            tools.measure("application", "Count", ApplicationsDuplicate=1)
    for application in applying.everybody(guild, tools):
        noticing.settle(guild, locale, application, known.get(application.config), tools)
    configuring.forget_removed(guild, tools)
    return repaired


def _repair(
    guild: str, each: reconcile.Repair, configuration: Configuration | None, tools: Any, view: applying.View
) -> str:
    before = applying.application(guild, each.config, each.user, tools)
    now = int(tools.now())
    if each.what == reconcile.LOST and before and before.channel == each.channel:
        after, _effects = decide(before, LOST, now=now, reason=CHANNEL_GONE, finished=True)
        applying.store(guild, after, configuration, tools)
        return "closed"
    if each.what == reconcile.FINISH and before:
        complete = handling.archive(before, configuration, f"archive {each.channel}", tools)
        ended = handling.finish(guild, before, configuration, tools, complete=complete)
        handling.store_finished(guild, before, configuration, tools)
        return ended
    if each.what == reconcile.ADOPT and configuration and applying.is_member(guild, each.user, tools):
        applying.keep_earlier(guild, before, configuration, tools)
        wanted = begun(before, each.config, each.user, "", (), now)
        wanted = replace(wanted, channel=each.channel)
        there = replace(wanted, status=OPEN)
        message = applying.welcomed(there, tools) or applying.send_welcome(there, f"adopt {each.channel}", tools, view)
        after, _effects = decide(wanted, OPENED, now=now, message=message, reason="")
        applying.store(guild, after, configuration, tools)
        return "adopted"
    return _remove(each, tools) if each.what in (reconcile.REMOVE, reconcile.ADOPT) else "left"


def _remove(each: reconcile.Repair, tools: Any) -> str:
    """Delete a channel that nobody needs. A channel in which somebody else has written is left: staff decide.

    A marker can be copied into another topic. So the channel must be one that only the bot has written in, or nobody.
    """
    if tools.discord.missing(each.channel, "VIEW_CHANNEL", "READ_MESSAGE_HISTORY"):
        return "left"
    channel, me = tools.discord.channel(each.channel), tools.discord.me()
    hidden = [over for over in channel.get("permission_overwrites") or () if over["id"] == channel.get("guild_id")]
    if not any(int(over.get("deny") or 0) & bits("VIEW_CHANNEL") for over in hidden):
        return "left"
    if any((message.get("author") or {}).get("id") != me for message in tools.discord.recent_messages(each.channel)):
        return "left"
    tools.discord.delete_channel(each.channel, reason="an orphan: no application has this channel")
    return "removed"
