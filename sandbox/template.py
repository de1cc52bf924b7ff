"""Reads the synthesised CloudFormation template, so that the sandbox creates what `cdk deploy` would create.

It only reads the resources that the sandbox runs. An intrinsic function that it does not know is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's default account
UNBOUNDED = 1000
"""To how many invocations Lambda takes a queue that has no maximum concurrency. The account's own limit comes first."""
ROUTE_SETTINGS = {
    "DataTraceEnabled",
    "DetailedMetricsEnabled",
    "LoggingLevel",
    "ThrottlingBurstLimit",
    "ThrottlingRateLimit",
}
SNAPSHOT = Path(__file__).with_name("template.json")

Resource = dict[str, Any]


class TemplateError(Exception):
    """The template holds something that the sandbox cannot run. The message says what and where."""


@dataclass(frozen=True)
class Function:
    """A Lambda function. `name` is its folder in functions/, `timeout` is in seconds, and `memory` is in MB.

    `layers` are the logical ids of its layers.
    An asynchronous invocation that fails is retried `async_retries` times. Then its event goes to `on_failure`, the
    ARN of a queue, unless that is empty.
    """

    name: str
    arn: str
    handler: str
    timeout: int
    memory: int
    environment: dict[str, str]
    log_format: str = "Text"
    log_level: str = ""
    async_retries: int = 2
    on_failure: str = ""
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Queue:
    """An SQS queue. `attributes` are the ones of CreateQueue. `dead_letters` is the name of its dead-letter queue."""

    logical_id: str
    name: str
    arn: str
    attributes: dict[str, str]
    dead_letters: str = ""
    max_receives: int = 0


@dataclass(frozen=True)
class Table:
    """A DynamoDB table. `key` and `attributes` are the KeySchema and AttributeDefinitions of CreateTable."""

    name: str
    key: list[dict[str, str]]
    attributes: list[dict[str, str]]
    ttl_attribute: str = ""


@dataclass(frozen=True)
class EventSource:
    """A queue whose messages invoke a function. `concurrency` is the most invocations at a time."""

    function: str
    queue: Queue
    batch_size: int
    reports_item_failures: bool
    concurrency: int


@dataclass(frozen=True)
class Schedule:
    """A schedule of EventBridge Scheduler. `input` can contain <aws.scheduler.scheduled-time>."""

    name: str
    expression: str
    zone: str
    function: str
    input: str
    dead_letters: str = ""


@dataclass(frozen=True)
class Rule:
    """A target of a rule of EventBridge: an event that matches `pattern` goes to `function`, or into `queue`.

    One of the two is "". `bus` is the name of the event bus, "" for the account's default bus.
    """

    name: str
    pattern: dict[str, Any]
    function: str = ""
    queue: str = ""
    dead_letters: str = ""
    bus: str = ""


@dataclass(frozen=True)
class Throttle:
    """How many requests a route takes: `rate` each second, and up to `burst` at once."""

    rate: float
    burst: int


@dataclass
class Template:
    """A template whose intrinsic functions resolve to the sandbox's values.

    `url` is the address of the sandbox's AWS services, and queue URLs begin with it. `api_url` is that of its API.
    `parameter` returns the value of an SSM parameter. CloudFormation reads SSM at deploy for parameters of type
    AWS::SSM::Parameter::Value<String>.
    """

    document: dict[str, Any]
    url: str = "http://127.0.0.1"
    parameter: Callable[[str], str] = field(default=lambda name: "")
    api_url: str = "http://127.0.0.1"

    @classmethod
    def read(cls, path: Path = SNAPSHOT) -> Template:
        try:
            return cls(json.loads(path.read_text()))
        except FileNotFoundError:
            raise TemplateError(f"{path.name} is missing. Run `make snapshot` to write it.") from None

    def resources(self, kind: str) -> Iterator[tuple[str, Resource]]:
        for logical_id, resource in self.document["Resources"].items():
            if resource["Type"] == kind:
                yield logical_id, resource.get("Properties", {})

    # What the sandbox runs

    def functions(self) -> list[Function]:
        return [
            self._function(logical_id, properties)
            for logical_id, properties in self.resources("AWS::Lambda::Function")
            if str(properties.get("Runtime", "")).startswith("python")
        ]

    def _function(self, logical_id: str, properties: Resource) -> Function:
        asynchronous: Resource = {}
        for _, config in self.resources("AWS::Lambda::EventInvokeConfig"):
            if config["FunctionName"] == {"Ref": logical_id}:
                asynchronous = config
        destination = asynchronous.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        dead_letters = properties.get("DeadLetterConfig", {}).get("TargetArn", "")
        return Function(
            name=self.function_name(logical_id),
            arn=_arn("lambda", f"function:{self._name(logical_id)}"),
            handler=properties["Handler"],
            timeout=int(properties.get("Timeout", 3)),
            memory=int(properties.get("MemorySize", 128)),
            environment={
                name: str(self.resolve(value))
                for name, value in properties.get("Environment", {}).get("Variables", {}).items()
            },
            log_format=properties.get("LoggingConfig", {}).get("LogFormat", "Text"),
            log_level=properties.get("LoggingConfig", {}).get("ApplicationLogLevel", ""),
            async_retries=int(asynchronous.get("MaximumRetryAttempts", 2)),
            on_failure=str(self.resolve(destination or dead_letters)),
            layers=tuple(layer["Ref"] for layer in properties.get("Layers", ())),
        )

    def queues(self) -> list[Queue]:
        """Return the queues. Dead-letter queues come first, because other queues refer to them."""
        found = []
        for logical_id, properties in self.resources("AWS::SQS::Queue"):
            redrive = self.resolve(properties.get("RedrivePolicy", {}))
            attributes = {
                "VisibilityTimeout": properties.get("VisibilityTimeout", 30),
                "MessageRetentionPeriod": properties.get("MessageRetentionPeriod", 345_600),
                "DelaySeconds": properties.get("DelaySeconds", 0),
            }
            if redrive:
                attributes["RedrivePolicy"] = json.dumps(redrive)
            found.append(
                Queue(
                    logical_id=logical_id,
                    name=self._name(logical_id),
                    arn=_arn("sqs", self._name(logical_id)),
                    attributes={name: str(value) for name, value in attributes.items()},
                    dead_letters=str(redrive.get("deadLetterTargetArn", "")).rpartition(":")[2],
                    max_receives=int(redrive.get("maxReceiveCount", 0)),
                )
            )
        return sorted(found, key=lambda queue: bool(queue.dead_letters))

    def tables(self) -> list[Table]:
        found = []
        for kind in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
            for logical_id, properties in self.resources(kind):
                ttl = properties.get("TimeToLiveSpecification", {})
                found.append(
                    Table(
                        name=self._name(logical_id),
                        key=properties["KeySchema"],
                        attributes=properties["AttributeDefinitions"],
                        ttl_attribute=ttl.get("AttributeName", "") if ttl.get("Enabled", True) else "",
                    )
                )
        return found

    def event_sources(self) -> list[EventSource]:
        queues = {queue.arn: queue for queue in self.queues()}
        return [
            EventSource(
                function=self._function_behind(properties["FunctionName"]),
                queue=queues[self.resolve(properties["EventSourceArn"])],
                batch_size=int(properties.get("BatchSize", 10)),
                reports_item_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
                concurrency=int(properties.get("ScalingConfig", {}).get("MaximumConcurrency", UNBOUNDED)),
            )
            for _, properties in self.resources("AWS::Lambda::EventSourceMapping")
            if properties.get("Enabled", True)
        ]

    def routes(self) -> dict[str, str]:
        """Map each route key, such as "POST /interactions", to the name of its function."""
        integrations = {
            logical_id: self._function_behind(properties["IntegrationUri"])
            for logical_id, properties in self.resources("AWS::ApiGatewayV2::Integration")
        }
        found = {}
        for _, properties in self.resources("AWS::ApiGatewayV2::Route"):
            integration = str(self.resolve(properties["Target"])).removeprefix("integrations/")
            found[properties["RouteKey"]] = integrations[integration]
        return found

    def throttles(self) -> dict[str, Throttle]:
        """Map the route key of each limited route to its limit. A route's own settings replace the stage's."""
        routes = self.routes()
        found: dict[str, Throttle] = {}
        for _, stage in self.resources("AWS::ApiGatewayV2::Stage"):
            default, own = stage.get("DefaultRouteSettings", {}), stage.get("RouteSettings", {})
            if unknown := own.keys() - routes.keys():
                raise TemplateError(f"RouteSettings has no route for {', '.join(sorted(unknown))}")
            for key in routes:
                settings = self.resolve({**default, **own.get(key, {})})
                if unknown := settings.keys() - ROUTE_SETTINGS:
                    raise TemplateError(f"{key}: no route setting is called {', '.join(sorted(unknown))}")
                limits = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
                if None not in limits:
                    found[key] = Throttle(float(limits[0]), int(limits[1]))
        return found

    def schedules(self) -> list[Schedule]:
        return [
            Schedule(
                name=str(self.resolve(properties.get("Name", logical_id))),
                expression=properties["ScheduleExpression"],
                zone=str(self.resolve(properties.get("ScheduleExpressionTimezone", "UTC"))),
                function=self._function_behind(properties["Target"]["Arn"]),
                input=str(self.resolve(properties["Target"].get("Input", "{}"))),
                dead_letters=str(self.resolve(properties["Target"].get("DeadLetterConfig", {}).get("Arn", ""))),
            )
            for logical_id, properties in self.resources("AWS::Scheduler::Schedule")
            if properties.get("State", "ENABLED") == "ENABLED"
        ]

    def rules(self) -> list[Rule]:
        """Return each target of the rules with an event pattern."""
        found = []
        for logical_id, properties in self.resources("AWS::Events::Rule"):
            if "EventPattern" not in properties or not properties.get("State", "ENABLED").startswith("ENABLED"):
                continue
            for target in properties.get("Targets", ()):
                if changed := {"Input", "InputPath", "InputTransformer"} & target.keys():
                    raise TemplateError(f"{logical_id}: the sandbox does not support {', '.join(sorted(changed))}")
                found.append(
                    Rule(
                        name=self._name(logical_id),
                        pattern=self.resolve(properties["EventPattern"]),
                        **self._target(target["Arn"]),
                        dead_letters=str(self.resolve(target.get("DeadLetterConfig", {}).get("Arn", ""))),
                        bus=str(self.resolve(properties.get("EventBusName", ""))),
                    )
                )
        return found

    def buses(self) -> list[str]:
        """Return the names of the event buses."""
        return [self._name(logical_id) for logical_id, _ in self.resources("AWS::Events::EventBus")]

    def _target(self, arn: Any) -> dict[str, str]:
        """The queue or the function that an ARN expression names."""
        for queue in self.queues():
            if f'"{queue.logical_id}"' in json.dumps(arn):
                return {"queue": queue.name}
        return {"function": self._function_behind(arn)}

    def custom_resources(self) -> list[tuple[str, str, str, Resource]]:
        """Return the logical id, type, function (the service token) and resolved properties of each custom resource."""
        return [
            (
                logical_id,
                resource["Type"],
                self._function_behind(resource["Properties"]["ServiceToken"]),
                self.resolve(resource["Properties"]),
            )
            for logical_id, resource in self.document["Resources"].items()
            if resource["Type"].startswith("Custom::") or resource["Type"] == "AWS::CloudFormation::CustomResource"
        ]

    @property
    def bot(self) -> str:
        """The deployment's `name`."""
        return self._variable("WATCHBELL_NAME")

    @property
    def stage(self) -> str:
        return self._variable("WATCHBELL_STAGE")

    def parameter_name(self, name: str) -> str:
        """Return the full name of an SSM parameter: `/watchbell/dev/webhooks/digest`."""
        return f"/{self.bot}/{self.stage}/{name}"

    def _variable(self, name: str) -> str:
        for _, properties in self.resources("AWS::Lambda::Function"):
            value = properties.get("Environment", {}).get("Variables", {}).get(name)
            if value:
                return str(self.resolve(value))
        raise TemplateError(f"no function has {name} in its environment")

    # Names

    def function_name(self, logical_id: str) -> str:
        """Return the function's folder, which is its name without `<bot>-<stage>-`."""
        return self.short(self._name(logical_id))

    def short(self, name: str) -> str:
        """Return a physical name without `<bot>-<stage>-`."""
        return name.removeprefix(f"{self.bot}-{self.stage}-")

    def _name(self, logical_id: str) -> str:
        resource = self.document["Resources"][logical_id]
        for key in ("QueueName", "TableName", "FunctionName", "Name"):
            if key in resource.get("Properties", {}):
                return str(self.resolve(resource["Properties"][key]))
        if resource["Type"].startswith("AWS::DynamoDB::"):  # on AWS, CloudFormation generates their names
            return f"{self.bot}-{self.stage}-{logical_id.removesuffix('Table').lower()}"
        return logical_id

    def _function_behind(self, reference: Any) -> str:
        """Return the name of the function in an ARN expression, which can be a Ref, a GetAtt or a longer ARN.

        The ARN can be that of an alias of the function.
        """
        for alias, properties in self.resources("AWS::Lambda::Alias"):
            if f'"{alias}"' in json.dumps(reference):
                reference = properties["FunctionName"]
        for logical_id, _ in self.resources("AWS::Lambda::Function"):
            if f'"{logical_id}"' in json.dumps(reference):
                return self.function_name(logical_id)
        raise TemplateError(f"{reference} names no function in the template")

    # Intrinsic functions

    def resolve(self, value: Any) -> Any:
        """Return `value` with every intrinsic function replaced by its result in the sandbox."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value if item != {"Ref": "AWS::NoValue"}]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            match name:
                case "Ref":
                    return self._ref(argument)
                case "Fn::GetAtt":
                    return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
                case "Fn::Join":
                    return str(argument[0]).join(str(part) for part in self.resolve(argument[1]))
                case "Fn::Sub":
                    return self._substitute(argument)
                case "Fn::Select":
                    return self.resolve(argument[1])[int(argument[0])]
                case "Fn::Split":
                    return str(self.resolve(argument[1])).split(argument[0])
            if name.startswith("Fn::"):
                raise TemplateError(f"the sandbox does not support {name}")
        return {key: self.resolve(item) for key, item in value.items() if item != {"Ref": "AWS::NoValue"}}

    def _substitute(self, argument: Any) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else argument

        def one(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in names:
                return str(self.resolve(names[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", one, text)

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "watchbell",
            "AWS::StackId": _arn("cloudformation", "stack/watchbell/sandbox"),
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.document.get("Parameters", {}):
            parameter = self.document["Parameters"][name]
            if parameter["Type"] == "AWS::SSM::Parameter::Value<String>":
                return self.parameter(parameter["Default"])
            return parameter.get("Default", "")
        if name not in self.document["Resources"]:
            raise TemplateError(f"Ref to {name}, which is not in the template")
        if self.document["Resources"][name]["Type"] == "AWS::SQS::Queue":
            return f"{self.url}/{ACCOUNT}/{self._name(name)}"
        return self._name(name)

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if logical_id not in self.document["Resources"]:
            raise TemplateError(f"GetAtt of {logical_id}, which is not in the template")
        kind, name = self.document["Resources"][logical_id]["Type"], self._name(logical_id)
        match kind, attribute:
            case "AWS::SQS::Queue", "QueueName":
                return name
            case "AWS::SQS::Queue", "Arn":
                return _arn("sqs", name)
            case "AWS::Lambda::Function", "Arn":
                return _arn("lambda", f"function:{name}")
            case (("AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable"), "Arn"):
                return _arn("dynamodb", f"table/{name}")
            case "AWS::ApiGatewayV2::Api", "ApiEndpoint":
                return self.api_url
            case "AWS::IAM::Role", "Arn":
                return f"arn:aws:iam::{ACCOUNT}:role/{name}"
        raise TemplateError(f"the sandbox does not support the attribute {attribute} of {logical_id}, a {kind}")


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
