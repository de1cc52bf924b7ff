"""Takes the check queue: the runs of shards, and events of AWS that monitors follow.

A run checks the monitors that are due, judges the results, and records what has changed.

One conditional write stores the judgement of the whole run. So a run that comes twice, or two runs at once, are judged
once. A target that is sick is a result and not an error.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..adapters.batch import Delivery, NotOurs
from ..adapters.shards import keyed
from ..errors import UserError
from ..kit import catalogue
from ..kit.check import Check
from ..outbox import editions
from ..status import aws_events, judgement, plans, recheck, shard
from ..status.facts import Facts
from ..status.flip import Flip
from ..status.judgement import Judgement
from ..status.maintenance import Window, in_maintenance
from ..status.monitor import Monitor
from ..status.packing import pack_period, unpack_period
from ..status.reason import Reason
from ..status.tally import HOUR, Period, day_of, day_that_ended, record, repairs
from ..tools.toolbox import Tools

log = logging.getLogger(__name__)


def take(delivery: Delivery, tools: Tools) -> None:
    """Run a shard, or keep an event of AWS. If this raises an exception, the message goes back to the queue."""
    if "detail-type" not in delivery.message:
        run(delivery, tools)
        return
    try:
        event = aws_events.read(delivery.message)
    except ValueError as error:
        raise NotOurs(f"not an event of AWS: {error}") from None
    if event is not None:
        tools.shards.heard(event)


def run(delivery: Delivery, tools: Tools) -> None:
    """Run the shard that the message names. If this raises an exception, the message goes back to the queue.

    A run that starts after the shard's next slot has begun is dropped: that slot's run replaces it.
    """
    message = delivery.message
    guild_id, name, slot, every = (message.get(part) for part in ("guild", "shard", "slot", "every"))
    if message.get("kind") != "shard" or not isinstance(guild_id, str) or not isinstance(name, str):
        raise NotOurs("not a Watchbell message: it names no shard")
    if not isinstance(slot, int) or not isinstance(every, int):
        raise NotOurs("not a Watchbell message: it has no slot")
    details = {"guild_id": guild_id, "shard": name, "slot": slot}
    if tools.now() >= slot + every * 60:
        log.info("dropped: the next slot has begun", extra=details)
        return
    # Read the state before the monitors: whoever changes a monitor restarts its state afterwards, which drops this run.
    before = tools.shards.read(guild_id, name)
    if before.slot >= slot:
        log.info("dropped: a run of this slot has been judged", extra=details)
        return
    monitors = tools.monitors.of_shard(guild_id, name)
    if all(monitor.paused for monitor in monitors):
        log.info("dropped: no monitor of the shard is to be checked", extra=details)
        return
    kinds = {monitor.id: catalogue.check(monitor.kind) for monitor in monitors}
    rows = {monitor.id: kind.row(monitor) for monitor in monitors if (kind := kinds[monitor.id]) and kind.row}
    known = judgement.unpack(before.states)
    due = shard.due(f"{guild_id}#{name}", monitors, before.slot or None, slot, {*kinds} - {*known})
    asked = [monitor for monitor in monitors if monitor.id in due]
    fed = tools.shards.fed({monitor.id: rows[monitor.id] for monitor in asked if monitor.id in rows})
    again = recheck.candidates(asked, known)
    left = recheck.left(slot, every, tools.now(), delivery.seconds_left())
    found = {id: [facts] for id, facts in tools.check(guild_id, asked, again=again, left=left).items()}
    for monitor in asked:
        kind = kinds[monitor.id]
        if kind and kind.row:
            since = known[monitor.id].since if monitor.id in known else 0
            found[monitor.id] = _fed(kind, monitor, fed.get(monitor.id, {}), since, slot)
    windows = plans.windows(before.windows)
    quiet = {monitor.id: _is_quiet(windows, monitor, slot) for monitor in asked}
    states, flips = judged(known, monitors, found, quiet, slot)
    results = {id: (facts[-1], quiet[id]) for id, facts in found.items()}
    down_since = {id: each.since for id, each in known.items() if each.state == "down"}
    hour, ended = record(
        unpack_period(before.hour) if before.hour else None,
        slot,
        results,
        [*kinds],
        {id: due[id] for id in found},
        repairs(flips, down_since),
    )
    day = _day(guild_id, name, ended, [*kinds], slot, tools) if ended else None
    after = replace(before, slot=slot, states=judgement.pack(states), hour=pack_period(hour))
    if not tools.shards.store(guild_id, name, before, after, flips=flips, hour=ended, day=day):
        log.info("dropped: another run of the shard came first", extra=details)
        return
    for key, news in keyed(name, slot, flips).items():
        log.info("flip", extra={**details, "flip": key, "states": "-".join(flip.new for flip in news)})
    if any(flip.news for flip in flips):
        tools.send_queue.send(editions.news_message(guild_id))
    tools.shards.keep_run(guild_id, name, slot, results)


def _fed(kind: Check, monitor: Monitor, row: dict, since: int, slot: int) -> list[Facts]:
    """What the row of a monitor says that is not asked. Nothing that its kind does stops the other monitors."""
    try:
        return kind.read(monitor, row, since, slot)
    except Exception:
        log.exception("the check %s has a bug", kind.name)
        return [Facts("unknown", Reason("not_measured"))]


def _is_quiet(windows: list[Window], monitor: Monitor, slot: int) -> bool:
    try:
        return in_maintenance(windows, monitor, slot)
    except UserError as error:  # the zone of a window no longer exists
        log.warning("a maintenance window is left out: %s", error)
        return False


def judged(
    known: Mapping[str, Judgement],
    monitors: Iterable[Monitor],
    found: Mapping[str, list[Facts]],
    quiet: Mapping[str, bool],
    slot: int,
) -> tuple[list[Judgement], list[Flip]]:
    """Return the judgements of the shard after these results, and the flips that they cause.

    A monitor that was removed is forgotten. One that is paused is new again.
    """
    after: list[Judgement] = []
    flips: list[Flip] = []
    for monitor in monitors:
        state = known.get(monitor.id) or Judgement(monitor.id, since=slot)
        if monitor.paused and state.state != "new":
            state, news = judgement.restart(state, at=slot)
            flips += news
        for facts in found.get(monitor.id, ()):
            state, news = judgement.judge(state, facts, monitor.policy, at=slot, in_maintenance=quiet[monitor.id])
            flips += news
        if monitor.id in found:
            hours, in_window = monitor.remind, quiet[monitor.id]
            state, news = judgement.remind(state, hours * 3600, at=slot, in_maintenance=in_window)
            flips += news
        after.append(state)
    return after, flips


def _day(guild_id: str, name: str, ended: Period, members: list[str], slot: int, tools: Tools) -> Period | None:
    """The figures of the day that has ended with the hour `ended`, None if the day goes on."""
    day = day_that_ended(ended, slot)
    if day is None:
        return None
    earlier = tools.shards.hours(guild_id, name, day, ended.start - HOUR) if ended.start > day else []
    return day_of([*earlier, ended], members)
