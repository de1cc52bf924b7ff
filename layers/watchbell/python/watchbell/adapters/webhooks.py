"""Remembers the webhooks that Discord no longer knows, so that they are not called again.

Discord restricts a bot that keeps calling unknown webhooks.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from ..data.tables import RETIRED_WEBHOOK
from .dynamodb import Table


class RetiredWebhooks:
    """The retired webhooks in the table `state`, by name.

    `set_at(name)` tells when the webhook's URL was last set. A webhook is retired until its URL is set again, even to
    the same value.
    """

    def __init__(self, table: str, set_at: Callable[[str], str]) -> None:
        self._table, self._set_at = Table(table), set_at

    def has(self, name: str, url: str) -> bool:
        """Return whether the webhook with this name and this URL is retired."""
        retired = self._table.get(RETIRED_WEBHOOK.item_key(name))
        if not retired or retired["url_hash"]["S"] != _hash(url):
            return False
        return "set_at" in retired and retired["set_at"]["S"] == self._set_at(name)

    def add(self, name: str, url: str) -> None:
        """Record that Discord no longer knows the webhook."""
        self._table.put(
            {
                **RETIRED_WEBHOOK.item_key(name),
                "url_hash": {"S": _hash(url)},
                "set_at": {"S": self._set_at(name)},
                "retired_at": {"N": str(int(time.time()))},
            }
        )


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
