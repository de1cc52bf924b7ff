"""If AWS cannot be used, the operator's command line prints one line that says why, and exits with 1."""

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
    """A shell with a region and credentials, which ignores the developer's AWS configuration."""
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
    """`said("ranks", …)` returns the only line that a failed command printed."""

    def run(*arguments):
        assert main(list(arguments)) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        (line,) = printed.err.splitlines()
        return line

    return run


class CloudFormation:
    """Gives the same answer to every DescribeStackResource."""

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


@pytest.mark.parametrize(
    "arguments",
    [
        ["ranks", GUILD],
        ["flags"],
        ["show"],
        ["commands", "plan"],
        ["set", "operators", GUILD],
        ["unset", "operators"],
        ["flags", "beta", "on"],
    ],
    ids=" ".join,
)
def test_without_credentials_or_a_region_it_says_which_is_missing(said, shell, arguments):
    shell.delenv("AWS_ACCESS_KEY_ID")
    assert said(*arguments).startswith("ops: There are no AWS credentials in this shell. Set AWS_PROFILE")
    client.cache_clear()
    shell.delenv("AWS_REGION")
    assert said(*arguments).startswith("ops: No AWS region is set. Set AWS_REGION")
    shell.setenv("AWS_PROFILE", "missing")
    assert "The config profile (missing) could not be found" in said(*arguments)


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
def test_a_missing_stack_or_table_is_reported_with_its_region_and_what_to_do(said, shell, answer):
    CloudFormation(shell, answer)
    told = (
        "ops: There is no stack watchbell-prod with a table in eu-west-3. "
        "Run `make deploy STAGE=prod`, or set AWS_REGION if the stack is in another region."
    )
    assert said("--stage", "prod", "ranks", GUILD) == told


@pytest.mark.parametrize(
    ("answer", "word", "again"),
    [
        (refusal("Throttling", "Rate exceeded"), "Rate exceeded", True),
        (refusal("InternalFailure", "Later", 500), "InternalFailure", True),
        (Response(403, b"a proxy's page", XML), "Unable to parse response", False),
        (
            refusal("AccessDenied", "not authorized to perform cloudformation:DescribeStackResource", 403),
            "not auth",
            False,
        ),
        (refusal("ExpiredToken", "The security token included in the request is expired", 403), "expired", False),
    ],
    ids=["throttled", "broken", "not AWS", "not allowed", "expired"],
)
def test_an_error_of_cloudformation_is_reported_in_its_own_words(said, shell, answer, word, again):
    cloudformation = CloudFormation(shell, answer)
    assert word in said("ranks", GUILD, f"{GUILD}=viewer")
    assert (len(cloudformation.requests) > 1) is again


def test_an_endpoint_that_cannot_be_reached_is_reported(said, shell):
    shell.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert "Could not connect to the endpoint" in said("ranks", GUILD)
    assert "Could not connect to the endpoint" in said("set", "operators", GUILD)


def test_a_table_that_no_longer_exists_is_reported(said, shell):
    missing = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "no such table"}'

    def respond(request):
        return resource(FOUND.format("t")) if b"DescribeStackResource" in request.body else Response(400, missing)

    shell.setenv("AWS_ENDPOINT_URL", Server(respond).url)
    assert "ResourceNotFoundException" in said("ranks", GUILD)


def test_the_process_exits_with_1_and_prints_one_line(shell):
    shell.delenv("AWS_ACCESS_KEY_ID")
    done = subprocess.run([sys.executable, "-m", "ops", "ranks", GUILD], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ops: There are no AWS credentials")
    assert len(done.stderr.splitlines()) == 1
