"""Posts a notification of the bus or of a feature, once, although it may come twice and any step may fail.

The claim is taken by the notification's key. Discord returns the earlier message if the same nonce comes again within a
few minutes. After that, the recent messages of the channel are searched for the notification's reference.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ..data.tables import DELIVERY
from ..discord.webhook import NONE
from ..errors import DiscordError
from ..kit import server
from ..status import notification
from ..status.notification import Notification, Refused
from ..subscriptions import message
from ..tools.toolbox import Tools
from . import posting

log = logging.getLogger(__name__)

DEFAULT, DIGEST = "default", "digest"
"""The webhook of a notification without a target, and the one that stands in for it if it is not set."""

TEXT_CHANNELS = (0, 2, 5, 10, 11, 12, 13)
"""Discord: the types of the channels and threads in which messages can be posted."""


def post(event: dict, tools: Tools) -> dict | None:
    """Post the notification in the channel that it names, or in the status channel of its server.

    If it is for a webhook, return the message for the webhook. Raises Refused if it cannot be posted as it is.
    """
    wanted = notification.read(event)
    id = f"notification#{wanted.key}"
    details = {"source": wanted.source, "delivery": id}
    if wanted.webhook or not (wanted.guild or wanted.channel):
        name = wanted.webhook or _default(tools)
        body = notification.reply(wanted, _allowed(wanted, wanted.guild, tools), wanted.key[:8]).message()
        return {"webhook": name, "guild": wanted.guild, "delivery": id, "message": body}
    claim = tools.claims.take(DELIVERY, id)
    if claim is None:
        log.info("not posted: this notification was posted before", extra=details)
        return None
    with claim:
        guild_id, channel_id = _place(wanted, tools)
        reference = message.reference(wanted.key, channel_id)
        found = posting.earlier(channel_id, reference, tools) if claim.attempt > 1 else ""
        if not found:
            reply = notification.reply(wanted, _allowed(wanted, guild_id, tools), reference)
            try:
                sent = tools.discord.send(channel_id, reply, nonce=id, whose="a notification")
            except DiscordError as error:
                if not error.permanent:
                    raise
                raise Refused("refused", error) from error
            found = str(sent.get("id", ""))
        claim.done(found)
    log.info("posted", extra={**details, "discord_message_id": found})
    return None


def refuse(event: dict, reason: Refused, tools: Tools) -> None:
    """Count a notification that cannot be posted, and put it into the dead letters with the reason.

    A feature's notification is only counted. Its server has lost the channel or a permission, and the operator can do
    nothing about that.
    """
    tools.count("NotificationRefused")
    details = {"code": reason.code, "source": str(event.get("source"))[:100], "event_id": str(event.get("id"))[:100]}
    log.warning("not posted: %s", reason, extra=details)
    if "kind" not in event:
        attributes = {"ERROR_CODE": reason.code, "ERROR_MESSAGE": str(reason)[:1000]}
        tools.event_dead.send(notification.letter(event), attributes=attributes)


def _default(tools: Tools) -> str:
    if tools.webhook(DEFAULT) is not None:
        return DEFAULT
    # Whoever wants no digest may want notifications all the same.
    if tools.webhook(DIGEST) in (None, NONE):
        raise Refused("no_default_webhook")
    return DIGEST


def _place(wanted: Notification, tools: Tools) -> tuple[str, str]:
    """The ids of the server and the channel. Raises Refused if the channel is not one of the server."""
    if not wanted.channel:
        channel_id = tools.server_settings.of(wanted.guild)[server.status_channel]
        if not channel_id:
            raise Refused("no_status_channel")
        return wanted.guild, channel_id
    try:
        channel = tools.discord.channel(wanted.channel)
    except DiscordError as error:
        if not error.permanent:
            raise
        raise Refused("unknown_channel") from error
    guild_id = channel.get("guild_id")
    if not isinstance(guild_id, str) or not guild_id:
        raise Refused("no_server_channel")
    if wanted.guild and wanted.guild != guild_id:
        raise Refused("other_server")
    if channel.get("type") not in TEXT_CHANNELS:
        raise Refused("no_text_channel")
    return guild_id, wanted.channel


def _allowed(wanted: Notification, guild_id: str, tools: Tools) -> Iterable[str]:
    """The roles to ping: those that the server allows. The message is posted without the others.

    The role @everyone has the server's id. A webhook of the operator belongs to no server that could allow anything.
    """
    if not wanted.mention:
        return ()
    chosen = tools.server_settings.of(guild_id)[server.mention_roles] if guild_id else ()
    allowed = [id for id in wanted.mention if id in chosen and id != guild_id]
    if len(allowed) < len(wanted.mention):
        tools.count("MentionRefused")
        log.error(
            "posted without a mention: the server must allow the role in /setup, and a webhook mentions nobody",
            extra={"source": wanted.source[:100], "guild_id": guild_id},
        )
    return allowed
