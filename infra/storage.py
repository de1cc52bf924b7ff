"""The two tables: what must last, and what may be lost without harm."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import nag
from infra.settings import Settings

PK = dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING)
SK = dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING)


class Storage(Construct):
    """Both are on demand and keyed by `pk` and `sk`. CloudFormation names them: a fixed name of the table that is
    retained would stand in the way of the next stack.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "Storage")
        self.state = dynamodb.Table(
            self,
            "StateTable",
            partition_key=PK,
            sort_key=SK,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=RemovalPolicy.RETAIN,
            deletion_protection=settings.production,
        )
        self.ephemeral = dynamodb.Table(
            self,
            "EphemeralTable",
            partition_key=PK,
            sort_key=SK,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            removal_policy=RemovalPolicy.DESTROY,
        )
        no_recovery = "Claims, locks and quotas that expire within days: yesterday's would be wrong today."
        nag.acknowledge(self.ephemeral, {"AwsSolutions-DDB3": no_recovery})
