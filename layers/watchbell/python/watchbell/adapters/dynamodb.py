"""The rows of one DynamoDB table, without an SDK. Items are as DynamoDB's API writes them: `{"n": {"N": "1"}}`."""

import os
import time

from .aws_json import Refused, of_region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECONDS = 5.0
"""How long one try may take."""

TRIES = 3
PAUSE_SECONDS = 0.1
"""At most so long before the second try, and four times as long before the third."""


class ConditionFailed(Refused):
    """The row does not meet the condition of the write, so nothing was written. `item` is the row as it is."""

    @property
    def item(self) -> dict:
        return self.details.get("Item", {})


class Table:
    """The table called `name`.

    A call that DynamoDB throttles or fails is made up to `tries` times. All methods raise Unavailable after that, and
    Unsure if a write may have been done. A write may be done twice: make it one that can be.
    """

    def __init__(self, name: str, *, tries: int = TRIES) -> None:
        self.name = name
        self._tries = tries
        self._dynamodb = of_region("dynamodb")

    def get(self, key: dict, seconds: float = SECONDS) -> dict:
        """The row with that key as it is now, {} if there is none."""
        return self._call("GetItem", {"Key": key, "ConsistentRead": True}, seconds).get("Item", {})

    def put(self, item: dict) -> None:
        self._call("PutItem", {"Item": item})

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
        """Makes the `change`, an update expression, and answers the attributes that `returns` asks for.

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

    def _call(self, action: str, request: dict, seconds: float = SECONDS) -> "Any":
        target, payload = f"DynamoDB_20120810.{action}", {"TableName": self.name, **request}
        attempt = 1
        while True:
            try:
                return self._dynamodb.call(target, payload, seconds)
            except Refused as error:
                if error.code == "ConditionalCheckFailedException":
                    raise ConditionFailed(target, 400, error.details) from None
                if not error.passing or attempt == self._tries:
                    raise
            time.sleep(PAUSE_SECONDS * 4 ** (attempt - 1) * os.urandom(1)[0] / 255)  # not all callers at once
            attempt += 1
