"""Reads and writes what each server has chosen, in the table `state`.

The ingress reads it before an instant answer that only some people may get. Discord waits for that, so a read is tried
only once.
"""

from __future__ import annotations

from ..data.tables import SETTINGS
from ..errors import Unavailable
from .dynamodb import ConditionFailed, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..kit.setting import Setting

READ_SECONDS = 1.0

TRIES = 5
"""How often a change is tried. Each failed try means that somebody else has changed a setting of the same server."""


class Chosen:
    """What a server has chosen. `chosen[setting]` is the value of a Setting, or its default.

    `stored` has the values by name: texts, lists of texts, True and False. `version` is 0 if nothing is stored.
    """

    __slots__ = ("stored", "version")

    def __init__(self, stored: dict[str, Any], version: int = 0) -> None:
        self.stored = stored
        self.version = version

    def __getitem__(self, setting: Setting) -> Any:
        return setting.read(self.stored.get(setting.name))


class ServerSettings:
    """The settings in `table`. Methods raise Unavailable if DynamoDB cannot be reached."""

    def __init__(self, table: str) -> None:
        self._once, self._table = Table(table, tries=1), Table(table)

    def of(self, guild_id: str) -> Chosen:
        """Return what the server has chosen. In direct messages (`guild_id` is "") nothing is."""
        return chosen(self._once.get(SETTINGS.item_key(guild_id), READ_SECONDS)) if guild_id else Chosen({})

    def change(self, guild_id: str, values: dict[str, Any]) -> None:
        """Store `values` by the names of the settings. None deletes a value, so that the default holds again.

        The other settings keep their values, even if somebody changes them at the same time.
        """
        before = chosen(self._table.get(SETTINGS.item_key(guild_id)))
        for _try in range(TRIES):
            request = change(before, values)
            try:
                self._table.update(
                    SETTINGS.item_key(guild_id),
                    request["UpdateExpression"],
                    request["ExpressionAttributeValues"],
                    names=request["ExpressionAttributeNames"],
                    condition=request["ConditionExpression"],
                )
            except ConditionFailed as failed:  # or the first try of this write succeeded, and its answer was lost
                before = chosen(failed.item)
            else:
                return
        raise Unavailable(f"the settings of {guild_id} are busy")


def chosen(item: dict) -> Chosen:
    """Return what the item says, in the format of DynamoDB's API. {} is an item that does not exist."""
    values = item.get("values", {}).get("M", {})
    return Chosen({name: _read(value) for name, value in values.items()}, int(item.get("version", {}).get("N", 0)))


def change(before: Chosen, values: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of an UpdateItem that stores `values`, on condition that `before` is still what is stored."""
    after = {name: value for name, value in {**before.stored, **values}.items() if value is not None}
    return {
        "UpdateExpression": "SET #values = :values, #version = :next",
        "ExpressionAttributeNames": {"#values": "values", "#version": "version"},
        "ExpressionAttributeValues": {
            ":values": {"M": {name: _written(value) for name, value in after.items()}},
            ":next": {"N": str(before.version + 1)},
            **({":seen": {"N": str(before.version)}} if before.version else {}),
        },
        "ConditionExpression": "#version = :seen" if before.version else "attribute_not_exists(#version)",
    }


def _read(value: dict) -> Any:
    if "L" in value:
        return [each.get("S") for each in value["L"]]
    return value.get("S", value.get("BOOL"))


def _written(value: Any) -> dict:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"S": value} if isinstance(value, str) else {"L": [{"S": each} for each in value]}
