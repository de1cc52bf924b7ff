"""The operator's command line where AWS is away, or other than it should be: one line that says so, and exit code 1."""

import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from ops.__main__ import main
from sandbox.loopback import Response, Server
from watchbell.adapters.aws import client

ROOT = Path(__file__).parents[2]
GUILD = "1100000000000000001"
XML = [("content-type", "text/xml")]
FOUND = "<PhysicalResourceId>{}</PhysicalResourceId>"


@pytest.fixture
def shell(monkeypatch):
    """A shell with a region and credentials, and no file of the developer's."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "STATE_TABLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    for name, value in {"REGION": "eu-west-3", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    client.cache_clear()
    boto3.setup_default_session()


@pytest.fixture
def said(shell, capsys):
    """`said("ranks", …)`: the one line that a failure printed."""

    def run(*arguments):
        assert main(list(arguments)) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        (line,) = printed.err.splitlines()
        return line

    return run


class CloudFormation:
    """Answers every DescribeStackResource alike."""

    def __init__(self, shell, response):
        self.requests = []
        shell.setenv("AWS_ENDPOINT_URL", Server(lambda request: self.requests.append(request) or response).url)


def refusal(code, message, status=400):
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(status, f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode(), XML)


def resource(inner):
    detail = f"<StackResourceDetail><LogicalResourceId>StateTable</LogicalResourceId>{inner}</StackResourceDetail>"
    result = f"<DescribeStackResourceResult>{detail}</DescribeStackResourceResult>"
    return Response(200, f"<DescribeStackResourceResponse>{result}</DescribeStackResourceResponse>".encode(), XML)


@pytest.mark.parametrize("arguments", [["ranks", GUILD], ["flags"], ["show"], ["commands", "plan"]], ids=" ".join)
def test_without_credentials_or_a_region_it_says_which_is_missing(said, shell, arguments):
    shell.delenv("AWS_ACCESS_KEY_ID")
    assert said(*arguments).startswith("ops: no AWS credentials: set AWS_PROFILE")
    client.cache_clear()
    shell.delenv("AWS_REGION")
    assert said(*arguments).startswith("ops: no AWS region: set AWS_REGION")
    shell.setenv("AWS_PROFILE", "nobodys")
    assert "nobodys" in said(*arguments)


@pytest.mark.parametrize(
    "answer",
    [
        refusal("ValidationError", "Stack 'watchbell-prod' does not exist"),
        refusal("ValidationError", "Resource StateTable does not exist for stack watchbell-prod"),
        resource(""),
        resource(FOUND.format("")),
    ],
    ids=["no stack", "no table", "not made yet", "not named yet"],
)
def test_a_stack_without_a_table_is_told_with_its_region_and_what_to_do(said, shell, answer):
    CloudFormation(shell, answer)
    told = "ops: eu-west-3 has no watchbell-prod with a table; `make deploy STAGE=prod` makes it"
    assert said("--stage", "prod", "ranks", GUILD) == told


@pytest.mark.parametrize(
    ("answer", "word", "again"),
    [
        (refusal("Throttling", "Rate exceeded"), "Rate exceeded", True),
        (refusal("InternalFailure", "Later", 500), "InternalFailure", True),
        (
            refusal("AccessDenied", "not authorized to perform cloudformation:DescribeStackResource", 403),
            "not auth",
            False,
        ),
        (refusal("ExpiredToken", "The security token included in the request is expired", 403), "expired", False),
    ],
    ids=["throttled", "broken", "not allowed", "expired"],
)
def test_what_cloudformation_refuses_is_told_in_its_words(said, shell, answer, word, again):
    cloudformation = CloudFormation(shell, answer)
    assert word in said("ranks", GUILD, f"{GUILD}=viewer")
    assert (len(cloudformation.requests) > 1) is again


def test_nobody_there_is_told(said, shell):
    shell.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert "Could not connect to the endpoint" in said("ranks", GUILD)


def test_a_table_that_was_found_and_cannot_be_asked_is_told(said, shell):
    missing = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "no such table"}'

    def respond(request):
        return resource(FOUND.format("t")) if b"DescribeStackResource" in request.body else Response(400, missing)

    shell.setenv("AWS_ENDPOINT_URL", Server(respond).url)
    assert "ResourceNotFoundException" in said("ranks", GUILD)


def test_the_process_ends_so_too(shell):
    shell.delenv("AWS_ACCESS_KEY_ID")
    done = subprocess.run([sys.executable, "-m", "ops", "ranks", GUILD], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ops: no AWS credentials")
    assert len(done.stderr.splitlines()) == 1
