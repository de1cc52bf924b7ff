"""State in the table: a press on its button opens the form, or a private answer says in time why it does not."""

import json
import time

import pytest

from sandbox.loopback import Response, Server, as_json
from tests import judge, recorded
from tests.conftest import CREDENTIALS
from tests.discord_side import PUBLIC_KEY, SIGNING_KEYS, request, sealed, tools
from watchbell.adapters import api_gateway
from watchbell.adapters.parameters import Parameters
from watchbell.adapters.stash import READ_SECONDS, Stash
from watchbell.discord.seals import EXPIRED, Seals
from watchbell.discord.signature import public_keys
from watchbell.doors.ingress import NOT_QUEUED, Doorkeeper
from watchbell.errors import Unavailable
from watchbell.interactions.apology import BROKEN

NOW = 1_795_334_400
JOIN = """
from watchbell import Command, Modal, Paragraph, Reply, anyone

command = Command("join", "Join", who=anyone)

class Join(Modal, title="Join"):
    why = Paragraph("Why?")

@command.modal
def submit(interaction, tools, form: Join, *, server: str):
    return Reply(server)
"""
KEPT = {"values": {"S": json.dumps(["web"])}, "expires_at": {"N": str(NOW + 60)}}
AWAY = {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}


class Dynamodb:
    """A server that gives one of `answers` to each GetItem. The last answer is repeated. None is silence."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []
        self.server = Server(self._respond)

    def _respond(self, asked):
        self.requests.append(asked)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            time.sleep(3)
        return answer or as_json(200, {"Item": KEPT})


class Press:
    """A press on a button that opens a form, with the answer and the seconds that it took."""

    def __init__(self, asked, key="key"):
        self.queue = []
        doorkeeper = Doorkeeper(public_keys(PUBLIC_KEY), self.queue.append, asked, lambda: NOW)
        data = {"custom_id": sealed(f"join:submit?*{key}", now=NOW, seconds=3600), "component_type": 2}
        event = request(recorded.load("component_refresh", data=data), at=NOW)
        started = time.monotonic()
        answer = doorkeeper.answer(*api_gateway.read(event))
        self.seconds = time.monotonic() - started
        assert (answer.status, self.queue) == (200, [])
        judge.approve("callback", answer.payload)
        self.type, self.data = answer.payload["type"], answer.payload["data"]

    def told_in_private(self):
        assert (self.type, self.data["flags"]) == (4, 64)
        return self.data["content"]


@pytest.fixture
def environment(monkeypatch, feature):
    feature("join", JOIN)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def press(environment):
    """`press(answer, …)` presses the button while DynamoDB gives these answers."""

    def ask(*answers):
        environment.setenv("AWS_ENDPOINT_URL", Dynamodb(*answers).server.url)
        return Press(ingress("ephemeral"))

    return ask


def ingress(table):
    made = tools(lambda: NOW, EPHEMERAL_TABLE=table)
    made.stash = Stash(table, lambda: NOW)
    return made


def test_the_form_opens(press):
    opened = press(as_json(200, {"Item": KEPT}))
    assert (opened.type, opened.data["title"]) == (9, "Join")


@pytest.mark.parametrize(
    "answer",
    [
        as_json(400, AWAY),
        as_json(400, {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}),
        as_json(400, {"__type": "com.amazon.coral.service#AccessDeniedException"}),
        as_json(500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}),
        Response(503),
        Response(200, b"<html>"),
        Response(200),
    ],
    ids=["throttled", "too much", "not allowed", "broken", "away", "nonsense", "nothing"],
)
def test_a_table_that_refuses_is_told_as_nothing_done(press, answer):
    assert press(answer).told_in_private() == NOT_QUEUED


def test_a_table_that_is_silent_is_told_in_time(press):
    asked = press(None)
    assert asked.told_in_private() == NOT_QUEUED
    assert READ_SECONDS - 0.1 < asked.seconds < READ_SECONDS + 0.5


def test_that_holds_too_where_the_signing_keys_have_come_slowly(environment):
    def respond(asked):
        time.sleep(0.9 if "SSM" in str(asked.headers) else 3)
        return as_json(200, {"Parameter": {"Value": SIGNING_KEYS}})

    environment.setenv("AWS_ENDPOINT_URL", Server(respond).url)
    asked = ingress("ephemeral")
    asked.seals = Seals(lambda fresh: Parameters().secret("signing-keys"), lambda: NOW, None)
    pressed = Press(asked)
    assert pressed.told_in_private() == NOT_QUEUED
    assert 1.8 < pressed.seconds < 2.6


def test_a_row_that_is_damaged_is_told_with_a_reference(press, caplog):
    told = press(as_json(200, {"Item": {"pk": {"S": "state#key"}}})).told_in_private()
    assert told == BROKEN.format(reference=recorded.load("component_refresh")["id"])
    assert "KeyError" in caplog.text


def test_a_row_that_is_gone_or_over_and_lies_there_still_has_expired(press):
    assert press(as_json(200, {})).told_in_private() == EXPIRED
    over = {**KEPT, "expires_at": {"N": str(NOW)}}
    assert press(as_json(200, {"Item": over})).told_in_private() == EXPIRED


def test_a_row_is_read_as_it_is_now_and_the_next_press_after_a_failure_works(environment):
    dynamodb = Dynamodb(as_json(400, AWAY), as_json(200, {"Item": KEPT}))
    environment.setenv("AWS_ENDPOINT_URL", dynamodb.server.url)
    asked = ingress("ephemeral")
    assert Press(asked).told_in_private() == NOT_QUEUED
    assert [Press(asked).type for _ in range(2)] == [9, 9]  # A form can be opened twice.
    assert all(json.loads(each.body)["ConsistentRead"] for each in dynamodb.requests)


def test_of_a_real_table_a_row_opens_the_form_and_none_has_expired(settings, feature):
    feature("join", JOIN)
    asked = ingress(settings["EPHEMERAL_TABLE"])
    key = asked.stash.put(["web"], 60)
    assert Press(asked, key).type == 9
    assert Press(asked, "other").told_in_private() == EXPIRED


def test_a_table_that_is_not_there_is_told_as_nothing_done_and_logged(settings, feature, caplog):
    feature("join", JOIN)
    assert Press(ingress("no-such-table")).told_in_private() == NOT_QUEUED
    assert "ResourceNotFoundException" in caplog.text


def test_what_was_not_kept_for_certain_is_unavailable(environment):
    for answer in (as_json(400, AWAY), Response(200, b"<html>")):
        environment.setenv("AWS_ENDPOINT_URL", Dynamodb(answer).server.url)
        with pytest.raises(Unavailable):
            Stash("ephemeral", lambda: NOW).put(["web"], 60)
