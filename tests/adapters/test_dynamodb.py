"""A table that is throttled or sick is asked again. The caller learns whether something may have been written."""

import json
import socket
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.loopback import Response, Server, as_json
from tests.conftest import CREDENTIALS
from watchbell.adapters.claims import Claims
from watchbell.adapters.dynamodb import TRIES, ConditionFailed, Table
from watchbell.adapters.journal import Journal
from watchbell.adapters.locks import Locks
from watchbell.adapters.quotas import Quotas
from watchbell.adapters.stash import Stash
from watchbell.data.tables import INTERACTION, SCHEDULE_START, UNTOLD
from watchbell.errors import Unavailable, Unsure
from watchbell.kit.quota import Quota

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


def test_no_keys_are_no_rows_without_a_call(dynamodb):
    asked = dynamodb(error("ValidationException"))
    assert Table("t").get_many([]) == []
    assert asked.requests == []


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


@pytest.fixture(params=["a 500", "a closed connection"])
def lossy(request, dynamodb, aws, settings):
    """A DynamoDB that does each write, and loses its first answer."""

    def done(asked):
        forwarded = urllib.request.Request(aws.url, asked.body, dict(asked.headers))
        try:
            with urllib.request.urlopen(forwarded) as answer:
                return Response(answer.status, answer.read())
        except urllib.error.HTTPError as problem:
            return Response(problem.code, problem.read())

    def lost(asked):
        done(asked)
        if request.param == "a closed connection":
            raise ConnectionAbortedError
        return error("InternalServerError", 500)

    def some(asked):
        first = asked.body not in seen and "Get" not in dict(asked.headers).get("x-amz-target", "")
        seen.add(asked.body)
        return lost(asked) if first else done(asked)

    seen = set()
    server = dynamodb(some)
    yield server
    assert len(server.requests) > len(seen)  # Something was asked again.


def test_a_claim_whose_answer_was_lost_is_held_and_done_and_given_back(lossy, settings):
    claims = Claims({"ephemeral": settings["EPHEMERAL_TABLE"]})
    claim = claims.take(INTERACTION, "1")
    assert (claim.attempt, claim.cut_off) == (1, 0)
    with pytest.raises(KeyError), claim:
        raise KeyError
    again = claims.take(INTERACTION, "1")
    assert (again.attempt, again.cut_off) == (2, 0)
    again.done("fine")
    assert claims.take(INTERACTION, "1") is None


def test_a_lock_whose_answer_was_lost_is_held_and_released(lossy, settings, caplog):
    locks = Locks(settings["EPHEMERAL_TABLE"])
    lock = locks.take("apply", "first")
    assert locks.take("apply", "second") is None
    lock.release()
    after = locks.take("apply", "second")
    assert after.fence > lock.fence
    assert "could not release" not in caplog.text


def test_a_use_of_a_quota_whose_answer_was_lost_counts_once(lossy, settings):
    quotas = Quotas(settings["EPHEMERAL_TABLE"])
    used = [quotas.use(Quota(2, per=60), "order", "ada", str(id)) is None for id in range(3)]
    assert used == [True, True, False]


def test_a_step_whose_answers_were_lost_is_done_once(lossy, settings):
    with Journal(settings["EPHEMERAL_TABLE"], "1", 1).step("channel") as step:
        assert (step.new, step.unsure) == (True, False)
        step.value = "7"
    again = Journal(settings["EPHEMERAL_TABLE"], "1", 2).step("channel")
    assert (again.new, again.value) == (False, "7")


def test_the_first_value_stays_the_first_though_its_answer_was_lost(lossy, settings):
    claims = Claims({"state": settings["STATE_TABLE"]})
    assert claims.first(SCHEDULE_START, "tea", "1") == "1"
    assert claims.first(SCHEDULE_START, "tea", "2") == "1"


def test_state_whose_answer_was_lost_is_stored_again_under_another_key(dynamodb, settings):
    dynamodb(error("InternalServerError", 500))
    stash = Stash(settings["EPHEMERAL_TABLE"])
    with pytest.raises(Unsure):  # The message comes back, and its next try makes another key.
        stash.put(["web"], 60)


@pytest.mark.parametrize("status", [500, 503])
def test_a_write_that_was_answered_with_a_5xx_may_have_been_done_and_a_read_has_not(dynamodb, status):
    dynamodb(error("InternalServerError", status))
    with pytest.raises(Unsure):
        Table("t").put(KEY)
    with pytest.raises(Unavailable) as raised:
        Table("t").get(KEY)
    assert not isinstance(raised.value, Unsure)


def test_a_try_without_an_answer_leaves_time_for_another(dynamodb, monkeypatch):
    monkeypatch.setattr("watchbell.adapters.dynamodb.TRY_SECONDS", 0.1)
    over = threading.Event()
    dynamodb(lambda asked: over.wait(10) and ITEM, ITEM)
    try:
        assert Table("t").get(KEY) == KEY
    finally:
        over.set()


def test_all_rows_of_a_partition_are_asked_for_without_a_beginning(aws, settings):
    table = Table(settings["STATE_TABLE"])
    rows = [{**UNTOLD.item_key("1", flip), "at": {"N": "1"}} for flip in ("flip#a", "flip#b", "flip#c")]
    for row in rows:
        table.put(row)
    assert table.query("untold", "", most=2) == (rows[:2], "1#flip#b")
    assert table.query("untold", "", after="1#flip#b", most=2) == (rows[2:], "")
