"""Reads and writes the rows of a DynamoDB table, without an SDK.

Items have the format of DynamoDB's API: `{"n": {"N": "1"}}`.
"""

import os
import time

from ..errors import Unavailable
from .aws_json import Refused, of_region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECONDS = 8.0
"""The time limit of a call, with all its tries."""

TRY_SECONDS = 5.0
"""The time limit of one try. A try whose answer is lost leaves time for another."""

TRIES = 3
PAUSE_SECONDS = 0.1
"""The longest pause before the second try. The pause before the third is up to four times as long."""


class ConditionFailed(Refused):
    """The row does not meet the condition of the write, so nothing was written. `item` is the row as it is now."""

    @property
    def item(self) -> dict:
        return self.details.get("Item", {})


class Cancelled(Refused):
    """Nothing of a transaction was written. `failed` has the places of the writes whose condition did not hold."""

    @property
    def failed(self) -> list[int]:
        reasons = self.details.get("CancellationReasons", [])
        return [place for place, reason in enumerate(reasons) if reason.get("Code") == "ConditionalCheckFailed"]


class Table:
    """The table called `name`.

    If DynamoDB throttles a call, fails or does not answer, the call is made up to `tries` times. After that, methods
    raise Unavailable, or Unsure if a write may have been done. A write may be done twice, so make only writes that can
    be. If `ahead`, a connection is opened in the background at once.
    """

    def __init__(self, name: str, *, tries: int = TRIES, ahead: bool = False) -> None:
        self.name = name
        self._tries = tries
        self._dynamodb = of_region("dynamodb", ahead=ahead)

    def get(self, key: dict, seconds: float = SECONDS) -> dict:
        """Return the row with that key, or {} if there is none. The read is strongly consistent."""
        return self._call("GetItem", {"Key": key, "ConsistentRead": True}, seconds).get("Item", {})

    def get_many(self, keys: list[dict]) -> list[dict]:
        """Return the rows with these keys, at most 100, in any order. Rows that do not exist are left out.

        The reads are strongly consistent. Raises Unavailable if DynamoDB leaves some of them out again and again.
        """
        found: list[dict] = []
        for _try in range(self._tries):
            if not keys:  # DynamoDB refuses an empty list
                break
            asked = {self.name: {"Keys": keys, "ConsistentRead": True}}
            answer = self._send("BatchGetItem", {"RequestItems": asked}, SECONDS)
            found += answer.get("Responses", {}).get(self.name, [])
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
        if keys:
            raise Unavailable(f"DynamoDB left out {len(keys)} rows")
        return found

    def put(self, item: dict) -> None:
        self._call("PutItem", {"Item": item})

    def delete(self, key: dict) -> None:
        """Delete the row with that key. Nothing happens if there is none."""
        self._call("DeleteItem", {"Key": key})

    def update(
        self,
        key: dict,
        change: str,
        values: dict,
        *,
        names: dict[str, str] | None = None,
        condition: str = "",
        returns: str = "NONE",
    ) -> dict:
        """Apply `change`, an update expression, and return the attributes that `returns` asks for.

        Raises ConditionFailed if the row does not meet the `condition`.
        """
        request: dict = {
            "Key": key,
            "UpdateExpression": change,
            "ExpressionAttributeValues": values,
            "ReturnValues": returns,
        }
        if names:
            request["ExpressionAttributeNames"] = names
        if condition:
            request |= {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        return self._call("UpdateItem", request).get("Attributes", {})

    def between(self, partition: str, first: str, last: str, *, consistent: bool = False) -> list[dict]:
        """Return all rows whose `sk` is from `first` to `last`, in the order of `sk`."""
        request: dict = {
            "ConsistentRead": consistent,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":pk": {"S": partition}, ":first": {"S": first}, ":last": {"S": last}},
        }
        found: list[dict] = []
        while True:
            answer = self._call("Query", request)
            found += answer.get("Items", [])
            if not answer.get("LastEvaluatedKey"):
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def query(self, partition: str, start: str, *, after: str = "", most: int) -> tuple[list[dict], str]:
        """Return at most `most` rows whose `sk` begins with `start`, in the order of `sk`, and where to go on.

        That is the `after` of the next call, "" if there are no more rows. The read is strongly consistent.
        """
        request: dict = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ConsistentRead": True,
            "Limit": most,
        }
        if start:  # DynamoDB refuses an empty text for a key, even as a beginning
            request["KeyConditionExpression"] += " AND begins_with(sk, :start)"
            request["ExpressionAttributeValues"][":start"] = {"S": start}
        if after:
            request["ExclusiveStartKey"] = {"pk": {"S": partition}, "sk": {"S": after}}
        answer = self._call("Query", request)
        return answer.get("Items", []), answer.get("LastEvaluatedKey", {}).get("sk", {}).get("S", "")

    def transact(self, *writes: dict, token: str) -> None:
        """Make all of the writes or none.

        Each is `{"Put": …}`, `{"Update": …}` or `{"Delete": …}`, without the name of the table.

        `token` is new for each transaction: DynamoDB makes a transaction once, even if it is sent again.
        Raises Cancelled if a row does not meet its condition, or if another write to it was in the way.
        """
        items = [{kind: {"TableName": self.name, **write} for kind, write in each.items()} for each in writes]
        try:
            self._send("TransactWriteItems", {"TransactItems": items, "ClientRequestToken": token}, SECONDS)
        except Refused as error:
            if error.code == "TransactionCanceledException":
                raise Cancelled("DynamoDB_20120810.TransactWriteItems", 400, error.details) from None
            raise

    def _call(self, action: str, request: dict, seconds: float = SECONDS) -> "Any":
        return self._send(action, {"TableName": self.name, **request}, seconds)

    def _send(self, action: str, payload: dict, seconds: float) -> "Any":
        target = f"DynamoDB_20120810.{action}"
        deadline = time.monotonic() + seconds
        attempt = 1
        while True:
            left = deadline - time.monotonic()
            try:
                return self._dynamodb.call(target, payload, min(left, TRY_SECONDS))
            except Unavailable as error:
                if isinstance(error, Refused) and error.code == "ConditionalCheckFailedException":
                    raise ConditionFailed(target, 400, error.details) from None
                passing = not isinstance(error, Refused) or error.passing
                # The pause is random, so that callers do not all come back at once.
                pause = PAUSE_SECONDS * 4 ** (attempt - 1) * os.urandom(1)[0] / 255
                if not passing or attempt == self._tries or time.monotonic() + pause >= deadline:
                    raise
            time.sleep(pause)
            attempt += 1
