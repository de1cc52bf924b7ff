"""Reads the roster of a server's monitors. The ingress does it to autocomplete, so a read is tried only once."""

from __future__ import annotations

from ..data.tables import ROSTER
from ..status.roster import Roster
from .dynamodb import Table

READ_SECONDS = 1.0


class Rosters:
    """The rosters in `table`. Raises Unavailable if DynamoDB cannot be reached."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, guild_id: str) -> Roster:
        """The monitors of a server. In direct messages (`guild_id` is "") there are none."""
        return read(self._table.get(ROSTER.item_key(guild_id), READ_SECONDS)) if guild_id else Roster()


def read(item: dict) -> Roster:
    """The roster in an item of DynamoDB's API. {} is an item that does not exist."""
    return Roster.parse(item["value"]["S"], int(item["version"]["N"])) if item else Roster()
