"""A table of DynamoDB in memory: the methods of `adapters.dynamodb.Table`, with its conditions, all or nothing.

It is for tests, benchmarks and sweeps in one process. It knows the expressions that Watchbell uses, and raises
ValueError for any other.
"""

from __future__ import annotations

import copy
import re
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from ..adapters.dynamodb import Cancelled, ConditionFailed

Item = dict[str, dict]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*(?:\[[0-9]+\])?)")


class FakeTable:
    """The rows of a table. `rows` maps (pk, sk) to an item in the format of DynamoDB's API.

    `calls` counts the calls by action. `items` and `units` count what they "read" and "write": items, and the units
    that AWS bills on demand. A write whose condition does not hold is billed too.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Item] = {}
        self.calls: Counter[str] = Counter()
        self.items: Counter[str] = Counter()
        self.units: Counter[str] = Counter()
        self._lock = threading.RLock()

    def get(self, key: dict, seconds: float = 0.0) -> Item:
        with self._lock:
            item = self.rows.get(_place(key), {})
            self._read("GetItem", [item])
            return copy.deepcopy(item)

    def get_many(self, keys: list[dict]) -> list[Item]:
        with self._lock:
            if len({*map(_place, keys)}) < len(keys):
                raise ValueError("DynamoDB refuses a BatchGetItem that reads one row twice")
            found = [self.rows.get(_place(key), {}) for key in keys]
            self.calls["BatchGetItem"] += 1
            for item in found:
                self._bill_read([item])
            return [copy.deepcopy(item) for item in found if item]

    def put(self, item: Item) -> None:
        self._write("PutItem", {"Put": {"Item": item}})

    def delete(self, key: dict) -> None:
        self._write("DeleteItem", {"Delete": {"Key": key}})

    def update(
        self,
        key: dict,
        change: str,
        values: dict,
        *,
        names: dict[str, str] | None = None,
        condition: str = "",
        returns: str = "NONE",
    ) -> Item:
        update = {
            "Key": key,
            "UpdateExpression": change,
            "ExpressionAttributeValues": values,
            "ExpressionAttributeNames": names or {},
            "ConditionExpression": condition,
        }
        with self._lock:
            before = copy.deepcopy(self.rows.get(_place(key), {}))
            self._write("UpdateItem", {"Update": update})
            after = copy.deepcopy(self.rows[_place(key)])
            return {"ALL_OLD": before, "ALL_NEW": after}.get(returns, {})

    def query(self, partition: str, start: str, *, after: str = "", most: int) -> tuple[list[Item], str]:
        """Return the rows like DynamoDB, which gives a place to go on from whenever it found `most` rows."""
        with self._lock:
            sorts = sorted(sort for pk, sort in self.rows if pk == partition and sort.startswith(start))
            sorts = [sort for sort in sorts if sort > after]
            items = [self.rows[partition, sort] for sort in sorts[:most]]
            self._read("Query", items)
            return copy.deepcopy(items), sorts[most - 1] if len(sorts) >= most else ""

    def between(self, partition: str, first: str, last: str, *, consistent: bool = False) -> list[Item]:
        with self._lock:
            sorts = sorted(sort for pk, sort in self.rows if pk == partition and first <= sort <= last)
            items = [self.rows[partition, sort] for sort in sorts]
            self._read("Query", items, share=1 if consistent else 0.5)
            return copy.deepcopy(items)

    def transact(self, *writes: dict, token: str) -> None:
        """Make all writes or none. Raises Cancelled if a row does not meet a condition."""
        with self._lock:
            places = [_place(write.get("Item") or write["Key"]) for each in writes for write in each.values()]
            if len(set(places)) < len(places):
                raise ValueError("DynamoDB refuses a transaction that writes one row twice")
            held = [self._holds(each) for each in writes]
            self.calls["TransactWriteItems"] += 1
            if not all(held):
                for each in writes:
                    self._bill_write(self._before(each), units=2)
                reasons = [{"Code": "None" if each else "ConditionalCheckFailed"} for each in held]
                details = {"__type": "#TransactionCanceledException", "CancellationReasons": reasons}
                raise Cancelled("TransactWriteItems", 400, details)
            for each in writes:
                self._make(each, units=2)

    def _write(self, action: str, write: dict) -> None:
        with self._lock:
            self.calls[action] += 1
            if not self._holds(write):
                item = copy.deepcopy(self._before(write))
                self._bill_write(item, units=1)
                raise ConditionFailed(action, 400, {"__type": "#ConditionalCheckFailedException", "Item": item})
            self._make(write, units=1)

    def _before(self, write: dict) -> Item:
        ((_kind, inner),) = write.items()
        return self.rows.get(_place(inner.get("Item") or inner["Key"]), {})

    def _holds(self, write: dict) -> bool:
        ((_kind, inner),) = write.items()
        condition = inner.get("ConditionExpression", "")
        return not condition or _Expression(condition, inner, self._before(write)).condition()

    def _make(self, write: dict, *, units: int) -> None:
        ((kind, inner),) = write.items()
        place = _place(inner.get("Item") or inner["Key"])
        before = self.rows.get(place, {})
        if kind == "Put":
            self.rows[place] = copy.deepcopy(inner["Item"])
        elif kind == "Delete":
            self.rows.pop(place, None)
        else:
            changed = {**copy.deepcopy(before), **inner["Key"]}
            _Expression(inner["UpdateExpression"], inner, changed).update()
            self.rows[place] = changed
        self._bill_write(before, self.rows.get(place, {}), units=units)

    def _bill_write(self, *items: Item, units: int) -> None:
        """Bill a write of one item: its larger size, before or after, in KB."""
        self.items["write"] += 1
        self.units["write"] += units * max(1, *(-(-size(item) // 1024) for item in items))

    def _read(self, action: str, items: list[Item], share: float = 1) -> None:
        self.calls[action] += 1
        self._bill_read(items, share)

    def _bill_read(self, items: list[Item], share: float = 1) -> None:
        """Bill a read of items: their sizes together, in steps of 4 KB. An item that does not exist is billed too."""
        self.items["read"] += sum(map(bool, items))
        self.units["read"] += max(1, -(-sum(map(size, items)) // 4096)) * share  # type: ignore[assignment]


def size(item: Item) -> int:
    """The size of an item in bytes, as DynamoDB counts it: the names and the values of its attributes.

    DynamoDB: a number takes a byte for two significant digits, and one more. A list or a map takes 3 bytes, and one for
    each element.
    """
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: dict) -> int:
    ((kind, inner),) = value.items()
    if kind == "S":
        return len(inner.encode())
    if kind == "N":
        digits = inner.replace(".", "").lstrip("-0").rstrip("0")
        return -(-len(digits) // 2) + 1 + inner.startswith("-")
    if kind == "B":
        return len(b64decode(inner))
    if kind in ("NULL", "BOOL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + _size(each) for each in inner)
    if kind == "M":
        return 3 + len(inner) + size(inner)
    return sum(_size({kind[0]: each}) for each in inner)  # a set


class _Expression:
    """A condition or an update, read from left to right, on `item`."""

    def __init__(self, text: str, request: dict, item: Item) -> None:
        self._tokens = list(_tokens(text))
        self._text, self._item, self._at = text, item, 0
        self._names = request.get("ExpressionAttributeNames") or {}
        self._values = request.get("ExpressionAttributeValues") or {}

    def condition(self) -> bool:
        holds = self._either()
        if self._next():
            raise ValueError(f"the condition {self._text!r} is not supported")
        return holds

    def update(self) -> None:
        before = copy.deepcopy(self._item)
        clause, removed = "", []
        while self._next():
            if self._next() in ("SET", "ADD", "REMOVE", "DELETE"):
                clause = self._take()
            name = self._name()
            if clause == "SET":
                self._expect("=")
                value = self._operand(before)
                while self._next() in ("+", "-"):
                    sign = 1 if self._take() == "+" else -1
                    value = {"N": str(_number(value) + sign * _number(self._operand(before)))}
                self._set(name, value or {"NULL": True})
            elif clause == "ADD":
                value = self._operand(before) or {}
                self._item[name] = {"N": str(_number(before.get(name, {"N": "0"})) + _number(value))}
            elif clause == "REMOVE" and "[" in name:
                removed.append(_element(name))
            elif clause == "REMOVE":
                self._item.pop(name, None)
            else:
                raise ValueError(f"the update {self._text!r} is not supported")
            if self._next() == ",":
                self._take()
        for list_name, place in sorted(removed, reverse=True):
            del self._item[list_name]["L"][place : place + 1]

    def _set(self, name: str, value: dict) -> None:
        """Set an attribute, or an element of a list. DynamoDB appends an element that is beyond the end of the list."""
        if "[" not in name:
            self._item[name] = value
            return
        list_name, place = _element(name)
        self._item[list_name]["L"][place : place + 1] = [value]

    def _either(self) -> bool:
        holds = self._both()
        while self._next() == "OR":
            self._take()
            other = self._both()
            holds = holds or other
        return holds

    def _both(self) -> bool:
        holds = self._one()
        while self._next() == "AND":
            self._take()
            other = self._one()
            holds = holds and other
        return holds

    def _one(self) -> bool:
        if self._next() == "(":
            self._take()
            holds = self._either()
            self._expect(")")
            return holds
        if self._next() == "NOT":
            self._take()
            return not self._one()
        if self._next() in ("attribute_exists", "attribute_not_exists"):
            wanted = self._take() == "attribute_exists"
            self._expect("(")
            exists = self._name() in self._item
            self._expect(")")
            return exists == wanted
        left = self._operand(self._item)
        if self._next() == "IN":
            self._take()
            self._expect("(")
            among = [self._operand(self._item)]
            while self._next() == ",":
                self._take()
                among.append(self._operand(self._item))
            self._expect(")")
            return left is not None and left in among
        compare = _COMPARE[self._take()]
        right = self._operand(self._item)
        return left is not None and right is not None and compare(_plain(left), _plain(right))

    def _operand(self, item: Item) -> dict | None:
        if self._next() == "if_not_exists":
            self._take()
            self._expect("(")
            name = self._name()
            self._expect(",")
            other = self._operand(item)
            self._expect(")")
            return item.get(name, other)
        if self._next().startswith(":"):
            found: dict = self._values[self._take()]
            return found
        return item.get(self._name())

    def _name(self) -> str:
        token = self._take()
        return self._names[token] if token.startswith("#") else token

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise ValueError(f"the expression {self._text!r} is not supported")


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"the expression {text!r} is not supported")
        yield found[1]
        at = found.end()


def _element(name: str) -> tuple[str, int]:
    """The list and the place of an element such as `pings[0]`."""
    list_name, _bracket, place = name.rstrip("]").partition("[")
    return list_name, int(place)


def _plain(value: dict) -> Any:
    return _number(value) if "N" in value else next(iter(value.values()))


def _number(value: dict | None) -> float | int:
    text = (value or {"N": "0"})["N"]
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)


def _place(key: dict) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]
