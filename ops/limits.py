"""`ops limits`: show or change how many monitors a server may have, and how often they may be checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from infra.settings import Deployment
from watchbell.adapters.aws import client
from watchbell.adapters.monitors import Limits, limits_of
from watchbell.data.tables import MONITOR_LIMITS
from watchbell.status.monitor import EVERY

from .tables import table_of

MOST = 250
"""The most monitors of a server: the roster of its names must fit into one item of the table."""


def run(deployment: Deployment, guild: str, changes: Sequence[str], environment: Mapping[str, str]) -> None:
    """Make the changes (`monitors=100`, `every=1`, `aws=on`, or `default`), then print the limits of the server."""
    if not re.fullmatch(r"\d{15,20}", guild):
        raise ValueError(f"{guild!r} is not a server id. A server id has 15 to 20 digits.")
    asked = dict(change.partition("=")[::2] for change in changes)
    for name, value in asked.items():
        _check(name, value)
    table = environment.get("STATE_TABLE") or table_of(deployment)
    dynamodb, key = client("dynamodb"), MONITOR_LIMITS.item_key(guild)
    if "default" in asked:
        dynamodb.delete_item(TableName=table, Key=key)
    asked = {name: {"on": "1", "off": "0"}.get(value, value) for name, value in asked.items()}
    for name in ("monitors", "every", "aws"):
        if name in asked:
            dynamodb.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET #name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":value": {"N": asked[name]}},
            )
    found: Limits = limits_of(dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {}))
    print(f"monitors={found.monitors} every={found.every} aws={'on' if found.aws else 'off'}")


def _check(name: str, value: str) -> None:
    if name == "monitors" and not (value.isdigit() and 0 <= int(value) <= MOST):
        raise ValueError(f"{name}={value} is not valid. A server may have 0 to {MOST} monitors.")
    if name == "every" and value not in map(str, EVERY):
        raise ValueError(f"{name}={value} is not valid. Write one of {', '.join(map(str, EVERY))} minutes.")
    if name == "aws" and value not in ("on", "off"):
        raise ValueError(f"{name}={value} is not valid. Write aws=on or aws=off.")
    if name not in ("monitors", "every", "aws", "default"):
        raise ValueError(f"{name} is not a limit. Write monitors=NUMBER, every=MINUTES, aws=on, or default.")
