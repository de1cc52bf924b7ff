"""State of a component that is too large for its custom id, in the `ephemeral` table until the component expires.

Without an SDK: the ingress reads it, to open a form at once with what was typed into it before.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable

from ..rows import COMPONENT_STATE
from .aws_json import of_region

READ_SECONDS = 1.0
"""What reading may take: the signing keys may have taken `aws_json.SECONDS` before it, and Discord grants 3 for all."""


class Stash:
    """Raises Unavailable where the table cannot be asked."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._dynamodb = of_region("dynamodb")
        self._table = table
        self._clock = clock

    def put(self, values: list[str], seconds: int) -> str:
        """Keeps `values` for so long and answers their key, 16 characters that nobody can guess."""
        key = secrets.token_urlsafe(12)
        item = {
            **COMPONENT_STATE.item_key(key),
            "values": {"S": json.dumps(values)},
            "expires_at": {"N": str(int(self._clock()) + seconds + 60)},
        }
        self._dynamodb.call("DynamoDB_20120810.PutItem", {"TableName": self._table, "Item": item})
        return key

    def get(self, key: str) -> list[str] | None:
        """The values, None where they have expired or there never were any."""
        question = {"TableName": self._table, "Key": COMPONENT_STATE.item_key(key), "ConsistentRead": True}
        item = self._dynamodb.call("DynamoDB_20120810.GetItem", question, READ_SECONDS).get("Item")
        if item is None or int(item["expires_at"]["N"]) <= self._clock():
            return None
        return list(json.loads(item["values"]["S"]))
