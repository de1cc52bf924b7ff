"""A table that is throttled or sick is asked again. The caller learns whether something may have been written."""

import json
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.loopback import Response, Server, as_json
from tests.conftest import CREDENTIALS
from watchbell.adapters.claims import Claims
from watchbell.adapters.dynamodb import TRIES, ConditionFailed, Table
from watchbell.data.tables import INTERACTION
from watchbell.errors import Unavailable, Unsure

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ITEM = as_json(200, {"Item": KEY})


def error(name, status=400, **more):
    return as_json(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", **more})


class Dynamodb:
    """A server that gives one of `answers` to each request. The last answer is repeated."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []
        self.server = Server(self._respond)

    def _respond(self, asked):
        self.requests.append(json.loads(asked.body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(asked) if callable(answer) else answer


@pytest.fixture
def dynamodb(monkeypatch):
    """`dynamodb(answer, …)` starts a DynamoDB with these answers. Tables are created with its URL from then on."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    servers = []

    def start(*answers):
        started = Dynamodb(*answers)
        servers.append(started.server)
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.server.url)
        return started

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize(
    "passing",
    [
        error("ThrottlingException"),
        error("ProvisionedThroughputExceededException"),
        error("RequestLimitExceeded"),
        error("InternalServerError", 500),
        Response(503, b"<html>"),
    ],
)
def test_what_passes_is_asked_again(dynamodb, passing):
    asked = dynamodb(passing, passing, ITEM)
    assert Table("t").get(KEY) == KEY
    assert len(asked.requests) == 3
    assert all(request == asked.requests[0] for request in asked.requests)


def test_what_does_not_pass_in_a_few_tries_is_unavailable(dynamodb):
    asked = dynamodb(error("ThrottlingException"))
    with pytest.raises(Unavailable, match="GetItem: answered 400 ThrottlingException"):
        Table("t").get(KEY)
    assert len(asked.requests) == TRIES


def test_a_refusal_and_a_table_of_one_try_are_not_asked_again(dynamodb):
    for table, answer in ((Table, "AccessDeniedException"), (lambda name: Table(name, tries=1), "ThrottlingException")):
        asked = dynamodb(error(answer))
        with pytest.raises(Unavailable, match=answer):
            table("t").put(KEY)
        assert len(asked.requests) == 1


def test_a_condition_that_fails_answers_the_row(dynamodb):
    asked = dynamodb(error("ConditionalCheckFailedException", Item=KEY))
    with pytest.raises(ConditionFailed) as raised:
        Table("t").update(KEY, "SET n = :n", {":n": {"N": "1"}}, condition="n < :n")
    assert raised.value.item == KEY
    (request,) = asked.requests
    assert (request["TableName"], request["ConditionExpression"]) == ("t", "n < :n")
    assert "ExpressionAttributeNames" not in request  # DynamoDB refuses an empty one


@pytest.mark.parametrize("answer", [Response(200, b"<html>"), Response(200)])
def test_a_write_without_its_answer_may_have_been_done_and_a_read_has_not(dynamodb, answer):
    dynamodb(answer)
    for write in (Table("t").put, lambda key: Table("t").update(key, "SET n = :n", {":n": {"N": "1"}})):
        with pytest.raises(Unsure):
            write(KEY)
    with pytest.raises(Unavailable) as raised:
        Table("t").get(KEY)
    assert not isinstance(raised.value, Unsure)


def test_a_table_that_is_silent_is_unavailable_in_time(monkeypatch, dynamodb):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(Unavailable, match="TimeoutError"):
            Table("t").get(KEY, seconds=0.1)


def test_threads_that_share_a_table_get_each_its_own_answer(dynamodb):
    dynamodb(lambda asked: as_json(200, {"Item": json.loads(asked.body)["Key"]}))
    table, keys = Table("t"), [{"pk": {"S": str(number)}} for number in range(200)]
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(table.get, keys)) == keys


def test_a_claim_is_held_although_the_answer_to_it_was_lost(dynamodb, aws, settings):
    def done(asked):
        request = urllib.request.Request(aws.url, asked.body, dict(asked.headers))
        with urllib.request.urlopen(request) as answer:
            return Response(answer.status, answer.read())

    def done_and_lost(asked):
        done(asked)
        return error("InternalServerError", 500)

    def refused(asked):
        try:
            return done(asked)
        except urllib.error.HTTPError as problem:
            return Response(problem.code, problem.read())

    dynamodb(done_and_lost, refused)
    claim = Claims({"ephemeral": settings["EPHEMERAL_TABLE"]}).take(INTERACTION, "1")
    assert (claim.attempt, claim.cut_off) == (1, 0)
    claim.done("fine")
    item = aws.dynamodb.get_item(TableName=settings["EPHEMERAL_TABLE"], Key=INTERACTION.item_key("1"))["Item"]
    assert (item["attempt"]["N"], item["outcome"]["S"]) == ("1", "fine")
