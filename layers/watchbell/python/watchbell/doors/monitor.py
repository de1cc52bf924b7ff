"""Runs a shard: checks the monitors that are due, judges the results, and records what has changed.

One conditional write stores the judgement of the whole run. So a run that comes twice, or two runs at once, are judged
once. A target that is sick is a result and not an error.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from ..adapters.batch import Delivery, NotOurs
from ..adapters.monitors import due_key
from ..adapters.shards import Stored, keyed
from ..outbox import alerts
from ..status import judgement, shard
from ..status.flip import Flip
from ..status.judgement import Judgement
from ..status.maintenance import in_maintenance
from ..status.monitor import Monitor
from ..status.packing import pack_period, unpack_period
from ..status.tally import HOUR, Period, Results, day_of, day_that_ended, record
from ..tools.toolbox import Tools

log = logging.getLogger(__name__)


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
    monitors = tools.monitors.of_shard(guild_id, name)
    if not any(not monitor.paused for monitor in monitors):
        tools.shards.no_longer_due(due_key(guild_id, name, every))
        return
    before = tools.shards.read(guild_id, name)
    if before.slot >= slot:
        log.info("dropped: a run of this slot has been judged", extra=details)
        return
    due = shard.due(monitors, slot)
    found = tools.checker.check(due)
    results = {monitor.id: (found[monitor.id], in_maintenance(before.windows, monitor, slot)) for monitor in due}
    after, flips = judged(before, monitors, results, slot)
    hour, ended = counted(before, monitors, results, slot)
    day = _day(guild_id, name, ended, monitors, slot, tools) if ended else None
    after = replace(after, hour=pack_period(hour))
    if not tools.shards.store(guild_id, name, before, after, flips=flips, hour=ended, day=day):
        log.info("dropped: another run of the shard came first", extra=details)
        return
    for key, flip in keyed(name, flips):
        log.info("flip", extra={**details, "monitor": flip.monitor, "old": flip.old, "new": flip.new})
        if flip.news:
            tools.send_queue.send(alerts.message(guild_id, key))
    tools.shards.keep_run(guild_id, name, slot, results)


def judged(before: Stored, monitors: list[Monitor], results: Results, slot: int) -> tuple[Stored, list[Flip]]:
    """Return what the shard is after these results, without its hour, and the flips that they cause.

    A monitor that was removed is forgotten. One that is paused is new again.
    """
    known = judgement.unpack(before.states)
    after: list[Judgement] = []
    flips: list[Flip] = []
    for monitor in monitors:
        state, news = known.get(monitor.id) or Judgement(monitor.id, since=slot), ()
        if monitor.paused:
            if state.state != "new":
                state, news = judgement.restart(state, at=slot)
        elif monitor.id in results:
            facts, quiet = results[monitor.id]
            state, news = judgement.judge(state, facts, monitor.policy, at=slot, in_maintenance=quiet)
        after.append(state)
        flips += news
    return replace(before, slot=slot, states=judgement.pack(after)), flips


def counted(before: Stored, monitors: list[Monitor], results: Results, slot: int) -> tuple[Period, Period | None]:
    """Return the hour of the shard with these results, and the hour that has ended, if one has."""
    hour = unpack_period(before.hour) if before.hour else None
    missed = shard.missed(monitors, before.slot, slot)
    return record(hour, slot, results, [monitor.id for monitor in monitors], missed)


def _day(guild_id: str, name: str, ended: Period, monitors: list[Monitor], slot: int, tools: Tools) -> Period | None:
    """The figures of the day that has ended with the hour `ended`, None if the day goes on."""
    day = day_that_ended(ended, slot)
    if day is None:
        return None
    earlier = tools.shards.hours(guild_id, name, day, ended.start - HOUR) if ended.start > day else []
    return day_of([*earlier, ended], [monitor.id for monitor in monitors])
