"""Keeps what the staff read about an application without a channel true: one message for each application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..applications import pages
from ..applications.application import PENDING, Application
from ..applications.configuration import Configuration
from ..applications.outcome import Outcome
from ..discord.ids import made_at
from ..discord.interaction import Interaction
from ..discord.reply import Button, Reply
from . import applying

Rescue = Callable[[Application], list[Button]]
"""Makes the buttons with which the staff go on if there is no channel."""


def notice(
    interaction: Interaction, tools: Any, configuration: Configuration, outcome: Outcome, rescue: Rescue
) -> None:
    """Tell the staff what to change if there is no channel. If there is one by now, show that instead.

    If the bot may not write there, `/applications check` says so.
    """
    guild, after = interaction.guild_id, outcome.application
    if not outcome.obstacle:
        settle(guild, interaction.guild_locale, after, configuration, tools)
        return
    with applying.speaking_in(guild, interaction.guild_locale, tools):
        reply = pages.waits(after, applying.told(outcome.obstacle, configuration, interaction, tools), rescue(after))
    applying.unless_gone(lambda: _show(guild, after, configuration, reply, tools))


def settle(guild: str, locale: str, after: Application, configuration: Configuration | None, tools: Any) -> None:
    """Show in its notice how an application is, without buttons. Nothing happens if it waits, or has no notice."""
    if after.notice and after.status != PENDING:
        say_how(guild, locale, after, after.notice_in, after.notice, tools)
        applying.store(guild, replace(after, notice="", notice_in=""), configuration, tools)


def say_how(guild: str, locale: str, after: Application, channel: str, message: str, tools: Any) -> None:
    """Show how an application is in a message that said that it waits."""
    with applying.speaking_in(guild, locale, tools):
        reply = pages.waits_no_more(after)
    applying.unless_gone(lambda: tools.discord.edit(channel, message, reply))


def _show(guild: str, after: Application, configuration: Configuration, reply: Reply, tools: Any) -> None:
    channel, message = configuration.staff_channel, after.notice
    if message and after.notice_in != channel:  # the staff have another channel by now
        old = after.notice_in, message
        applying.unless_gone(lambda: tools.discord.delete(*old))
        message = ""
    message = message or _lost(after, channel, tools)
    if not (message and applying.unless_gone(lambda: tools.discord.edit(channel, message, reply))):
        nonce = f"notice {guild} {after.config} {after.user} {after.number} {message}"
        message = str(tools.discord.send(channel, reply, nonce=nonce).get("id") or _lost(after, channel, tools))
    if (after.notice_in, after.notice) != (channel, message):
        applying.store(guild, replace(after, notice=message, notice_in=channel), configuration, tools)


def _lost(after: Application, channel: str, tools: Any) -> str:
    """Return the id of the notice of which an earlier try could not store the id, "" if there is none."""
    found = applying.with_button(channel, f"applications:retry:{after.config}:{after.user}~", tools)
    return found if found and made_at(found) >= after.applied else ""
