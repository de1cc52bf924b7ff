"""`ops ranks`: which roles of a server are viewer, responder or admin to the bot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from botocore.exceptions import ClientError

from watchbell.adapters.aws import client
from watchbell.adapters.ranks import Ranks
from watchbell.kit.policy import RANKS


def run(stage: str, guild: str, changes: Sequence[str], environment: Mapping[str, str]) -> None:
    """Makes the changes, `ROLE=rank` or `ROLE=none`, and prints what the server has then."""
    if not re.fullmatch(r"\d{15,20}", guild):
        raise ValueError(f"{guild!r} is no id of a server: 15 to 20 digits")
    asked = dict(change.partition("=")[::2] for change in changes)
    for role, rank in asked.items():
        if not re.fullmatch(r"\d{15,20}", role) or rank not in (*RANKS, "none"):
            raise ValueError(f"{role}={rank}: an id of a role, =, and one of {', '.join(RANKS)}, none")
    ranks = Ranks(environment.get("STATE_TABLE") or _table(stage))
    mapping = {role: rank for role, rank in {**ranks.of(guild), **asked}.items() if rank != "none"}
    if asked:
        ranks.put(guild, mapping)
    for role, rank in sorted(mapping.items()):
        print(f"{role}={rank}")
    if not mapping:
        print("No role of that server has a rank.")


def _table(stage: str) -> str:
    """CloudFormation named the table. ValueError, saying what to do, where there is none."""
    stack = f"watchbell-{stage}"
    cloudformation = client("cloudformation")
    try:
        found = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="StateTable")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        found = {}  # no such stack, or no such table in it
    table = found.get("StackResourceDetail", {}).get("PhysicalResourceId")
    if not table:
        region = cloudformation.meta.region_name
        raise ValueError(f"{region} has no {stack} with a table; `make deploy STAGE={stage}` makes it")
    return str(table)
