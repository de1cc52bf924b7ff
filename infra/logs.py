"""A log group with the settings that all log groups share."""

from __future__ import annotations

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import Settings


def log_group(scope: Construct, id: str, name: str, settings: Settings) -> logs.LogGroup:
    """Return a log group that keeps lines for the configured number of days. It is deleted with the stack."""
    group = logs.LogGroup(scope, id, log_group_name=name, removal_policy=RemovalPolicy.DESTROY)
    # CDK's argument is an enum. Set CloudFormation's property instead: it takes the number that the operator gave.
    cast(logs.CfnLogGroup, group.node.default_child).retention_in_days = settings.log_retention_days
    return group
