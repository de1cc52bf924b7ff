"""What each role may do. A new permission needs a new line here, so that a reviewer sees it."""

from __future__ import annotations

from typing import Any

import pytest

from infra import layers

pytestmark = pytest.mark.xdist_group("synthesis")

CLAIM = {"dynamodb:UpdateItem"}
CONSUME = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"}
DATA = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"}
WATCH = CLAIM | DATA | {"dynamodb:BatchGetItem"}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}

# role -> resource -> actions. A resource is a logical id, or the name of a parameter.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "IngressRole": {
        "IngressLog": LOG,
        "WorkQueue": {"sqs:SendMessage"},
        "EphemeralTable": {"dynamodb:GetItem"},
        "StateTable": {"dynamodb:GetItem"},
        "/watchbell/dev/signing-keys": {"ssm:GetParameter"},
        "/watchbell/dev/operators": {"ssm:GetParameter"},
        "/watchbell/dev/status-sources": {"ssm:GetParametersByPath"},
        "/watchbell/dev/flags": {"ssm:GetParametersByPath"},
    },
    "WorkerRole": {
        "WorkerLog": LOG,
        "WorkQueue": CONSUME | {"sqs:SendMessage"},
        "SendQueue": {"sqs:SendMessage"},
        "StateTable": WATCH,
        "EphemeralTable": CLAIM | {"dynamodb:GetItem", "dynamodb:PutItem"},
        "/watchbell/dev/signing-keys": {"ssm:GetParameter"},
        "/watchbell/dev/operators": {"ssm:GetParameter"},
        "/watchbell/dev/discord/bot-token": {"ssm:GetParameter"},
        "/watchbell/dev/status-sources": {"ssm:GetParametersByPath"},
        "/watchbell/dev/flags": {"ssm:GetParametersByPath"},
        # The secrets of a server's checks: the card of a monitor sets, lists and deletes them, and `/monitor test` uses
        # them.
        "/watchbell/dev/servers/*": {
            *("ssm:GetParameter", "ssm:GetParametersByPath", "ssm:PutParameter", "ssm:DeleteParameter"),
        },
        # `/webhook` sets and deletes the URLs of a server's webhooks. It cannot read one.
        "/watchbell/dev/server-webhooks/*": {"ssm:PutParameter", "ssm:DeleteParameter"},
    },
    "SenderRole": {
        "SenderLog": LOG,
        "SendQueue": CONSUME | {"sqs:SendMessage"},
        "EventDeadQueue": {"sqs:SendMessage"},
        "StateTable": WATCH,
        "EphemeralTable": CLAIM | {"dynamodb:GetItem", "dynamodb:PutItem"},
        "/watchbell/dev/discord/bot-token": {"ssm:GetParameter"},
        "/watchbell/dev/signing-keys": {"ssm:GetParameter"},
        # A wildcard, because each webhook is a separate parameter, and the operator chooses its name.
        "/watchbell/dev/webhooks/*": {"ssm:GetParameter"},
        "/watchbell/dev/server-webhooks/*": {"ssm:GetParameter"},
        "/watchbell/dev/operator-alerts": {"ssm:GetParameter"},
        "/watchbell/dev/notify-users": {"ssm:GetParameter"},
    },
    # It fetches what users typed. So it reads no secret but those that a check names, and it can set none.
    "MonitorRole": {
        "MonitorLog": LOG,
        "CheckQueue": CONSUME,
        "SendQueue": {"sqs:SendMessage"},
        "StateTable": WATCH,
        "/watchbell/dev/servers/*": {"ssm:GetParameter"},
        "/watchbell/dev/flags": {"ssm:GetParametersByPath"},
    },
    "SchedulerRole": {
        "SchedulerLog": LOG,
        "SendQueue": {"sqs:SendMessage"},
        "CheckQueue": {"sqs:SendMessage"},
        "StateTable": WATCH,
        "/watchbell/dev/status-sources": {"ssm:GetParametersByPath"},
        "/watchbell/dev/flags": {"ssm:GetParametersByPath"},
        # If a tick fails three times, Lambda sends it there with the function's role.
        "ScheduleDeadQueue": {"sqs:SendMessage"},
    },
    # Only rows whose key begins with ping#, which another test checks.
    "HeartbeatRole": {
        "HeartbeatLog": LOG,
        "StateTable": {"dynamodb:UpdateItem"},
    },
    "RegistrarRole": {
        "RegistrarLog": LOG,
        "/watchbell/dev/discord/bot-token": {"ssm:GetParameter"},
        "/watchbell/dev/flags": {"ssm:GetParametersByPath"},
    },
    # The role of EventBridge Scheduler.
    "ScheduleRole": {
        "SchedulerLive": {"lambda:InvokeFunction"},
        "ScheduleDeadQueue": {"sqs:SendMessage"},
    },
}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def short(resource: Any) -> str:
    """Shorten the ARN of a resource to `WorkQueue`, and the ARN of a parameter to `/watchbell/…`.

    Return anything else as text.
    """
    match resource:
        case {"Fn::GetAtt": [id, "Arn"]} | {"Ref": id}:
            return str(id)
        case {"Fn::Join": ["", ["arn:", *_, str(tail)]]} if tail.startswith(":parameter/"):
            return tail.removeprefix(":parameter")
        case _:
            return str(resource)


def test_every_role_has_exactly_the_permissions_in_this_table(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    found: dict[str, dict[str, set[str]]] = {id: {} for id, it in resources.items() if it["Type"] == "AWS::IAM::Role"}
    for policy in (it["Properties"] for it in resources.values() if it["Type"] == "AWS::IAM::Policy"):
        for role in policy["Roles"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                for resource in listed(statement["Resource"]):
                    found[role["Ref"]].setdefault(short(resource), set()).update(listed(statement["Action"]))
    assert found == ALLOWED


def test_no_role_gets_permissions_from_a_managed_or_inline_policy(template: dict[str, Any]) -> None:
    roles = {id: it["Properties"] for id, it in template["Resources"].items() if it["Type"] == "AWS::IAM::Role"}
    for role in roles.values():
        assert set(role) == {"AssumeRolePolicyDocument"}, "a managed or inline policy"
    functions = {id: it for id, it in template["Resources"].items() if it["Type"] == "AWS::Lambda::Function"}
    for id, function in functions.items():
        assert short(function["Properties"]["Role"]) == f"{id}Role"


def test_the_ingress_does_not_read_the_bots_token_and_writes_no_table() -> None:
    actions = {action for actions in ALLOWED["IngressRole"].values() for action in actions}
    assert {action.split(":")[0] for action in actions} == {"logs", "sqs", "ssm", "dynamodb"}
    assert {action for action in actions if action.startswith("dynamodb:")} == {"dynamodb:GetItem"}
    assert "/watchbell/dev/discord/bot-token" not in ALLOWED["IngressRole"]


def test_boto3_ships_only_the_services_that_the_functions_may_call() -> None:
    functions = {role: rights for role, rights in ALLOWED.items() if role != "ScheduleRole"}
    called = {
        action.split(":")[0] for rights in functions.values() for actions in rights.values() for action in actions
    }
    assert called - {"logs"} == set(layers.AWS_SERVICES)  # the Lambda service writes the logs, not boto3
