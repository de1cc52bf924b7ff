"""`ops ranks`: list or set which roles of a server are viewer, responder or admin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from botocore.exceptions import ClientError

from infra.settings import Deployment
from watchbell.adapters.aws import client
from watchbell.adapters.server_settings import Chosen, change, chosen
from watchbell.data.tables import SETTINGS
from watchbell.kit.policy import RANKS
from watchbell.kit.setting import MOST_ROLES

from .audit import Book
from .tables import table_of


def run(deployment: Deployment, book: Book, guild: str, changes: Sequence[str], environment: Mapping[str, str]) -> None:
    """Make the changes (`ROLE=RANK` or `ROLE=none`), then print the ranks of the server."""
    if not re.fullmatch(r"\d{15,20}", guild):
        raise ValueError(f"{guild!r} is not a server id. A server id has 15 to 20 digits.")
    asked = dict(change.partition("=")[::2] for change in changes)
    for role, rank in asked.items():
        if not re.fullmatch(r"\d{15,20}", role) or rank not in (*RANKS, "none"):
            raise ValueError(
                f"{role}={rank} is not valid. Write ROLE=RANK: a role id of 15 to 20 digits, "
                f"and one of {', '.join(RANKS)}, none."
            )
    table = environment.get("STATE_TABLE") or table_of(deployment)
    before = _read(table, guild)
    if asked:
        values = _with(before, asked)
        with book.recorded("ranks.set", " ".join(changes), guild):
            _write(table, guild, before, values)
        before = _read(table, guild)
    mapping = {role: rank for rank in RANKS for role in _roles(before, rank)}  # of two ranks, the higher one counts
    for role, rank in sorted(mapping.items()):
        print(f"{role}={rank}")
    if not mapping:
        print("No role in this server has a rank.")


def _roles(settings: Chosen, rank: str) -> list[str]:
    return list(settings.stored.get(f"{rank}_roles") or ())


def _with(before: Chosen, asked: Mapping[str, str]) -> dict[str, list[str] | None]:
    """Return the settings with the roles of each rank, after giving the `asked` ranks. Raises ValueError if there are
    too many roles."""
    values: dict[str, list[str] | None] = {}
    for rank in RANKS:
        kept = [role for role in _roles(before, rank) if role not in asked]
        roles = kept + [role for role, given in asked.items() if given == rank]
        if len(roles) > MOST_ROLES:
            raise ValueError(f"At most {MOST_ROLES} roles can be {rank}.")
        values[f"{rank}_roles"] = roles or None
    return values


# The functions read and write the same item without an SDK. This uses boto3: it supports profiles and single sign-on.


def _read(table: str, guild: str) -> Chosen:
    answer = client("dynamodb").get_item(TableName=table, Key=SETTINGS.item_key(guild), ConsistentRead=True)
    return chosen(answer.get("Item", {}))


def _write(table: str, guild: str, before: Chosen, values: dict[str, list[str] | None]) -> None:
    try:
        client("dynamodb").update_item(TableName=table, Key=SETTINGS.item_key(guild), **change(before, values))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        told = "The settings of this server were changed at the same time, so nothing was done. Run it again."
        raise ValueError(told) from None
