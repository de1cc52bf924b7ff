"""Records what an operator changes in the audit, beside what people change in Discord."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from infra.settings import Deployment
from watchbell.adapters import audit
from watchbell.adapters.aws import client
from watchbell.data.tables import AUDIT, AUDIT_COUNT
from watchbell.errors import Unavailable

from .tables import table_of

AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
"""What boto3 raises. The last one: something else answered in the place of AWS, or AWS answered nonsense."""


class Book:
    """The audit of a deployment, for one command. The actor is the AWS identity of this shell."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._table = self._actor = ""
        self._unrecorded = False

    @contextmanager
    def recorded(self, action: str, subject: str = "", server: str = "") -> Iterator[None]:
        """Record the block. It holds only the writes: looking, and a mistake in an argument, leave no row.

        `action` is a code. `subject` says what it is done to, and holds no secret. `server` is an id, "" for all.

        The row is there before the block begins, so it stays `begun` if this process is killed. A row that ends
        `failed` means that a part may be done. If the audit cannot be written, the block runs anyway, and the operator
        is told once that it is not recorded. A block that fails tells its own error only.
        """
        place = server or audit.DEPLOYMENT
        number, unrecorded = 0, ""
        try:
            number = self._begin(place, action=action, subject=subject)
        except (ValueError, Unavailable, *AWS_ERRORS) as error:
            unrecorded = str(error)
        try:
            yield
        except BaseException:
            self._end(place, number, "failed")
            raise
        self._end(place, number, "done")
        if unrecorded and not self._unrecorded:
            self._unrecorded = True
            print(f"ops: This is not in the audit: {unrecorded}", file=sys.stderr)

    def _begin(self, place: str, **fields: str) -> int:
        """Add a row, and return its number. Raise ValueError if there is no table, as before the first deployment."""
        self._table = self._table or os.environ.get("STATE_TABLE") or table_of(self._deployment)
        self._actor = self._actor or client("sts").get_caller_identity()["Arn"]
        dynamodb = client("dynamodb")
        for _try in range(audit.TRIES):
            count = dynamodb.get_item(TableName=self._table, Key=AUDIT_COUNT.item_key(place), ConsistentRead=True)
            number = audit.number_after(count.get("Item", {}))
            writes = audit.writes(place, number, time.time(), actor=self._actor, ended=audit.BEGUN, **fields)
            items = [{kind: {"TableName": self._table, **write} for kind, write in each.items()} for each in writes]
            try:
                dynamodb.transact_write_items(TransactItems=items)
            except dynamodb.exceptions.TransactionCanceledException:  # somebody else got that number
                continue
            return number
        raise Unavailable(f"the audit of {place} is busy")

    def _end(self, place: str, number: int, ended: str) -> None:
        if not number:
            return
        try:
            client("dynamodb").update_item(
                TableName=self._table,
                Key=AUDIT.item_key(place, f"{number:010}"),
                UpdateExpression="SET ended = :ended",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":ended": {"S": ended}},
            )
        except AWS_ERRORS as error:
            print(f"ops: Row {number} of the audit stays `begun`, though it is {ended}: {error}", file=sys.stderr)
