"""Which roles of a server are viewer, responder or admin to the bot, in the table `state`."""

from __future__ import annotations

from ..rows import RANKS
from .aws import client


class Ranks:
    def __init__(self, table: str) -> None:
        self._table = table

    def of(self, guild_id: str) -> dict[str, str]:
        """Role id -> rank."""
        answer = client("dynamodb").get_item(TableName=self._table, Key=RANKS.item_key(guild_id), ConsistentRead=True)
        roles = answer.get("Item", {}).get("roles", {}).get("M", {})
        return {role_id: rank["S"] for role_id, rank in roles.items()}

    def put(self, guild_id: str, ranks: dict[str, str]) -> None:
        """Replaces the server's mapping."""
        roles = {"M": {role_id: {"S": rank} for role_id, rank in ranks.items()}}
        client("dynamodb").put_item(TableName=self._table, Item={**RANKS.item_key(guild_id), "roles": roles})
