"""The items of a feature's data, in the table `state`. `kit.data` decides what may be stored.

Each write reads the item first, decides, and is made on the condition that the item is still as it was read. The item
and its pointers are written in one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..data.tables import POINTER
from ..errors import Unavailable
from ..kit.data import Data, live, new_version
from .dynamodb import SECONDS, Cancelled, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..kit.data import Raw

TRIES = 5
"""How often a write is decided again after another write to the same item came in between."""

ALL_AT_ONCE = 1000
"""How many items `all` asks for at once."""

READ_SECONDS = 1.0
"""The time limit of a read by the ingress, which is tried once: Discord waits for it."""


class Reader:
    """The items of `kind` that belong to `owner`, for the ingress: it reads one item and writes nothing.

    `owner` is the id of a server or a person, "" for data of its own. Raises DefinitionError if it does not fit.
    """

    _seconds = READ_SECONDS

    def __init__(self, table: Table, kind: Data, owner: str = "", clock: Callable[[], float] = time.time) -> None:
        self._partition = kind.partition(owner)
        self._table, self._kind, self._owner, self._clock = table, kind, owner, clock

    def get(self, *key: str) -> dict[str, Any] | None:
        """Return the item with this key: its key, its fields and its `version`. None if there is none.

        A field that was never stored is None. Raises Unavailable if the table cannot be reached.
        """
        return self._kind.read(self._raw(self._kind.item_key(self._owner, key)), self._clock())

    def _raw(self, key: dict[str, str]) -> Raw:
        return plain(self._table.get(packed(key), self._seconds))


class Records(Reader):
    """The items of `kind` that belong to `owner`. Methods raise Unavailable if the table cannot be reached."""

    _seconds = SECONDS

    def put(self, item: dict[str, Any], *, fence: int = 0, keep: int | None = None) -> dict[str, Any]:
        """Store `item`, and return it as it is stored, with its new `version`.

        If `item` has a `version`, as every item that was read has one, the stored item must still have that version. A
        version of "" means that there must be none. Without a version, any item is overwritten. `fence` is
        `tools.fence`: the item must not have been written by a later holder of the lock. `keep` is how many days this
        item is kept, instead of what its kind declares.

        Raises Changed if the condition does not hold. If a handler does not catch it, the handler runs again later.
        """
        version = new_version()
        key = self._kind.item_key(self._owner, tuple(item.get(name, "") for name in self._kind.key))

        def decide(before: Raw) -> Raw:
            now = self._clock()
            return self._kind.written(self._owner, before, item, version=version, fence=fence, now=now, keep=keep)

        return self._kind.read(self._change(key, version, decide), self._clock()) or {}

    def delete(self, *key: str, version: str | None = None, fence: int = 0) -> None:
        """Delete the item with this key. Nothing happens if there is none.

        Raises Changed if the item has another version than `version`, or was written by a later holder of the lock.
        """

        def decide(before: Raw) -> Raw:
            if live(before, self._clock()):
                self._kind.allow(before, version, fence, self._clock())
            return {}

        self._change(self._kind.item_key(self._owner, key), "", decide)

    def page(self, *key: str, first: int = 25, after: str = "") -> tuple[list[dict[str, Any]], str]:
        """Return the `first` items in the order of their keys, and where the next page begins: "" after the last one.

        `key` are the first parts of the key that the items have in common. `after` is where an earlier page ended.
        """
        start = self._kind.start(key)
        found: list[Raw] = []
        at = f"{self._kind.name}#{after}" if after else ""
        while len(found) <= first:
            items, more = self._table.query(self._partition, start, after=at, most=first + 1 - len(found))
            found += [raw for raw in map(plain, items) if live(raw, self._clock())]
            if not more:
                break
            at = more
        items_read = [item for raw in found[:first] if (item := self._kind.read(raw, self._clock()))]
        return items_read, str(found[first - 1]["sk"]).partition("#")[2] if len(found) > first else ""

    def all(self, *key: str) -> list[dict[str, Any]]:
        """Return all items in the order of their keys. `key` is as for `page`."""
        found, after = self.page(*key, first=ALL_AT_ONCE)
        while after:
            more, after = self.page(*key, first=ALL_AT_ONCE, after=after)
            found += more
        return found

    def _change(self, key: dict[str, str], version: str, decide: Callable[[Raw], Raw]) -> Raw:
        """Store what `decide` returns for the present item, {} to delete it. Raises what `decide` raises."""
        for _try in range(TRIES):
            before = self._raw(key)
            if before and before["version"] == version:  # an earlier try did it, and its answer was lost
                return before
            after = decide(before)
            if not before and not after:
                return after
            try:
                self._table.transact(*writes(self._kind, before, after), token=new_version())
            except Cancelled:
                continue
            return after
        raise Unavailable(f"an item of data {self._kind.name} is busy")


def writes(kind: Data, before: Raw, after: Raw) -> list[dict]:
    """Return the writes of the transaction that stores `after`, {} for nothing, in the place of `before`.

    It fails if the item is no longer as `before`, which is {} if there was none. It writes a pointer for each person
    and server that the item names, and deletes the pointers that are no longer needed. It does the same for the row by
    which the tick finds an item that is due.
    """
    condition: dict = {"ConditionExpression": "attribute_not_exists(pk)"}
    if before:
        values = {":before": {"S": before["version"]}}
        condition = {"ConditionExpression": "version = :before", "ExpressionAttributeValues": values}
    key = {name: (after or before)[name] for name in ("pk", "sk")}
    made: list[dict] = [{"Put": {"Item": packed(after)}} if after else {"Delete": {"Key": packed(key)}}]
    next(iter(made[0].values())).update(condition)
    named, expires = kind.pointed(after), {name: after[name] for name in ("expires_at",) if name in after}
    for partition in sorted(named):
        made.append({"Put": {"Item": packed({**pointer(partition, key), **expires})}})
    for partition in sorted(kind.pointed(before) - named):
        made.append({"Delete": {"Key": packed(pointer(partition, key))}})
    was, will = kind.later(before), kind.later(after)
    if was != will:
        made += [{"Put": {"Item": packed(will)}}] if will else []
        made += [{"Delete": {"Key": packed(was)}}] if was else []
    return made


def pointer(partition: str, key: dict[str, str]) -> dict[str, str]:
    """Return the key of the row in `partition` that leads to the item with this `key`."""
    return {"pk": partition, "sk": POINTER.sort.format(f"{key['pk']}#{key['sk']}")}


def led_to(item: dict) -> dict | None:
    """The key of the item to which a pointer leads, in the format of DynamoDB's API. None if `item` is no pointer."""
    start, sort = POINTER.sort.format(""), item["sk"]["S"]
    if not sort.startswith(start):
        return None
    room, owner, rest = sort.removeprefix(start).split("#", 2)
    return {"pk": {"S": f"{room}#{owner}"}, "sk": {"S": rest}}


def packed(raw: Raw | dict[str, str]) -> dict:
    """Return an item in the format of DynamoDB's API."""
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in raw.items()}


def plain(item: dict) -> Raw:
    """Return an item of DynamoDB's API with plain values."""
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}
