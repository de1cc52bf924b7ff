"""The shards: their judged states, flips, history, and the tick that makes them run.

A shard's run is stored by one write, on condition that no other run of the shard came first. If there are flips, or an
hour has ended, the same transaction stores them.
"""

from __future__ import annotations

import contextlib
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..data.tables import (
    AWS_EVENT,
    DAY_FIGURES,
    DUE,
    EDITION,
    FLIP,
    HOUR,
    LATER,
    REFUSAL,
    RUN,
    SHARD,
    TICK,
    UNTOLD,
    WINDOWS,
    Row,
)
from ..errors import Unavailable
from ..kit.data import new_version
from ..status import judgement, plans
from ..status.aws_events import AwsEvent
from ..status.flip import Flip
from ..status.later import Later
from ..status.packing import pack_period, pack_run, unpack_period, unpack_run
from ..status.plans import Plan
from ..status.refusal import Refusal
from ..status.tally import Period, Results
from ..status.uptime import Needed, Window, rows_between, rows_needed
from ..subscriptions.edition import Edition
from .dynamodb import Cancelled, ConditionFailed, Table

TRIES = 5
"""How often a change of a shard is tried again, after a run of the shard came in between."""

MOST_READ = 100
"""DynamoDB returns at most 100 rows of one BatchGetItem."""

Ids = Collection[str] | None


@dataclass(frozen=True)
class Stored:
    """What is stored of a shard. `slot` is the epoch second of its latest run, 0 before the first.

    `states` is a text of `status.judgement`, and `hour` are bytes of `status.packing`. `windows` is the text of the
    server's maintenance windows. `version` counts the writes.
    """

    slot: int = 0
    states: str = ""
    hour: bytes = b""
    version: int = 0
    windows: str = ""


class Shards:
    """The shards in `table`. Methods raise Unavailable if DynamoDB cannot be reached."""

    def __init__(self, table: Table, clock: Callable[[], float] = time.time) -> None:
        self._table, self._clock = table, clock

    # Runs.

    def read(self, guild_id: str, shard: str) -> Stored:
        """Read the state of a shard and the server's maintenance windows, in one call."""
        found = self._table.get_many([SHARD.item_key(guild_id, shard), WINDOWS.item_key(guild_id)])
        rows = {item["sk"]["S"]: item for item in found}
        windows = rows.get(WINDOWS.key(guild_id)["sk"])
        stored = _stored(rows.get(SHARD.key(guild_id, shard)["sk"], {}))
        return replace(stored, windows=windows["value"]["S"] if windows else "")

    def fed(self, keys: Mapping[str, dict]) -> dict[str, dict]:
        """Read the rows with these keys, of monitors whose results come from outside, by the ids of the monitors.

        Rows that do not exist are left out. Several monitors can have the same row.
        """
        places = {id: (key["pk"]["S"], key["sk"]["S"]) for id, key in keys.items()}
        asked = {places[id]: key for id, key in keys.items()}
        found = self._table.get_many([*asked.values()]) if asked else []
        rows = {(item["pk"]["S"], item["sk"]["S"]): item for item in found}
        return {id: rows[place] for id, place in places.items() if place in rows}

    def states(self, guild_id: str, shards: Iterable[str]) -> dict[str, Stored]:
        """What is stored of shards of a server, and nothing else. Those that never ran are left out."""
        keys = [SHARD.item_key(guild_id, shard) for shard in shards]
        parts = (keys[first : first + MOST_READ] for first in range(0, len(keys), MOST_READ))
        found = [item for part in parts for item in self._table.get_many(part)]
        return {item["sk"]["S"].partition("#")[2]: _stored(item) for item in found}

    def store(
        self,
        guild_id: str,
        shard: str,
        before: Stored,
        after: Stored,
        *,
        flips: Iterable[Flip] = (),
        at: int | None = None,
        hour: Period | None = None,
        day: Period | None = None,
    ) -> bool:
        """Store what a run made of the shard: slot, states and hour, its flips, and the hour and day that have ended.

        `at` is when the flips happened, if that is not the slot.

        Returns False, and stores nothing, if the shard has been written since `before` was read.
        """
        key = SHARD.item_key(guild_id, shard)
        names = {"#hour": "hour", "#version": "version"}
        values = {
            ":states": {"S": after.states},
            ":hour": _bytes(after.hour),
            ":slot": {"N": str(after.slot)},
            ":version": {"N": str(before.version + 1)},
        }
        condition = "attribute_not_exists(pk)"
        if before.version:
            condition, values[":seen"] = "#version = :seen", {"N": str(before.version)}
        change = "SET states = :states, #hour = :hour, slot = :slot, #version = :version"
        more = [*self._flips(guild_id, keyed(shard, after.slot if at is None else at, flips))]
        more += [self._figures_of(HOUR, guild_id, shard, hour)] if hour else []
        more += [self._figures_of(DAY_FIGURES, guild_id, shard, day)] if day else []
        try:
            if not more:
                self._table.update(key, change, values, names=names, condition=condition)
                return True
            first = {
                "Key": key,
                "UpdateExpression": change,
                "ExpressionAttributeValues": values,
                "ExpressionAttributeNames": names,
                "ConditionExpression": condition,
            }
            self._table.transact({"Update": first}, *more, token=new_version())
        except ConditionFailed as failed:
            # Perhaps the first try of this very write was done, and its answer was lost.
            stored = _stored(failed.item)
            return stored == replace(after, version=before.version + 1, windows="")
        except Cancelled:
            return False
        return True

    def _flips(self, guild_id: str, flips: dict[str, list[Flip]]) -> Iterator[dict]:
        for key, found in flips.items():
            value = {"S": json.dumps([flip.text() for flip in found])}
            yield self._new(_flip_item(guild_id, key), value, FLIP.keep)
            if any(flip.news for flip in found):
                yield {"Put": {"Item": UNTOLD.item_key(guild_id, key) | {"at": {"N": str(int(self._clock()))}}}}

    def _figures_of(self, row: Row, guild_id: str, shard: str, period: Period) -> dict:
        return self._new(row.item_key(guild_id, shard, f"{period.start:010}"), _bytes(pack_period(period)), row.keep)

    def _new(self, key: dict, value: dict, keep: int | None) -> dict:
        expires = int(self._clock()) + (keep or 0)
        return {"Put": {"Item": key | {"value": value, "expires_at": {"N": str(expires)}}}}

    def restart(self, guild_id: str, shard: str, monitor: str) -> None:
        """Make a monitor new again, because something else is measured from now on, or nothing."""
        for _try in range(TRIES):
            before = self.states(guild_id, [shard]).get(shard)
            known = judgement.unpack(before.states) if before else {}
            if before is None or monitor not in known:
                return
            now = int(self._clock())
            known[monitor], flips = judgement.restart(known[monitor], at=now)
            after = replace(before, states=judgement.pack(known.values()))
            # At the slot of the latest run, the flips would replace those of the run.
            if self.store(guild_id, shard, before, after, flips=flips, at=max(now, before.slot + 1)):
                return
        raise Unavailable(f"the shard {shard} of {guild_id} is busy")

    def keep_run(self, guild_id: str, shard: str, slot: int, results: Results) -> None:
        """Store the results of a run. A second call for the same slot stores them again."""
        key = RUN.item_key(guild_id, shard, f"{slot:010}")
        self._table.put(self._new(key, _bytes(pack_run(slot, results)), RUN.keep)["Put"]["Item"])

    # History.

    def hours(self, guild_id: str, shard: str, first: int, last: int, only: Ids = None) -> list[Period]:
        """The figures of the hours that began from `first` to `last`: of all monitors, or of the ids in `only`."""
        return [unpack_period(value, only) for value in self._values(HOUR, guild_id, shard, first, last)]

    def days(self, guild_id: str, shard: str, first: int, last: int, only: Ids = None) -> list[Period]:
        """The same for days in UTC."""
        return [unpack_period(value, only) for value in self._values(DAY_FIGURES, guild_id, shard, first, last)]

    def periods(self, guild_id: str, shard: str, window: Window, now: float, only: Ids = None) -> list[Period]:
        """The figures of a window that ends now, with those of the present hour."""
        stored = self.states(guild_id, [shard]).get(shard)
        return self._periods(guild_id, shard, stored, lambda hour: rows_needed(window, now, hour), only)

    def periods_between(
        self, guild_id: str, shard: str, start: int, end: int, stored: Stored | None, unit: int
    ) -> list[Period]:
        """The figures of all monitors from `start` to `end`, in hours or days, which `unit` says (HOUR, DAY).

        `stored` is what `states` returned for the shard. Read it first.
        """
        return self._periods(guild_id, shard, stored, lambda hour: rows_between(start, end, hour, unit))

    def _periods(
        self,
        guild_id: str,
        shard: str,
        stored: Stored | None,
        needed_with: Callable[[int | None], Needed],
        only: Ids = None,
    ) -> list[Period]:
        hour = unpack_period(stored.hour, only) if stored and stored.hour else None
        needed = needed_with(hour.start if hour else None)
        found = [hour] if hour is not None and needed.state else []
        rows = ((self.hours, needed.early_hours), (self.days, needed.days), (self.hours, needed.late_hours))
        for read, starts in rows:
            if starts:
                found += read(guild_id, shard, starts[0], starts[-1], only)
        return found

    def runs(self, guild_id: str, shard: str, first: int, last: int) -> dict[int, Results]:
        """The results of the runs from the slot `first` to `last`, by slot."""
        return dict(unpack_run(value) for value in self._values(RUN, guild_id, shard, first, last))

    def flips(self, guild_id: str, shard: str, first: int, last: int) -> list[Flip]:
        """The flips of a shard's monitors in the runs from `first` to `last`, oldest first."""
        key = FLIP.key(guild_id, shard, f"{first:010}", "")
        found = self._table.between(key["pk"], key["sk"], FLIP.key(guild_id, shard, f"{last:010}", "~")["sk"])
        return [flip for item in found for flip in _flips_of(item)]

    def _values(self, row: Row, guild_id: str, shard: str, first: int, last: int) -> list[bytes]:
        one, other = row.key(guild_id, shard, f"{first:010}"), row.key(guild_id, shard, f"{last:010}")
        return [b64decode(item["value"]["B"]) for item in self._table.between(one["pk"], one["sk"], other["sk"])]

    def heard(self, event: AwsEvent) -> None:
        """Keep an event of AWS, unless a newer one with its name is kept already."""
        values = {
            ":at": {"N": str(event.at)},
            ":outcome": {"S": event.outcome},
            ":text": {"S": event.text},
            ":lasts": {"N": str(event.lasts)},
            ":expires": {"N": str(int(self._clock()) + (AWS_EVENT.keep or 0))},
        }
        change = "SET #at = :at, outcome = :outcome, #text = :text, lasts = :lasts, expires_at = :expires"
        with contextlib.suppress(ConditionFailed):
            self._table.update(
                AWS_EVENT.item_key(event.name),
                change,
                values,
                names={"#at": "at", "#text": "text"},
                condition="attribute_not_exists(pk) OR #at <= :at",
            )

    # The tick.

    def due(self, minutes: int, place: int) -> list[tuple[str, str]]:
        """The servers and shards that run every `minutes` minutes, at this place in the period."""
        key = DUE.key(str(minutes), str(place), "", "")
        found = self._table.between(key["pk"], "0", "~")
        return [(server, shard) for server, shard in (item["sk"]["S"].split("#", 1) for item in found)]

    def last_tick(self) -> int | None:
        """The last slot whose shards were queued, in epoch seconds. None before the first tick."""
        item = self._table.get(TICK.item_key())
        return int(item["slot"]["N"]) if item else None

    def ticked(self, slot: int) -> None:
        """Record that the shards of all slots up to `slot` were queued. An older tick changes nothing."""
        with contextlib.suppress(ConditionFailed):
            self._table.update(
                TICK.item_key(),
                "SET slot = :slot",
                {":slot": {"N": str(slot)}},
                condition="attribute_not_exists(pk) OR slot < :slot",
            )

    # Maintenance.

    def plans(self, guild_id: str) -> list[Plan]:
        """The maintenance that a server has planned."""
        item = self._table.get(WINDOWS.item_key(guild_id))
        return plans.unpack(item["value"]["S"]) if item else []

    def change_plans(self, guild_id: str, decide: Callable[[list[Plan]], list[Plan]]) -> None:
        """Store what `decide` makes of the present plans, with the first notice of each new one.

        `decide` is called again if the plans change at the same time.
        """
        key = WINDOWS.item_key(guild_id)
        for _try in range(TRIES):
            item = self._table.get(key)
            version = int(item["version"]["N"]) if item else 0
            before = plans.unpack(item["value"]["S"]) if item else []
            after = decide(list(before))
            known = {plan.id for plan in before}
            new = [plan.notice(self._clock()) for plan in after if plan.id not in known]
            values = {":value": {"S": plans.pack(after)}, ":next": {"N": str(version + 1)}}
            condition = "attribute_not_exists(pk)"
            if version:
                condition, values[":seen"] = "#version = :seen", {"N": str(version)}
            first = {
                "Key": key,
                "UpdateExpression": "SET #value = :value, #version = :next",
                "ExpressionAttributeNames": {"#value": "value", "#version": "version"},
                "ExpressionAttributeValues": values,
                "ConditionExpression": condition,
            }
            notices = [{"Put": {"Item": later_key(guild_id, notice)}} for notice in new if notice]
            try:
                self._table.transact({"Update": first}, *notices, token=new_version())
            except Cancelled:
                continue
            return
        raise Unavailable(f"the plans of {guild_id} are busy")

    # What is to be told.

    def untold(self, most: int = 1000) -> list[tuple[str, str, int]]:
        """The flips and editions that are still to be told: server, sort key, and when the row was stored."""
        items: list[dict] = []
        after = ""
        while len(items) < most:
            found, after = self._table.query("untold", "", after=after, most=most - len(items))
            items += found
            if not after:
                break
        parts = ((*item["sk"]["S"].split("#", 1), int(item["at"]["N"])) for item in items)
        return [(server, flip, at) for server, flip, at in parts]

    def waiting(self, guild_id: str) -> tuple[dict[str, tuple[Flip, ...]], set[str]]:
        """The flips of a server that belong to no edition yet, oldest first, by the sort keys of their rows.

        Returns also the keys of the rows that have been held back. A row that has been erased has no flips.
        """
        first, last = (UNTOLD.key(guild_id, f"{FLIP_START}{end}") for end in ("", "~"))
        found = self._table.between(first["pk"], first["sk"], last["sk"], consistent=True)
        held = {item["sk"]["S"].split("#", 1)[1]: "held" in item for item in found}
        keys = sorted(held, key=lambda key: (key.split("#")[2], key))
        rows: list[dict] = []
        for start in range(0, len(keys), MOST_READ):
            rows += self._table.get_many([_flip_item(guild_id, key) for key in keys[start : start + MOST_READ]])
        flips = {item["sk"]["S"]: tuple(_flips_of(item)) for item in rows}
        return {key: flips.get(key, ()) for key in keys}, {key for key, is_held in held.items() if is_held}

    def hold(self, guild_id: str, key: str) -> None:
        """Record that flips wait for the parent of their monitor."""
        with contextlib.suppress(ConditionFailed):
            held = {":one": {"N": "1"}}
            self._table.update(
                UNTOLD.item_key(guild_id, key), "SET held = :one", held, condition="attribute_exists(pk)"
            )

    def publish(
        self,
        guild_id: str,
        edition: Edition,
        keys: Iterable[str] = (),
        *,
        later: Later | None = None,
        instead_of: Later | None = None,
    ) -> bool:
        """Store an edition that is to be told. The flips in the rows with these `keys` no longer wait.

        `later` is the next step of its escalation. It takes the place of `instead_of`.

        Returns False, and stores nothing, if one of them does not wait any more. Without keys, an edition that exists
        is not stored again.
        """
        key, keys = EDITION.item_key(guild_id, edition.id), list(keys)
        put = self._new(key, {"S": edition.text()}, EDITION.keep)
        if not keys:
            put["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        marked = UNTOLD.item_key(guild_id, f"{EDITION_START}{edition.id}") | {"at": {"N": str(int(self._clock()))}}
        gone = [
            {"Delete": {"Key": UNTOLD.item_key(guild_id, each), "ConditionExpression": "attribute_exists(pk)"}}
            for each in keys
        ]
        try:
            more = [{"Put": {"Item": later_key(guild_id, later)}}] if later else []
            more += [{"Delete": {"Key": later_key(guild_id, instead_of)}}] if instead_of else []
            self._table.transact(put, {"Put": {"Item": marked}}, *more, *gone, token=new_version())
        except Cancelled as error:
            if not error.failed:
                raise
            return False
        return True

    def editions(self, guild_id: str, last: str) -> list[Edition]:
        """The editions that not everybody has been told of, up to the one with the id `last`, oldest first."""
        one, other = (UNTOLD.key(guild_id, f"{EDITION_START}{id}") for id in ("", last))
        found = self._table.between(one["pk"], one["sk"], other["sk"], consistent=True)
        ids = [item["sk"]["S"].split("#", 2)[2] for item in found]
        rows = self._table.get_many([EDITION.item_key(guild_id, id) for id in ids[:MOST_READ]])
        texts = {item["sk"]["S"].removeprefix(EDITION_START): item["value"]["S"] for item in rows}
        return [Edition.parse(id, texts[id]) for id in ids if id in texts]

    def edition(self, guild_id: str, id: str) -> Edition | None:
        """The edition with this id, None if it is too old."""
        item = self._table.get(EDITION.item_key(guild_id, id))
        return Edition.parse(id, item["value"]["S"]) if item else None

    def later(self, now: float) -> list[tuple[str, Later]]:
        """What is due, with the servers that it belongs to. The oldest is first."""
        found = self._table.between(LATER.partition, "0", f"{int(now):010}~")
        return [later_of(item["sk"]["S"]) for item in found]

    def replace(self, guild_id: str, done: Later, following: Later | None) -> None:
        """Record that something is done, or no longer needed. `following` takes its place."""
        delete = {"Key": later_key(guild_id, done), "ConditionExpression": "attribute_exists(pk)"}
        more = [{"Put": {"Item": later_key(guild_id, following)}}] if following else []
        # If this is cancelled, another sender has recorded it, or the tick brings it again.
        with contextlib.suppress(Cancelled):
            self._table.transact({"Delete": delete}, *more, token=new_version())

    def _delete_if(self, key: dict, condition: str, values: dict, names: dict[str, str] | None = None) -> None:
        delete: dict = {"Key": key, "ConditionExpression": condition, "ExpressionAttributeValues": values}
        if names:
            delete["ExpressionAttributeNames"] = names
        try:
            self._table.transact({"Delete": delete}, token=new_version())
        except Cancelled as error:
            if not error.failed:
                raise

    def told(self, guild_id: str, key: str) -> None:
        """Record that everybody has been told of what has this sort key, or that there is nobody to tell."""
        self._table.delete(UNTOLD.item_key(guild_id, key))

    def refused(self, guild_id: str, refusal: Refusal) -> Refusal:
        """Record that Discord refuses messages to a recipient. Return the refusal with the time of the first one."""
        stored = self._table.update(
            REFUSAL.item_key(guild_id, refusal.recipient),
            "SET #status = :status, code = :code, lacks = :lacks, since = if_not_exists(since, :since)",
            {
                ":status": {"N": str(refusal.status)},
                ":code": {"N": str(refusal.code)},
                ":lacks": {"S": " ".join(refusal.lacks)},
                ":since": {"N": str(refusal.since)},
            },
            names={"#status": "status"},
            returns="ALL_NEW",
        )
        return refusal._replace(since=int(stored["since"]["N"]))

    def accepted(self, guild_id: str, recipient: str, at: int) -> None:
        """Forget that Discord refused messages to a recipient, because it took one that was sent at `at`.

        A refusal since a later time stays.
        """
        key = REFUSAL.item_key(guild_id, recipient)
        if self._table.get(key):  # there is seldom one, and a read costs less than a write
            self._delete_if(key, "since <= :at", {":at": {"N": str(at)}})

    def refusals(self, guild_id: str) -> list[Refusal]:
        """The recipients of a server that Discord refuses."""
        key = REFUSAL.key(guild_id, "")
        found = self._table.between(key["pk"], key["sk"], REFUSAL.key(guild_id, "~")["sk"], consistent=True)
        return [_refusal_of(item) for item in found]


FLIP_START, EDITION_START = "flip#", "edition#"
"""How the sort keys of flips and of editions begin."""


def keyed(shard: str, slot: int, flips: Iterable[Flip]) -> dict[str, list[Flip]]:
    """The flips of a run by the sort key of their row. A monitor has one row, and sometimes several flips."""
    rows: dict[str, list[Flip]] = {}
    for flip in flips:
        rows.setdefault(FLIP.key("", shard, f"{slot:010}", flip.monitor)["sk"], []).append(flip)
    return rows


def later_key(guild_id: str, later: Later) -> dict:
    """The key of the row by which the tick finds something of a server when it is due."""
    return LATER.item_key(f"{later.at:010}", guild_id, later.kind, later.id, str(later.number))


def later_of(sort: str) -> tuple[str, Later]:
    """The server and what is due, from the sort key of a row."""
    at, guild_id, kind, id, number = sort.split("#")
    return guild_id, Later(int(at), kind, id, int(number))


def _flips_of(item: dict) -> list[Flip]:
    return [Flip.parse(text) for text in json.loads(item["value"]["S"])] if item else []


def _refusal_of(item: dict) -> Refusal:
    recipient = item["sk"]["S"].partition("#")[2]
    status, code, since = (int(item[name]["N"]) for name in ("status", "code", "since"))
    return Refusal(recipient, status, code, since, tuple(item["lacks"]["S"].split()))


def _flip_item(guild_id: str, key: str) -> dict:
    return {**FLIP.item_key(guild_id, "", "", ""), "sk": {"S": key}}


def _stored(item: dict) -> Stored:
    """The shard in an item of DynamoDB's API. {} is an item that does not exist."""
    if not item:
        return Stored()
    states, hour = item["states"]["S"], b64decode(item["hour"]["B"])
    return Stored(int(item["slot"]["N"]), states, hour, int(item["version"]["N"]))


def _bytes(value: bytes) -> dict:
    return {"B": b64encode(value).decode()}


def event_of(name: str, item: dict) -> AwsEvent:
    """The event of AWS with this name, in an item of DynamoDB's API."""
    outcome: Any = item["outcome"]["S"]
    return AwsEvent(name, int(item["at"]["N"]), outcome, item["text"]["S"], int(item["lasts"]["N"]))
