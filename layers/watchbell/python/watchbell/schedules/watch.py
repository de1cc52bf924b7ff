"""The tick: each minute, the shards of monitors that are due go to the check queue."""

from datetime import datetime

from watchbell import Schedule
from watchbell.outbox import alerts
from watchbell.status import shard
from watchbell.status.monitor import EVERY
from watchbell.tools.toolbox import Tools

schedule = Schedule("watch", "Has the monitors checked that are due", every=1, switch="monitors")


@schedule.run
def watch(slot: datetime, tools: Tools) -> None:
    """Queue each shard that is due at `slot`, or was due in a minute that the tick missed. Each is queued once.

    A second run for the same slot queues the shards again. A shard is judged once for each slot anyway.
    """
    minute = int(slot.timestamp()) // 60
    due: dict[tuple[str, str], dict] = {}
    for missed in shard.minutes_to_run(tools.shards.last_tick(), minute):
        for every in EVERY:
            for server, name in tools.shards.due(every, missed % every):
                message = {"kind": "shard", "guild": server, "shard": name, "slot": missed * 60, "every": every}
                due[server, name] = message  # a later minute takes the place of an earlier one
    tools.check_queue.send_many(list(due.values()))
    tools.shards.ticked(minute)
    tools.send_queue.send_many(
        [
            alerts.message(server, flip)
            for server, flip, at in tools.shards.untold()
            if shard.is_swept(int(slot.timestamp()) - at)
        ]
    )
