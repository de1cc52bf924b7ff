"""Who may do a thing that must happen once: a row in DynamoDB, taken by one conditional write.

A claim is *taken* for a lease, then *done*. Where its holder dies, the lease ends and the next delivery takes over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from uuid import uuid4

from botocore.exceptions import ClientError

from ..errors import Retry
from ..rows import Row
from .aws import client

LEASE_SECONDS = 40
"""Longer than the function that holds it may run (30 s), so that a live holder is never overtaken."""


BUSY_SECONDS = 12.0
"""After so long somebody who met a held claim comes back: most are done long before their lease is over, and five
deliveries of that outlast one that is not."""


class Claims:
    """Claims in the tables, by short name (state, ephemeral) -> table name. Where DynamoDB cannot be asked nobody
    gets a claim: botocore's error passes, and the message goes back to its queue."""

    def __init__(self, tables: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._tables = tables
        self._clock = clock

    def take(self, row: Row, *names: str, lease: float = LEASE_SECONDS) -> Claim | None:
        """The claim to `row` for these names; None where it is done already; Retry where somebody holds it now."""
        now = self._clock()
        claim = Claim(self._tables[row.table], row, names, self._clock)
        change = "SET #status = :taken, #owner = :owner, lease_until = :lease"
        values = {
            ":taken": {"S": "taken"},
            ":owner": {"S": claim.owner},
            ":lease": {"N": str(now + lease)},
            ":now": {"N": str(now)},
            ":one": {"N": "1"},
        }
        if row.keep is not None:  # from now on, lest one that nobody finishes stays for ever
            change += ", expires_at = :expires"
            values[":expires"] = {"N": str(int(now) + row.keep)}
        try:
            answer = client("dynamodb").update_item(
                TableName=claim.table,
                Key=claim.key,
                UpdateExpression=f"{change} ADD attempt :one, holders :one",
                # TTL deletes late, so an expired row counts as none.
                ConditionExpression=(
                    "attribute_not_exists(pk) OR (#status = :taken AND lease_until <= :now) OR expires_at <= :now"
                ),
                ExpressionAttributeNames={"#status": "status", "#owner": "owner"},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            there = error.response.get("Item", {})
            if there.get("status", {}).get("S") == "done":
                return None
            until = float(there.get("lease_until", {}).get("N", now + 1))
            raise Retry(f"{row.name} is being worked on", wait=min(max(1.0, until - now), BUSY_SECONDS)) from None
        before = answer.get("Attributes", {})
        claim.attempt = int(before.get("attempt", {}).get("N", 0)) + 1
        claim.cut_off = int(before.get("holders", {}).get("N", 0))
        return claim

    def first(self, row: Row, name: str, value: str) -> str:
        """The value that the first caller gave for `name`, for ever: `value` itself where that was us."""
        answer = client("dynamodb").update_item(
            TableName=self._tables[row.table],
            Key=row.item_key(name),
            UpdateExpression="SET #first = if_not_exists(#first, :value)",
            ExpressionAttributeNames={"#first": "first"},
            ExpressionAttributeValues={":value": {"S": value}},
            ReturnValues="ALL_NEW",
        )
        return str(answer["Attributes"]["first"]["S"])


class Claim:
    """A claim that is held. Leaving its `with` block by an exception gives it back, so that a retry need not wait.

    `attempt` is 1 for the first holder; above that, somebody may have done a part of the work before. `cut_off`: so
    many holders in a row before this one neither finished nor gave it back.
    """

    def __init__(self, table: str, row: Row, names: tuple[str, ...], clock: Callable[[], float]) -> None:
        self.table = table
        self.row = row
        self.key = row.item_key(*names)
        self.owner = uuid4().hex
        self.attempt = 1
        self.cut_off = 0
        self._clock = clock

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self._write("SET lease_until = :zero, holders = :zero", {":zero": {"N": "0"}})

    def done(self, outcome: str = "") -> None:
        """Record that the thing is done. `outcome` is kept with it: an id or a reason code, never a sentence.

        At most 200 characters are kept.
        """
        values = {":done": {"S": "done"}, ":outcome": {"S": outcome[:200]}}
        change = "SET #status = :done, outcome = :outcome"
        if self.row.keep is not None:
            change += ", expires_at = :expires"
            values[":expires"] = {"N": str(int(self._clock()) + self.row.keep)}
        self._write(change, values, {"#status": "status"})

    def _write(self, change: str, values: dict, names: dict | None = None) -> None:
        try:
            client("dynamodb").update_item(
                TableName=self.table,
                Key=self.key,
                UpdateExpression=change,
                ConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#owner": "owner", **(names or {})},
                ExpressionAttributeValues={":owner": {"S": self.owner}, **values},
            )
        except ClientError as error:
            # Overtaken after our lease ended: the row is the next holder's to write.
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
