"""A Lambda function with everything that all functions have: runtime, layers, role, log and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import nag
from infra.alarms import Alarms
from infra.assets import Layers, function_code
from infra.logs import log_group
from infra.settings import Settings
from infra.storage import Storage
from watchbell.tools import grants

RES_OPTIONS = "timeout:1 attempts:2"
"""For the functions that ask status sources. The C library reads it: nothing else can end a wait for a name server."""


@dataclass(frozen=True)
class Common:
    """What all parts of the stack share."""

    settings: Settings
    layers: Layers
    alarms: Alarms


class BotFunction(lambda_.Function):
    """The folder functions/`name` as a Lambda function. It may only write its own log until it is granted more.

    If there is a `lean` layer, the function has only this layer. `dead_letters` is for a function that AWS invokes
    asynchronously: it receives an event after the function has failed on it three times. If not `watched`, its failures
    have no alarm of their own, which costs $0.10 a month: the alarm of the API counts them.
    `sends_to_itself`: it puts messages on its own queue, and bounds how many by itself. Lambda would stop it after 16.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        common: Common,
        *,
        timeout: Duration,
        memory: int,
        environment: Mapping[str, str],
        lean: lambda_.ILayerVersion | None = None,
        sends_to_itself: bool = False,
        dead_letters: sqs.IQueue | None = None,
        watched: bool = True,
    ) -> None:
        deployment, layers = common.settings.deployment, common.layers
        self.service = f"{deployment}-{name}"
        title = name.capitalize()
        log = log_group(scope, f"{title}Log", f"/aws/lambda/{self.service}", common.settings)
        # The role that CDK makes by default has a managed policy that may write every log in the account.
        role = iam.Role(scope, f"{title}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        powertools = {} if lean else {"POWERTOOLS_SERVICE_NAME": self.service}
        super().__init__(
            scope,
            title,
            function_name=self.service,
            code=function_code(name),
            handler="handler.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            layers=[lean] if lean else [layers.watchbell, layers.vendor],
            timeout=timeout,
            memory_size=memory,
            environment={"WATCHBELL_NAME": deployment.name, "WATCHBELL_STAGE": deployment.stage}
            | {**powertools, **environment},
            role=role,
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            dead_letter_queue=dead_letters,
            recursive_loop=lambda_.RecursiveLoop.ALLOW if sends_to_itself else None,
            # The alias needs only the latest version. CloudFormation deletes the others when it has moved the alias.
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.DESTROY),
        )
        self._name, self._settings = name, common.settings
        self.may("logs:CreateLogStream", "logs:PutLogEvents", on=log.log_group_arn)
        if watched:
            common.alarms.watch_function(self, name)
        common.alarms.watch_log(log, name)
        self._acknowledge(has_dead_letters=dead_letters is not None)

    def hand_tools(self, storage: Storage, **queues: sqs.IQueue) -> None:
        """Add the environment variables and permissions that `watchbell.tools.grants` declares for this function."""
        for need in grants.needs(self._name):
            if need.kind == grants.TABLE:
                table = {"state": storage.state, "ephemeral": storage.ephemeral}[need.name]
                self.add_environment(need.variable, table.table_name)
                self.may(*need.actions, on=table.table_arn, rows=need.rows)
            elif need.kind == grants.QUEUE:
                self.add_environment(need.variable, queues[need.name].queue_url)
                self.may(*need.actions, on=queues[need.name].queue_arn)
            else:
                name = self._settings.deployment.parameter(need.name)
                self.add_environment(need.variable, name)
                if need.kind == grants.NAMED_PARAMETERS:
                    name += "/*"
                    self._acknowledge_names(name)
                self._may_read(name, *need.actions)

    def may(self, *actions: str, on: str, rows: str = "") -> None:
        """Allow this function the IAM `actions` (for example `sqs:SendMessage`) on the resource with the ARN `on`.

        Of a table, `rows` is the pattern of the partition keys that it may use, such as `ping#*`. "" is all.
        """
        only = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [rows]}} if rows else None
        self.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[on], conditions=only))

    def _may_read(self, parameter: str, *actions: str) -> None:
        """Allow this function to read the parameter or path (`/watchbell/…`).

        This needs no KMS permission. Parameter Store uses AWS's own key (alias/aws/ssm), and decrypts a SecureString
        for everyone who may read it.
        """
        self.may(
            *actions, on=Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=parameter[1:])
        )

    def _acknowledge_names(self, name: str) -> None:
        any_name = "Each is a separate parameter under this path, and an operator or a server chooses its name."
        below = f"arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter{name}"
        nag.acknowledge(cast(iam.Role, self.role), {f"AwsSolutions-IAM5[Resource::{below}]": any_name})

    def publish(self, *, made_with: str = "") -> lambda_.IFunction:
        """Return the alias `live`. It always leads to a version that consists of one deployment's code and layers.

        Lambda updates code, layers and settings by separate calls. In between, the function itself is a mixture. Call
        this after the last change of the environment. `made_with` holds the values that CloudFormation reads from SSM
        at deploy: CDK does not know them, and makes a new version only for changes that it knows.
        """
        cast(lambda_.CfnVersion, self.current_version.node.default_child).description = made_with or None
        self._live = lambda_.Alias(self, "Live", alias_name="live", version=self.current_version)
        return self._live

    def consume(self, queue: sqs.IQueue, *, batch_size: int, max_concurrency: int) -> None:
        """Invoke the alias with the messages of `queue`. The handler returns which messages of a batch failed."""
        self.may(
            *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"),
            on=queue.queue_arn,
        )
        messages = lambda_.EventSourceMapping(
            self,
            "Messages",
            target=self._live,
            event_source_arn=queue.queue_arn,
            batch_size=batch_size,
            max_concurrency=max_concurrency,
            report_batch_item_failures=True,
        )
        no_destination = "Only streams have one. A failed message goes to the queue's dead letters, which alarm."
        nag.acknowledge(messages, {"Serverless-LambdaEventSourceMappingDestination": no_destination})

    def _acknowledge(self, *, has_dead_letters: bool) -> None:
        latest = "The layers are built for Python 3.13, and the tests and benchmarks run on it."
        asynchronous = (
            "Its dead-letter queue already keeps the whole event."
            if has_dead_letters
            else "API Gateway waits for the answer and SQS delivers again. CloudFormation fails the deployment if no "
            "answer comes."
        )
        reasons = {
            "AwsSolutions-L1": latest,
            "Serverless-LambdaLatestVersion": latest,
            "Serverless-LambdaTracing": "X-Ray would cost start-up time and a permission on every resource. The log "
            "lines of an interaction are linked by its id instead.",
            "Serverless-LambdaAsyncFailureDestination": asynchronous,
        }
        if not has_dead_letters:
            reasons["Serverless-LambdaDLQ"] = asynchronous
        nag.acknowledge(self, reasons)
