"""`ops intro list|stats|resend`: whom the bot has greeted, and greet people again whom it could not reach."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from infra.settings import Deployment
from watchbell.adapters.aws import client
from watchbell.adapters.discord import DiscordClient
from watchbell.adapters.dynamodb import Cancelled
from watchbell.adapters.records import Records
from watchbell.discord.seals import Seals
from watchbell.errors import DiscordError
from watchbell.events.application_authorized import CANNOT_DM, UNKNOWN, greeted, introduction, write_to
from watchbell.kit.data import is_id
from watchbell.tools.toolbox import DISCORD_URL

from .audit import Book
from .settings import choices, get
from .tables import table_of

DELAY = 1.0
"""Seconds between two greetings. Discord limits how fast a bot may open direct messages."""

TRIES = 4
"""How often a person is tried if Discord is unwell or asks to wait."""

LONGEST_WAIT = 60.0

SENT, BLOCKED, FAILED, SKIPPED = "sent", "blocked", "failed", "skipped"


class Table:
    """The table `state`, with the credentials of this shell. It has the methods that `Records` calls."""

    def __init__(self, name: str) -> None:
        self._name, self._dynamodb = name, client("dynamodb")

    def get(self, key: dict, seconds: float = 0.0) -> dict:
        return dict(self._dynamodb.get_item(TableName=self._name, Key=key, ConsistentRead=True).get("Item", {}))

    def query(self, partition: str, start: str, *, after: str = "", most: int) -> tuple[list[dict], str]:
        begin = {"ExclusiveStartKey": {"pk": {"S": partition}, "sk": {"S": after}}} if after else {}
        found = self._dynamodb.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :start)",
            ExpressionAttributeValues={":pk": {"S": partition}, ":start": {"S": start}},
            ConsistentRead=True,
            Limit=most,
            **begin,
        )
        return found["Items"], found.get("LastEvaluatedKey", {}).get("sk", {}).get("S", "")

    def transact(self, *writes: dict, token: str) -> None:
        items = [{verb: {"TableName": self._name, **it} for verb, it in each.items()} for each in writes]
        try:
            self._dynamodb.transact_write_items(TransactItems=items, ClientRequestToken=token)
        except self._dynamodb.exceptions.TransactionCanceledException as error:
            raise Cancelled("TransactWriteItems", 400, {"message": str(error)}) from None


def run(
    deployment: Deployment,
    book: Book,
    verb: str,
    user: str,
    environment: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Print a line for each person (`list`), the figures (`stats`), or greet people and print the figures (`resend`).

    `resend` greets the person `user`, or everybody whom the bot could not reach. It can be run again after it was
    interrupted: whoever was reached is skipped, and a greeting that is there already is not sent again.
    """
    if user and (not is_id(user) or len(user) < 15 or verb != "resend"):
        raise ValueError(f"{user!r} is not the id of a person to greet again. An id has 15 to 20 digits.")
    known: Records = Records(Table(environment.get("STATE_TABLE") or table_of(deployment)), greeted)  # type: ignore[arg-type]
    people = known.all()
    if verb == "list":
        for each in people:
            print(each["user"], each["outcome"], datetime.fromtimestamp(each["at"], UTC).strftime("%Y-%m-%d"))
        return
    if verb == "stats":
        print(json.dumps(_figures(Counter(_sort(each["outcome"]) for each in people), len(people))))
        return
    whom = [user] if user else [each["user"] for each in people if _sort(each["outcome"]) in (BLOCKED, FAILED)]
    found = Counter({SKIPPED: 0 if user else len(people) - len(whom)})
    tools = _tools(deployment, environment)
    message = introduction(choices(deployment).get("documentation_url", ""))
    with book.recorded("intro.resend"):
        for number, id in enumerate(whom):
            sleep(DELAY if number else 0.0)
            outcome = _greet(id, message, tools, sleep)
            known.put({"user": id, "outcome": outcome, "at": time.time()})
            found[_sort(outcome)] += 1
    print(json.dumps(_figures(found, found.total())))


def _greet(user: str, message: Any, tools: Any, sleep: Callable[[float], None]) -> str:
    """Greet a person, and return the outcome. Raise DiscordError if Discord refuses the bot's token."""
    for left in reversed(range(TRIES)):
        try:
            return write_to(user, message, tools, may_have_been_sent=True)
        except DiscordError as error:
            if error.unauthorised:
                raise
            if error.permanent or not left:
                return f"refused:{error.status}:{error.code}"
            sleep(min(error.wait if error.wait is not None else 5.0, LONGEST_WAIT))
    raise AssertionError("unreachable")


def _tools(deployment: Deployment, environment: Mapping[str, str]) -> Any:
    discord = DiscordClient(
        environment.get("DISCORD_URL", DISCORD_URL), lambda fresh: get(deployment, "discord/bot-token")
    )
    return SimpleNamespace(discord=discord, seals=Seals(lambda fresh: get(deployment, "signing-keys"), time.time, None))


def _sort(outcome: str) -> str:
    if outcome in (SENT, UNKNOWN):
        return SENT if outcome == SENT else SKIPPED
    return BLOCKED if outcome in CANNOT_DM.values() else FAILED


def _figures(found: Mapping[str, int], total: int) -> dict[str, int]:
    return {"total": total, **{name: found.get(name, 0) for name in (SENT, SKIPPED, BLOCKED, FAILED)}}
