"""Reads which roles of a server are viewer, responder or admin to the bot, from the table `state`.

The ingress reads the ranks before it autocompletes an option of a command that only some people may use. Discord
waits for that, so a call is tried only once.
"""

from __future__ import annotations

from ..data.tables import RANKS
from .dynamodb import Table

READ_SECONDS = 1.0


class Ranks:
    """The ranks in `table`. Methods raise Unavailable if DynamoDB cannot be reached."""

    def __init__(self, table: str) -> None:
        self._table = Table(table, tries=1)

    def of(self, guild_id: str) -> dict[str, str]:
        """Return the ranks of the server: role id -> rank."""
        roles = self._table.get(RANKS.item_key(guild_id), READ_SECONDS).get("roles", {}).get("M", {})
        return {role_id: rank["S"] for role_id, rank in roles.items()}
