"""`ops ranks`: list or set which roles of a server are viewer, responder or admin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from botocore.exceptions import ClientError

from infra.settings import Deployment
from watchbell.adapters.aws import client
from watchbell.data.tables import RANKS as ROW
from watchbell.kit.policy import RANKS


def run(deployment: Deployment, guild: str, changes: Sequence[str], environment: Mapping[str, str]) -> None:
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
    table = environment.get("STATE_TABLE") or _table(deployment)
    mapping = {role: rank for role, rank in {**_read(table, guild), **asked}.items() if rank != "none"}
    if asked:
        _write(table, guild, mapping)
    for role, rank in sorted(mapping.items()):
        print(f"{role}={rank}")
    if not mapping:
        print("No role in this server has a rank.")


# The functions read the same row without an SDK. This uses boto3, because it supports profiles and single sign-on.


def _read(table: str, guild: str) -> dict[str, str]:
    answer = client("dynamodb").get_item(TableName=table, Key=ROW.item_key(guild), ConsistentRead=True)
    roles = answer.get("Item", {}).get("roles", {}).get("M", {})
    return {role: rank["S"] for role, rank in roles.items()}


def _write(table: str, guild: str, ranks: Mapping[str, str]) -> None:
    roles = {"M": {role: {"S": rank} for role, rank in ranks.items()}}
    client("dynamodb").put_item(TableName=table, Item={**ROW.item_key(guild), "roles": roles})


def _table(deployment: Deployment, logical: str = "StateTable") -> str:
    """Return the name that CloudFormation generated for the table. Raise ValueError if there is no table."""
    cloudformation = client("cloudformation")
    try:
        found = cloudformation.describe_stack_resource(StackName=str(deployment), LogicalResourceId=logical)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        found = {}  # the stack does not exist, or has no table
    table = found.get("StackResourceDetail", {}).get("PhysicalResourceId")
    if not table:
        region = cloudformation.meta.region_name
        raise ValueError(
            f"There is no stack {deployment} with a table in {region}. "
            f"Run `{deployment.deploy}`, or set AWS_REGION if the stack is in another region."
        )
    return str(table)
