"""Which roles of a server are viewer, responder or admin to the bot, in the table `state`.

Without an SDK: the ingress reads it, for the choices of an option that only some may use.
"""

from __future__ import annotations

from ..rows import RANKS
from .aws_json import of_region

READ_SECONDS = 1.0


class Ranks:
    """Raises Unavailable where the table cannot be asked."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._dynamodb = of_region("dynamodb")

    def of(self, guild_id: str) -> dict[str, str]:
        """Role id -> rank."""
        question = {"TableName": self._table, "Key": RANKS.item_key(guild_id), "ConsistentRead": True}
        item = self._dynamodb.call("DynamoDB_20120810.GetItem", question, READ_SECONDS).get("Item", {})
        return {role_id: rank["S"] for role_id, rank in item.get("roles", {}).get("M", {}).items()}

    def put(self, guild_id: str, ranks: dict[str, str]) -> None:
        """Replaces the server's mapping."""
        roles = {"M": {role_id: {"S": rank} for role_id, rank in ranks.items()}}
        item = {**RANKS.item_key(guild_id), "roles": roles}
        self._dynamodb.call("DynamoDB_20120810.PutItem", {"TableName": self._table, "Item": item})
