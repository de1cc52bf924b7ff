"""Counts uses in a sliding window, in the table `ephemeral`, with one conditional write for each use.

An item holds the last uses as `u0` (the newest), `u1`, `u2`, …. Each holds its time in milliseconds and the id of the
interaction. A new use moves each of them to the next name. One update can do that, because each SET reads the item as
it was before the update. A use is allowed if the `count`-th newest has left the window.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from ..data.tables import QUOTA, SPARE_USES
from ..discord.interaction import TOKEN_SECONDS
from ..kit.quota import Quota
from .dynamodb import ConditionFailed, Table


class Quotas:
    """The quotas in `table`. If DynamoDB cannot be reached, no use is allowed: Unavailable is raised."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = Table(table)
        self._clock = clock

    def use(self, quota: Quota, feature: str, subject: str, interaction_id: str) -> float | None:
        """Count a use. Return None if it is allowed, or else the epoch second from which the next use is allowed.

        An interaction counts once: if its id is among the uses in the item, it has been allowed already. The item keeps
        SPARE_USES uses more than the quota has. So a late retry is recognised, unless too many other uses came between.
        """
        now = int(self._clock() * 1000)
        slots = [f"u{number}" for number in range(quota.count + SPARE_USES)]
        oldest, mine = slots[quota.count - 1], f" {interaction_id};"
        pushed = [f"{slot}=if_not_exists({newer},:never)" for newer, slot in pairwise(slots)]
        known = " OR ".join(f"contains({slot},:mine)" for slot in slots)
        expires = now // 1000 + max(quota.per, TOKEN_SECONDS)
        try:
            self._table.update(
                QUOTA.item_key(feature, quota.by, str(quota.per), subject),
                f"SET u0=:use,{','.join(pushed)},expires_at=:expires",
                {
                    ":use": {"S": f"{now:013d}{mine}"},
                    ":never": {"S": "0"},
                    ":mine": {"S": mine},
                    ":edge": {"S": f"{now - quota.per * 1000:013d}~"},
                    ":expires": {"N": str(expires)},
                },
                # Each use holds its time, so an expired item that TTL has not deleted yet forbids nothing.
                condition=f"NOT ({known}) AND (attribute_not_exists({oldest}) OR {oldest} <= :edge)",
            )
        except ConditionFailed as failed:
            uses = {slot: value["S"] for slot, value in failed.item.items() if slot in slots}
            if any(mine in use for use in uses.values()):
                return None
            return int(uses[oldest].split()[0]) / 1000 + quota.per
        return None
