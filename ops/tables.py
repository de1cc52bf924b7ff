"""The tables of a deployment."""

from __future__ import annotations

from botocore.exceptions import ClientError

from infra.settings import Deployment
from watchbell.adapters.aws import client


def table_of(deployment: Deployment, logical: str = "StateTable") -> str:
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
