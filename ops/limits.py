"""`ops limits`: show or change how many monitors a server may have, how often they are checked, and what they ask."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from infra.settings import Deployment
from watchbell.adapters.aws import client
from watchbell.adapters.monitors import Limits, limits_of
from watchbell.data.tables import MONITOR_LIMITS
from watchbell.status.monitor import EVERY

from .audit import Book
from .tables import table_of

MOST = 250
"""The most monitors of a server: the roster of its names must fit into one item of the table."""


SWITCHES = ("aws", "private")
"""What the operator allows a server, or does not."""

HOME = {"monitors": "100", "every": "1"}
"""The limits of a server of the operator's own."""


def run(deployment: Deployment, book: Book, guild: str, changes: Sequence[str], environment: Mapping[str, str]) -> None:
    """Make the changes (`monitors=100`, `private=on`, `home`, `default`, …), then print the limits of the server."""
    if not re.fullmatch(r"\d{15,20}", guild):
        raise ValueError(f"{guild!r} is not a server id. A server id has 15 to 20 digits.")
    asked = dict(change.partition("=")[::2] for change in changes)
    if asked.get("home") == "":
        del asked["home"]
        asked = HOME | asked
    for name, value in asked.items():
        _check(name, value)
    table = environment.get("STATE_TABLE") or table_of(deployment)
    dynamodb, key = client("dynamodb"), MONITOR_LIMITS.item_key(guild)
    if asked:
        with book.recorded("limits.set", " ".join(changes), guild):
            _change(table, key, asked)
    found: Limits = limits_of(dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {}))
    switches = [f"{name}={'on' if getattr(found, name) else 'off'}" for name in SWITCHES]
    print(" ".join([f"monitors={found.monitors} every={found.every}", *switches]))


def _change(table: str, key: dict, asked: Mapping[str, str]) -> None:
    dynamodb = client("dynamodb")
    if "default" in asked:
        dynamodb.delete_item(TableName=table, Key=key)
    for name in ("monitors", "every", *SWITCHES):
        if name in asked:
            dynamodb.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET #name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":value": {"N": {"on": "1", "off": "0"}.get(asked[name], asked[name])}},
            )


def _check(name: str, value: str) -> None:
    if name == "monitors" and not (value.isdigit() and 0 <= int(value) <= MOST):
        raise ValueError(f"{name}={value} is not valid. A server may have 0 to {MOST} monitors.")
    if name == "every" and value not in map(str, EVERY):
        raise ValueError(f"{name}={value} is not valid. Write one of {', '.join(map(str, EVERY))} minutes.")
    if name in SWITCHES and value not in ("on", "off"):
        raise ValueError(f"{name}={value} is not valid. Write {name}=on or {name}=off.")
    if name not in ("monitors", "every", *SWITCHES, "default"):
        text = "Write monitors=NUMBER, every=MINUTES, aws=on, private=on, home, or default."
        raise ValueError(f"{name} is not a limit. {text}")
