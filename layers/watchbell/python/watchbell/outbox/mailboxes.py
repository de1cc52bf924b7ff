"""Tells the editions of a server to each recipient: from an edition to mailboxes, and from a mailbox to Discord.

A mailbox says what has been told and what is to be sent. A sender takes it for a lease, sends, and writes down the ids
of the messages. So news is told once, even if a sender dies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from ..adapters.server_settings import Chosen
from ..adapters.shards import EDITION_START
from ..errors import Changed, DiscordError, Paced, Retry
from ..i18n import speaking
from ..kit import server
from ..kit.data import new_version
from ..status.roster import OPERATOR
from ..subscriptions import message
from ..subscriptions.edition import Edition
from ..subscriptions.mailbox import Alert, Mailbox
from ..subscriptions.subscription import Heard, hear
from ..tools.toolbox import Tools
from . import known, people, posting, webhooks
from .kinds import MAILBOX, ON_IT

log = logging.getLogger(__name__)

LEASE_SECONDS, BUSY_SECONDS = 40.0, 12.0
"""A mailbox is taken for longer than the function can run. The longest wait before it is asked for again."""

MEMBER_SECONDS = 6 * 60 * 60
"""For so long it is taken for granted that somebody is still in the server."""

AT_ONCE = 25
"""How many recipients one message of the queue tells. If there are more, they share further messages."""

Hearing = dict[str, dict[str, dict[str, Heard]]]
"""How recipients hear of monitors: by recipient, by edition, by monitor."""


def edition_message(guild_id: str, edition: str, to: Iterable[str] = ()) -> dict:
    """The message for the send queue that tells an edition: to everybody, or to these recipients."""
    return {"kind": "edition", "guild": guild_id, "edition": edition, **({"to": [*to]} if to else {})}


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
    stored = {item["recipient"]: item for item in tools.data(MAILBOX, guild_id).all()}
    boxes = {to: Mailbox.parse(item) for to, item in stored.items()}
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
    name = cache(partial(people.server_name, guild_id, tools))  # asked for if somebody gets a direct message
    failed: Exception | None = None
    for to in behind:
        if only and to not in only:
            continue
        try:
            item = stored.get(to) or _new_item(to)
            deliver(guild_id, item, boxes.get(to) or Mailbox(), editions, hearing[to], chosen, name, tools)
        except (DiscordError, Retry) as error:
            log.warning("not told yet: %s", error, extra={"guild_id": guild_id, "recipient": to})
            failed = error
    if failed is not None:
        raise failed
    if not only:
        for edition in editions:
            tools.shards.told(guild_id, f"{EDITION_START}{edition.id}")


def _new_item(to: str) -> dict:
    kind, _colon, id = to.partition(":")
    return {"recipient": to, "person": id if kind == "user" else "", "version": ""}


def _is_behind(box: Mailbox | None, editions: list[Edition]) -> bool:
    return box is None or bool(box.due) or any(edition.id not in box.read for edition in editions)


def _monitors(edition: Edition) -> list[str]:
    return [*(entry.id for entry, _flip in edition.news), *edition.on_it, *edition.gone, *edition.paused]


def _hearing(guild_id: str, editions: list[Edition], chosen: Chosen, tools: Tools) -> Hearing:
    """Who hears of the news in the editions, and how."""
    found: Hearing = {}
    named = _named_by_operator(tools) if guild_id == OPERATOR else []
    subscribed = known.subscriptions(guild_id, tools)
    for edition in editions:
        for entry, flip in edition.news:
            heard = {to: Heard() for to in named}
            if edition.also:
                heard = dict(filter(None, (_place(to, chosen) for to in edition.also)))
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


def _named_by_operator(tools: Tools) -> list[str]:
    """Who hears of the operator's monitors: channels, and people by direct messages."""
    channels = [f"channel:{id}" for id in tools.operator_alerts()]
    return channels + [f"user:{id}" for id in tools.notify_users()]


def _place(to: str, chosen: Chosen) -> tuple[str, Heard] | None:
    """Who hears of a step of an escalation: a role is mentioned in the status channel, if there is one."""
    kind, _colon, id = to.partition(":")
    if kind != "role":
        return to, Heard()
    status, allowed = chosen[server.status_channel], chosen[server.mention_roles]
    return (f"channel:{status}", Heard((id,) if id in allowed else ())) if status else None


def deliver(
    guild_id: str,
    item: dict,
    box: Mailbox,
    editions: Iterable[Edition],
    heard: Mapping[str, Mapping[str, Heard]],
    chosen: Chosen,
    name: Callable[[], str],
    tools: Tools,
) -> None:
    """Tell one recipient, whose mailbox `box` is stored in `item`. Raises Retry while another sender tells them.

    `name` returns the name of the server.
    """
    records, to = tools.data(MAILBOX, guild_id), item["recipient"]
    before = len(box.read)
    for edition in editions:
        box.fold(edition, heard.get(edition.id, {}))
    if not box.due:
        if len(box.read) > before:
            box.clean()
            records.put(item | box.value())
        return
    kind, _colon, id = to.partition(":")
    hook = webhooks.find(guild_id, id, tools) if kind == "webhook" else None
    if kind == "webhook" and hook is None:
        log.info("not told: the webhook was removed", extra={"guild_id": guild_id, "recipient": to})
        box.alerts = []
        records.put(item | box.value())
        return
    now = tools.now()
    if box.owner and box.until > now:
        raise Retry("somebody tells this recipient", wait=min(max(1.0, box.until - now), BUSY_SECONDS))
    box.owner, box.until, box.tries = new_version(), now + LEASE_SECONDS, box.tries + 1
    item = records.put(item | box.value())
    try:
        if kind == "user" and box.member_at + MEMBER_SECONDS <= now:
            if people.is_member(guild_id, id, tools):
                box.member_at = now
            else:
                people.forget(guild_id, id, tools)
                box.alerts = []
        for alert in box.due:
            for _message in _send_alert(guild_id, to, alert, box, hook, chosen, name, tools):
                if hook:  # what was sent by a webhook cannot be found again
                    item = records.put(item | box.value())
        if kind != "user":
            tools.shards.accepted(guild_id, to, int(now))
    except (DiscordError, Paced) as error:
        box.owner, box.until = "", 0.0
        if isinstance(error, Paced):
            box.tries -= 1  # all calls so far have been answered
        if isinstance(error, Paced) or not error.permanent:
            records.put(item | box.value())
            raise
        posting.refused(guild_id, to, error, int(now), chosen, tools)
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


def _send_alert(
    guild_id: str,
    to: str,
    alert: Alert,
    box: Mailbox,
    hook: webhooks.Hook | None,
    chosen: Chosen,
    name: Callable[[], str],
    tools: Tools,
) -> Iterator[None]:
    """Send or edit the message of an alert, then send its answers. Yield after each new message."""
    if to.startswith("user:") and not box.channel:
        box.channel = tools.discord.open_dm(to.partition(":")[2])
    channel = box.channel or to.partition(":")[2]
    place = hook or posting.Channel(channel, tools, again=box.tries > 1)
    details = {"guild_id": guild_id, "recipient": to}
    languages = (box.locale, server.spoken(chosen))
    delivery = message.reference(alert.id, to)
    if not alert.message or alert.stale:
        with speaking(*languages):
            reply = message.alert(
                alert, delivery, _people(guild_id, alert, tools), **_elsewhere(guild_id, box, chosen, name)
            )
        if alert.message:
            place.edit(alert.message, reply)
            alert.stale = False
        else:
            alert.message = place.send(reply, f"alert {guild_id} {alert.id}", delivery)
            alert.stale = False
            log.info("told", extra={**details, "discord_message_id": alert.message})
            yield
    for answer in list(alert.answers):
        delivery = message.reference(f"{alert.id} {answer.edition}", to)
        with speaking(*languages):
            reply = message.answer(alert, answer, delivery)
        nonce = f"alert {guild_id} {alert.id} {answer.edition}"
        sent = place.send(reply, nonce, delivery, answers=alert.message)
        alert.answers.remove(answer)
        log.info("told", extra={**details, "discord_message_id": sent})
        yield


def _elsewhere(guild_id: str, box: Mailbox, chosen: Chosen, name: Callable[[], str]) -> dict[str, Any]:
    """What an alert says of the server if it is in none of its channels: in direct messages, or at the operator's."""
    if guild_id == OPERATOR:
        return {"server": OPERATOR, "direct": bool(box.channel)}
    if not box.channel:
        return {}
    url = "/".join(filter(None, ["https://discord.com/channels", guild_id, chosen[server.status_channel]]))
    return {"server": guild_id, "direct": True, "name": name(), "url": url}


def _people(guild_id: str, alert: Alert, tools: Tools) -> dict[str, str]:
    """Who takes care of the monitors of an alert, or did so when they were not up."""
    if not any(each.on_it for each in alert.outages):
        return {}
    began = {each.entry.id: each.opened.since for each in alert.outages if each.on_it}
    ended = {each.entry.id: each.ended.at for each in alert.outages if each.ended}
    return {
        id: item["person"]
        for item in tools.data(ON_IT, guild_id).all()
        for id in [item["monitor"]]
        if item["person"] and id in began and began[id] <= item["at"] <= ended.get(id, item["at"])
    }
