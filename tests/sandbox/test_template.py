"""The parts that the sandbox reads from a template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.template import Template, TemplateError, Throttle


def template(resources: dict[str, Any], parameters: dict[str, Any] | None = None) -> Template:
    document = {"Resources": resources, "Parameters": parameters or {}}
    return Template(document, "http://aws", {"/watchbell/dev/discord/public-keys": "abcd"}.__getitem__)


QUEUES = {
    "WorkQueue": {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": "watchbell-dev-work",
            "VisibilityTimeout": 180,
            "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["WorkDeadQueue", "Arn"]}, "maxReceiveCount": 5},
        },
    },
    "WorkDeadQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "watchbell-dev-work-dead"}},
}
INGRESS = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": "watchbell-dev-ingress",
        "Handler": "handler.handler",
        "Runtime": "python3.13",
        "Timeout": 10,
        "Environment": {
            "Variables": {
                "WATCHBELL_NAME": "watchbell",
                "WATCHBELL_STAGE": "dev",
                "DISCORD_PUBLIC_KEYS": {"Ref": "Keys"},
                "WORK_QUEUE_URL": {"Ref": "WorkQueue"},
            }
        },
    },
}
PARAMETERS = {"Keys": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/watchbell/dev/discord/public-keys"}}


def test_a_functions_environment_is_resolved_against_the_sandbox() -> None:
    (function,) = template({"Ingress": INGRESS, **QUEUES}, PARAMETERS).functions()
    assert (function.name, function.timeout, function.memory) == ("ingress", 10, 128)
    assert function.environment == {
        "WATCHBELL_NAME": "watchbell",
        "WATCHBELL_STAGE": "dev",
        "DISCORD_PUBLIC_KEYS": "abcd",
        "WORK_QUEUE_URL": "http://aws/123456789012/watchbell-dev-work",
    }


def test_dead_letter_queues_come_before_the_queues_that_need_them() -> None:
    dead, work = template(QUEUES).queues()
    assert (dead.name, work.name, work.dead_letters, work.max_receives) == (
        "watchbell-dev-work-dead",
        "watchbell-dev-work",
        "watchbell-dev-work-dead",
        5,
    )
    assert work.attributes["VisibilityTimeout"] == "180"


def routes(*keys: str) -> dict[str, Any]:
    """Routes that lead to the ingress."""
    uri = {"Fn::Join": ["", ["arn:aws:apigateway:path/", {"Fn::GetAtt": ["Ingress", "Arn"]}, "/invocations"]]}
    target = {"Fn::Join": ["", ["integrations/", {"Ref": "Integration"}]]}
    return {
        "Ingress": INGRESS,
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"IntegrationUri": uri}},
        **{
            f"Route{number}": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"RouteKey": key, "Target": target}}
            for number, key in enumerate(keys)
        },
    }


def stage(**properties: Any) -> dict[str, Any]:
    return {"Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"StageName": "$default", **properties}}}


def limit(rate: float, burst: int) -> dict[str, Any]:
    return {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}


def test_a_route_leads_to_its_function_through_any_arn_expression() -> None:
    assert template(routes("POST /interactions")).routes() == {"POST /interactions": "ingress"}


def test_a_route_has_the_limit_of_the_stage_or_its_own() -> None:
    keys = ("POST /interactions", "GET /ping/{proxy+}")
    default = stage(DefaultRouteSettings=limit(100, 200), RouteSettings={keys[1]: limit(5, 7)})
    assert template(routes(*keys) | default).throttles() == {keys[0]: Throttle(100, 200), keys[1]: Throttle(5, 7)}
    assert template(routes(*keys) | stage()).throttles() == {}


@pytest.mark.parametrize("settings", [{"GET /nowhere": limit(1, 1)}, {"GET /a": {"throttlingRateLimit": 1}}])
def test_settings_that_cloudformation_refuses_are_an_error(settings: dict[str, Any]) -> None:
    with pytest.raises(TemplateError, match="route"):
        template(routes("GET /a") | stage(RouteSettings=settings)).throttles()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}, "a-us-east-1"),
        (
            {"Fn::Sub": "${AWS::AccountId}/${WorkQueue.QueueName}/${!literal}"},
            "123456789012/watchbell-dev-work/${literal}",
        ),
        ({"Fn::Sub": ["${Name}!", {"Name": {"Ref": "Keys"}}]}, "abcd!"),
        ({"Fn::Select": [1, {"Fn::Split": [":", "a:b"]}]}, "b"),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"kept": 1, "dropped": {"Ref": "AWS::NoValue"}}, {"kept": 1}),
    ],
)
def test_intrinsic_functions_are_resolved(expression: Any, value: Any) -> None:
    assert template({"Ingress": INGRESS, **QUEUES}, PARAMETERS).resolve(expression) == value


@pytest.mark.parametrize(
    "expression", [{"Fn::ImportValue": "x"}, {"Ref": "Nothing"}, {"Fn::GetAtt": ["WorkQueue", "Colour"]}]
)
def test_an_unknown_function_resource_or_attribute_is_an_error(expression: Any) -> None:
    with pytest.raises(TemplateError):
        template(QUEUES).resolve(expression)


def test_an_alias_leads_to_its_function() -> None:
    resources = {
        "Ingress": INGRESS,
        "IngressLive": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Ingress"}}},
        "Messages": source({"Fn::Join": ["", [{"Ref": "IngressLive"}, ":live"]]}),
        **QUEUES,
    }
    (found,) = template(resources).event_sources()
    assert found.function == "ingress"


def source(function: Any, **properties: Any) -> dict[str, Any]:
    event_source = {"FunctionName": function, "EventSourceArn": {"Fn::GetAtt": ["WorkQueue", "Arn"]}, **properties}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": event_source}


@pytest.mark.parametrize(("properties", "most"), [({"ScalingConfig": {"MaximumConcurrency": 7}}, 7), ({}, 1000)])
def test_a_queue_without_a_maximum_concurrency_may_take_the_whole_account(properties: Any, most: int) -> None:
    resources = {"Ingress": INGRESS, "Messages": source({"Ref": "Ingress"}, **properties), **QUEUES}
    (found,) = template(resources).event_sources()
    assert found.concurrency == most


def test_a_missing_snapshot_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="make snapshot"):
        Template.read(tmp_path / "template.json")


def test_the_snapshot_has_everything_that_the_sandbox_runs() -> None:
    snapshot = Template.read()
    snapshot.parameter = lambda name: "value"
    assert {function.name for function in snapshot.functions()} == {
        *("heartbeat", "ingress", "monitor", "registrar", "scheduler", "sender", "worker"),
    }
    assert {snapshot.short(queue.name) for queue in snapshot.queues()} == {
        *("work", "work-dead", "send", "send-dead", "check", "check-dead", "schedule-dead", "event-dead"),
    }
    assert {(source.function, source.reports_item_failures) for source in snapshot.event_sources()} == {
        ("monitor", True),
        ("sender", True),
        ("worker", True),
    }
    assert snapshot.routes() == {
        "ANY /ping/{proxy+}": "heartbeat",
        "POST /interactions": "ingress",
        "POST /events": "ingress",
    }
    signed = dict.fromkeys(("POST /interactions", "POST /events"), Throttle(100, 200))
    assert snapshot.throttles() == {**signed, "ANY /ping/{proxy+}": Throttle(20, 20)}
    assert [schedule.name for schedule in snapshot.schedules()] == [
        "applications_check",
        "daily_digest",
        "operator_monitors",
        "removals",
        "watch",
    ]
    assert [function for _, _, function, _ in snapshot.custom_resources()] == ["registrar"]
    assert {table.ttl_attribute for table in snapshot.tables()} == {"expires_at"}
