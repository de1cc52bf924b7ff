"""Stores state that is too large for a component's custom id, in the table `ephemeral`, until the component expires.

The ingress reads the state too, to open a form again with what was typed into it. Discord waits for that, so a call is
tried only once.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable

from ..data.tables import COMPONENT_STATE
from .dynamodb import Table

READ_SECONDS = 1.0
"""The time limit of a read. The keys may have taken `aws_json.SECONDS` before, and Discord allows 3 seconds in all."""


class Stash:
    """The state in `table`. Methods raise Unavailable if DynamoDB cannot be reached."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = Table(table, tries=1)
        self._clock = clock

    def put(self, values: list[str], seconds: int) -> str:
        """Store `values` for `seconds`, and return their key: 16 characters that nobody can guess."""
        key = secrets.token_urlsafe(12)
        item = {
            **COMPONENT_STATE.item_key(key),
            "values": {"S": json.dumps(values)},
            "expires_at": {"N": str(int(self._clock()) + seconds + 60)},
        }
        self._table.put(item)
        return key

    def get(self, key: str) -> list[str] | None:
        """Return the values, or None if they have expired or were never stored."""
        item = self._table.get(COMPONENT_STATE.item_key(key), READ_SECONDS)
        if not item or int(item["expires_at"]["N"]) <= self._clock():
            return None
        return list(json.loads(item["values"]["S"]))
