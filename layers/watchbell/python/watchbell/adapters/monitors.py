"""The monitors of the servers. A change writes the monitor, the roster, the shard's place in the tick and the counts
in one transaction, on condition that the roster is still as it was read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..data.tables import DUE, MONITOR, MONITOR_COUNT, MONITOR_LIMITS, PING, ROSTER
from ..errors import Unavailable
from ..kit.data import PARTITIONS, new_version
from ..status import shard
from ..status.monitor import Monitor
from ..status.ping import unpinged
from ..status.roster import OPERATOR, Roster
from . import rosters
from .dynamodb import Cancelled, Table
from .records import packed, pointer

TRIES = 5
"""How often a change is decided again after somebody else changed a monitor of the same server."""

EVERYWHERE = "everywhere"
"""The count of all monitors of the deployment. No host has this name, because it has no dot."""


class TooMany(Exception):
    """`host` has too many monitors in all servers, or the deployment has, if `host` is ""."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


@dataclass(frozen=True)
class Change:
    """What a change makes of a server's monitors: the roster afterwards, and the monitor that is written or deleted."""

    roster: Roster
    put: tuple[str, Monitor] | None = None
    """A shard and its monitor."""
    delete: tuple[str, str] | None = None
    """A shard and a monitor's id."""
    ping: str = ""
    """The UUID of a heartbeat's new URL."""
    gone: str = ""
    """The UUID of a heartbeat's URL that stops working."""


@dataclass(frozen=True)
class Limits:
    """What a server may have: a number of monitors, and how often they may be checked at most, in minutes.

    `aws`: monitors of what happens in the AWS account of the bot. `private`: monitors that ask private addresses.
    """

    monitors: int = 10
    every: int = 5
    aws: int = 0
    private: int = 0


class Monitors:
    """The monitors in `table`. Methods raise Unavailable if DynamoDB cannot be reached.

    `ceiling` is the most monitors of the deployment. `of_host` is the most that ask one host, except for the operator.
    """

    def __init__(self, table: Table, *, ceiling: int, of_host: int) -> None:
        self._table = table
        self._most = {EVERYWHERE: ceiling}
        self._of_host = of_host

    def roster(self, guild_id: str) -> Roster:
        return rosters.read(self._table.get(ROSTER.item_key(guild_id)))

    def get(self, guild_id: str, in_shard: str, id: str) -> Monitor | None:
        item = self._table.get(MONITOR.item_key(guild_id, in_shard, id))
        return Monitor.parse(item["value"]["S"]) if item else None

    def of_shard(self, guild_id: str, in_shard: str) -> list[Monitor]:
        """The monitors of a shard, in the order of their ids."""
        key = MONITOR.key(guild_id, in_shard, "")
        items, _more = self._table.query(key["pk"], key["sk"], most=shard.FULL)
        return [Monitor.parse(item["value"]["S"]) for item in items]

    def limits(self, guild_id: str) -> Limits:
        return limits_of(self._table.get(MONITOR_LIMITS.item_key(guild_id)))

    def change(self, guild_id: str, decide: Callable[[Roster], Change]) -> Change:
        """Make the change that `decide` returns for the present roster, and return it.

        `decide` is called again if somebody else changes the roster at the same time. Raises what it raises, and
        TooMany.
        """
        token = new_version()
        for _try in range(TRIES):
            before = self.roster(guild_id)
            change = decide(before)
            counted = _counted(before, change.roster)
            writes = [
                self._roster(guild_id, before, change.roster),
                *self._monitor(guild_id, change),
                *_due(guild_id, before, change.roster),
            ]
            first_count = len(writes)
            writes += [self._count(guild_id, host, by) for host, by in counted.items()]
            try:
                self._table.transact(*writes, token=token)
            except Cancelled as error:
                full = [place - first_count for place in error.failed if place >= first_count]
                if 0 not in error.failed and full:
                    host = list(counted)[full[0]]
                    raise TooMany("" if host == EVERYWHERE else host) from None
                token = new_version()
                continue
            return change
        raise Unavailable(f"the monitors of {guild_id} are busy")

    def _roster(self, guild_id: str, before: Roster, after: Roster) -> dict:
        item = {"value": {"S": after.text()}, "version": {"N": str(before.version + 1)}}
        condition: dict = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before.version:
            seen = {":seen": {"N": str(before.version)}}
            condition = {
                "ConditionExpression": "#version = :seen",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": seen,
            }
        return {"Put": {"Item": ROSTER.item_key(guild_id) | item, **condition}}

    def _monitor(self, guild_id: str, change: Change) -> list[dict]:
        writes: list[dict] = []
        if change.put:
            in_shard, monitor = change.put
            key = MONITOR.item_key(guild_id, in_shard, monitor.id)
            writes.append({"Put": {"Item": key | {"value": {"S": monitor.text()}}}})
            if change.ping:
                writes += self._ping(guild_id, monitor.id, change)
        elif change.gone:
            writes.append({"Delete": {"Key": PING.item_key(change.gone)}})
        if change.ping:
            writes.append({"Put": {"Item": _pointer(guild_id, change.ping)}})
        if change.gone:
            writes.append({"Delete": {"Key": _pointer(guild_id, change.gone)}})
        if change.delete:
            writes.append({"Delete": {"Key": MONITOR.item_key(guild_id, *change.delete)}})
        return writes

    def _ping(self, guild_id: str, id: str, change: Change) -> list[dict]:
        """The writes that give a heartbeat a URL. What came at its earlier URL still counts, so a job that does not
        know the new URL is missed in time. A ping that comes in between makes the change fail, and it is tried again.
        """
        item = PING.item_key(change.ping) | unpinged()
        if not change.gone:
            return [{"Put": {"Item": item | _of(guild_id, id)}}]
        gone = PING.item_key(change.gone)
        before = self._table.get(gone)
        delete: dict = {"Key": gone}
        if before:
            delete["ConditionExpression"] = "pings = :pings"
            delete["ExpressionAttributeValues"] = {":pings": before["pings"]}
        item |= {name: value for name, value in before.items() if name not in gone}
        return [{"Put": {"Item": item | _of(guild_id, id)}}, {"Delete": delete}]

    def _count(self, guild_id: str, host: str, by: int) -> dict:
        most = self._most.get(host, None if guild_id == OPERATOR else self._of_host)
        update: dict = {
            "Key": MONITOR_COUNT.item_key(host),
            "UpdateExpression": "ADD monitors :by",
            "ExpressionAttributeValues": {":by": {"N": str(by)}},
        }
        if by > 0 and most is not None:
            update["ConditionExpression"] = "attribute_not_exists(monitors) OR monitors <= :room"
            update["ExpressionAttributeValues"][":room"] = {"N": str(most - by)}
        return {"Update": update}


def _of(guild_id: str, id: str) -> dict:
    return {"guild": {"S": guild_id}, "monitor": {"S": id}}


def limits_of(item: dict) -> Limits:
    """The limits in an item of DynamoDB's API. {} is an item that does not exist."""
    return Limits(**{name: int(item[name]["N"]) for name in ("monitors", "every", "aws", "private") if name in item})


def _pointer(guild_id: str, ping: str) -> dict:
    """The row that leads from a server to the pings of one of its jobs, so that both are erased together."""
    return packed(pointer(PARTITIONS["server"].format(guild_id), PING.key(ping)))


def _due(guild_id: str, before: Roster, after: Roster) -> list[dict]:
    """The writes that move the shards whose period has changed to their new place in the tick."""
    writes: list[dict] = []
    for each in sorted({*before.shards, *after.shards}):
        was, will = before.minutes(each), after.minutes(each)
        if was != will:
            writes += [{"Delete": {"Key": due_key(guild_id, each, was)}}] if was else []
            writes += [{"Put": {"Item": due_key(guild_id, each, will)}}] if will else []
    return writes


def due_key(guild_id: str, in_shard: str, minutes: int) -> dict:
    """The key of the row that tells the tick that a shard is checked every `minutes` minutes."""
    return DUE.item_key(str(minutes), str(shard.place(f"{guild_id}#{in_shard}", minutes)), guild_id, in_shard)


def _counted(before: Roster, after: Roster) -> dict[str, int]:
    """By how much the number of monitors changes: of the deployment, and of each host that is asked."""
    counts = {EVERYWHERE: len(after.entries) - len(before.entries)}
    for roster, sign in ((before, -1), (after, 1)):
        for entry in roster.entries:
            if entry.host:
                counts[entry.host] = counts.get(entry.host, 0) + sign
    return {host: by for host, by in counts.items() if by}
