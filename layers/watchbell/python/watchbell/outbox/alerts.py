"""Tells a server of a flip: an opening, what changes in it, and its recovery. Gives notice of maintenance, too.

If Discord refuses a message for good, the server's owner hears of it once, by direct message.

Each recipient has a row of its own, which is claimed before the message is sent. Discord returns the earlier message
if the same nonce comes again within a few minutes. After that, the recent messages of the channel are searched for
the delivery's reference. So a flip is told once, even if a sender dies at any point.
"""

from __future__ import annotations

import logging

from ..adapters.server_settings import Chosen
from ..data.tables import ALERT
from ..discord.reply import Reply
from ..errors import DiscordError, Unavailable
from ..i18n import speaking
from ..kit import server
from ..status import alert, judgement, refusal
from ..status.flip import Flip
from ..status.monitor import Monitor
from ..status.plans import Notice
from ..status.refusal import Refusal
from ..status.roster import OPERATOR
from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

UNKNOWN_MESSAGE, MAY_NOT_ANSWER = 10008, 160002

OWNER = "owner"
"""The recipient of what the owner of a server hears by direct message."""


def message(guild_id: str, key: str) -> dict:
    """The message for the send queue that tells of the stored flip with this sort key."""
    return {"kind": "flip", "guild": guild_id, "flip": key}


def notice_message(guild_id: str, notice: Notice) -> dict:
    """The message for the send queue that gives notice of maintenance."""
    return {"kind": "maintenance", "guild": guild_id, **notice._asdict()}


def is_late(seconds: int) -> bool:
    """Whether the tick brings a flip again that has waited for so long: after 1, 2, 4, 8 minutes, then every 15.

    The same holds for a notice of maintenance. Both are told within seconds, unless their sender died, Discord is
    unwell, or a flip is held back.
    """
    minutes = seconds // 60
    return minutes in (1, 2, 4, 8) or (minutes > 0 and minutes % 15 == 0)


def announce(guild_id: str, key: str, tools: Tools) -> None:
    """Tell everybody who hears of the flips in a row. Raises what Discord or AWS raise; then the message comes again.

    The flips of a monitor are told in their order, so the ones that came before are told first. A flip whose parent is
    down is held back: the tick brings it again. If the monitor has recovered by then, the held flip is dropped.
    """
    untold = tools.shards.untold_of(guild_id, key)
    rows = {each: tools.shards.flips_at(guild_id, each) for each in untold}
    if _is_needless(guild_id, key, rows, tools):
        log.info(
            "not reminded: the news itself waits, or the parent is down", extra={"guild_id": guild_id, "flip": key}
        )
        tools.shards.told(guild_id, key)
        return
    recovers = bool(rows.get(key)) and rows[key][-1].new == "up"
    for each, was_held in untold.items():
        details = {"guild_id": guild_id, "flip": each}
        shard, monitor_id = each.split("#")[1::2]
        monitor = tools.monitors.get(guild_id, shard, monitor_id)
        if monitor is None:
            log.info("not told: the monitor has been removed", extra=details)
        elif was_held and each != key and recovers:
            log.info("not told: it has ended before its parent was up", extra=details)
        elif not _is_held(guild_id, monitor, rows[each], tools):
            for place, flip in enumerate(rows[each]):
                if flip.news:
                    _announce(guild_id, monitor, each, f"{each}#{place}", flip, tools)
        elif each == key:
            log.info("held back: its parent is down", extra=details)
            tools.shards.hold(guild_id, each)
            return
        tools.shards.told(guild_id, each)


def _announce(guild_id: str, monitor: Monitor, key: str, name: str, flip: Flip, tools: Tools) -> None:
    """Tell one flip in the row with the sort key `key`. `name` tells its messages from all others.

    A sender can be so late that another one has told the flip meanwhile, and even its end. Then it tells nothing.
    """
    late = {"guild_id": guild_id, "flip": key}
    opening = tools.shards.opening(guild_id, flip.monitor)
    if opening is not None and _order(opening[0]) > _order(name):
        log.info("not told: there is newer news", extra=late)
        return
    if flip.new == "up" and flip.news != "flapping":
        if opening is not None:
            _tell_end(guild_id, monitor, opening, name, flip, tools)
            tools.shards.closes(guild_id, flip.monitor, opening[0])
        return
    if opening is None and not tools.shards.opens(guild_id, key, name, flip):
        log.info("not told: it is over", extra=late)
        return
    _tell(guild_id, monitor, name, flip, tools, answers=opening[0] if opening and opening[0] != name else "")


def _order(name: str) -> tuple[int, int]:
    """The place of a flip among those of its monitor: the slot of its run, and its place in the row."""
    parts = name.split("#")
    return int(parts[2]), int(parts[4])


def _is_held(guild_id: str, monitor: Monitor, flips: list[Flip], tools: Tools) -> bool:
    """Whether the alert waits because the monitor's parent is down. A recovery never waits."""
    if not monitor.parent or not flips or flips[-1].new == "up":
        return False
    parent = next((entry for entry in tools.monitors.roster(guild_id).entries if entry.id == monitor.parent), None)
    if parent is None or parent.paused:
        return False
    stored = tools.shards.states(guild_id, [parent.shard]).get(parent.shard)
    judged = judgement.unpack(stored.states).get(parent.id) if stored else None
    return judged is not None and judged.state == "down"


def _is_needless(guild_id: str, key: str, rows: dict[str, list[Flip]], tools: Tools) -> bool:
    """Whether this is a reminder of news that has not been told yet, or of a monitor whose parent is down.

    A reminder never waits, and never replaces news that waits.
    """
    flips = rows.get(key)
    if not flips or any(flip.news != "reminder" for flip in flips):
        return False
    monitor = tools.monitors.get(guild_id, *key.split("#")[1::2])
    return len(rows) > 1 or (monitor is not None and _is_held(guild_id, monitor, flips, tools))


def _tell_end(guild_id: str, monitor: Monitor, opening: tuple[str, Flip], name: str, flip: Flip, tools: Tools) -> None:
    """Edit the messages of the opening, and answer them. Only who heard of the opening hears of its end."""
    chosen = tools.server_settings.of(guild_id)
    first, opened = opening
    for recipient, message_id in tools.shards.alerts(guild_id, first).items():
        with speaking(chosen[server.language]):
            past = alert.ended(monitor, opened, flip, alert.reference(first, recipient))
            news = alert.recovered(monitor, opened, flip, alert.reference(name, recipient))
        _edit(recipient.partition(":")[2], message_id, past, tools)
        _deliver(guild_id, name, recipient, news, tools, answers=message_id)


def _tell(
    guild_id: str, monitor: Monitor, name: str, flip: Flip, tools: Tools, *, answers: str = "", test: bool = False
) -> None:
    chosen = tools.server_settings.of(guild_id)
    earlier = tools.shards.alerts(guild_id, answers) if answers else {}
    for recipient in _recipients(guild_id, chosen, tools):
        with speaking(chosen[server.language]):
            reply = alert.told(monitor, flip, alert.reference(name, recipient), test=test)
        _deliver(guild_id, name, recipient, reply, tools, answers=earlier.get(recipient, ""))


def _recipients(guild_id: str, chosen: Chosen, tools: Tools) -> list[str]:
    """Who hears of the flips of a server, or of the operator's: texts such as `channel:` and the id of a channel."""
    channels = tools.operator_alerts() if guild_id == OPERATOR else [chosen[server.status_channel]]
    return [f"channel:{channel_id}" for channel_id in channels if channel_id]


def _deliver(guild_id: str, name: str, recipient: str, reply: Reply, tools: Tools, *, answers: str = "") -> None:
    """Send a message once. Raises Retry while another sender does it, and Unavailable if its id could not be stored."""
    channel_id = recipient.partition(":")[2]
    claim = tools.claims.take(ALERT, guild_id, name, recipient)
    if claim is None:
        return
    details = {"guild_id": guild_id, "recipient": recipient}
    with claim:
        begun = int(tools.now())
        try:
            found = _earlier(channel_id, alert.reference(name, recipient), tools) if claim.attempt > 1 else ""
            found = found or _send(channel_id, reply, f"alert {guild_id} {name}", answers, tools)
        except DiscordError as error:
            if not error.permanent:
                raise
            # Nobody else hears of it if it is the operator's own channel: an ERROR raises an alarm.
            log.log(logging.ERROR if guild_id == OPERATOR else logging.WARNING, "not told: %s", error, extra=details)
            tools.count("AlertRefused")
            if guild_id != OPERATOR:
                _refused(guild_id, recipient, error, begun, tools)
            claim.done(f"refused:{error.status}:{error.code}")
            return
        tools.shards.accepted(guild_id, recipient, begun)
        if not claim.done(found):  # the end could not find the message; the next try finds it among the recent ones
            raise Unavailable("the id of an alert could not be stored")
        log.info("told", extra={**details, "discord_message_id": found})


def _refused(guild_id: str, recipient: str, error: DiscordError, at: int, tools: Tools) -> None:
    """Record that a recipient could not be told, and tell the owner of the server: once, until a message arrives.

    A channel that was chosen before concerns nobody any more. The end of an outage still goes there.
    """
    chosen = tools.server_settings.of(guild_id)
    if recipient not in _recipients(guild_id, chosen, tools):
        return
    lacks = _lacks(recipient.partition(":")[2], tools) if error.code in refusal.OF_PERMISSIONS else ()
    kept = tools.shards.refused(guild_id, Refusal(recipient, error.status, error.code, at, lacks))
    name = f"refusal#{recipient}#{kept.since}"
    claim = tools.claims.take(ALERT, guild_id, name, OWNER)
    if claim is None:
        return
    with claim:
        delivery = alert.reference(name, OWNER)
        try:
            found = tools.discord.server(guild_id)
            channel_id = tools.discord.open_dm(found["owner_id"])
            sent = _earlier(channel_id, delivery, tools) if claim.attempt > 1 else ""
            if not sent:
                with speaking(chosen[server.language]):
                    reply = refusal.to_owner(kept, str(found.get("name", "")), delivery)
                sent = _send(channel_id, reply, f"alert {guild_id} {name}", "", tools)
        except DiscordError as refused:
            if not refused.permanent:
                raise
            # The owner takes no direct messages, or the bot is no longer in the server.
            log.info("the owner was not told: %s", refused, extra={"guild_id": guild_id})
            sent = f"refused:{refused.status}:{refused.code}"
        claim.done(sent)


def _lacks(channel_id: str, tools: Tools) -> tuple[str, ...]:
    """The permissions that the bot needs in a channel and does not have, none if Discord does not say."""
    try:
        return tuple(tools.discord.missing(channel_id, *server.status_channel.needs))
    except DiscordError as error:
        if not error.permanent:
            raise
        return ()


def troubles(guild_id: str, tools: Tools) -> list[str]:
    """What to change so that the alerts of a server arrive: a sentence for each of its channels that refuses them."""
    recipients = _recipients(guild_id, tools.server_settings.of(guild_id), tools)
    return [refusal.told(each) for each in tools.shards.refusals(guild_id) if each.recipient in recipients]


def _send(channel_id: str, reply: Reply, nonce: str, answers: str, tools: Tools) -> str:
    """Send a message, as an answer if the bot may read the channel's history. Return its id."""
    try:
        sent = tools.discord.send(channel_id, reply, nonce=nonce, answers=answers)
    except DiscordError as error:
        if not answers or error.code != MAY_NOT_ANSWER:
            raise
        sent = tools.discord.send(channel_id, reply, nonce=nonce)
    return str(sent.get("id", ""))


def _earlier(channel_id: str, delivery: str, tools: Tools) -> str:
    """The id of the message that an earlier try sent, "" if there is none among the recent ones."""
    found = (each for each in tools.discord.recent_messages(channel_id) if alert.shows(each, delivery))
    return next((str(each["id"]) for each in found), "")


def _edit(channel_id: str, message_id: str, reply: Reply, tools: Tools) -> None:
    try:
        tools.discord.edit(channel_id, message_id, reply)
    except DiscordError as error:
        if not error.permanent:
            raise
        if error.code != UNKNOWN_MESSAGE:  # somebody has deleted it: the answer tells enough
            log.warning("could not edit an alert: %s", error)


def announce_test(message: dict, tools: Tools) -> None:
    """Tell a server of a made-up outage of one of its monitors, along the way of a real one."""
    guild_id, shard, id = str(message["guild"]), str(message["shard"]), str(message["monitor"])
    monitor = tools.monitors.get(guild_id, shard, id)
    if monitor is not None:
        flip = Flip(id, int(message["at"]), int(message["at"]), "up", "down", "opened")
        _tell(guild_id, monitor, f"test#{message['id']}", flip, tools, test=True)


def announce_maintenance(message: dict, tools: Tools) -> None:
    """Give notice of an occurrence of maintenance, unless the plan was cancelled or the occurrence is over.

    Then the next notice of the plan takes the place of this one.
    """
    guild_id, id = str(message["guild"]), str(message["plan"])
    notice = Notice(int(message["at"]), id, int(message["start"]))
    plan = next((each for each in tools.shards.plans(guild_id) if each.id == id), None)
    if plan is None:
        log.info("not told: the maintenance was cancelled", extra={"guild_id": guild_id, "plan": id})
        tools.shards.noticed(guild_id, notice, None)
        return
    if plan.end(notice.start) > tools.now():
        chosen = tools.server_settings.of(guild_id)
        names = {entry.id: entry.name for entry in tools.monitors.roster(guild_id).entries}
        name = f"maintenance#{id}#{notice.start}"
        for recipient in _recipients(guild_id, chosen, tools):
            with speaking(chosen[server.language]):
                reply = alert.planned(plan, notice.start, names, alert.reference(name, recipient))
            _deliver(guild_id, name, recipient, reply, tools)
    tools.shards.noticed(guild_id, notice, plan.notice(tools.now(), told=notice.start))
