"""One at a time: a lease on a name, in the `ephemeral` table, with a fencing token.

Unlike a claim a lock is never *done*: it is free again for the next. And it is held by an interaction rather than by
one of its deliveries, so that a redelivery is not kept out by itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from ..rows import LOCK
from .aws import client
from .claims import LEASE_SECONDS

log = logging.getLogger(__name__)


class Lock:
    """A lock that is held. `fence` grows with each holder of the name, also after the row was gone: a write that is
    conditional on a smaller one than was seen before comes from somebody whose lease is over."""

    def __init__(self, table: str, key: dict, fence: int) -> None:
        self._table, self._key, self.fence = table, key, fence

    def release(self) -> None:
        """Frees it, where it is still ours. Raises nothing: what was done is done, and the lease ends by itself."""
        try:
            client("dynamodb").update_item(
                TableName=self._table,
                Key=self._key,
                UpdateExpression="SET lease_until = :zero",
                ConditionExpression="fence = :fence",
                ExpressionAttributeValues={":zero": {"N": "0"}, ":fence": {"N": str(self.fence)}},
            )
        except (BotoCoreError, ClientError) as error:
            log.warning("a lock was not given back, and ends with its lease: %s", error)


class Locks:
    """Where DynamoDB cannot be asked nobody gets a lock: botocore's error passes."""

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._clock = clock

    def take(self, name: str, holder: str, lease: float = LEASE_SECONDS) -> Lock | None:
        """The lock on `name`; None while another `holder` has it. The same holder gets it anew, with a new fence."""
        now = self._clock()
        key = LOCK.item_key(name)
        try:
            answer = client("dynamodb").update_item(
                TableName=self._table,
                Key=key,
                # The count begins at the time, so it goes on growing when TTL has deleted the row.
                UpdateExpression=(
                    "SET #owner = :me, lease_until = :lease, expires_at = :expires, "
                    "fence = if_not_exists(fence, :start) + :one"
                ),
                ConditionExpression="attribute_not_exists(pk) OR lease_until <= :now OR #owner = :me",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={
                    ":me": {"S": holder},
                    ":lease": {"N": str(now + lease)},
                    ":expires": {"N": str(int(now) + (LOCK.keep or 0))},
                    ":now": {"N": str(now)},
                    ":start": {"N": str(int(now * 1000))},
                    ":one": {"N": "1"},
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        return Lock(self._table, key, int(answer["Attributes"]["fence"]["N"]))
