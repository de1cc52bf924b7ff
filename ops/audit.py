"""Records what an operator changed with `ops` in the audit, beside what people changed in Discord."""

from __future__ import annotations

import os
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from infra.settings import Deployment
from watchbell.adapters import audit
from watchbell.adapters.aws import client
from watchbell.data.tables import AUDIT_COUNT

from .ranks import _table

Action = tuple[str, str, str]
"""The server's id, "" for all servers; the code of the action; and what it was done to, which holds no secret."""


def record(deployment: Deployment, action: Action, ended: str) -> None:
    """Add a row. The actor is the AWS identity of this shell. If that fails, say so on stderr: the action is done."""
    server, code, subject = action
    server = server or audit.DEPLOYMENT
    try:
        table = os.environ.get("STATE_TABLE") or _table(deployment)
        fields = {"actor": client("sts").get_caller_identity()["Arn"], "action": code, "subject": subject}
        _add(table, server, {**fields, "ended": ended})
    except ValueError:
        return  # before the first deployment there is no table
    except (ClientError, BotoCoreError) as error:
        print(f"ops: This is not in the audit: {error}", file=sys.stderr)


def _add(table: str, server: str, fields: dict[str, str]) -> None:
    dynamodb = client("dynamodb")
    for remaining in reversed(range(audit.TRIES)):
        count = dynamodb.get_item(TableName=table, Key=AUDIT_COUNT.item_key(server), ConsistentRead=True)
        number = audit.number_after(count.get("Item", {}))
        writes = audit.writes(server, number, time.time(), **fields)
        items = [{kind: {"TableName": table, **write} for kind, write in each.items()} for each in writes]
        try:
            dynamodb.transact_write_items(TransactItems=items)
        except dynamodb.exceptions.TransactionCanceledException:  # somebody else got that number
            if not remaining:
                raise
        else:
            return
