"""What a feature remembers. The feature declares it; keys, docs, export and erase are derived from the declaration.

    notes = Data("note", of="server", key=("name",), fields=("text", "author"), about=("author",), keep=400)

This module is pure: it decides what a write stores, and refuses what cannot be stored. `adapters.records` reads and
writes the table. The fake of `testing` decides by the same functions.
"""

import json
import os

from ..data.tables import DAY, LATER, Row
from ..errors import Changed, DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Raw = dict[str, Any]
    """An item as the table holds it, with plain values: pk, sk, value (JSON), version, fence, expires_at."""

PARTITIONS = {"server": "guild#{}", "person": "user#{}", "own": "data#{}"}
"""The partition of the table for each `of`. Data of its own lies under its name."""

MOST_BYTES = 350_000
"""The longest JSON of an item's fields. DynamoDB takes items of 400 KB."""

MOST_KEY_BYTES = 900
"""The longest sort key. DynamoDB takes 1,024 bytes, and the sort key of a pointer has that of its item in it."""

MOST_PEOPLE = 40
"""An item, its pointers and the pointers that it no longer needs are written in one transaction of 100 writes."""


class Data:
    """A kind of items that a feature remembers, in the table `state`. Declare it at the top level of its file.

    `name`: lower-case letters, digits and `_`, at most 32. No two features can have data with the same name.
    `of`: to whom an item belongs: "server", "person", or "own" for data that belongs to nobody.
    `key`: the names of the values, all texts, that tell the items of one owner apart. Without a key, each owner has one
        item.
    `fields`: the names of the other values. A value is any JSON.
    `keep`: days after the last change until an item is gone; None is for ever.
    `about`: the keys and fields that hold the id of a person, or a list of them, to whom the item belongs too. If the
        data of one of them is erased, the item is deleted.
    `servers`: the same for servers.
    `mentions`: the fields that hold the id of a person, or a list of them, who is only named. If the data of one of
        them is erased, the item stays without the id.
    `due`: the field with the time, in epoch seconds, at which the sender gets the item of a server. None is never. The
        sender must know the name of the data: this is for the outbox.
    `personal`: what personal data an item holds, for docs/data.md. "no" if it holds none.

    Raises DefinitionError if a value is not allowed.
    """

    __slots__ = ("about", "due", "fields", "keep", "key", "mentions", "name", "of", "row", "servers")

    def __init__(
        self,
        name: str,
        *,
        of: str,
        key: tuple[str, ...] = (),
        fields: tuple[str, ...] = (),
        keep: int | None = None,
        about: tuple[str, ...] = (),
        servers: tuple[str, ...] = (),
        mentions: tuple[str, ...] = (),
        due: str = "",
        personal: str = "",
    ) -> None:
        self.name, self.of, self.keep, self.due = name, of, keep, due
        self.key, self.fields = tuple(key), tuple(fields)
        self.about, self.servers, self.mentions = tuple(about), tuple(servers), tuple(mentions)
        self._check()
        names_people = of == "person" or bool(self.about or self.mentions)
        if names_people and personal == "no":
            raise DefinitionError(f"data {name}: it holds the ids of people, so personal= cannot be 'no'")
        self.row = Row(
            f"{name} (data)",
            "state",
            PARTITIONS[of] if of != "own" else f"data#{name}",
            f"{name}#{{}}",
            ("value", "version", "fence", "expires_at"),
            None if keep is None else keep * DAY,
            personal or ("a Discord user id" if names_people else "no"),
        )

    def _check(self) -> None:
        name, names = self.name, (*self.key, *self.fields)
        if not (name.isidentifier() and name.isascii() and name == name.lower() and len(name) <= 32):
            raise DefinitionError(f"data {name!r}: its name is not allowed; write one like `note`")
        if self.of not in PARTITIONS:
            raise DefinitionError(f"data {name}: of={self.of!r} is unknown; write one of {', '.join(PARTITIONS)}")
        if len(set(names)) < len(names) or "version" in names:
            raise DefinitionError(f"data {name}: two keys or fields have one name, or one is called `version`")
        missing = [each for each in (*self.about, *self.servers) if each not in names]
        missing += [each for each in self.mentions if each not in self.fields]
        if missing or set(self.about) & set(self.mentions):
            raise DefinitionError(
                f"data {name}: about= and servers= take keys and fields, and mentions= takes other fields; "
                f"see {', '.join(missing)}"
            )
        if self.due and (self.due not in self.fields or self.of != "server" or len(self.key) != 1):
            raise DefinitionError(f"data {name}: due= takes a field of data of a server with one key")
        if self.keep is not None and (type(self.keep) is not int or self.keep < 1):
            raise DefinitionError(f"data {name}: keep={self.keep!r} is not a number of days; write None for ever")

    # Keys.

    def item_key(self, owner: str, key: tuple[str, ...]) -> dict[str, str]:
        """Return `pk` and `sk` of the item of `owner` with this `key`. Raises DefinitionError if it cannot be one."""
        if len(key) != len(self.key):
            raise DefinitionError(f"data {self.name}: its key is {self._key_shown()}, so it cannot be {key!r}")
        return {"pk": self.partition(owner), "sk": self.sort(key)}

    def partition(self, owner: str) -> str:
        """Return the `pk` of `owner`: the id of a server or person, "" for data of its own."""
        fits = not owner if self.of == "own" else is_id(owner)
        if not fits:
            whose = {"server": "a server", "person": "a person", "own": "nobody"}[self.of]
            advice = "write tools.data(…)" if self.of == "own" else "write tools.data(…, ID)"
            raise DefinitionError(f"data {self.name} belongs to {whose}, not to {owner!r}; {advice}")
        return self.row.partition.format(owner)

    def start(self, key: tuple[str, ...]) -> str:
        """Return the beginning of the `sk` of all items whose keys begin with these parts."""
        if len(key) >= max(1, len(self.key)):
            raise DefinitionError(
                f"data {self.name}: its key is {self._key_shown()}; a page takes fewer than all parts"
            )
        return self.sort(key)

    def sort(self, key: tuple[str, ...]) -> str:
        """Return the `sk` for the parts of a key, or its beginning if there are fewer than the key has."""
        for part in key:
            if type(part) is not str or not part:
                raise DefinitionError(f"data {self.name}: {part!r} cannot be a part of its key; write a text")
        sort = "#".join((self.name, *map(_quoted, key))) + "#" * (len(key) < len(self.key) or not key)
        if len(sort.encode("utf-8", "surrogatepass")) > MOST_KEY_BYTES or not _is_text(sort):
            raise DefinitionError(
                f"data {self.name}: the key {sort[:40]}… is longer than {MOST_KEY_BYTES} bytes, or is no valid text"
            )
        return sort

    def _key_shown(self) -> str:
        return ", ".join(self.key) or "empty"

    # Items.

    def read(self, raw: "Raw", now: float) -> "dict[str, Any] | None":
        """Return an item as a feature gets it: its key, its fields and `version`. None if it is gone or expired."""
        if not live(raw, now):
            return None
        parts = [_unquoted(part) for part in str(raw["sk"]).split("#")[1:]]
        stored = json.loads(raw["value"])
        fields = {name: stored.get(name) for name in self.fields}
        return {**dict(zip(self.key, parts, strict=False)), **fields, "version": raw["version"]}

    def written(
        self,
        owner: str,
        before: "Raw",
        item: "dict[str, Any]",
        *,
        version: str,
        fence: int,
        now: float,
        keep: int | None = None,
    ) -> "Raw":
        """Return what to store instead of `before`, which is {} if nothing is stored. `version` is the new version.

        `keep` is the number of days for this item, None for that of the kind.

        Raises Changed if the item is not as `item["version"]` says, or if a later holder of a lock wrote it. Raises
        DefinitionError if the item cannot be stored.
        """
        unknown = item.keys() - {*self.key, *self.fields, "version"}
        missing = [name for name in self.key if name not in item]
        if unknown or missing:
            raise DefinitionError(
                f"data {self.name} has {', '.join((*self.key, *self.fields)) or 'no fields'}: "
                f"{', '.join([*sorted(unknown), *missing])} is unknown or missing"
            )
        self.allow(before, item.get("version"), fence, now)
        after: Raw = dict(self.item_key(owner, tuple(item[name] for name in self.key)))
        after["value"] = self._json({name: item.get(name) for name in self.fields})
        after["version"] = version
        kept = max(fence, int(before.get("fence", 0)) if live(before, now) else 0)
        if kept:
            after["fence"] = kept
        days = self.keep if keep is None else keep
        if days is not None:
            after["expires_at"] = int(now) + days * DAY
        self.pointed(after)
        return after

    def allow(self, before: "Raw", version: str | None, fence: int, now: float) -> None:
        """Raise Changed if `before` does not have this version, or was written with a greater fence.

        A version of "" is that of an item that does not exist. None allows every version, and a fence of 0 every fence.
        """
        stored = before if live(before, now) else {}
        if version is not None and stored.get("version", "") != version:
            raise Changed(f"data {self.name}: the item has changed since it was read")
        if fence and int(stored.get("fence", 0)) > fence:
            raise Changed(f"data {self.name}: a later holder of the lock wrote the item")

    def _json(self, fields: "dict[str, Any]") -> str:
        try:
            text = json.dumps(fields, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise DefinitionError(f"data {self.name}: a field is no JSON: {error}") from None
        if len(text) > MOST_BYTES:
            raise DefinitionError(f"data {self.name}: an item has at most {MOST_BYTES} bytes, not {len(text)}")
        return text

    def later(self, raw: "Raw") -> dict[str, str]:
        """Return the key of the row by which the tick finds an item when it is due. {} if it never is, and for {}."""
        at = json.loads(raw["value"]).get(self.due) if raw and self.due else None
        if at is None:
            return {}
        owner, key = (raw[part].partition("#")[2] for part in ("pk", "sk"))
        return LATER.key(f"{at:010}", owner, self.name, key, "0")

    # Whom an item names.

    def pointed(self, raw: "Raw") -> set[str]:
        """Return the partitions of the people and servers that an item names, none for {}. Its own is not among them.

        Raises DefinitionError if a value is no id.
        """
        if not raw:
            return set()
        names = [("person", name) for name in (*self.about, *self.mentions)]
        names += [("server", name) for name in self.servers]
        return {PARTITIONS[of].format(id) for of, name in names for id in self._ids(raw, name)} - {raw["pk"]}

    def belongs(self, raw: "Raw", partition: str) -> bool:
        """Whether the item belongs to the owner of `partition` too, so that it is deleted with the owner's data."""
        kind, _, id = partition.partition("#")
        names = self.servers if kind == "guild" else self.about
        return raw["pk"] == partition or any(id in self._ids(raw, name) for name in names)

    def without(self, raw: "Raw", person: str, version: str) -> "Raw":
        """Return the item with each mention of `person` taken out, as the `version`."""
        fields = json.loads(raw["value"])
        for name in self.mentions:
            given = fields.get(name)
            if given == person:
                fields[name] = None
            elif isinstance(given, list):
                fields[name] = [each for each in given if each != person]
        return {**raw, "value": json.dumps(fields), "version": version}

    def _ids(self, raw: "Raw", name: str) -> list[str]:
        if name in self.key:
            given: Any = _unquoted(str(raw["sk"]).split("#")[1 + self.key.index(name)])
        else:
            given = json.loads(raw["value"]).get(name)
        ids = [] if given is None or given == "" else given if isinstance(given, list) else [given]
        if len(ids) > MOST_PEOPLE or not all(is_id(id) for id in ids):
            raise DefinitionError(
                f"data {self.name}: {name} holds an id of Discord, or a list of at most {MOST_PEOPLE}, not {given!r}"
            )
        return ids


def new_version() -> str:
    """A version that no other write has: 16 hexadecimal digits."""
    return os.urandom(8).hex()


def live(raw: "Raw", now: float) -> bool:
    """Whether the item exists. TTL deletes late, so an expired item is treated as if there were none."""
    return bool(raw) and int(raw.get("expires_at", now + 1)) > now


def is_id(value: object) -> bool:
    """Whether `value` is an id of Discord: a text of at most 20 digits."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20


def _is_text(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _quoted(part: str) -> str:
    return part.replace("%", "%25").replace("#", "%23")


def _unquoted(part: str) -> str:
    return part.replace("%23", "#").replace("%25", "%")
