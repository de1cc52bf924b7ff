"""The settings of servers are in a table that may be slow, sick or silent, and that two people change at once."""

import json
import socket
import time

import pytest

from sandbox.loopback import Response, Server, as_json
from tests.conftest import CREDENTIALS
from watchbell.adapters.server_settings import READ_SECONDS, TRIES, ServerSettings
from watchbell.errors import Unavailable
from watchbell.kit.setting import Setting

CREW = Setting("crew_roles", "roles", label="Crew")
QUIET = Setting("quiet", "switch", True, label="Quiet")
ZONE = Setting("zone", "zone", label="Zone")
STORED = {"crew_roles": {"L": [{"S": "7"}]}, "quiet": {"BOOL": False}, "zone": {"S": "Asia/Tokyo"}}
ITEM = {"Item": {"values": {"M": STORED}, "version": {"N": "3"}}}


@pytest.fixture
def settings(monkeypatch):
    """`settings(answer, …)` returns ServerSettings whose table gives one answer to each request."""

    def asked_of(url):
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        return ServerSettings("state")

    servers, asked = [], []

    def answering(*answers):
        left = list(answers)
        servers.append(Server(lambda request: asked.append(json.loads(request.body)) or left.pop(0)))
        return asked_of(servers[-1].url)

    answering.at, answering.asked = asked_of, asked
    yield answering
    for server in servers:
        server.stop()


def test_a_server_that_has_chosen_nothing_has_the_defaults(settings):
    table = settings(as_json(200, ITEM), as_json(200, {}), as_json(200, {"Item": {}}))
    assert [[chosen[each] for each in (CREW, QUIET, ZONE)] for chosen in map(table.of, "123")] == [
        [("7",), False, "Asia/Tokyo"],
        [(), True, "UTC"],
        [(), True, "UTC"],
    ]


def test_in_direct_messages_no_table_is_read(settings):
    assert settings().of("")[ZONE] == "UTC"


@pytest.mark.parametrize(
    "stored",
    [
        {"S": "Asia/Tokyo"},
        {"BOOL": True},
        {"L": [{"N": "7"}]},
        {"L": [{"S": "x"}]},
        {"L": [{"S": "7"}] * 26},
        {"N": "1"},
    ],
)
def test_a_stored_value_that_the_setting_cannot_be_counts_as_none(settings, stored):
    assert settings(as_json(200, {"Item": {"values": {"M": {"crew_roles": stored}}}})).of("1")[CREW] == ()


def test_a_change_keeps_the_other_values_and_is_made_only_if_nobody_was_faster(settings):
    table = settings(as_json(200, ITEM), as_json(200, {}))
    table.change("1", {"zone": None, "crew_roles": ("8", "9")})
    update = settings.asked[-1]
    values = update["ExpressionAttributeValues"]
    crew = {"L": [{"S": "8"}, {"S": "9"}]}
    assert values[":values"] == {"M": {"quiet": {"BOOL": False}, "crew_roles": crew}}
    assert (values[":seen"], values[":next"]) == ({"N": "3"}, {"N": "4"})
    assert update["ConditionExpression"] == "#version = :seen"


def test_the_first_change_in_a_server_is_made_only_if_there_is_none(settings):
    table = settings(as_json(200, {}), as_json(200, {}))
    table.change("1", {"quiet": False})
    assert settings.asked[-1]["ConditionExpression"] == "attribute_not_exists(#version)"


LOST = as_json(400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", **ITEM})


def test_who_was_slower_changes_what_the_other_left(settings):
    table = settings(as_json(200, {}), LOST, as_json(200, {}))
    table.change("1", {"quiet": True})
    values = settings.asked[-1]["ExpressionAttributeValues"]
    assert values[":values"] == {"M": {**STORED, "quiet": {"BOOL": True}}}
    assert values[":seen"] == {"N": "3"}


def test_a_server_that_is_changed_all_the_time_is_unavailable(settings):
    table = settings(as_json(200, {}), *[LOST] * TRIES)
    with pytest.raises(Unavailable, match="busy"):
        table.change("1", {"quiet": True})


def test_a_table_that_refuses_or_breaks_is_unavailable_and_is_asked_again_the_next_time(settings):
    throttled = as_json(400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"})
    table = settings(throttled, Response(503, b"busy"), as_json(200, ITEM))
    for _ in range(2):
        with pytest.raises(Unavailable):
            table.of("1")
    assert table.of("1")[CREW] == ("7",)


def test_a_table_that_is_silent_is_unavailable_in_time(settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        table = settings.at(f"http://127.0.0.1:{listener.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(Unavailable):
            table.of("1")
    assert time.monotonic() - started < READ_SECONDS + 1
