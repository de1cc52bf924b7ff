"""The tick: each minute, the shards of monitors that are due go to the check queue."""

from datetime import datetime

from watchbell import Schedule
from watchbell.outbox import editions
from watchbell.status import shard
from watchbell.tools.toolbox import Tools

schedule = Schedule("watch", "Checks the monitors that are due", every=1, switch="monitors")


@schedule.run
def watch(slot: datetime, tools: Tools) -> None:
    """Queue each shard that is due at `slot`, or was due in a minute that the tick missed. Each is queued once.

    A second run for the same slot queues the shards again. That does no harm: a shard is judged once for each slot.

    What is due goes to the send queue: steps of escalations, notices of maintenance, digests and reminders. News that
    not everybody has been told goes there again.
    """
    now, last = int(slot.timestamp()), tools.shards.last_tick()
    runs = [
        {"kind": "shard", "guild": server, "shard": name, "slot": each.slot, "every": each.minutes}
        for each in shard.due_lists(last, now)
        for server, name in tools.shards.due(each.minutes, each.place)
    ]
    tools.check_queue.send_many(runs)
    tools.send_queue.send_many(
        [
            each.message(server)
            for server, each in tools.shards.later(now)
            if last is None or each.at > last or editions.is_late(now - each.at)
        ]
    )
    tools.shards.ticked(now)
    tools.send_queue.send_many(editions.waiting_messages(tools.shards.untold(), now))
