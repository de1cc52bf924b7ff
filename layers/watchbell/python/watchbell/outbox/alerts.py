"""Tells a server what is down, what changes in it, and what is up again. Gives notice of maintenance, too.

    flips with news -> an edition -> the mailbox of each recipient -> messages in Discord

`gather` makes an edition of the flips that wait, by one transaction. `tell` adds it to the mailbox of each recipient.
A mailbox says what has been told and what is to be sent. A sender takes it for a lease, sends, and writes down the ids
of the messages. Discord returns the earlier message if the same nonce comes again within a few minutes. After that, the
recent messages of the channel are searched for the delivery's reference. So news is told once, even if a sender dies.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from ..adapters.server_settings import Chosen
from ..data.tables import TOLD
from ..discord.reply import Reply
from ..errors import Changed, DiscordError, Paced, Retry
from ..i18n import speaking
from ..kit import server
from ..kit.data import Data, new_version
from ..status import judgement, refusal
from ..status.flip import Flip
from ..status.plans import Notice
from ..status.refusal import Refusal
from ..status.roster import OPERATOR, Entry, Roster
from ..subscriptions import message
from ..subscriptions.edition import Edition, Later, id_of, sort
from ..subscriptions.mailbox import Alert, Mailbox
from ..subscriptions.subscription import Heard, Subscription, hear
from ..tools.toolbox import Tools
from .kinds import MAILBOX, ON_IT, STEP, SUBSCRIPTION

log = logging.getLogger(__name__)

UNKNOWN_MESSAGE, MAY_NOT_ANSWER = 10008, 160002

LEASE_SECONDS, BUSY_SECONDS = 40.0, 12.0
"""A mailbox is taken for longer than the function can run. The longest wait before it is asked for again."""

MOST_FLIPS = 90
"""How many rows of flips an edition has at most. A transaction has at most 100 writes."""

OWNER = "owner"
"""The recipient of what the owner of a server hears by direct message."""

AT_ONCE = 25
"""How many recipients one message of the queue tells. If there are more, they share further messages."""

Hearing = dict[str, dict[str, dict[str, Heard]]]
"""How recipients hear of monitors: by recipient, by edition, by monitor."""


def news_message(guild_id: str) -> dict:
    """The message for the send queue that tells what waits to be told in a server."""
    return {"kind": "news", "guild": guild_id}


def edition_message(guild_id: str, edition: str, to: Iterable[str] = ()) -> dict:
    """The message for the send queue that tells an edition: to everybody, or to these recipients."""
    return {"kind": "edition", "guild": guild_id, "edition": edition, **({"to": [*to]} if to else {})}


def notice_message(guild_id: str, notice: Notice) -> dict:
    """The message for the send queue that gives notice of maintenance."""
    return {"kind": "maintenance", "guild": guild_id, **notice._asdict()}


def waiting_messages(waiting: Iterable[tuple[str, str, int]], now: int) -> list[dict]:
    """The messages for what has waited for too long: triples of a server, a sort key, and when it was stored."""
    late = [(guild_id, key) for guild_id, key, at in waiting if is_late(now - at)]
    editions = [(guild_id, key.partition("#")[2]) for guild_id, key in late if key.startswith("edition#")]
    servers = dict.fromkeys(guild_id for guild_id, key in late if key.startswith("flip#"))
    return [*map(news_message, servers), *(edition_message(guild_id, id) for guild_id, id in editions)]


def is_late(seconds: int) -> bool:
    """Whether the tick brings again what has waited for so long: after 1, 2, 4, 8 minutes, then every 15.

    The same holds for a notice of maintenance. All is told within seconds, unless its sender died, Discord is unwell,
    or a flip is held back.
    """
    minutes = seconds // 60
    return minutes in (1, 2, 4, 8) or (minutes > 0 and minutes % 15 == 0)


# From flips to editions.


def announce(guild_id: str, tools: Tools) -> None:
    """Tell what waits in a server. Raises what Discord or AWS raise; then the message comes again.

    A flip whose parent is down is held back: the tick brings it again. If the monitor has recovered by then, the held
    flip is dropped.
    """
    last, more = "", True
    while more:
        edition, more = gather(guild_id, tools)
        last = edition.id if edition else last
    if last:
        tell(guild_id, last, tools)


def gather(guild_id: str, tools: Tools) -> tuple[Edition | None, bool]:
    """Make an edition of the flips that wait and are to be told now. Return it, and whether there are more of them.

    If another sender makes an edition of the same flips, this one makes none.
    """
    waiting, held = tools.shards.waiting(guild_id)
    if not waiting:
        return None, False
    roster = tools.monitors.roster(guild_id)
    entries = {entry.id: entry for entry in roster.entries}
    cared_for = {item["monitor"] for item in tools.data(ON_IT, guild_id).page(first=1000)[0]}
    found = sort(
        waiting,
        was_held=held,
        parent_is_down=_children_of_what_is_down(guild_id, roster, waiting, tools),
        known=entries,
        on_it=cared_for,
    )
    for key in found.dropped:
        log.info("not told: it is needless, or the monitor has been removed", extra=_of(guild_id, key))
        tools.shards.told(guild_id, key)
    for key in found.held:
        if key not in held:
            log.info("held back: its parent is down", extra=_of(guild_id, key))
            tools.shards.hold(guild_id, key)
    keys = found.told[:MOST_FLIPS]
    if not keys:
        return None, False
    news = [(entries[flip.monitor], flip) for key in keys for flip in waiting[key] if flip.news]
    for monitor in cared_for & {entry.id for entry, flip in news if flip.news == "opened" or flip.new == "up"}:
        tools.data(ON_IT, guild_id).delete(monitor)
    slots = [int(key.split("#")[2]) for key in keys]
    edition = Edition(id_of(max(slots), keys), int(tools.now()), tuple(news))
    begins = any(flip.new == "down" and flip.news in ("opened", "changed") for _entry, flip in news)
    later = next_step(edition.id, edition.at, 0, steps(guild_id, tools)) if begins else None
    published = tools.shards.publish(guild_id, edition, keys, later=later)
    return edition if published else None, len(found.told) > len(keys)


def _of(guild_id: str, key: str) -> dict[str, str]:
    return {"guild_id": guild_id, "flip": key}


def _children_of_what_is_down(
    guild_id: str, roster: Roster, waiting: Mapping[str, tuple[Flip, ...]], tools: Tools
) -> set[str]:
    """The ids of the monitors with waiting flips whose parent is down."""
    entries = {entry.id: entry for entry in roster.entries}
    parents: dict[str, str] = {}
    asked = {key.split("#")[3] for key in waiting} & set(entries)
    for shard in sorted({entries[id].shard for id in asked}):
        for monitor in tools.monitors.of_shard(guild_id, shard):
            if monitor.id in asked and monitor.parent in entries and not entries[monitor.parent].paused:
                parents[monitor.id] = monitor.parent
    shards = {entries[parent].shard for parent in parents.values()}
    stored = tools.shards.states(guild_id, sorted(shards)) if shards else {}
    judged = {id: each for found in stored.values() for id, each in judgement.unpack(found.states).items()}
    return {child for child, parent in parents.items() if parent in judged and judged[parent].state == "down"}


# Escalations.


def steps(guild_id: str, tools: Tools) -> list[dict]:
    """The steps of a server's escalation, in their order."""
    return sorted(everything(STEP, guild_id, tools), key=lambda step: (step["minutes"], step["step"]))


def step_message(guild_id: str, step: Later) -> dict:
    """The message for the send queue that tells a step of an escalation."""
    return {"kind": "step", "guild": guild_id, **step._asdict()}


def next_step(edition: str, begun: int, number: int, found: list[dict]) -> Later | None:
    """The step of an edition's escalation after the step `number`. The outages were told at `begun`."""
    return Later(begun + 60 * found[number]["minutes"], edition, number + 1) if number < len(found) else None


def escalate(asked: dict, tools: Tools) -> None:
    """Tell the next recipient of what is still down, if nobody is on it. Then the next step takes the place of this."""
    guild_id = str(asked["guild"])
    step = Later(int(asked["at"]), str(asked["edition"]), int(asked["number"]))
    edition, found = tools.shards.edition(guild_id, step.edition), steps(guild_id, tools)
    news = _still_down(guild_id, edition, tools) if edition else []
    if not edition or not news or step.number > len(found):
        tools.shards.done_with(guild_id, step)
        return
    told = Edition(f"{step.at:010}-step{step.number}-{step.edition[-12:]}", int(tools.now()), tuple(news))
    told = replace(told, also=(found[step.number - 1]["to"],))
    later = next_step(step.edition, edition.at, step.number, found)
    tools.shards.publish(guild_id, told, later=later, instead_of=step)
    tell(guild_id, told.id, tools)


def _still_down(guild_id: str, edition: Edition, tools: Tools) -> list[tuple[Entry, Flip]]:
    """The outages of an edition that go on and that nobody is on."""
    shards = sorted({entry.shard for entry, _flip in edition.news})
    stored = tools.shards.states(guild_id, shards)
    judged = {id: each for one in stored.values() for id, each in judgement.unpack(one.states).items()}
    cared_for = {item["monitor"] for item in everything(ON_IT, guild_id, tools)}
    now = int(tools.now())
    return [
        (entry, replace(flip, at=now, news="escalated"))
        for entry, flip in edition.news
        if flip.new == "down"
        and entry.id not in cared_for
        and entry.id in judged
        and judged[entry.id].state == "down"
        and judged[entry.id].since == flip.since
    ]


# From editions to mailboxes.


def tell(guild_id: str, last: str, tools: Tools, only: Iterable[str] = ()) -> None:
    """Tell the editions of a server up to the one with the id `last`: to everybody, or to the recipients in `only`.

    Each recipient hears of them in their order. Raises what went wrong for one of the recipients, after all others have
    been told.
    """
    editions = tools.shards.editions(guild_id, last)
    if not editions:
        return
    chosen = tools.server_settings.of(guild_id)
    hearing = _hearing(guild_id, editions, chosen, tools)
    items = {item["recipient"]: item for item in everything(MAILBOX, guild_id, tools)}
    boxes = {to: Mailbox.parse(item) for to, item in items.items()}
    for to, box in boxes.items():
        # A sender that died may have added the edition already, and sent nothing.
        if box.due or any(box.outage(id) for edition in editions for id in _monitors(edition)):
            hearing.setdefault(to, {})
    behind = [to for to in hearing if _is_behind(boxes.get(to), editions)]
    only = set(only)
    if not only and len(behind) > AT_ONCE:  # the tick looks later whether all have been told
        parts = [behind[start : start + AT_ONCE] for start in range(0, len(behind), AT_ONCE)]
        tools.send_queue.send_many([edition_message(guild_id, last, part) for part in parts])
        return
    failed: Exception | None = None
    for to in behind:
        if only and to not in only:
            continue
        try:
            deliver(guild_id, to, items.get(to), editions, hearing[to], chosen, tools)
        except (DiscordError, Retry) as error:
            log.warning("not told yet: %s", error, extra={"guild_id": guild_id, "recipient": to})
            failed = error
    if failed is not None:
        raise failed
    if not only:
        for edition in editions:
            tools.shards.told(guild_id, f"edition#{edition.id}")


def _is_behind(box: Mailbox | None, editions: list[Edition]) -> bool:
    return box is None or bool(box.due) or any(edition.id not in box.read for edition in editions)


def _monitors(edition: Edition) -> list[str]:
    return [*(entry.id for entry, _flip in edition.news), *edition.on_it, *edition.gone]


def subscriptions(guild_id: str, tools: Tools) -> list[Subscription]:
    """What channels, roles and people of a server hear of."""
    return [subscription(item) for item in everything(SUBSCRIPTION, guild_id, tools)]


def everything(kind: Data, guild_id: str, tools: Tools) -> list[dict]:
    """All items of that kind that belong to a server."""
    items: list[dict] = []
    after = ""
    while True:
        found, after = tools.data(kind, guild_id).page(first=1000, after=after)
        items += found
        if not after:
            return items


def _hearing(guild_id: str, editions: list[Edition], chosen: Chosen, tools: Tools) -> Hearing:
    """Who hears of the news in the editions, and how."""
    found: Hearing = {}
    channels = [f"channel:{id}" for id in tools.operator_alerts()] if guild_id == OPERATOR else []
    subscribed = subscriptions(guild_id, tools)
    for edition in editions:
        for entry, flip in edition.news:
            heard = {channel: Heard() for channel in channels}
            if edition.also:
                heard = dict(_place(to, chosen) for to in edition.also)
            else:
                heard |= hear(
                    entry,
                    flip,
                    subscribed,
                    status_channel="" if guild_id == OPERATOR else chosen[server.status_channel],
                    allowed=chosen[server.mention_roles],
                    at=edition.at,
                )
            for to, how in heard.items():
                found.setdefault(to, {}).setdefault(edition.id, {})[entry.id] = how
    return found


def _place(to: str, chosen: Chosen) -> tuple[str, Heard]:
    """Who hears of a step of an escalation: a role is mentioned in the status channel."""
    kind, _colon, id = to.partition(":")
    if kind != "role":
        return to, Heard()
    allowed = chosen[server.mention_roles]
    return f"channel:{chosen[server.status_channel]}", Heard((id,) if id in allowed else ())


_FIELDS = {each.name for each in fields(Subscription)}


def subscription(item: Mapping[str, Any]) -> Subscription:
    """The subscription in an item of SUBSCRIPTION. A field that was never stored has its default."""
    stored = {name: value for name, value in item.items() if name in _FIELDS and value is not None}
    return Subscription(**stored)


# From a mailbox to Discord.


def deliver(
    guild_id: str,
    to: str,
    stored: dict | None,
    editions: Iterable[Edition],
    heard: Mapping[str, Mapping[str, Heard]],
    chosen: Chosen,
    tools: Tools,
) -> None:
    """Tell one recipient. `stored` is the item of their mailbox. Raises Retry while another sender tells them."""
    records = tools.data(MAILBOX, guild_id)
    item = dict(stored or {"recipient": to, "version": ""})
    item["person"] = to.partition(":")[2] if to.startswith("user:") else ""
    box = Mailbox.parse(item)
    before = len(box.read)
    for edition in editions:
        box.fold(edition, heard.get(edition.id, {}))
    if not box.due:
        if len(box.read) > before:
            box.clean()
            records.put(item | box.value())
        return
    now = tools.now()
    if box.owner and box.until > now:
        raise Retry("somebody tells this recipient", wait=min(max(1.0, box.until - now), BUSY_SECONDS))
    box.owner, box.until, box.tries = new_version(), now + LEASE_SECONDS, box.tries + 1
    item = records.put(item | box.value())
    try:
        for alert in box.due:
            _send_alert(guild_id, to, alert, box, chosen, tools)
        if to.startswith("channel:"):
            tools.shards.accepted(guild_id, to, int(now))
    except (DiscordError, Paced) as error:
        box.owner, box.until = "", 0.0
        if isinstance(error, Paced):
            box.tries -= 1  # all calls so far have been answered
        if isinstance(error, Paced) or not error.permanent:
            records.put(item | box.value())
            raise
        _refused(guild_id, to, error, int(now), chosen, tools)
        box.alerts = [alert for alert in box.alerts if alert.message and not alert.is_due]
    box.owner, box.until, box.tries = "", 0.0, 0
    box.clean()
    try:
        records.put(item | box.value())
    except Changed:
        # The lease has ended, and another sender has told more. Its edits may have been undone by ours.
        _make_stale(guild_id, to, tools)
        raise


def _make_stale(guild_id: str, to: str, tools: Tools) -> None:
    records = tools.data(MAILBOX, guild_id)
    item = records.get(to)
    if item:
        box = Mailbox.parse(item)
        for alert in box.alerts:
            alert.stale = bool(alert.message)
        records.put(item | box.value())


def _send_alert(guild_id: str, to: str, alert: Alert, box: Mailbox, chosen: Chosen, tools: Tools) -> None:
    """Send or edit the message of an alert, then send its answers."""
    if to.startswith("user:") and not box.channel:
        box.channel = tools.discord.open_dm(to.partition(":")[2])
    channel = box.channel or to.partition(":")[2]
    again, details = box.tries > 1, {"guild_id": guild_id, "recipient": to}
    delivery = message.reference(alert.id, to)
    if not alert.message or alert.stale:
        with speaking(chosen[server.language]):
            reply = message.alert(alert, delivery, _people(guild_id, alert, tools), guild_id if box.channel else "")
        if alert.message:
            _edit(channel, alert.message, reply, tools)
        else:
            alert.message = _send(channel, reply, f"alert {guild_id} {alert.id}", delivery, tools, again=again)
            log.info("told", extra={**details, "discord_message_id": alert.message})
        alert.stale = False
    for answer in list(alert.answers):
        delivery = message.reference(f"{alert.id} {answer.edition}", to)
        with speaking(chosen[server.language]):
            reply = message.answer(alert, answer, delivery)
        nonce = f"alert {guild_id} {alert.id} {answer.edition}"
        sent = _send(channel, reply, nonce, delivery, tools, again=again, answers=alert.message)
        log.info("told", extra={**details, "discord_message_id": sent})
        alert.answers.remove(answer)


def _people(guild_id: str, alert: Alert, tools: Tools) -> dict[str, str]:
    """Who takes care of the monitors of an alert."""
    cared_for = [each.entry.id for each in alert.outages if each.on_it and not each.ended]
    if not cared_for:
        return {}
    items, _more = tools.data(ON_IT, guild_id).page(first=1000)
    return {item["monitor"]: item["person"] for item in items if item["person"]}


def _send(
    channel_id: str, reply: Reply, nonce: str, delivery: str, tools: Tools, *, again: bool = False, answers: str = ""
) -> str:
    """Send a message, as an answer if the bot may read the channel's history. Return its id.

    If this is not the first try, look for the message first: it shows its `delivery`.
    """
    if again:
        found = (each for each in tools.discord.recent_messages(channel_id) if message.shows(each, delivery))
        if earlier := next((str(each["id"]) for each in found), ""):
            return earlier
    try:
        sent = tools.discord.send(channel_id, reply, nonce=nonce, answers=answers)
    except DiscordError as error:
        if not answers or error.code != MAY_NOT_ANSWER:
            raise
        sent = tools.discord.send(channel_id, reply, nonce=nonce)
    return str(sent.get("id", ""))


def _edit(channel_id: str, message_id: str, reply: Reply, tools: Tools) -> None:
    try:
        tools.discord.edit(channel_id, message_id, reply)
    except DiscordError as error:
        if not error.permanent:
            raise
        if error.code != UNKNOWN_MESSAGE:  # somebody has deleted it: the answer tells enough
            log.warning("could not edit an alert: %s", error)


# What Discord refuses.


def _refused(guild_id: str, to: str, error: DiscordError, at: int, chosen: Chosen, tools: Tools) -> None:
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
    if guild_id == OPERATOR or to not in _channels(guild_id, chosen, tools):
        return
    lacks = _lacks(to.partition(":")[2], tools) if error.code in refusal.OF_PERMISSIONS else ()
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
            with speaking(chosen[server.language]):
                reply = refusal.to_owner(kept, str(found.get("name", "")), delivery)
            nonce = f"alert {guild_id} {name}"
            sent = _send(channel_id, reply, nonce, delivery, tools, again=claim.attempt > 1)
        except DiscordError as refused:
            if not refused.permanent:
                raise
            # The owner takes no direct messages, or the bot is no longer in the server.
            log.info("the owner was not told: %s", refused, extra={"guild_id": guild_id})
            sent = f"refused:{refused.status}:{refused.code}"
        claim.done(sent)


def _channels(guild_id: str, chosen: Chosen, tools: Tools) -> list[str]:
    """The channels that hear of the monitors of a server, as recipients."""
    subscribed = [each.to for each in subscriptions(guild_id, tools) if each.to.startswith("channel:")]
    status = chosen[server.status_channel]
    return [*([f"channel:{status}"] if status else []), *subscribed]


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
    channels = _channels(guild_id, tools.server_settings.of(guild_id), tools)
    return [refusal.told(each) for each in tools.shards.refusals(guild_id) if each.recipient in channels]


# What others tell.


def test_edition(id: str, entry: Entry, at: int) -> Edition:
    """The edition of a made-up outage of a monitor. Each `id` is told once."""
    flip = Flip(entry.id, at, at, "up", "down", "opened")
    return Edition(f"{at:010}-test-{id}", at, ((entry, flip),), test=True)


def on_it_edition(id: str, monitors: Iterable[str], at: int) -> Edition:
    """The edition that says that somebody takes care of these monitors now."""
    return Edition(f"{at:010}-on-it-{id}", at, on_it=tuple(monitors))


def forget(guild_id: str, monitor: str, tools: Tools) -> None:
    """Say in the alerts about a monitor that it is no longer watched."""
    at = int(tools.now())
    edition = Edition(f"{at:010}-gone-{monitor}", at, gone=(monitor,))
    tools.shards.publish(guild_id, edition)
    tools.send_queue.send(edition_message(guild_id, edition.id))


def announce_maintenance(notified: dict, tools: Tools) -> None:
    """Give notice of an occurrence of maintenance, unless the plan was cancelled or the occurrence is over.

    Then the next notice of the plan takes the place of this one.
    """
    guild_id, id = str(notified["guild"]), str(notified["plan"])
    notice = Notice(int(notified["at"]), id, int(notified["start"]))
    plan = next((each for each in tools.shards.plans(guild_id) if each.id == id), None)
    if plan is None:
        log.info("not told: the maintenance was cancelled", extra={"guild_id": guild_id, "plan": id})
        tools.shards.noticed(guild_id, notice, None)
        return
    if plan.end(notice.start) > tools.now():
        chosen = tools.server_settings.of(guild_id)
        names = {entry.id: entry.name for entry in tools.monitors.roster(guild_id).entries}
        name = f"maintenance#{id}#{notice.start}"
        channels = tools.operator_alerts() if guild_id == OPERATOR else [chosen[server.status_channel]]
        for channel in filter(None, channels):
            with speaking(chosen[server.language]):
                reply = message.planned(plan, notice.start, names, message.reference(name, f"channel:{channel}"))
            _note(guild_id, name, channel, reply, tools)
    tools.shards.noticed(guild_id, notice, plan.notice(tools.now(), told=notice.start))


def _note(guild_id: str, name: str, channel: str, reply: Reply, tools: Tools) -> None:
    """Send a message to a channel once. Raises Retry while another sender does it."""
    claim = tools.claims.take(TOLD, guild_id, name, channel)
    if claim is None:
        return
    delivery = message.reference(name, f"channel:{channel}")
    with claim:
        try:
            sent = _send(channel, reply, f"alert {guild_id} {name}", delivery, tools, again=claim.attempt > 1)
        except DiscordError as error:
            if not error.permanent:
                raise
            at, chosen = int(tools.now()), tools.server_settings.of(guild_id)
            _refused(guild_id, f"channel:{channel}", error, at, chosen, tools)
            claim.done(f"refused:{error.status}:{error.code}")
            return
        claim.done(sent)
