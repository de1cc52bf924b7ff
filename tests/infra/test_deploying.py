"""A deployment uses the choices that are kept for it, can be repeated if it fails, and is then protected."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs

import boto3
import pytest

from infra import cdk
from sandbox.loopback import Request, Response, Server, as_json
from watchbell.adapters.aws import client

FIRST = ["-c", "watchbell:first-deployment=true"]
UNATTENDED = ["--require-approval", "never"]


class Aws:
    """Parameter Store, CloudFormation, STS and DynamoDB. `stacks` maps the names of stacks to their statuses.

    `refuses` is the name of an action that the operator may not do, and `full` a parameter that cannot be stored.
    `audit` are the rows of the audit: action, subject and how it ended.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}
        self.stacks: dict[str, str] = {}
        self.protected: set[str] = set()
        self.refuses = self.full = ""
        self.audit: list[list[str]] = []
        self.server = Server(self._answer)

    def _answer(self, request: Request) -> Response:
        target = dict(request.headers).get("X-Amz-Target") or dict(request.headers).get("x-amz-target", "")
        if target:
            service, _, action = target.rpartition(".")
            answer = self._items if service.startswith("DynamoDB") else self._store
            return answer(action, json.loads(request.body))
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if asked["Action"] == "GetCallerIdentity":
            return _answered(asked["Action"], "<Arn>arn:aws:iam::1:user/ada</Arn>")
        return self._stack(asked["Action"], asked["StackName"], asked.get("EnableTerminationProtection") == "true")

    def _store(self, action: str, asked: dict) -> Response:
        if action == self.refuses:
            return as_json(400, {"__type": "AccessDeniedException", "message": f"not authorized to perform {action}"})
        if action == "PutParameter":
            if asked["Name"] == self.full:
                return as_json(400, {"__type": "ParameterLimitExceeded", "message": "too many parameters"})
            self.parameters[asked["Name"]] = asked["Value"]
            return as_json(200, {"Version": 1})
        below = [(name, value) for name, value in self.parameters.items() if name.startswith(asked["Path"] + "/")]
        return as_json(200, {"Parameters": [{"Name": name, "Value": value} for name, value in below]})

    def _items(self, action: str, asked: dict) -> Response:
        if action == "GetItem":
            return as_json(200, {"Item": {"last": {"N": str(len(self.audit))}}} if self.audit else {})
        if action == "TransactWriteItems":
            row = asked["TransactItems"][1]["Put"]["Item"]
            self.audit.append([row["action"]["S"], row["subject"]["S"], row["ended"]["S"]])
        elif action == "UpdateItem":
            self.audit[int(asked["Key"]["sk"]["S"].rpartition("#")[2]) - 1][2] = _text(asked)
        return as_json(200, {})

    def _stack(self, action: str, name: str, protect: bool) -> Response:
        if action == self.refuses:
            return _xml(403, _error("AccessDenied", f"not authorized to perform {action}"))
        if name not in self.stacks:
            return _xml(400, _error("ValidationError", f"Stack with id {name} does not exist"))
        if action == "UpdateTerminationProtection":
            (self.protected.add if protect else self.protected.discard)(name)
            return _answered(action, "")
        if action == "DescribeStackResource":
            table = "<PhysicalResourceId>t</PhysicalResourceId>"
            return _answered(action, f"<StackResourceDetail>{table}</StackResourceDetail>")
        inner = f"<StackName>{name}</StackName><StackStatus>{self.stacks[name]}</StackStatus>"
        return _answered(action, f"<Stacks><member>{inner}</member></Stacks>")


def _text(update: dict) -> str:
    """Return the text that an update sets."""
    ((value,),) = (each.values() for each in update["ExpressionAttributeValues"].values())
    return str(value)


def _answered(action: str, inner: str) -> Response:
    return _xml(200, f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>")


def _error(code: str, message: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


def _xml(status: int, text: str) -> Response:
    return Response(status, text.encode(), [("content-type", "text/xml")])


class Cli:
    """The CDK CLI. A deployment leaves the stack of its arguments in `status`, and the CLI exits with `code`."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.code, self.status = 0, "CREATE_COMPLETE"
        self.started: list[list[str]] = []

    def __call__(self, arguments: Sequence[str]) -> int:
        self.started.append(list(arguments))
        if arguments[0] == "deploy":
            context = dict(word.removeprefix("-c").partition("=")[::2] for word in arguments if "=" in word)
            self._aws.stacks[f"{context.get('name', 'watchbell')}-{context['stage']}"] = self.status
        return self.code


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS, and a shell with credentials and without a terminal."""
    aws = Aws()
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {"REGION": "eu-west-3", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.server.url)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    client.cache_clear()
    yield aws
    aws.server.stop()
    monkeypatch.undo()
    client.cache_clear()
    boto3.setup_default_session()


@pytest.fixture
def cli(cloud: Aws) -> Cli:
    return Cli(cloud)


def test_the_first_deployment_of_prod_is_protected_only_after_it_succeeded(cloud: Aws, cli: Cli) -> None:
    deploy = ["deploy", "-c", "stage=prod"]
    cli.code, cli.status = 1, "ROLLBACK_COMPLETE"
    assert cdk.main(deploy, cli) == 1
    assert cloud.protected == set()
    cli.code, cli.status = 0, "CREATE_COMPLETE"
    assert cdk.main(deploy, cli) == 0
    assert cloud.protected == {"watchbell-prod"}
    cli.status = "UPDATE_COMPLETE"
    assert cdk.main(deploy, cli) == 0
    assert cli.started == [deploy + FIRST + UNATTENDED, deploy + FIRST + UNATTENDED, deploy + UNATTENDED]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"])
def test_a_stack_that_was_deployed_once_never_loses_its_protection(cloud: Aws, cli: Cli, status: str) -> None:
    cloud.stacks["watchbell-prod"] = status
    cdk.main(["deploy", "-c", "stage=prod"], cli)
    assert FIRST[1] not in cli.started[0]


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_was_never_deployed_can_be_deployed_again(cloud: Aws, cli: Cli, status: str) -> None:
    cloud.stacks["watchbell-prod"] = status
    cdk.main(["deploy", "-c", "stage=prod"], cli)
    assert FIRST[1] in cli.started[0]


def test_dev_is_not_protected(cloud: Aws, cli: Cli) -> None:
    assert cdk.main(["deploy", "-c", "stage=dev"], cli) == 0
    assert cloud.protected == set()


def test_a_deployment_that_was_only_prepared_is_not_protected(cloud: Aws, cli: Cli) -> None:
    cli.status = "REVIEW_IN_PROGRESS"
    assert cdk.main(["deploy", "-c", "stage=prod", "--no-execute"], cli) == 0
    assert cloud.protected == set()


def test_a_plain_deployment_uses_the_kept_choices_of_its_stage_and_prints_them(
    cloud: Aws, cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.parameters = {
        "/watchbell/prod/choices/alarm_email": "ops@example.com",
        "/watchbell/prod/choices/guild_id": "none",
        "/watchbell/prod/choices/gone_since_then": "1",
        "/watchbell/prod/discord/application-id": "1",
        "/watchbell/dev/choices/alarm_email": "dev@example.com",
    }
    cdk.main(["deploy", "-c", "stage=prod"], cli)
    assert cli.started[0][3:-4] == ["-c", "guild_id=", "-c", "alarm_email=ops@example.com"]
    assert capsys.readouterr().out.splitlines() == [
        "watchbell-prod keeps guild_id = none",
        "watchbell-prod keeps alarm_email = ops@example.com",
    ]


@pytest.mark.parametrize(
    "given", [["-c", "digest_time=07:45"], ["--context", "digest_time=07:45"], ["--context=digest_time=07:45"]]
)
def test_a_choice_on_the_command_line_comes_first_and_is_kept_for_the_next_deployment(
    cloud: Aws, cli: Cli, given: list[str]
) -> None:
    cloud.parameters["/watchbell/dev/choices/digest_time"] = "06:00"
    cdk.main(["deploy", "-cstage=dev", *given], cli)
    assert cli.started[0] == ["deploy", "-cstage=dev", *given, *FIRST, *UNATTENDED]
    cdk.main(["deploy", "-c", "stage=dev"], cli)
    assert cli.started[1] == ["deploy", "-c", "stage=dev", "-c", "digest_time=07:45", *UNATTENDED]


def test_an_empty_choice_is_kept_too(cloud: Aws, cli: Cli) -> None:
    cdk.main(["deploy", "-c", "stage=dev", "-c", "guild_id="], cli)
    assert cloud.parameters == {"/watchbell/dev/choices/guild_id": "none"}


def test_a_choice_of_a_failed_deployment_is_not_kept(cloud: Aws, cli: Cli) -> None:
    cli.code = 1
    cdk.main(["deploy", "-c", "stage=dev", "-c", "digest_time=07:45"], cli)
    assert cloud.parameters == {}


def test_a_choice_that_a_deployment_keeps_is_in_the_audit(
    cloud: Aws, cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    cdk.main(["deploy", "-c", "stage=dev", "-c", "digest_time=07:45", "-c", "guild_id="], cli)
    assert cloud.audit == [
        ["parameter.set", "choices/digest_time", "done"],
        ["parameter.set", "choices/guild_id", "done"],
    ]
    assert capsys.readouterr().err == ""


def test_a_choice_that_cannot_be_kept_is_named_and_the_same_command_keeps_it(
    cloud: Aws, cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.full = "/watchbell/prod/choices/guild_id"
    deploy = ["deploy", "-c", "stage=prod", "-c", "digest_time=07:45", "-c", "guild_id=", "-c", "alarm_email="]
    assert cdk.main(deploy, cli) == 1
    assert cloud.parameters == {"/watchbell/prod/choices/digest_time": "07:45"}
    assert cloud.audit == [
        ["parameter.set", "choices/digest_time", "done"],
        ["parameter.set", "choices/guild_id", "failed"],
    ]
    assert cloud.protected == {"watchbell-prod"}
    failed, what_to_do = capsys.readouterr().err.splitlines()
    assert "watchbell-prod is deployed, but Parameter Store may not have guild_id, alarm_email: " in failed
    assert what_to_do.startswith("Run the same command again.")
    cloud.full = ""
    assert cdk.main(deploy, cli) == 0
    assert sorted(cloud.parameters) == [
        f"/watchbell/prod/choices/{it}" for it in ("alarm_email", "digest_time", "guild_id")
    ]


def test_two_bots_keep_their_choices_apart(cloud: Aws, cli: Cli) -> None:
    cloud.parameters["/watchbell/dev/choices/digest_time"] = "06:00"
    cdk.main(["deploy", "-c", "stage=dev", "-c", "name=pager", "-c", "digest_language=de"], cli)
    assert "digest_time=06:00" not in cli.started[0]
    assert cloud.parameters["/pager/dev/choices/digest_language"] == "de"


def test_a_comparison_uses_the_kept_choices_too(cloud: Aws, cli: Cli) -> None:
    cloud.parameters["/watchbell/dev/choices/digest_time"] = "06:00"
    assert cdk.main(["diff"], cli) == 0
    assert cli.started == [["diff", "-c", "digest_time=06:00"]]


@pytest.mark.parametrize("action", ["GetParametersByPath", "DescribeStacks"])
def test_nothing_is_deployed_if_aws_does_not_tell_what_is_there(
    cloud: Aws, cli: Cli, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    cloud.refuses = action
    assert cdk.main(["deploy", "-c", "stage=prod"], cli) == 1
    assert cli.started == []
    (line,) = capsys.readouterr().err.splitlines()
    assert f"not authorized to perform {action}" in line


def test_a_stack_that_could_not_be_protected_is_protected_by_the_next_deployment(cloud: Aws, cli: Cli) -> None:
    cloud.refuses = "UpdateTerminationProtection"
    assert cdk.main(["deploy", "-c", "stage=prod"], cli) == 1
    assert cdk.main(["deploy", "-c", "stage=prod"], cli) == 0
    assert cli.started[1] == ["deploy", "-c", "stage=prod", *UNATTENDED]  # the CLI protects it


@pytest.mark.parametrize("context", ["stage=live", "name=My Bot"])
def test_an_invalid_name_or_stage_is_refused_before_anything_is_read(
    cloud: Aws, cli: Cli, capsys: pytest.CaptureFixture[str], context: str
) -> None:
    assert cdk.main(["deploy", "-c", context], cli) == 1
    assert cli.started == []
    assert " must be " in capsys.readouterr().err


def test_somebody_at_a_terminal_is_asked_for_approval(cloud: Aws, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO("")
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)
    cdk.main(["deploy", "-c", "stage=dev"], cli)
    assert "--require-approval" not in cli.started[0]


def test_a_given_option_for_approval_is_respected(cloud: Aws, cli: Cli) -> None:
    cdk.main(["deploy", "-c", "stage=dev", "--require-approval=any-change"], cli)
    assert "never" not in cli.started[0]
