"""Makes editions of what is to be told in a server: flips with news, steps of an escalation, and what people do.

    flips with news -> an edition -> the mailbox of each recipient -> messages in Discord

One transaction makes an edition of the flips that wait. `mailboxes` tells it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..adapters.shards import EDITION_START, FLIP_START
from ..discord.ids import made_at
from ..kit import server
from ..status import judgement
from ..status.flip import Flip
from ..status.judgement import Judgement
from ..status.later import Later
from ..status.roster import Entry
from ..subscriptions.edition import Edition, id_of, sort
from ..subscriptions.mailbox import Mailbox
from ..subscriptions.subscription import hear
from ..tools.toolbox import Tools
from . import known
from .kinds import MAILBOX, ON_IT
from .mailboxes import edition_message, tell

log = logging.getLogger(__name__)

MOST_FLIPS = 90
"""How many rows of flips an edition has at most. A transaction has at most 100 writes."""


def news_message(guild_id: str) -> dict:
    """The message for the send queue that tells what waits to be told in a server."""
    return {"kind": "news", "guild": guild_id}


def waiting_messages(waiting: Iterable[tuple[str, str, int]], now: int) -> list[dict]:
    """The messages for what has waited for too long: triples of a server, a sort key, and when it was stored."""
    late = [(guild_id, key) for guild_id, key, at in waiting if is_late(now - at)]
    editions = [(guild_id, key.removeprefix(EDITION_START)) for guild_id, key in late if key.startswith(EDITION_START)]
    servers = dict.fromkeys(guild_id for guild_id, key in late if key.startswith(FLIP_START))
    return [*map(news_message, servers), *(edition_message(guild_id, id) for guild_id, id in editions)]


def is_late(seconds: int) -> bool:
    """Whether the tick brings again what has waited for so long: after 1, 2, 4, 8 minutes, then every 15.

    The same holds for a notice of maintenance. All is told within seconds, unless its sender died, Discord is unwell,
    or a flip is held back.
    """
    minutes = seconds // 60
    return minutes in (1, 2, 4, 8) or (minutes > 0 and minutes % 15 == 0)


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
    entries = {entry.id: entry for entry in tools.monitors.roster(guild_id).entries}
    cared_for = set(known.on_it(guild_id, tools))
    found = sort(
        waiting,
        was_held=held,
        parent_is_down=_children_of_what_is_down(guild_id, entries, waiting, tools),
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
    over = {entry.id: flip.at for entry, flip in news if flip.news == "opened" or flip.new == "up"}
    for item in tools.data(ON_IT, guild_id).all() if cared_for & {*over} else ():
        if item["monitor"] in over and not item.get("ended"):  # the alert still says who it was
            tools.data(ON_IT, guild_id).put(item | {"ended": over[item["monitor"]]})
    slots = [int(key.split("#")[2]) for key in keys]
    edition = Edition(id_of(max(slots), keys), int(tools.now()), tuple(news))
    begins = any(flip.new == "down" and flip.news in ("opened", "changed") for _entry, flip in news)
    later = next_step(edition.id, edition.at, 0, known.steps(guild_id, tools)) if begins else None
    published = tools.shards.publish(guild_id, edition, keys, later=later)
    return edition if published else None, len(found.told) > len(keys)


def _of(guild_id: str, key: str) -> dict[str, str]:
    return {"guild_id": guild_id, "flip": key}


def _children_of_what_is_down(
    guild_id: str, entries: Mapping[str, Entry], waiting: Mapping[str, tuple[Flip, ...]], tools: Tools
) -> set[str]:
    """The ids of the monitors with waiting flips whose parent is down."""
    parents: dict[str, str] = {}
    asked = {key.split("#")[3] for key in waiting} & set(entries)
    for shard in sorted({entries[id].shard for id in asked}):
        for monitor in tools.monitors.of_shard(guild_id, shard):
            if monitor.id in asked and monitor.parent in entries and not entries[monitor.parent].paused:
                parents[monitor.id] = monitor.parent
    judged = _judged(guild_id, (entries[parent] for parent in parents.values()), tools)
    return {child for child, parent in parents.items() if parent in judged and judged[parent].state == "down"}


def _judged(guild_id: str, entries: Iterable[Entry], tools: Tools) -> dict[str, Judgement]:
    """How the monitors in the shards of these entries are, by their ids."""
    shards = sorted({entry.shard for entry in entries})
    stored = tools.shards.states(guild_id, shards) if shards else {}
    return {id: each for found in stored.values() for id, each in judgement.unpack(found.states).items()}


# Escalations.


def next_step(edition: str, begun: int, number: int, found: list[dict]) -> Later | None:
    """The step of an edition's escalation after the step `number`. The outages were told at `begun`."""
    if number >= len(found):
        return None
    return Later(begun + 60 * found[number]["minutes"], "step", edition, number + 1)


def escalate(guild_id: str, step: Later, tools: Tools) -> None:
    """Tell the next recipient of what is still down, if nobody is on it. Then the next step takes the place of this."""
    edition, found = tools.shards.edition(guild_id, step.id), known.steps(guild_id, tools)
    news = _still_down(guild_id, edition, tools) if edition else []
    if not edition or not news or step.number > len(found):
        tools.shards.replace(guild_id, step, None)
        return
    id, to = f"{step.at:010}-step{step.number}-{step.id[-12:]}", found[step.number - 1]["to"]
    told = Edition(id, int(tools.now()), tuple(news), also=(to,))
    later = next_step(step.id, edition.at, step.number, found)
    tools.shards.publish(guild_id, told, later=later, instead_of=step)
    tell(guild_id, told.id, tools)


def _still_down(guild_id: str, edition: Edition, tools: Tools) -> list[tuple[Entry, Flip]]:
    """The outages of an edition that go on and that nobody is on."""
    judged = _judged(guild_id, (entry for entry, _flip in edition.news), tools)
    cared_for = known.on_it(guild_id, tools)
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


# What people do.


def put(guild_id: str, edition: Edition, tools: Tools) -> None:
    """Let an edition be told. A second call for the same edition lets nothing be told twice."""
    tools.shards.publish(guild_id, edition)
    tools.send_queue.send(edition_message(guild_id, edition.id))


def test_edition(interaction_id: str, entry: Entry, at: int) -> Edition:
    """The edition of a made-up outage of a monitor, which an interaction asks for."""
    flip = Flip(entry.id, at, at, "up", "down", "opened")
    return Edition(_asked("test", interaction_id), at, ((entry, flip),), test=True)


def on_it_edition(interaction_id: str, monitors: Iterable[str], at: int) -> Edition:
    """The edition that says that somebody takes care of these monitors now, as an interaction says."""
    return Edition(_asked("on-it", interaction_id), at, on_it=tuple(monitors))


def paused_edition(interaction_id: str, monitor: str, paused: bool, at: int) -> Edition:
    """The edition that says in the alerts about a monitor that it is paused, or no longer, as an interaction says."""
    return Edition(_asked("paused" if paused else "resumed", interaction_id), at, paused={monitor: paused})


def catch_up(guild_id: str, channel: str, at: int, tools: Tools) -> str:
    """Make the edition that tells a status channel, chosen at `at`, of what is not up and was told without it.

    Return its id, "" if there is nothing to tell. A second try makes the same edition.
    """
    if tools.server_settings.of(guild_id)[server.status_channel] != channel:
        return ""
    entries = {entry.id: entry for entry in tools.monitors.roster(guild_id).entries if not entry.paused}
    judged = _judged(guild_id, entries.values(), tools)
    item = tools.data(MAILBOX, guild_id).get(f"channel:{channel}")
    box = Mailbox.parse(item) if item else Mailbox()
    waiting, _held = tools.shards.waiting(guild_id)
    known_there = {flip.monitor for flips in waiting.values() for flip in flips}
    known_there |= {id for id in entries if box.outage(id)}
    subscribed = known.subscriptions(guild_id, tools)
    news = []
    for entry in entries.values():
        found = judged.get(entry.id)
        if (
            entry.id in known_there
            or found is None
            or found.state != found.told
            or found.state not in ("degraded", "down")
        ):
            continue
        flip = Flip(entry.id, at, found.since, "up", found.state, "opened", found.reason, found.values)
        heard = hear(entry, flip, subscribed, status_channel=channel, allowed=(), at=at)
        if f"channel:{channel}" in heard:
            news.append((entry, flip))
    if not news:
        return ""
    cared_for = known.on_it(guild_id, tools)
    on_it = tuple(entry.id for entry, _flip in news if entry.id in cared_for)
    edition = Edition(f"{at:010}-chosen-{channel}", at, tuple(news), on_it=on_it, also=(f"channel:{channel}",))
    tools.shards.publish(guild_id, edition)
    return edition.id


def gone_edition(monitor: str, at: int) -> Edition:
    """The edition that says in the alerts about a monitor that it is no longer watched."""
    return Edition(f"{at:010}-gone-{monitor}", at, gone=(monitor,))


def _asked(what: str, interaction_id: str) -> str:
    """The id of the edition that an interaction asks for. It is the same in each try, so it has no time of the try."""
    return f"{int(made_at(interaction_id)):010}-{what}-{interaction_id}"
