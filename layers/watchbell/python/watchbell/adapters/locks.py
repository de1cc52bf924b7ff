"""Locks, for work that only one may do at a time. A lock is a lease on a name, in the table `ephemeral`.

Unlike a claim, a lock is never *done*: after its release, the next holder can take it. Its holder is an interaction,
not one of the interaction's deliveries. So a second delivery of the same interaction is not locked out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ..data.tables import LOCK
from ..errors import Unavailable
from .claims import LEASE_SECONDS
from .dynamodb import ConditionFailed, Table

log = logging.getLogger(__name__)


class Lock:
    """A lock that is held.

    `fence` is a fencing token: it is greater for each later holder, even if the row was deleted in between. To keep
    out a holder that has lost its lease, store the fence with each write, and refuse a smaller one than is stored.
    """

    def __init__(self, table: Table, key: dict, fence: int) -> None:
        self._table, self._key, self.fence = table, key, fence

    def release(self) -> None:
        """Free the lock if this holder still has it. A failure is only logged, because the lease ends by itself."""
        values = {":zero": {"N": "0"}, ":fence": {"N": str(self.fence)}}
        try:
            self._table.update(self._key, "SET lease_until = :zero", values, condition="fence = :fence")
        except Unavailable as error:
            log.warning("could not release a lock; it ends with its lease: %s", error)


class Locks:
    """The locks in `table`. If DynamoDB cannot be reached, nobody gets a lock: Unavailable is raised."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = Table(table)
        self._clock = clock

    def take(self, name: str, holder: str, lease: float = LEASE_SECONDS) -> Lock | None:
        """Return the lock on `name`, or None while another holder has it.

        The same `holder` gets the lock again, with a new fence. `lease` is in seconds.
        """
        now = self._clock()
        key = LOCK.item_key(name)
        try:
            taken = self._table.update(
                key,
                # The fence starts at the time in milliseconds, so it still grows after TTL has deleted the row.
                "SET #owner = :me, lease_until = :lease, expires_at = :expires, "
                "fence = if_not_exists(fence, :start) + :one",
                {
                    ":me": {"S": holder},
                    ":lease": {"N": str(now + lease)},
                    ":expires": {"N": str(int(now) + (LOCK.keep or 0))},
                    ":now": {"N": str(now)},
                    ":start": {"N": str(int(now * 1000))},
                    ":one": {"N": "1"},
                },
                names={"#owner": "owner"},
                condition="attribute_not_exists(pk) OR lease_until <= :now OR #owner = :me",
                returns="ALL_NEW",
            )
        except ConditionFailed:
            return None
        return Lock(self._table, key, int(taken["fence"]["N"]))
