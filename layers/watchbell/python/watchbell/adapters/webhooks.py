"""Webhooks that Discord no longer knows. They are remembered so that they are not called again: Discord restricts a bot
that keeps calling them."""

from __future__ import annotations

import hashlib
import time

from ..data.tables import RETIRED_WEBHOOK
from .dynamodb import Table


class RetiredWebhooks:
    """Kept in the table `state`, by the webhook's name, with its URL's hash: a new URL is a new webhook."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    def has(self, name: str, url: str) -> bool:
        retired = self._table.get(RETIRED_WEBHOOK.item_key(name))
        return bool(retired) and retired["url_hash"]["S"] == _hash(url)

    def add(self, name: str, url: str) -> None:
        retired = {"url_hash": {"S": _hash(url)}, "retired_at": {"N": str(int(time.time()))}}
        self._table.put({**RETIRED_WEBHOOK.item_key(name), **retired})


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
