"""The registrar's handler: CloudFormation always learns the result."""

import json

import pytest

from sandbox.loopback import Response, Server
from tests.discord_side import unflagged
from watchbell.errors import DiscordError, Unavailable
from watchbell.registration import apply as rollout
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
    def __init__(self, existing=(), failure=None):
        self.existing, self.failure, self.created = list(existing), failure, []

    def commands(self, scope):
        self.scope = scope
        return self.existing

    def create_command(self, scope, command):
        if self.failure:
            raise self.failure
        self.created.append(command["name"])


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
    registry = Registry(failure=DiscordError("POST", 400, 50035, "Invalid Form Body", errors=errors))
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
    cloudformation, registry = CloudFormation(), Registry(failure=DiscordError("POST", 429, wait=0.01))
    create = registry.create_command

    def recover(scope, command):
        try:
            create(scope, command)
        finally:
            registry.failure = None

    registry.create_command = recover
    door("registrar", registry, **SETTINGS).handler(cloudformation.request(), None)
    assert cloudformation.answer["Status"] == "SUCCESS"
    assert set(registry.created) == set(unflagged())


def test_a_discord_that_stays_unwell_does_after_half_a_minute(door):
    waits = []
    with pytest.raises(DiscordError):
        rollout.bring_about(Registry(failure=DiscordError("POST", 503)), {}, "42", sleep=waits.append)
    assert waits == [1, 2, 4, 8]


def test_deleting_the_stack_leaves_the_commands(door):
    cloudformation, registry = CloudFormation(), Registry(failure=AssertionError("must not be called"))
    request = cloudformation.request(RequestType="Delete", PhysicalResourceId="before")
    door("registrar", registry, **SETTINGS).handler(request, None)
    assert (cloudformation.answer["Status"], cloudformation.answer["PhysicalResourceId"]) == ("SUCCESS", "before")


def test_where_cloudformation_cannot_be_told_lambda_is_asked_to_call_again(door):
    with pytest.raises(Unavailable, match="answered 403"):
        door("registrar", Registry(), **SETTINGS).handler(CloudFormation(status=403).request(), None)
