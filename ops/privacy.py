"""`ops privacy`: export or erase what is kept of a person or a server, by its id: in the tables, and its secrets."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from infra.settings import Deployment
from watchbell.adapters.aws import client
from watchbell.adapters.records import led_to, packed, pointer, writes
from watchbell.adapters.records import plain as raw_of
from watchbell.data.tables import AUDIT, DAY, INTRODUCTION, PING, QUOTA, ROWS
from watchbell.errors import Unavailable
from watchbell.kit import catalogue
from watchbell.kit.data import PARTITIONS, Data, is_id, new_version

from .audit import Book
from .tables import table_of

TRIES = 5
"""How often an item is read again if the bot changes it at the same time."""

ERASED, CHANGED = "is deleted", "stays, without the id"


@dataclass(frozen=True)
class Found:
    """An item of a table (state, ephemeral). `kind` is its declaration if a feature declares it."""

    table: str
    item: dict[str, Any]
    name: str
    kind: Data | None = None
    erasing: str = ERASED

    @property
    def key(self) -> dict[str, str]:
        return {part: self.item[part]["S"] for part in ("pk", "sk")}


def run(
    deployment: Deployment, book: Book, verb: str, id: str, *, really: bool, environment: Mapping[str, str]
) -> None:
    """Print what there is (`export`), or erase it (`erase`). Without `really`, only say what would be erased."""
    if not is_id(id) or len(id) < 15:
        raise ValueError(f"{id!r} is not the id of a person or a server. An id has 15 to 20 digits.")
    names = {"state": "StateTable", "ephemeral": "EphemeralTable"}
    tables = {
        short: environment.get(f"{short.upper()}_TABLE") or table_of(deployment, logical)
        for short, logical in names.items()
    }
    found, secrets = list(_find(tables, id)), _secrets(deployment, id)
    if verb == "export":
        shown = {"id": id, "items": [_shown(each) for each in found]}
        shown |= {"secrets": [name.rpartition("/")[2] for name in secrets]} if secrets else {}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        print(_not_found(), file=sys.stderr)
        return
    # The audit is kept for long, so it does not hold whose data was erased.
    with book.recorded("privacy.erase") if really and (found or secrets) else nullcontext():
        for each in found:
            if really:
                _erase(tables, each, id)
            print(f"{each.key['pk']} {each.key['sk']}: {each.erasing} ({each.name}, {each.table})")
        for name in secrets:
            if really:
                _delete_secret(name)
            print(f"{name}: {ERASED} (secret, Parameter Store)")
    if not found and not secrets:
        print(f"The tables hold nothing under {id}.")
    elif not really:
        print(f"Nothing has been erased yet. To erase this, run: {deployment.ops} privacy erase {id} --yes")
    print(_not_found())


def _secrets(deployment: Deployment, id: str) -> list[str]:
    """The full names of the parameters with the secrets and webhooks of a server. Their values are not decrypted."""
    pages = client("ssm").get_paginator("get_parameters_by_path")
    paths = [deployment.parameter(path) for path in (f"servers/{id}/secrets", f"server-webhooks/{id}")]
    return sorted(each["Name"] for path in paths for page in pages.paginate(Path=path) for each in page["Parameters"])


def _delete_secret(name: str) -> None:
    ssm = client("ssm")
    with suppress(ssm.exceptions.ParameterNotFound):  # the server has deleted it meanwhile
        ssm.delete_parameter(Name=name)


def _find(tables: Mapping[str, str], id: str) -> Iterator[Found]:
    kinds = {data.name: data for data in catalogue.data()}
    for partition in (f"user#{id}", f"guild#{id}"):
        for item in _query(tables["state"], partition):
            led = led_to(item)
            if led is None:
                yield _named("state", item, kinds)
                continue
            target = _get(tables["state"], led)
            there = _named("state", target, kinds) if target else None
            if there is None or (there.kind and partition not in there.kind.pointed(raw_of(there.item))):
                yield Found("state", item, "pointer")  # the item is gone, or names somebody else now
            elif there.kind and not there.kind.belongs(raw_of(there.item), partition):
                yield Found("state", there.item, there.name, there.kind, CHANGED)
            else:
                yield there
    for table, name, key in (("state", INTRODUCTION.name, INTRODUCTION.item_key(id)), *_quota_keys(id)):
        item = _get(tables[table], key)
        if item:
            yield Found(table, item, name)


def _quota_keys(id: str) -> Iterator[tuple[str, str, dict]]:
    """The keys of the uses that quotas count for a person or a server."""
    declared = {
        (handler.counted_as, quota.by, str(quota.per))
        for command in catalogue.commands()
        for handler in command.handlers
        for quota in handler.quotas
    }
    for feature, by, per in sorted(declared):
        for subject in {"user": [id], "guild": [id, f"dm-{id}"]}.get(by, []):
            yield "ephemeral", QUOTA.name, QUOTA.item_key(feature, by, per, subject)


def _named(table: str, item: dict, kinds: Mapping[str, Data]) -> Found:
    """The item with its declaration."""
    partition, sort = item["pk"]["S"], item["sk"]["S"]
    first = sort.partition("#")[0]
    kind = kinds.get(first)
    if kind and partition.partition("#")[0] == PARTITIONS[kind.of].partition("#")[0]:
        return Found(table, item, kind.row.name, kind)
    beside = [row for row in ROWS if row.partition in PARTITIONS.values() and row.sort.partition("#")[0] == first]
    for row in beside:
        if row.sort == sort or "{}" in row.sort:
            return Found(table, item, row.name)
    return Found(table, item, "of a feature that is no longer there")


def _erase(tables: Mapping[str, str], found: Found, id: str) -> None:
    dynamodb, table = client("dynamodb"), tables[found.table]
    key = {part: found.item[part] for part in ("pk", "sk")}
    if found.kind is None:
        # Nothing declares whose the item is, so every id in it may have a pointer. The pointer by which the item was
        # found goes last: if this process is killed, the next erasure finds what is left.
        for other in _ids(found.item) - {id}:
            _delete_pointers(tables["state"], other, found.key)
        dynamodb.delete_item(TableName=table, Key=key)
        _delete_pointers(tables["state"], id, found.key)
        return
    item = found.item
    for _try in range(TRIES):
        raw = raw_of(item)
        after = found.kind.without(raw, id, new_version()) if found.erasing == CHANGED else {}
        made = writes(found.kind, raw, after)
        try:
            dynamodb.transact_write_items(
                TransactItems=[{verb: {"TableName": table, **it} for verb, it in each.items()} for each in made]
            )
        except dynamodb.exceptions.TransactionCanceledException:  # the bot changed it
            item = _get(table, key)
            if not item:
                return
        else:
            return
    raise Unavailable(f"{found.key['pk']} {found.key['sk']} is busy; run this again")


def _ids(item: dict[str, Any]) -> set[str]:
    """Return what may be an id of Discord in an item."""
    return set(re.findall(r"(?<!\d)\d{15,20}(?!\d)", str(item)))


def _delete_pointers(table: str, id: str, key: dict[str, str]) -> None:
    for partition in (f"user#{id}", f"guild#{id}"):
        client("dynamodb").delete_item(TableName=table, Key=packed(pointer(partition, key)))


def _query(table: str, partition: str) -> Iterator[dict]:
    pages = (
        client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
    )
    for page in pages:
        yield from page["Items"]


def _get(table: str, key: dict) -> dict:
    return dict(client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {}))


def _shown(found: Found) -> dict[str, Any]:
    shown = {name: _plain(value) for name, value in found.item.items()}
    if found.kind:
        shown["value"] = json.loads(shown["value"])
    return {"row": found.name, "table": found.table, **shown}


def _plain(value: dict) -> Any:
    ((kind, given),) = value.items()
    if kind == "M":
        return {name: _plain(each) for name, each in given.items()}
    if kind == "N":
        return float(given) if re.search(r"[.eE]", given) else int(given)
    return [_plain(each) for each in given] if kind == "L" else given


def _not_found() -> str:
    """What else may hold personal data, but cannot be found by an id."""
    by_key = {INTRODUCTION, QUOTA, PING}  # the row of a ping belongs to a monitor of a server
    missed = [
        f"{row.name} ({(row.keep or 0) // DAY} d)"
        for row in ROWS
        if row.personal != "no" and row not in by_key and row.partition not in PARTITIONS.values()
    ]
    return (
        f"Not found by an id, because their keys do not say whose they are; DynamoDB deletes them after some days: "
        f"{', '.join(missed)}. What a person did as an administrator is in the audit of each server "
        f"({(AUDIT.keep or 0) // DAY} d). Backups, queues and logs are in docs/data.md."
    )
