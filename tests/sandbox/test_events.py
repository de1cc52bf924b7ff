"""Events of EventBridge reach the functions of the rules that match them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.runtime_api import Outcome, failure
from sandbox.clock import Clock
from sandbox.event_pattern import PatternError, compiled
from sandbox.events import Events
from sandbox.logs import Logs
from sandbox.schedules import Schedules
from sandbox.template import Function, Template, TemplateError

EVENT = {
    "source": "aws.health",
    "detail-type": "AWS Health Event",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "state": "open",
        "count": 5,
        "ratio": 5.0,
        "flag": True,
        "nothing": None,
        "ip": "10.0.0.7",
        "empty": [],
        "entities": [{"kind": "a", "size": 1}, {"kind": "b", "size": 2}],
        "deep": {"deeper": {"name": "x"}},
    },
}


def detail(name: str, *wanted: Any) -> dict[str, Any]:
    return {"detail": {name: list(wanted)}}


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.health"]},
        {"source": ["aws.ec2", "aws.health"], "detail-type": ["AWS Health Event"]},
        {"resources": ["arn:b"]},
        {"resources": [{"prefix": "arn:"}]},
        {"source": [{"prefix": {"equals-ignore-case": "AWS."}}]},
        {"source": [{"suffix": "health"}]},
        {"source": [{"equals-ignore-case": "AWS.Health"}]},
        {"source": [{"wildcard": "aws.*th"}]},
        {"source": [{"anything-but": "aws.ec2"}]},
        {"source": [{"anything-but": ["aws.ec2", "aws.s3"]}]},
        {"source": [{"anything-but": {"prefix": "azure"}}]},
        {"source": [{"anything-but": {"suffix": ["ec2", "s3"]}}]},
        {"resources": [{"anything-but": "arn:a"}]},
        detail("count", 5),
        detail("ratio", 5.0),
        detail("flag", True),
        detail("nothing", None),
        detail("count", {"numeric": ["=", 5.0]}),
        detail("count", {"numeric": [">", 0, "<=", 5]}),
        detail("count", {"anything-but": [1, 2]}),
        detail("count", "five", {"numeric": ["<", 1]}, {"exists": True}),
        detail("state", {"exists": True}),
        detail("nothing", {"exists": True}),
        detail("other", {"exists": False}),
        detail("deep", {"exists": False}),
        {"detail": {"no": {"where": [{"exists": False}]}}},
        detail("ip", {"cidr": "10.0.0.0/24"}),
        {"detail": {"deep": {"deeper": {"name": ["x"]}}}},
        {"detail": {"entities": {"kind": ["b"], "size": [2]}}},
        {"$or": [{"source": ["aws.ec2"]}, detail("state", "open")]},
    ],
)
def test_an_event_matches(pattern: dict[str, Any]) -> None:
    assert compiled(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.healt"]},
        {"source": ["AWS.health"]},
        {"source": ["aws.health"], "detail-type": ["Other"]},
        {"resources": ["arn:c"]},
        {"source": [{"prefix": "health"}]},
        {"source": [{"wildcard": "aws.*x"}]},
        {"source": [{"wildcard": r"aws.\*"}]},
        {"source": [{"anything-but": ["aws.health"]}]},
        {"source": [{"anything-but": {"prefix": "aws."}}]},
        {"source": [{"anything-but": {"equals-ignore-case": ["AWS.HEALTH"]}}]},
        {"source": [{"exists": False}]},
        detail("other", {"anything-but": "x"}),
        detail("other", {"exists": True}),
        detail("deep", {"exists": True}),
        detail("count", 5.0),
        detail("count", "5"),
        detail("flag", 1),
        detail("flag", {"numeric": ["=", 1]}),
        detail("state", {"numeric": [">", 0]}),
        detail("count", {"numeric": [">", 5]}),
        detail("count", {"numeric": [">", 0, "<", 5]}),
        detail("nothing", "null"),
        detail("empty", "x"),
        detail("ip", {"cidr": "10.0.1.0/24"}),
        detail("state", {"cidr": "10.0.1.0/24"}),
        {"detail": {"entities": {"kind": ["a"], "size": [2]}}},
        {"detail": {"state": {"name": ["open"]}}},
        {"$or": [{"source": ["aws.ec2"]}, detail("state", "closed")]},
    ],
)
def test_an_event_does_not_match(pattern: dict[str, Any]) -> None:
    assert not compiled(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        *({}, [], "x", {"source": "aws"}, {"source": []}, {"source": {}}, {"source": [["aws"]]}),
        *({"a": [{"prefix": 1}]}, {"a": [{"prefix": "x", "suffix": "y"}]}, {"a": [{}]}, {"a": [{"like": "x"}]}),
        *({"a": [{"exists": "yes"}]}, {"a": [{"numeric": [">"]}]}, {"a": [{"numeric": ["~", 1]}]}),
        *({"a": [{"numeric": [">", 6e9]}]}, {"a": [{"numeric": [">", True]}]}, {"a": [{"numeric": []}]}),
        *({"a": [{"anything-but": []}]}, {"a": [{"anything-but": {"numeric": [">", 1]}}]}, {"a": [{"cidr": "x"}]}),
        *({"a": [{"wildcard": "a**b"}]}, {"a": [{"wildcard": r"\a"}]}, {"$or": []}, {"$or": [{"a": [1]}]}),
    ],
)
def test_a_pattern_that_eventbridge_refuses_is_an_error(pattern: Any) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)


FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": "watchbell-dev-monitor",
        "Handler": "handler.handler",
        "Runtime": "python3.13",
        "Environment": {"Variables": {"WATCHBELL_NAME": "watchbell", "WATCHBELL_STAGE": "dev"}},
    },
}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "watchbell-dev-event-dead"}}


def template(**rules: dict[str, Any]) -> Template:
    resources = {name: {"Type": "AWS::Events::Rule", "Properties": rule} for name, rule in rules.items()}
    return Template({"Resources": {"Monitor": FUNCTION, "Dead": QUEUE, **resources}})


def rule(pattern: dict[str, Any], **target: Any) -> dict[str, Any]:
    arn = {"Fn::GetAtt": ["Monitor", "Arn"]}
    dead = {"DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Dead", "Arn"]}}}
    return {"EventPattern": pattern, "Targets": [{"Id": "Target0", "Arn": arn, **dead, **target}]}


class Bus:
    """The rules of a template. Their function returns `outcome`."""

    def __init__(self, template: Template) -> None:
        self.outcome = Outcome(True, b"null")
        self.invoked: list[tuple[str, Any, str]] = []
        self.dead: list[str] = []
        self.queued: list[tuple[str, Any]] = []
        clock = Clock()
        schedules = Schedules(
            [],
            clock,
            self.invoke,
            lambda name: Function(name, "arn", "h.h", 1, 1, {}, async_retries=1),
            lambda queue, body, attributes: self.dead.append(queue),
            Logs(),
        )
        self.events = Events(template.rules(), schedules.deliver, self.send, clock.now)

    def send(self, queue: str, body: str, attributes: dict[str, str]) -> None:
        self.queued.append((queue, json.loads(body)))

    def invoke(self, name: str, event: Any, request_id: str) -> Outcome:
        self.invoked.append((name, event, request_id))
        return self.outcome


def test_an_event_goes_to_the_function_of_each_rule_that_matches_with_what_aws_adds() -> None:
    health, disabled = rule({"source": ["aws.health"]}), {**rule({"source": ["aws.health"]}), "State": "DISABLED"}
    bus = Bus(template(Health=health, Other=rule({"source": ["aws.ec2"]}), Off=disabled, Timed={"Targets": []}))
    (delivery,) = bus.events.put(EVENT)
    assert (delivery.rule.name, delivery.attempts, delivery.outcome.ok) == ("Health", 1, True)
    ((name, event, _),) = bus.invoked
    assert name == "monitor"
    assert event == {**event, **EVENT}
    assert event.keys() - EVENT.keys() == {"version", "id", "account", "time", "region"}
    assert bus.events.put({**EVENT, "source": "aws.s3"}) == []
    bus.events.put({**EVENT, "id": "mine", "time": "2026-11-22T00:00:00Z"})
    assert (bus.invoked[-1][1]["id"], bus.invoked[-1][1]["time"]) == ("mine", "2026-11-22T00:00:00Z")


def test_the_default_bus_has_only_the_events_of_aws_and_another_bus_only_the_others() -> None:
    ours = {**rule({"detail-type": ["AWS Health Event"]}), "EventBusName": "watchbell-dev"}
    bus = Bus(template(Health=rule({"detail-type": ["AWS Health Event"]}), Ours=ours))
    assert [each.rule.name for each in bus.events.put(EVENT)] == ["Health"]
    assert [each.rule.name for each in bus.events.put({**EVENT, "source": "shop"})] == ["Ours"]


def test_an_event_goes_into_the_queue_of_a_rule_as_aws_writes_it() -> None:
    bus = Bus(template(Health=rule({"source": ["aws.health"]}, Arn={"Fn::GetAtt": ["Dead", "Arn"]})))
    (delivery,) = bus.events.put(EVENT)
    assert delivery.as_json() == {
        **{"rule": "Health", "queue": "watchbell-dev-event-dead", "ok": True, "result": None, "attempts": 1}
    }
    ((queue, event),) = bus.queued
    assert (queue, event["account"]) == ("watchbell-dev-event-dead", "123456789012")
    assert (event, bus.invoked) == ({**event, **EVENT}, [])


def test_an_event_on_which_the_function_fails_is_tried_again_and_goes_to_the_dead_letters() -> None:
    bus = Bus(template(Health=rule({"source": ["aws.health"]})))
    bus.outcome = failure("ValueError", "no")
    (delivery,) = bus.events.put(EVENT)
    assert (delivery.attempts, delivery.outcome.error) == (2, "ValueError: no")
    assert len({request_id for _, _, request_id in bus.invoked}) == 1
    assert bus.dead == ["watchbell-dev-event-dead"]


@pytest.mark.parametrize("bad", [rule({}), rule({"source": ["a"]}, Input="{}"), rule({"source": ["a"]}, Arn="arn:x")])
def test_a_rule_that_the_sandbox_cannot_run_is_an_error_of_the_template(bad: dict[str, Any]) -> None:
    with pytest.raises(TemplateError):
        Bus(template(Bad=bad))
