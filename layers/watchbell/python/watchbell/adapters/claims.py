"""Claims, for work that must be done once. A claim is a row in DynamoDB, taken by one conditional write.

A claim is *taken* for a lease, then *done*, or *dead* if the work failed for good. If its holder dies, the lease ends
and the next delivery takes the claim.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from uuid import uuid4

from ..data.tables import Row
from ..errors import Retry, Unavailable
from .dynamodb import ConditionFailed, Table

log = logging.getLogger(__name__)

LEASE_SECONDS = 40
"""Longer than the function that holds the claim can run (30 s), so no claim is taken from a live holder."""

BUSY_SECONDS = 12.0
"""The longest wait before a delivery asks again for a claim that is held. Most claims are done long before their lease
ends. If one is not, five deliveries take longer than its lease."""


DONE, DEAD = "done", "dead"
"""The values of `status` after which nobody can take the claim any more."""


class Claims:
    """The claims in `tables`, a mapping of short names (state, ephemeral) to the names of tables.

    If DynamoDB cannot be reached, nobody gets a claim: Unavailable is raised, and the message goes back to its queue.
    """

    def __init__(self, tables: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._tables = {short: Table(name) for short, name in tables.items()}
        self._clock = clock

    def take(self, row: Row, *names: str, lease: float = LEASE_SECONDS, owner: str = "") -> Claim | None:
        """Return the claim to `row` for these names, or None if it is done already.

        Raises Retry while somebody else holds it. If it is dead, the Retry has no wait, so that the message soon
        reaches the dead letters. `lease` is in seconds. The same `owner` gets the claim again before its lease ends.
        Without an `owner`, each call is another.
        """
        now = self._clock()
        claim = Claim(self._tables[row.table], row, names, self._clock, owner)
        change = "SET #status = :taken, #owner = :owner, lease_until = :lease"
        values = {
            ":taken": {"S": "taken"},
            ":owner": {"S": claim.owner},
            ":lease": {"N": str(now + lease)},
            ":now": {"N": str(now)},
            ":one": {"N": "1"},
        }
        if row.keep is not None:  # set now, so a claim that nobody finishes expires too
            change += ", expires_at = :expires"
            values[":expires"] = {"N": str(int(now) + row.keep)}
        # TTL deletes late, so treat an expired row as if there were none.
        free = "attribute_not_exists(pk) OR (#status = :taken AND lease_until <= :now) OR expires_at <= :now"
        if owner:
            free += " OR (#status = :taken AND #owner = :owner)"
        counted = 0
        try:
            before = claim.table.update(
                claim.key,
                f"{change} ADD attempt :one, holders :one",
                values,
                names={"#status": "status", "#owner": "owner"},
                condition=free,
                returns="ALL_OLD",
            )
        except ConditionFailed as failed:
            before = failed.item
            status = before.get("status", {}).get("S")
            if status == DONE:
                return None
            if status == DEAD:
                raise Retry(f"{row.name} has failed for good", wait=0.0) from None
            if before.get("owner", {}).get("S") != claim.owner:
                until = float(before.get("lease_until", {}).get("N", now + 1))
                wait = min(max(1.0, until - now), BUSY_SECONDS)
                raise Retry(f"{row.name} is being worked on", wait=wait) from None
            counted = 1  # the first try of this write succeeded, but its answer was lost
        claim.attempt = int(before.get("attempt", {}).get("N", 0)) + 1 - counted
        claim.cut_off = int(before.get("holders", {}).get("N", 0)) - counted
        return claim

    def outcome(self, row: Row, *names: str) -> str:
        """Return the outcome of the work that is claimed by `row` for these names, "" if it is not done."""
        item = self._tables[row.table].get(row.item_key(*names))
        return str(item.get("outcome", {}).get("S", ""))

    def first(self, row: Row, name: str, value: str) -> str:
        """Return the value that the first caller gave for `name`: `value` itself if this is the first call.

        The first value is kept for ever.
        """
        stored = self._tables[row.table].update(
            row.item_key(name),
            "SET #first = if_not_exists(#first, :value)",
            {":value": {"S": value}},
            names={"#first": "first"},
            returns="ALL_NEW",
        )
        return str(stored["first"]["S"])


class Claim:
    """A claim that is held. An exception in its `with` block gives the claim back, so a retry need not wait.

    If the table cannot be reached, methods only log it: what has been done is not undone, and the lease ends by itself.

    `attempt` is 1 for the first holder. If it is greater, an earlier holder may have done a part of the work.
    `cut_off` counts the holders directly before this one that neither finished nor gave the claim back.
    """

    def __init__(
        self, table: Table, row: Row, names: tuple[str, ...], clock: Callable[[], float], owner: str = ""
    ) -> None:
        self.table = table
        self.row = row
        self.key = row.item_key(*names)
        self.owner = owner or uuid4().hex
        self.attempt = 1
        self.cut_off = 0
        self._clock = clock
        self._over = False

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None and not self._over:
            self._write("SET lease_until = :zero, holders = :zero", {":zero": {"N": "0"}})

    def done(self, outcome: str = "") -> bool:
        """Record that the work is done, with its `outcome`: an id or a reason code, never a sentence.

        Only the first 200 characters of `outcome` are kept. A second call changes nothing. Returns False if the table
        could not be reached.
        """
        return self._end(DONE, outcome)

    def dead(self, outcome: str = "") -> None:
        """Record that the work has failed for good: nobody can take the claim any more."""
        self._end(DEAD, outcome)

    def _end(self, status: str, outcome: str) -> bool:
        if self._over:
            return True
        self._over = True
        values = {":status": {"S": status}, ":outcome": {"S": outcome[:200]}}
        change = "SET #status = :status, outcome = :outcome"
        if self.row.keep is not None:
            change += ", expires_at = :expires"
            values[":expires"] = {"N": str(int(self._clock()) + self.row.keep)}
        return self._write(change, values, {"#status": "status"})

    def _write(self, change: str, values: dict, names: dict | None = None) -> bool:
        """Returns False if the table could not be reached."""
        try:
            self.table.update(
                self.key,
                change,
                {":owner": {"S": self.owner}, **values},
                names={"#owner": "owner", **(names or {})},
                condition="#owner = :owner",
            )
        except ConditionFailed:
            pass  # the lease ended, and the row belongs to another holder
        except Unavailable as error:
            log.warning("could not record how the work on %s went: %s", self.row.name, error)
            return False
        return True
