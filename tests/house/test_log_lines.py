"""Law: every function guards its log, and the line about an interaction holds no secret and no text of a person."""

import ast
import json
import time
from pathlib import Path

import pytest

from tests import recorded
from tests.discord_side import PUBLIC_KEY, FakeDiscord, request, tools
from watchbell.adapters import api_gateway
from watchbell.adapters.batch import Delivery
from watchbell.discord.signature import public_keys
from watchbell.doors import worker
from watchbell.doors.ingress import Doorkeeper

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
