"""The alarms, and the topic that they notify."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import nag
from infra.naming import logical_id
from infra.settings import Settings

ERROR_LINES = "ErrorLines"


class Alarms(Construct):
    """Each alarm means that something was lost or is about to be lost. No alarm is just for information."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "Alarms")
        self._prefix = str(settings.deployment)
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
        self.watch(
            "error-lines",
            f"A function wrote an ERROR line. Search the logs /aws/lambda/{self._prefix}-… for ERROR.",
            cloudwatch.Metric(
                namespace=self._prefix, metric_name=ERROR_LINES, statistic="Sum", period=Duration.minutes(5)
            ),
        )

    def watch_function(self, function: lambda_.IFunction, name: str) -> None:
        """Alarm if an invocation of the function `name` fails.

        For the ingress, also alarm if Lambda throttles it. An event for another function waits and is not lost.
        """
        every = Duration.minutes(5)
        failed = f"The {name} function failed. Its log /aws/lambda/{self._prefix}-{name} says why."
        self.watch(f"{name}-errors", failed, function.metric_errors(period=every))
        if name == "ingress":
            throttled = "Lambda throttled the ingress: too many functions ran at once in this account and region."
            self.watch(f"{name}-throttles", throttled, function.metric_throttles(period=every))

    def watch_tick(self, scheduler: lambda_.IFunction) -> None:
        """Alarm if no call of the scheduler has succeeded for three minutes. Then no monitor is checked."""
        every = Duration.minutes(1)
        succeeded = cloudwatch.MathExpression(
            expression="invocations - errors",
            using_metrics={
                "invocations": scheduler.metric_invocations(period=every),
                "errors": scheduler.metric_errors(period=every),
            },
            period=every,
            label="ticks",
        )
        alarm = cloudwatch.Alarm(
            self,
            "NoTickAlarm",
            alarm_name=f"{self._prefix}-no-tick",
            alarm_description="No monitor has been checked for three minutes. The scheduler is not called, or fails. "
            f"Its log /aws/lambda/{self._prefix}-scheduler says why.",
            metric=succeeded,
            threshold=1,
            evaluation_periods=3,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def watch_log(self, log: logs.LogGroup, name: str) -> None:
        """Count the ERROR lines in the log of the function `name`. All functions share one metric and one alarm."""
        log.add_metric_filter(
            "Errors",
            filter_pattern=logs.FilterPattern.string_value("$.level", "=", "ERROR"),
            filter_name=f"{self._prefix}-{name}-errors",
            metric_namespace=self._prefix,
            metric_name=ERROR_LINES,
        )

    def watch_dead_letters(self, queue: sqs.IQueue, name: str) -> None:
        """Alarm in each minute in which the dead-letter queue `name` gets more messages.

        CloudWatch notifies only when an alarm begins. If it watched the depth, the first message would mute all later
        ones. As it watches the growth, a message is muted only if the minute before it had one too. `FILL` is for the
        first message: SQS reports nothing about a queue that nobody has used for six hours.
        """
        depth = queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum")
        growth = cloudwatch.MathExpression(
            expression="DIFF(FILL(depth, 0))",
            using_metrics={"depth": depth},
            period=Duration.minutes(1),
            label="new dead letters",
        )
        description = (
            f"The queue {name} got messages that could not be handled. Read all of them: no other mail comes until a "
            "minute has passed without a new one. docs/operating.md says what to do."
        )
        self.watch(name, description, growth)

    def watch_age(self, queue: sqs.IQueue, name: str, most: Duration) -> None:
        """Alarm while a message has waited in the queue `name` for longer than `most`."""
        self.watch(
            f"{name}-age",
            f"A message has waited in the queue {name} for over {most.to_minutes():.0f} minutes. The log of the "
            "function that takes it says why.",
            queue.metric_approximate_age_of_oldest_message(period=Duration.minutes(5), statistic="Maximum"),
            threshold=most.to_seconds(),
        )

    def watch(self, name: str, description: str, metric: cloudwatch.IMetric, *, threshold: float = 1) -> None:
        """Alarm if `metric` is `threshold` or more in one of its periods."""
        alarm = cloudwatch.Alarm(
            self,
            logical_id(name) + "Alarm",
            alarm_name=f"{self._prefix}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
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
