"""The alarms, and the topic that they notify."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import nag
from infra.naming import logical_id
from infra.settings import Settings


class Alarms(Construct):
    """Each alarm means that something was lost or is about to be lost. No alarm is just for information."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "Alarms")
        self._settings = settings
        # Do not encrypt the topic with SNS's own key: CloudWatch may not use it, and alarms would silently vanish.
        self.topic = sns.Topic(self, "AlarmTopic", enforce_ssl=True)
        # `enforce_ssl` adds a topic policy, which replaces the default one. So CloudWatch needs an explicit permission.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        if settings.alarm_email:
            self._subscribe(settings.alarm_email)

    def watch_function(self, function: lambda_.IFunction, name: str) -> None:
        """Alarm if an invocation of the function `name` fails, or is throttled because too many run at once."""
        every = Duration.minutes(5)
        log = f"/aws/lambda/watchbell-{self._settings.stage}-{name}"
        failed = f"The {name} function failed. Its log {log} says why."
        throttled = f"Lambda throttled the {name} function: too many functions ran at once in this account and region."
        self.watch(f"{name}-errors", failed, function.metric_errors(period=every))
        self.watch(f"{name}-throttles", throttled, function.metric_throttles(period=every))

    def watch_dead_letters(self, queue: sqs.IQueue, name: str) -> None:
        """Alarm while the dead-letter queue `name` holds a message."""
        depth = queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum")
        description = f"The queue {name} holds messages that could not be handled. docs/operating.md says what to do."
        self.watch(name, description, depth)

    def watch(self, name: str, description: str, metric: cloudwatch.IMetric) -> None:
        """Alarm if `metric` is 1 or more in one of its periods."""
        alarm = cloudwatch.Alarm(
            self,
            logical_id(name) + "Alarm",
            alarm_name=f"watchbell-{self._settings.stage}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def _subscribe(self, address: str) -> None:
        subscription = sns.Subscription(
            self, "AlarmEmail", topic=self.topic, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=address
        )
        unwatched = "Nobody would watch a queue of undelivered alarms. CloudWatch shows the alarm anyway."
        nag.acknowledge(subscription, {"Serverless-SNSRedrivePolicy": unwatched})
