"""The registrar's handler: CloudFormation always learns the result."""

import json

import pytest

from sandbox.loopback import Response, Server
from tests.discord_side import unflagged
from watchbell.errors import DiscordError, Unavailable
from watchbell.registration.declare import manifest

REQUEST = {
    "RequestType": "Create",
    "RequestId": "r-1",
    "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/watchbell-dev/1",
    "LogicalResourceId": "Commands",
    "ResourceType": "Custom::DiscordCommands",
    "ResourceProperties": {"Manifest": "abc"},
}
SETTINGS = {"DISCORD_APPLICATION_ID": "42", "DISCORD_GUILD_ID": ""}


class CloudFormation:
    """The response URL, and the requests to it."""

    def __init__(self, status=200):
        self.requests = []
        self.server = Server(lambda request: self.requests.append(request) or Response(status))

    def request(self, **changes):
        return {**REQUEST, "ResponseURL": f"{self.server.url}/answer?signature=x", **changes}

    @property
    def answer(self):
        (request,) = self.requests
        assert request.method == "PUT"
        return json.loads(request.body)


class Registry:
    """Discord's commands in one scope. Each call uses up and raises one of `failures`; None lets its call succeed."""

    def __init__(self, *failures):
        self.failures, self.created = list(failures), []

    def commands(self, scope):
        self.scope = scope
        return []

    def replace_commands(self, scope, commands):
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        self.created += [command["name"] for command in commands]


def test_the_commands_are_created_and_cloudformation_told(door):
    cloudformation, registry = CloudFormation(), Registry()
    door("registrar", registry, **SETTINGS).handler(cloudformation.request(), None)
    assert registry.created == unflagged()
    assert cloudformation.answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "Commands",
        "StackId": REQUEST["StackId"],
        "RequestId": "r-1",
        "LogicalResourceId": "Commands",
    }


def test_a_guild_has_its_own(door):
    registry = Registry()
    settings = {**SETTINGS, "DISCORD_GUILD_ID": "7"}
    door("registrar", registry, **settings).handler(CloudFormation().request(), None)
    assert registry.scope == "42/guilds/7"


def test_a_refusal_fails_the_deployment_with_its_reason(door):
    errors = {"description": {"_errors": [{"code": "X", "message": "Must be 100 or fewer in length."}]}}
    cloudformation = CloudFormation()
    registry = Registry(DiscordError("PUT", 400, 50035, "Invalid Form Body", errors={"0": errors}))
    door("registrar", registry, **SETTINGS).handler(cloudformation.request(), None)
    assert cloudformation.answer["Status"] == "FAILED"
    first = manifest()[0]["name"]
    assert f"create /{first}: description: Must be 100 or fewer" in cloudformation.answer["Reason"]


def test_a_missing_token_is_the_reason_and_says_what_to_do(door):
    cloudformation = CloudFormation()
    door("registrar", **SETTINGS).handler(cloudformation.request(), None)
    assert cloudformation.answer["Status"] == "FAILED"
    assert (
        "/watchbell/test/discord/bot-token is not set; `python -m ops setup` sets it" in cloudformation.answer["Reason"]
    )


def test_a_discord_that_is_unwell_for_a_moment_does_not_fail_the_deployment(door):
    cloudformation, registry = CloudFormation(), Registry(DiscordError("PUT", 429, wait=0.01))
    door("registrar", registry, **SETTINGS).handler(cloudformation.request(), None)
    assert cloudformation.answer["Status"] == "SUCCESS"
    assert registry.created == unflagged()


def test_deleting_the_stack_leaves_the_commands(door):
    cloudformation, registry = CloudFormation(), Registry(AssertionError("must not be called"))
    request = cloudformation.request(RequestType="Delete", PhysicalResourceId="before")
    door("registrar", registry, **SETTINGS).handler(request, None)
    assert (cloudformation.answer["Status"], cloudformation.answer["PhysicalResourceId"]) == ("SUCCESS", "before")


def test_where_cloudformation_cannot_be_told_lambda_is_asked_to_call_again(door):
    with pytest.raises(Unavailable, match="answered 403"):
        door("registrar", Registry(), **SETTINGS).handler(CloudFormation(status=403).request(), None)
