"""Webhooks that Discord no longer knows, remembered so that they are not called again (Discord restricts who does)."""

from __future__ import annotations

import hashlib
import time

from ..rows import RETIRED_WEBHOOK
from .aws import client


class RetiredWebhooks:
    """Kept in the table `state`, by the webhook's name, with its URL's hash: a new URL is a new webhook."""

    def __init__(self, table: str) -> None:
        self._table = table

    def has(self, name: str, url: str) -> bool:
        item = (
            client("dynamodb")
            .get_item(TableName=self._table, Key=RETIRED_WEBHOOK.item_key(name), ConsistentRead=True)
            .get("Item")
        )
        return item is not None and item["url_hash"]["S"] == _hash(url)

    def add(self, name: str, url: str) -> None:
        retired = {"url_hash": {"S": _hash(url)}, "retired_at": {"N": str(int(time.time()))}}
        client("dynamodb").put_item(TableName=self._table, Item={**RETIRED_WEBHOOK.item_key(name), **retired})


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
