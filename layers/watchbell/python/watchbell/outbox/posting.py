"""Posts a message once, and keeps what Discord refuses.

Discord returns the earlier message if the same nonce comes again within a few minutes. After that, the recent messages
of the channel are searched for the delivery's reference.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from ..adapters.server_settings import Chosen
from ..data.tables import TOLD
from ..discord.reply import Reply
from ..discord.text import fitting
from ..errors import DiscordError
from ..i18n import _, speaking
from ..kit import server
from ..status import refusal
from ..status.refusal import Refusal
from ..status.roster import OPERATOR, Entry
from ..subscriptions import message
from ..subscriptions.subscription import STATUS
from ..tools import places
from ..tools.toolbox import Tools
from . import known

log = logging.getLogger(__name__)

TROUBLES, TROUBLES_ROOM = 5, 1700
"""How many recipients that refuse messages are named, and how many characters they have together."""

UNKNOWN_MESSAGE, MAY_NOT_ANSWER = 10008, 160002


class Channel:
    """A channel, or direct messages with a person. What is sent there is there once, because it can be found again."""

    def __init__(self, id: str, tools: Tools, *, again: bool) -> None:
        self._id, self._tools, self._again = id, tools, again

    def send(self, reply: Reply, nonce: str, delivery: str, *, answers: str = "") -> str:
        return send(self._id, reply, nonce, delivery, self._tools, again=self._again, answers=answers)

    def edit(self, message_id: str, reply: Reply) -> None:
        edit(self._id, message_id, reply, self._tools)


OWNER = "owner"
"""The recipient of what the owner of a server hears by direct message."""


def send(
    channel_id: str, reply: Reply, nonce: str, delivery: str, tools: Tools, *, again: bool = False, answers: str = ""
) -> str:
    """Send a message, as an answer if the bot may read the channel's history. Return its id.

    If this is not the first try, look for the message first: it shows its `delivery`.
    """
    if again and (found := earlier(channel_id, delivery, tools)):
        return found
    try:
        sent = tools.discord.send(channel_id, reply, nonce=nonce, answers=answers)
    except DiscordError as error:
        if not answers or error.code != MAY_NOT_ANSWER:
            raise
        sent = tools.discord.send(channel_id, reply, nonce=nonce)
    return str(sent.get("id", ""))


def earlier(channel_id: str, delivery: str, tools: Tools) -> str:
    """The id of the message that an earlier try sent, "" if there is none among the recent ones."""
    found = (each for each in tools.discord.recent_messages(channel_id) if message.shows(each, delivery))
    return next((str(each["id"]) for each in found), "")


def edit(channel_id: str, message_id: str, reply: Reply, tools: Tools) -> None:
    """Edit a message. Do nothing if Discord refuses it: what is new comes as a message of its own."""
    try:
        tools.discord.edit(channel_id, message_id, reply)
    except DiscordError as error:
        if not error.permanent:
            raise
        if error.code != UNKNOWN_MESSAGE:  # somebody has deleted it: the answer tells enough
            log.warning("could not edit an alert: %s", error)


def refused(guild_id: str, to: str, error: DiscordError, at: int, chosen: Chosen, tools: Tools) -> None:
    """Record that a recipient could not be told. Tell the owner of the server, once until a message arrives there.

    A person has closed their direct messages on purpose. A channel that was chosen before concerns nobody any more.
    """
    details = {"guild_id": guild_id, "recipient": to}
    if to.startswith("user:"):
        log.warning("not told: %s", error, extra=details)
        tools.count("DirectMessageRefused")
        return
    # Nobody else hears of it if it is the operator's own channel: an ERROR raises an alarm.
    log.log(logging.ERROR if guild_id == OPERATOR else logging.WARNING, "not told: %s", error, extra=details)
    tools.count("AlertRefused")
    if guild_id == OPERATOR:
        return
    kind, _colon, id = to.partition(":")
    alerts = kind == "webhook" or to in _channels(guild_id, chosen, tools)
    if not alerts and to not in _timed_channels(guild_id, tools):
        return
    lacks = _lacks(id, tools) if kind == "channel" and error.code in refusal.OF_PERMISSIONS else ()
    kept = tools.shards.refused(guild_id, Refusal(to, error.status, error.code, at, lacks))
    name = f"refusal#{to}#{kept.since}"
    claim = tools.claims.take(TOLD, guild_id, name, OWNER)
    if claim is None:
        return
    with claim:
        delivery = message.reference(name, OWNER)
        try:
            found = tools.discord.server(guild_id)
            channel_id = tools.discord.open_dm(found["owner_id"])
            with speaking(server.spoken(chosen)):
                reply = refusal.to_owner(kept, str(found.get("name", "")), delivery, alerts=alerts)
            nonce = f"alert {guild_id} {name}"
            sent = send(channel_id, reply, nonce, delivery, tools, again=claim.attempt > 1)
        except DiscordError as closed:
            if not closed.permanent:
                raise
            # The owner takes no direct messages, or the bot is no longer in the server.
            log.info("the owner was not told: %s", closed, extra={"guild_id": guild_id})
            sent = f"refused:{closed.status}:{closed.code}"
        claim.done(sent)


def _channels(guild_id: str, chosen: Chosen, tools: Tools) -> list[str]:
    """The channels that hear of the monitors of a server, as recipients."""
    subscribed = [each.to for each in known.subscriptions(guild_id, tools) if each.to.startswith("channel:")]
    subscribed = [each for each in subscribed if each != STATUS]
    status = chosen[server.status_channel]
    return [*([f"channel:{status}"] if status else []), *subscribed]


def _timed_channels(guild_id: str, tools: Tools) -> list[str]:
    """The channels in which digests and reminders of a server are posted, as recipients."""
    return [each.to for each in known.timed(guild_id, tools) if each.to.startswith("channel:")]


def _lacks(channel_id: str, tools: Tools) -> tuple[str, ...]:
    """The permissions that the bot needs in a channel and does not have, none if Discord does not say."""
    try:
        return tuple(tools.discord.missing(channel_id, *server.status_channel.needs))
    except DiscordError as error:
        if not error.permanent:
            raise
        return ()


def unheard(guild_id: str, entries: Collection[Entry], tools: Tools) -> list[str]:
    """What to do if nobody at all hears of these monitors of a server: one sentence, or none."""
    if tools.server_settings.of(guild_id)[server.status_channel]:
        return []
    told = [(each.to, each.channel) for each in known.subscriptions(guild_id, tools) if any(map(each.covers, entries))]
    told += [(step["to"], "") for step in known.steps(guild_id, tools)]
    # A role is mentioned in the status channel if it has no other one.
    if any(channel or not (to == STATUS or to.startswith("role:")) for to, channel in told):
        return []
    return [
        _(
            "⚠️ Nobody hears of this yet, because no status channel is chosen. Choose one with `/setup`, or use "
            "`/subscribe`."
        )
    ]


def troubles(guild_id: str, tools: Tools) -> list[str]:
    """What to change so that messages of a server arrive: a sentence for each recipient that refuses them.

    A channel that lacked a permission and has it by now is left out, although nothing has been posted there since.
    They fit into any message: at most 5 sentences, and how many more there are.
    """
    refusals = tools.shards.refusals(guild_id)
    if not refusals:
        return []
    lacking = {each.recipient.removeprefix("channel:") for each in refusals if each.code in refusal.OF_PERMISSIONS}
    mended = places.writable(lacking, guild_id, tools)
    alerts = _channels(guild_id, tools.server_settings.of(guild_id), tools)
    used = {*alerts, *_timed_channels(guild_id, tools)}
    found = [
        refusal.told(each, alerts=each.recipient in alerts)
        for each in refusals
        if (each.recipient in used or each.recipient.startswith("webhook:"))
        and each.recipient.removeprefix("channel:") not in mended
    ]
    return fitting(found, TROUBLES_ROOM, TROUBLES)
