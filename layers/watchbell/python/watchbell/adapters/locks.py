"""One at a time: a lease on a name, in the `ephemeral` table, with a fencing token.

Unlike a claim, a lock is never *done*: it is free again for the next. An interaction holds it, not one of the
interaction's deliveries, so a redelivery does not lock itself out.
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

    `fence` grows with each holder of the name, even after the row was gone. Whoever writes with a smaller one than was
    seen before has lost the lease: make the write conditional on it.
    """

    def __init__(self, table: Table, key: dict, fence: int) -> None:
        self._table, self._key, self.fence = table, key, fence

    def release(self) -> None:
        """Frees it if it is still ours. Raises nothing: what was done is done, and the lease ends by itself."""
        values = {":zero": {"N": "0"}, ":fence": {"N": str(self.fence)}}
        try:
            self._table.update(self._key, "SET lease_until = :zero", values, condition="fence = :fence")
        except Unavailable as error:
            log.warning("a lock was not given back, and ends with its lease: %s", error)


class Locks:
    """If DynamoDB cannot be asked, nobody gets a lock: Unavailable is raised."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = Table(table)
        self._clock = clock

    def take(self, name: str, holder: str, lease: float = LEASE_SECONDS) -> Lock | None:
        """The lock on `name`; None while another `holder` has it. The same holder gets it again, with a new fence."""
        now = self._clock()
        key = LOCK.item_key(name)
        try:
            taken = self._table.update(
                key,
                # The count begins at the time, so it goes on growing after TTL has deleted the row.
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
