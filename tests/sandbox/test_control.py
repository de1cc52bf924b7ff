"""The control API: its answers, and its errors for bad input."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from sandbox.authority import Authority
from sandbox.aws.runtime_api import Outcome, failure
from sandbox.clock import Clock
from sandbox.control import Control
from sandbox.events import Events
from sandbox.logs import Logs
from sandbox.loopback import Request
from sandbox.schedules import Schedules
from sandbox.status_source import StatusSources
from sandbox.targets import Targets
from sandbox.template import Function, Rule, Schedule
from tests.sandbox import eventually


class Desk:
    """A control API with one schedule. Its function returns `outcome`. `put` holds the parameters that were set."""

    def __init__(self, authority: Authority) -> None:
        self.clock, self.logs, self.put = Clock(), Logs(), dict[str, str]()
        self.outcome = Outcome(True, b'{"ran": true}')
        self.sources = StatusSources({"prod": "normal"})
        self.targets = Targets(authority)
        self.schedules = Schedules(
            [Schedule("daily_digest", "cron(0 * * * ? *)", "UTC", "scheduler", "{}")],
            self.clock,
            lambda name, event, request_id: self.outcome,
            lambda name: Function(name, "arn", "h.h", 1, 1, {}, async_retries=0),
            lambda queue, body, attributes: None,
            self.logs,
        )
        rule = Rule("alarms", {"source": ["aws.cloudwatch"]}, "monitor")
        self.events = Events(
            [rule], lambda name, event, dead_letters: (1, self.outcome), lambda *_: None, self.clock.now
        )
        self.control = Control(
            depths=lambda: {"work": 1, "work-dead": 0},
            clock=self.clock,
            schedules=self.schedules,
            events=self.events,
            put_parameter=self.put.__setitem__,
            sources=self.sources,
            targets=self.targets,
            logs=self.logs,
            discord=lambda: {"transcript": []},
        )

    def ask(self, method: str, path: str, body: Any = b"") -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.control(Request(method, path, body=raw))
        return response.status, json.loads(response.body) if response.body else None


@pytest.fixture
def desk(authority: Authority) -> Any:
    desk = Desk(authority)
    yield desk
    desk.sources.stop()
    desk.targets.stop()


def test_it_says_that_it_is_well_and_how_deep_the_queues_are(desk: Desk) -> None:
    assert desk.ask("GET", "/healthz") == (200, {"ok": True})
    assert desk.ask("GET", "/queues") == (200, {"work": 1, "work-dead": 0})


def test_turning_the_clock_answers_when_all_that_came_due_has_run(desk: Desk) -> None:
    status, answer = desk.ask("POST", "/clock", {"advance_seconds": 7200})
    assert (status, answer["offset"], answer["left_out"]) == (200, 7200.0, 0)
    assert [run["ok"] for run in answer["fired"]] == [True, True]
    assert desk.ask("GET", "/clock")[1]["offset"] == 7200.0


def test_turning_the_clock_can_leave_out_all_but_the_latest_occurrences(desk: Desk) -> None:
    status, answer = desk.ask("POST", "/clock", {"advance_seconds": 7200, "most": 1})
    assert (status, len(answer["fired"]), answer["left_out"]) == (200, 1, 1)
    for wrong in (0, 1501, 1.5, "1", True):
        assert desk.ask("POST", "/clock", {"advance_seconds": 60, "most": wrong})[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'"x"', b"[" * 100_000, b'{"advance_seconds": NaN}', {}),
        *({"advance_seconds": wrong} for wrong in ("1", True, None, -1, 1e12)),
    ],
)
def test_the_clock_takes_only_a_number_of_seconds_ahead(desk: Desk, body: Any) -> None:
    status, answer = desk.ask("POST", "/clock", body)
    assert status == 400
    assert "advance_seconds" in answer["error"]
    assert desk.clock.offset == 0


@pytest.mark.parametrize("name", ["daily_digest", "daily-digest"])
def test_a_schedule_runs_on_demand_and_its_outcome_is_the_answer(desk: Desk, name: str) -> None:
    status, answer = desk.ask("POST", f"/schedules/{name}/run")
    assert (status, answer["ok"], answer["result"]) == (200, True, {"ran": True})
    desk.outcome = failure("ValueError", "no")
    status, answer = desk.ask("POST", f"/schedules/{name}/run")
    assert (status, answer["ok"], answer["error"]) == (502, False, "ValueError: no")


EVENT = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": {}}


def test_an_event_goes_to_the_rules_that_match_it_and_the_outcomes_are_the_answer(desk: Desk) -> None:
    status, answer = desk.ask("POST", "/aws-events", EVENT)
    delivered = {"rule": "alarms", "function": "monitor", "attempts": 1}
    assert (status, answer) == (200, {"delivered": [{**delivered, "ok": True, "result": {"ran": True}}]})
    desk.outcome = failure("ValueError", "no")
    status, answer = desk.ask("POST", "/aws-events", EVENT)
    assert (status, answer) == (502, {"delivered": [{**delivered, "ok": False, "error": "ValueError: no"}]})


def test_an_event_that_no_rule_matches_is_told_so(desk: Desk) -> None:
    status, answer = desk.ask("POST", "/aws-events", {**EVENT, "source": "aws.ec2"})
    assert (status, answer["delivered"]) == (200, [])
    assert "No rule" in answer["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 100_000, {**EVENT, "detail": "x"}, {**EVENT, "source": ""}, {"detail": {}}]
)
def test_what_is_no_event_is_refused(desk: Desk, body: Any) -> None:
    status, answer = desk.ask("POST", "/aws-events", body)
    assert status == 400
    assert "EventBridge" in answer["error"]


def test_an_unknown_schedule_is_told_the_known_ones(desk: Desk) -> None:
    status, answer = desk.ask("POST", "/schedules/nightly/run")
    assert (status, answer["schedules"]) == (404, ["daily_digest"])


def test_a_parameter_is_its_body(desk: Desk) -> None:
    assert desk.ask("PUT", "/parameters/webhooks/digest", b"https://x") == (204, None)
    assert desk.ask("PUT", "/parameters/status-sources/prod%2Deu", b"http://y\n") == (204, None)
    assert desk.put == {"webhooks/digest": "https://x", "status-sources/prod-eu": "http://y"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/parameters/webhooks/digest", b""),
        ("/parameters/webhooks/digest", b"\xff"),
        ("/parameters/webhooks/digest", b"x" * 4097),
        ("/parameters/", b"x"),
        ("/parameters/a//b", b"x"),
        ("/parameters/a%20b", b"x"),
        ("/parameters/a/..%20/b", b"x"),
    ],
)
def test_a_parameter_that_the_store_would_refuse_is_refused(desk: Desk, path: str, body: bytes) -> None:
    status, answer = desk.ask("PUT", path, body)
    assert status == 400
    assert answer["error"]
    assert desk.put == {}


def test_a_made_up_source_can_fall_ill(desk: Desk) -> None:
    assert desk.ask("PUT", "/sources/prod", b"down") == (204, None)
    assert "normal" in desk.ask("PUT", "/sources/prod", b"sleepy")[1]["error"]
    assert "prod" in desk.ask("PUT", "/sources/nowhere", b"down")[1]["error"]


def test_a_target_is_made_and_changed_by_its_script(desk: Desk) -> None:
    status, shop = desk.ask("PUT", "/targets/shop", b"503\nheader Retry-After: 5\n")
    assert (status, shop["mode"], shop["asked"]) == (200, "503\nheader Retry-After: 5", 0)
    with socket.create_connection(shop["tcp"].split(":")):
        assert eventually(lambda: desk.ask("GET", "/targets")[1]["shop"]["asked"] == 1)
    changed = desk.ask("PUT", "/targets/shop", b"")[1]
    assert changed == {**shop, "mode": "up", "asked": 1}
    assert list(desk.ask("GET", "/targets")[1]) == ["shop"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/targets/shop", b"sleepy"), ("/targets/shop", b"\xff"), ("/targets/a%20b", b"up")],
)
def test_a_target_is_not_made_for_a_bad_name_or_script(desk: Desk, path: str, body: bytes) -> None:
    status, answer = desk.ask("PUT", path, body)
    assert status == 400
    assert answer["error"]
    assert desk.ask("GET", "/targets") == (200, {})


def test_a_line_is_executed_as_a_person_and_what_they_see_is_the_answer(desk: Desk) -> None:
    def people(name: str, line: str) -> str:
        if line == "dance":
            raise ValueError("nobody dances here")
        assert line != "fall", "nobody caught you"
        return f"{name}: {line}"

    desk.control.people = people
    response = desk.control(Request("POST", "/people/ada", body="/status server:é\n".encode()))
    assert (response.status, response.body.decode()) == (200, "ada: /status server:é\n")
    assert desk.ask("POST", "/people/ada", b"dance") == (400, {"error": "nobody dances here"})
    assert desk.ask("POST", "/people/ada", b"fall")[0] == 502
    for body in (b"", b" \n", b"one\ntwo", b"\xff"):
        assert desk.ask("POST", "/people/ada", body)[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/queues"),
        ("GET", "/clock/x"),
        ("GET", "/parameters/a"),
        ("PUT", "/"),
        ("POST", "/people/ada"),
    ],
)
def test_anything_else_is_not_found(desk: Desk, method: str, path: str) -> None:
    status, answer = desk.ask(method, path)
    assert status == 404
    assert path in answer["error"]
