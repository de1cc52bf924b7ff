"""The ranks of roles are read from a table that may be slow, sick or silent."""

import socket
import time

import pytest

from sandbox.loopback import Response, Server, as_json
from tests.conftest import CREDENTIALS
from watchbell.adapters.ranks import READ_SECONDS, Ranks
from watchbell.errors import Unavailable

MAPPED = {"Item": {"roles": {"M": {"7": {"S": "responder"}}}}}


@pytest.fixture
def ranks(monkeypatch):
    """`ranks(answer, …)` returns Ranks whose table gives one answer to each request."""

    def asked_of(url):
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        return Ranks("state")

    servers = []

    def answering(*answers):
        left = list(answers)
        servers.append(Server(lambda request: left.pop(0)))
        return asked_of(servers[-1].url)

    answering.at = asked_of
    yield answering
    for server in servers:
        server.stop()


def test_a_server_that_has_mapped_roles_and_one_that_has_none(ranks):
    table = ranks(as_json(200, MAPPED), as_json(200, {}), as_json(200, {"Item": {}}))
    assert [table.of("1"), table.of("2"), table.of("3")] == [{"7": "responder"}, {}, {}]


def test_a_table_that_refuses_or_breaks_is_unavailable_and_is_asked_again_the_next_time(ranks):
    throttled = as_json(400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"})
    table = ranks(throttled, Response(503, b"busy"), as_json(200, MAPPED))
    for _ in range(2):
        with pytest.raises(Unavailable):
            table.of("1")
    assert table.of("1") == {"7": "responder"}


def test_a_table_that_is_silent_is_unavailable_in_time(ranks):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        table = ranks.at(f"http://127.0.0.1:{listener.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(Unavailable):
            table.of("1")
    assert time.monotonic() - started < READ_SECONDS + 1
