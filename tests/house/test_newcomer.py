"""CONTRIBUTING's promise: one new file is a working command, without a change to other files."""

import json
import re
import time
from pathlib import Path

import pytest

from tests import judge, recorded
from tests.discord_side import PUBLIC_KEY, request, tools
from watchbell.adapters import api_gateway
from watchbell.discord.signature import public_keys
from watchbell.doors.ingress import Doorkeeper
from watchbell.registration.declare import manifest

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture
def dice(feature):
    """Add CONTRIBUTING's example to the catalogue for one test, and return the example's source."""
    source = re.search(r"```python\n(.*?)```", CONTRIBUTING.read_text(), flags=re.DOTALL)[1]
    feature("newcomers_dice", source.replace('Command("dice"', 'Command("newcomers-dice"'))
    return source


def ask(payload):
    def nothing_to_queue(text):
        raise AssertionError(text)

    doorkeeper = Doorkeeper(public_keys(PUBLIC_KEY), nothing_to_queue, tools(), time.time)
    answer = doorkeeper.answer(*api_gateway.read(request(payload)))
    judge.approve("callback", answer.payload)
    return answer.payload


def test_the_example_of_contributing_is_short(dice):
    assert len(dice.splitlines()) <= 25


def test_the_example_is_registered_listed_and_answered(dice):
    (registration,) = [command for command in manifest() if command["name"] == "newcomers-dice"]
    assert registration["options"] == [{"type": 4, "name": "sides", "description": "How many sides it has"}]
    judge.approve("command", registration)
    listed = ask(recorded.load("command_help", data={"name": "help", "type": 1}))
    assert "`/newcomers-dice`: Roll a die" in json.dumps(listed, ensure_ascii=False)

    options = [{"name": "sides", "type": 4, "value": 1}]
    rolled = ask(recorded.load("command_ping", data={"name": "newcomers-dice", "type": 1, "options": options}))
    assert (rolled["type"], rolled["data"]["content"]) == (4, "🎲 1")
    custom_id = rolled["data"]["components"][0]["components"][0]["custom_id"]
    again = ask(recorded.load("component_refresh", data={"custom_id": custom_id, "component_type": 2}))
    assert (again["type"], again["data"]["content"]) == (7, "🎲 1")


def test_the_form_of_contributing_opens_and_is_answered(feature):
    text = CONTRIBUTING.read_text().split("### Ask for more: a modal")[1]
    source = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)[1]
    names = "Command, FieldError, Modal, OneOf, Paragraph, Reply, _, anyone"
    declared = 'command = Command("newcomers_report", "Report", who=anyone, instant=True)'
    feature("newcomers_report", f"from watchbell import {names}\n{declared}\n{source}")

    options = [{"name": "server", "type": 3, "value": "prod"}]
    data = {"name": "newcomers_report", "type": 1, "options": options}
    opened = ask(recorded.load("command_ping", data=data))
    assert (opened["type"], opened["data"]["title"]) == (9, "Report an outage")
    field = {"type": 4, "custom_id": "what", "value": "IT IS DOWN"}
    data = {"custom_id": opened["data"]["custom_id"], "components": [{"type": 18, "component": field}]}
    assert "No shouting, please." in ask(recorded.load("modal", data=data))["data"]["content"]
    field["value"] = "It is down"
    assert ask(recorded.load("modal", data=data))["data"]["content"] == "Thank you. prod: It is down"
