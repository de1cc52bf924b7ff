"""Erases what the table `state` holds of a person. `ops privacy` does the same by hand, for servers too."""

from __future__ import annotations

from typing import Any

from ..data.tables import INTRODUCTION
from ..errors import Unavailable
from ..kit import catalogue
from ..kit.data import PARTITIONS, Data, new_version
from .dynamodb import Cancelled, Table
from .records import led_to, plain, writes

TRIES = 5
"""How often an item is read again if the bot changes it at the same time."""

PAGE = 100


class Erasure:
    """Erases people from `table`. It can be repeated: what is gone already does no harm."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def forget(self, user_id: str, last: Data) -> None:
        """Delete the items that belong to the person, and take their id out of the others.

        Items of the kind `last` are deleted last: they say that there is something to erase. Raises Unavailable if the
        table cannot be reached, or if an item is busy. Then a part may be erased.
        """
        partition = PARTITIONS["person"].format(user_id)
        kinds = {data.name: data for data in catalogue.data()}
        rows = [(row, *_target(row, kinds)) for row in self._rows(partition)]
        self._table.delete(INTRODUCTION.item_key(user_id))
        for row, key, kind in sorted(rows, key=lambda each: each[2] is last):
            self._erase(row, key, kind, user_id, partition)

    def _rows(self, partition: str) -> list[dict]:
        found, after = [], ""
        while True:
            rows, after = self._table.query(partition, "", after=after, most=PAGE)
            found += rows
            if not after:
                return found

    def _erase(self, row: dict, key: dict, kind: Data | None, user_id: str, partition: str) -> None:
        here = {part: row[part] for part in ("pk", "sk")}
        for _try in range(TRIES):
            item = self._table.get(key)
            raw = plain(item) if item and kind else {}
            if kind is None or not raw or not (raw["pk"] == partition or partition in kind.pointed(raw)):
                # Nothing declares the item any more, or it is gone, or it no longer names the person.
                if kind is None:
                    self._table.delete(key)
                self._table.delete(here)
                return
            after = {} if kind.belongs(raw, partition) else kind.without(raw, user_id, new_version())
            try:
                self._table.transact(*writes(kind, raw, after), token=new_version())
            except Cancelled:
                continue
            return
        raise Unavailable("an item of a person who is to be forgotten is busy")


def _target(row: dict, kinds: dict[str, Data]) -> tuple[dict[str, Any], Data | None]:
    """The key of the item that a row is or leads to, and its declaration, None if nothing declares it."""
    key = led_to(row) or {part: row[part] for part in ("pk", "sk")}
    kind = kinds.get(key["sk"]["S"].partition("#")[0])
    fits = kind and PARTITIONS[kind.of].partition("#")[0] == key["pk"]["S"].partition("#")[0]
    return key, kind if fits else None
