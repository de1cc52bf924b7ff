"""Uses within a sliding window, in the `ephemeral` table: one conditional write each, whoever runs it.

An item holds the last uses as `u0` (the newest), `u1`, `u2`, …, each the millisecond and the interaction's id. A use
pushes them all along by one, which DynamoDB does in a single update since each SET reads the item as it was before.
It may, where the `count`-th newest has left the window.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from botocore.exceptions import ClientError

from ..discord.interaction import TOKEN_SECONDS
from ..quota import Quota
from ..rows import QUOTA, SPARE_USES
from .aws import client


class Quotas:
    """botocore's errors pass, so that nobody gets through where the table is away."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._clock = clock

    def use(self, quota: Quota, feature: str, subject: str, interaction_id: str) -> float | None:
        """Counts a use; None where it may, else the epoch second from which on it may again.

        Once for an interaction: an id that is among the item's uses has been let in already. It is kept for a few uses
        more than the window has, so a retry that comes later still is known, unless many others came between.
        """
        now = int(self._clock() * 1000)
        slots = [f"u{number}" for number in range(quota.count + SPARE_USES)]
        oldest, mine = slots[quota.count - 1], f" {interaction_id};"
        pushed = [f"{slot}=if_not_exists({newer},:never)" for newer, slot in pairwise(slots)]
        known = " OR ".join(f"contains({slot},:mine)" for slot in slots)
        expires = now // 1000 + max(quota.per, TOKEN_SECONDS)
        try:
            client("dynamodb").update_item(
                TableName=self._table,
                Key=QUOTA.item_key(feature, quota.by, str(quota.per), subject),
                UpdateExpression=f"SET u0=:use,{','.join(pushed)},expires_at=:expires",
                # Each use bears its time, so an item that TTL has not deleted yet forbids nothing.
                ConditionExpression=f"NOT ({known}) AND (attribute_not_exists({oldest}) OR {oldest} <= :edge)",
                ExpressionAttributeValues={
                    ":use": {"S": f"{now:013d}{mine}"},
                    ":never": {"S": "0"},
                    ":mine": {"S": mine},
                    ":edge": {"S": f"{now - quota.per * 1000:013d}~"},
                    ":expires": {"N": str(expires)},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            uses = {slot: value["S"] for slot, value in error.response.get("Item", {}).items() if slot in slots}
            if any(mine in use for use in uses.values()):
                return None
            return int(uses[oldest].split()[0]) / 1000 + quota.per
        return None
