"""`ops ranks`: list or set which roles of a server are viewer, responder or admin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from botocore.exceptions import ClientError

from watchbell.adapters.aws import client
from watchbell.adapters.ranks import Ranks
from watchbell.kit.policy import RANKS


def run(stage: str, guild: str, changes: Sequence[str], environment: Mapping[str, str]) -> None:
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
    ranks = Ranks(environment.get("STATE_TABLE") or _table(stage))
    mapping = {role: rank for role, rank in {**ranks.of(guild), **asked}.items() if rank != "none"}
    if asked:
        ranks.put(guild, mapping)
    for role, rank in sorted(mapping.items()):
        print(f"{role}={rank}")
    if not mapping:
        print("No role in this server has a rank.")


def _table(stage: str) -> str:
    """Return the name that CloudFormation generated for the table. Raise ValueError if there is no table."""
    stack = f"watchbell-{stage}"
    cloudformation = client("cloudformation")
    try:
        found = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="StateTable")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        found = {}  # the stack does not exist, or has no table
    table = found.get("StackResourceDetail", {}).get("PhysicalResourceId")
    if not table:
        region = cloudformation.meta.region_name
        raise ValueError(
            f"There is no stack {stack} with a table in {region}. "
            f"Run `make deploy STAGE={stage}`, or set AWS_REGION if the stack is in another region."
        )
    return str(table)
