"""State of a component that is too large for its custom id, in the `ephemeral` table until the component expires.

The ingress reads it too, to open a form at once with what was typed into it before. So a call is tried once.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable

from ..data.tables import COMPONENT_STATE
from .dynamodb import Table

READ_SECONDS = 1.0
"""How long reading takes at most. The keys may have taken `aws_json.SECONDS` before, and Discord grants 3 for all."""


class Stash:
    """Raises Unavailable if the table cannot be asked."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = Table(table, tries=1)
        self._clock = clock

    def put(self, values: list[str], seconds: int) -> str:
        """Keeps `values` for so long and answers their key, 16 characters that nobody can guess."""
        key = secrets.token_urlsafe(12)
        item = {
            **COMPONENT_STATE.item_key(key),
            "values": {"S": json.dumps(values)},
            "expires_at": {"N": str(int(self._clock()) + seconds + 60)},
        }
        self._table.put(item)
        return key

    def get(self, key: str) -> list[str] | None:
        """The values; None if they have expired or never were there."""
        item = self._table.get(COMPONENT_STATE.item_key(key), READ_SECONDS)
        if not item or int(item["expires_at"]["N"]) <= self._clock():
            return None
        return list(json.loads(item["values"]["S"]))
