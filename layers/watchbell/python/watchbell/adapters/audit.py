"""Records administrative actions in the table `state`: who did what in which server, and how it ended.

The rows of a server are numbered without gaps. So a row that is missing can be noticed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from ..data.tables import AUDIT, AUDIT_COUNT
from ..errors import Unavailable
from .dynamodb import Cancelled, Table

log = logging.getLogger(__name__)

DEPLOYMENT = "deployment"
"""Stands for a server if an action is about all of them."""

BEGUN = "begun"

TRIES = 5
"""How often a number is taken. Each failed try means that somebody else got that number."""


def number_after(count: dict) -> int:
    """Return the number of the next row. `count` is the item AUDIT_COUNT, {} if the server has no row yet."""
    return int(count.get("last", {}).get("N", 0)) + 1


def writes(server: str, number: int, at: float, **fields: str) -> list[dict]:
    """Return the writes of the transaction that adds row `number`. It fails if the server has that row already."""
    assert AUDIT.keep is not None
    item = {name: {"S": value[:500]} for name, value in fields.items() if value}
    item |= {"at": {"N": str(int(at))}, "expires_at": {"N": str(int(at) + AUDIT.keep)}}
    return [
        {
            "Update": {
                "Key": AUDIT_COUNT.item_key(server),
                "UpdateExpression": "SET #last = :number",
                "ConditionExpression": "#last = :before" if number > 1 else "attribute_not_exists(pk)",
                "ExpressionAttributeNames": {"#last": "last"},
                "ExpressionAttributeValues": {
                    ":number": {"N": str(number)},
                    **({":before": {"N": str(number - 1)}} if number > 1 else {}),
                },
            }
        },
        {
            "Put": {
                "Item": {**AUDIT.item_key(server, f"{number:010}"), **item},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]


class Audit:
    """The audit in the table called `table`. `clock` returns epoch seconds."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table, self._clock = Table(table), clock

    def begin(self, server: str, *, actor: str, action: str, interaction_id: str) -> Entry:
        """Record that an action begins. Raises Unavailable if that cannot be recorded: then it must not begin.

        `server` is its id, "" for DEPLOYMENT. `actor` is the id of a user, and `action` a code.
        """
        place = server or DEPLOYMENT
        fields = {"actor": actor, "action": action, "interaction_id": interaction_id, "ended": BEGUN}
        for _try in range(TRIES):
            number = number_after(self._table.get(AUDIT_COUNT.item_key(place)))
            try:
                self._table.transact(*writes(place, number, self._clock(), **fields), token=uuid4().hex)
            except Cancelled:
                continue
            return Entry(self._table, place, number)
        raise Unavailable(f"the audit of {place} is busy")


class Entry:
    """One row of the audit."""

    def __init__(self, table: Table, server: str, number: int) -> None:
        self._table, self._server, self._number = table, server, number

    def ended(self, code: str) -> None:
        """Record how the action ended. Never raises: the action is over, and the row stays `begun` after a failure."""
        key = AUDIT.item_key(self._server, f"{self._number:010}")
        try:
            self._table.update(key, "SET ended = :ended", {":ended": {"S": code}}, condition="attribute_exists(pk)")
        except Unavailable as error:
            details = {"server": self._server, "row": self._number, "ended": code}
            log.error("AUDIT: the row stays begun: %s", error, extra=details)  # noqa: TRY400 - the stack says no more
