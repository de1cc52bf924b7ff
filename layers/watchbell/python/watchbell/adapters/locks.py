"""Locks, for work that only one may do at a time. A lock is a lease on a name, in the table `ephemeral`.

Unlike a claim, a lock is never *done*: after its release, the next holder can take it. Its holder is an interaction,
not one of the interaction's deliveries. So a second delivery of the same interaction is not locked out. If the claim
of that interaction is done or dead, the lock is free, even if nobody released it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ..data.tables import INTERACTION, LOCK
from ..errors import Unavailable
from .claims import DEAD, DONE
from .dynamodb import ConditionFailed, Table

log = logging.getLogger(__name__)

LEASE_SECONDS = 15 * 60
"""Longer than a message waits between two deliveries, so that its lock is still there when it comes again.

After a worker was killed, that is the queue's visibility timeout (180 s).
"""


class Lock:
    """A lock that is held.

    `fence` is a fencing token: it is greater for each later holder, even if the row was deleted in between. To keep
    out a holder that has lost its lease, store the fence with each write, and refuse a smaller one than is stored.
    """

    def __init__(self, table: Table, key: dict, fence: int) -> None:
        self._table, self._key, self.fence = table, key, fence

    def release(self) -> None:
        """Free the lock if this holder still has it. A failure is only logged: the lock ends with the claim."""
        values = {":zero": {"N": "0"}, ":fence": {"N": str(self.fence)}}
        try:
            self._table.update(self._key, "SET lease_until = :zero", values, condition="fence = :fence")
        except ConditionFailed:
            pass  # another holder has it
        except Unavailable as error:
            log.warning("could not release a lock; it ends with its lease: %s", error)


class Locks:
    """The locks in `table`. If DynamoDB cannot be reached, nobody gets a lock: Unavailable is raised."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = Table(table)
        self._clock = clock

    def take(self, name: str, holder: str, lease: float = LEASE_SECONDS) -> Lock | None:
        """Return the lock on `name`, or None while another holder has it.

        `holder` is the id of an interaction. The same holder gets the lock again, with a new fence. `lease` is in
        seconds; it ends the lock of a holder that never comes back.
        """
        try:
            return self._take(name, holder, lease, holder)
        except ConditionFailed as failed:
            before = failed.item.get("owner", {}).get("S", "")
        claim = self._table.get(INTERACTION.item_key(before))
        if claim.get("status", {}).get("S") not in (DONE, DEAD):
            return None
        try:
            return self._take(name, holder, lease, before)
        except ConditionFailed:
            return None

    def _take(self, name: str, holder: str, lease: float, finished: str) -> Lock:
        """Take the lock if it is free, or if `holder` or `finished` has it. Raises ConditionFailed."""
        now = self._clock()
        key = LOCK.item_key(name)
        taken = self._table.update(
            key,
            # The fence starts at the time in milliseconds, so it still grows after TTL has deleted the row.
            "SET #owner = :me, lease_until = :lease, expires_at = :expires, "
            "fence = if_not_exists(fence, :start) + :one",
            {
                ":me": {"S": holder},
                ":finished": {"S": finished},
                ":lease": {"N": str(now + lease)},
                ":expires": {"N": str(int(now) + (LOCK.keep or 0))},
                ":now": {"N": str(now)},
                ":start": {"N": str(int(now * 1000))},
                ":one": {"N": "1"},
            },
            names={"#owner": "owner"},
            condition="attribute_not_exists(pk) OR lease_until <= :now OR #owner IN (:me, :finished)",
            returns="ALL_NEW",
        )
        return Lock(self._table, key, int(taken["fence"]["N"]))
