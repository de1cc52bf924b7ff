"""Remembers the webhooks that Discord no longer knows, so that they are not called again.

Discord restricts a bot that keeps calling unknown webhooks.
"""

from __future__ import annotations

import hashlib
import time

from ..data.tables import RETIRED_WEBHOOK
from .dynamodb import Table


class RetiredWebhooks:
    """The retired webhooks in the table `state`, by name, with a hash of the URL: a new URL is a new webhook."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    def has(self, name: str, url: str) -> bool:
        """Return whether the webhook with this name and this URL is retired."""
        retired = self._table.get(RETIRED_WEBHOOK.item_key(name))
        return bool(retired) and retired["url_hash"]["S"] == _hash(url)

    def add(self, name: str, url: str) -> None:
        """Record that Discord no longer knows the webhook."""
        retired = {"url_hash": {"S": _hash(url)}, "retired_at": {"N": str(int(time.time()))}}
        self._table.put({**RETIRED_WEBHOOK.item_key(name), **retired})


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
