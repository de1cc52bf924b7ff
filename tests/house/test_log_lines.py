"""Law: every function guards its log, and the line about an interaction holds no secret and no text of a person."""

import ast
import importlib.util
import json
import time
from pathlib import Path

import pytest

from tests import recorded
from tests.discord_side import PUBLIC_KEY, FakeDiscord, request, sealed, tools
from tests.fakes import Claims, Journal
from watchbell.adapters import api_gateway
from watchbell.adapters.batch import Delivery
from watchbell.discord.signature import public_keys
from watchbell.doors import worker
from watchbell.doors.ingress import Doorkeeper
from watchbell.status.report import Report
from watchbell.testing.fakes import FakeServerSettings

FUNCTIONS = sorted((Path(__file__).parents[2] / "functions").glob("*/handler.py"))
FIELDS = {"kind", "handler", "interaction_id", "server", "user", "ended"}
OF_THE_WORKER = {"wait_ms", "attempt", "discord_calls", "WorkMs"}
OF_EVERY_LINE = {"_aws", "level", "message", "cold", "function", "build"}
IDS = {"id", "guild_id", "application_id"}
NAMES = (
    "status",
    "ping",
    "help",
    "server",
    "detailed",
    "private",
    "command",
    "refresh",
    "again",
    recorded.load("user_command")["data"]["name"],
)
INTERACTIONS = {name: it for name, it in recorded.all_of().items() if it.get("token") and it["type"] != 1}


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.parent.name)
def test_every_function_guards_its_log(path):
    (handler,) = [node for node in ast.parse(path.read_text()).body if getattr(node, "name", "") == "handler"]
    assert [ast.unparse(each) for each in handler.decorator_list] == ["logs.guarded"]


def pressable(payload):
    """Return an interaction in which each text of a person is marked, and whose component or form still works."""
    data = marked(payload)
    if "custom_id" in payload["data"]:
        data["data"]["custom_id"] = sealed(payload["data"]["custom_id"].replace("prod", "canary"))
    return data


def ingress(queue):
    """Return the module of the ingress as Lambda loads it, with a list as its queue."""
    spec = importlib.util.spec_from_file_location(
        "ingress_of_log_lines", FUNCTIONS[0].parents[1] / "ingress/handler.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.doorkeeper = Doorkeeper(
        public_keys(PUBLIC_KEY), queue.append, tools(time.time, function="ingress"), time.time
    )
    return module


@pytest.fixture
def lambda_like(monkeypatch):
    """The environment that the ingress reads as it is loaded. Nothing listens at its queue."""
    for name, value in {"DISCORD_PUBLIC_KEYS": PUBLIC_KEY, "WORK_QUEUE_URL": "http://127.0.0.1:1/q"}.items():
        monkeypatch.setenv(name, value)


SUCCEEDS = {
    "command_ping": "answered",
    "command_status": "deferred",
    "component_in_dm": "deferred",
    "component_ping_again": "answered",
    "component_refresh": "deferred",
}
"""How the ingress ends these interactions."""


@pytest.mark.parametrize("name", SUCCEEDS)
def test_the_line_of_what_the_ingress_answers_or_defers_has_every_field_and_no_secret_or_text(
    name, capsys, caplog, lambda_like
):
    queue = []
    answer = ingress(queue).handler(request(pressable(INTERACTIONS[name])), None)
    assert answer["statusCode"] == 200
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["ended"] == SUCCEEDS[name]
    assert bool(queue) == (SUCCEEDS[name] == "deferred")
    assert set(json.loads(line)) == FIELDS | {"AckMs"} | OF_EVERY_LINE
    assert "canary" not in line + caplog.text


@pytest.mark.parametrize("name", [name for name, ended in SUCCEEDS.items() if ended == "deferred"])
def test_the_line_of_what_the_worker_answers_has_every_field_and_no_secret_or_text(name, capsys, caplog):
    parts = tools()
    parts.discord, parts.claims, parts.sources = FakeDiscord(), Claims(), Sources()
    parts.server_settings = FakeServerSettings()
    parts.journal_of = lambda interaction_id, attempt: Journal()
    message = {"kind": "interaction", "received_at": int(time.time()), "body": pressable(INTERACTIONS[name])}
    with caplog.at_level("INFO"):
        worker.measured(Delivery(message, 1, False, sent_at=time.time()), parts)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["ended"] == "answered"
    assert "canary" in json.dumps(parts.discord.calls)
    assert set(json.loads(line)) == FIELDS | OF_THE_WORKER | OF_EVERY_LINE
    assert "canary" not in line + caplog.text


class Sources:
    """Returns a healthy report of any service."""

    def ask(self, name=""):
        return [Report.parse(name or "canary", {"status": "normal"})]


def marked(value, key=""):
    """Return `value` with a mark in each text that could be a person's or a secret."""
    if isinstance(value, dict):
        return {name: marked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner, key) for inner in value]
    if not isinstance(value, str) or key in IDS or (key == "name" and value in NAMES) or key == "locale":
        return value
    return f"{value}:canary" if key == "custom_id" else f"canary {value}".replace(" ", "" if key == "token" else " ")


@pytest.mark.parametrize("name", INTERACTIONS)
def test_the_ingresss_line_holds_ids_and_names_only(name):
    clock = time.time
    door = Doorkeeper(public_keys(PUBLIC_KEY), lambda text: None, tools(clock, function="ingress"), clock)
    answer = door.answer(*api_gateway.read(request(marked(INTERACTIONS[name]))))
    assert set(answer.account) == FIELDS
    assert answer.account["handler"]
    assert "canary" not in json.dumps(answer.account)


@pytest.mark.parametrize("name", INTERACTIONS)
def test_the_workers_line_holds_ids_names_and_figures_only(name, capsys):
    parts = tools()
    parts.discord = FakeDiscord()
    message = {"kind": "interaction", "received_at": "never", "body": marked(INTERACTIONS[name])}
    with pytest.raises(ValueError, match="not a message of ours"):
        worker.measured(Delivery(message, 5, True), parts)
    (line,) = capsys.readouterr().out.splitlines()
    assert set(json.loads(line)) == FIELDS | OF_THE_WORKER | OF_EVERY_LINE
    assert "canary" not in line


def test_a_text_in_place_of_an_id_or_a_handler_is_left_out():
    odd = {"guild_id": "the text", "id": "5x", "type": 3, "data": {"custom_id": "the text of: somebody"}}
    account = worker.account({"kind": "interaction", "body": {**INTERACTIONS["component_refresh"], **odd}})
    assert {account[key] for key in ("handler", "interaction_id", "server")} == {""}
    assert worker.account({"kind": "event", "body": {"event": {"type": "a text"}}}) == {"kind": "event", "handler": ""}
