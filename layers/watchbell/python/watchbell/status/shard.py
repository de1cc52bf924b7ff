"""Which shard a monitor joins, and when the shard runs. A shard is up to 25 monitors of one server.

A slot is the minute for which a shard runs, in epoch seconds. Which minutes these are follows from the shard's name, so
the shards of all servers spread evenly over an hour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from .monitor import EVERY, Monitor

FULL = 25
"""How many monitors a shard has at most."""
MINUTE = 60


def joined(sizes: Mapping[int, int]) -> int:
    """The number of the shard that a new monitor of a server joins, for ever.

    `sizes` has the number of monitors in each of the server's shards, empty shards included, so that no number is used
    twice. The fullest shard with room is chosen. If there is none, the next number is that of a new shard.
    """
    room = [(size, -number) for number, size in sizes.items() if size < FULL]
    return -max(room)[1] if room else max(sizes, default=0) + 1


def cadence(members: Iterable[Monitor]) -> int | None:
    """How often a shard runs, in minutes: as often as its most frequent member. None if all members are paused."""
    return min((member.every for member in members if not member.paused), default=None)


def place(shard: str, minutes: int) -> int:
    """The minutes modulo `minutes` at which a shard with this cadence runs: 0 to `minutes` - 1.

    The shard is on the due list of this cadence and place. A place is stable, and those of all cadences fit together:
    a shard that runs every 5 minutes also runs in the minute in which an hourly member is due.
    """
    return int.from_bytes(hashlib.sha256(shard.encode()).digest()[:8], "big") % max(EVERY) % minutes


class DueList(NamedTuple):
    """A list of shards that a tick reads, by cadence (minutes) and place. `slot` is the slot that its shards run."""

    minutes: int
    place: int
    slot: int


def due_lists(last: int | None, now: float) -> list[DueList]:
    """The lists that a tick has to read: those of every minute since the tick `last`, each once, with its latest slot.

    `last` and `now` are in epoch seconds. `last` is None before the first tick. There are at most 81 lists, however
    long ago the last tick was. A shard is in one list, so it is queued once. Store `now` as the last tick after the
    shards are queued: if a tick fails halfway, the next one queues them again, and `due` finds what has already run.
    """
    until = int(now // MINUTE)
    first = until if last is None else last // MINUTE + 1
    return [
        DueList(minutes, minute % minutes, minute * MINUTE)
        for minutes in EVERY
        for minute in range(max(first, until - minutes + 1), until + 1)
    ]


def due(
    shard: str, members: Iterable[Monitor], last: int | None, slot: int, new: Collection[str] = ()
) -> dict[str, int]:
    """The ids of the members to check in the run of `slot`, each with how many of its checks were missed before.

    `last` is the slot of the shard's last run, None if there was none. Nothing is due if this slot or a later one has
    run. A member is due if one of its minutes has come since the last run, even if no run took place in that minute.
    `new` are the ids of members that were never checked. They are due at once. Paused members are never due.
    """
    if last is not None and slot <= last:
        return {}
    found = {}
    for member in members:
        if member.paused:
            continue
        if last is None or member.id in new:
            found[member.id] = 0
        elif turns := _turn(shard, member, slot) - _turn(shard, member, last):
            found[member.id] = turns - 1
    return found


def _turn(shard: str, member: Monitor, slot: int) -> int:
    """How many minutes have come by `slot` in which the member is to be checked."""
    return (slot // MINUTE - place(shard, member.every)) // member.every
