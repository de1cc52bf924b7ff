"""The two tables: one for data that must last, one for data that may be lost."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import nag
from infra.settings import Settings

PK = dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING)
SK = dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING)


class Storage(Construct):
    """Two on-demand tables with the keys `pk` and `sk`.

    CloudFormation generates their names. The `state` table is retained when the stack is deleted, so a fixed name
    would block a new stack.
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
            time_to_live_attribute="expires_at",
            removal_policy=RemovalPolicy.RETAIN,
            deletion_protection=settings.deployment.production,
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
        no_recovery = "It holds claims, locks and quotas that expire within days. Restored ones would be out of date."
        nag.acknowledge(self.ephemeral, {"AwsSolutions-DDB3": no_recovery})
