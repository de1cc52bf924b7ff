"""The parts that each function gets: the tools, the fakes, the environment and the IAM roles agree."""

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import watchbell
from sandbox.template import Template
from watchbell.errors import DefinitionError
from watchbell.testing import FakeTools, press, run
from watchbell.tools import grants
from watchbell.tools.toolbox import Tools

FUNCTIONS = sorted(grants.FUNCTIONS)
ALL = sorted(grants.PARTS)


def environment(function):
    return next(each.environment for each in Template.read().functions() if each.name == function)


def use(tools, name):
    """Use a part of `tools`. Methods must be called, because their attributes always exist."""
    call = getattr(tools, name)
    call(*["x"] * (call.__code__.co_argcount - 1))


def has(function, name):
    return any(part.name == name for part in grants.FUNCTIONS[function])


def test_every_function_of_the_template_is_declared_and_no_other():
    assert sorted(function.name for function in Template.read().functions()) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_environment_names_all_that_its_tools_need(function):
    assert {need.variable for need in grants.needs(function)} <= set(environment(function))


@pytest.mark.parametrize(("function", "name"), [(function, name) for function in FUNCTIONS for name in ALL])
def test_tools_open_what_is_granted_and_refuse_the_rest_with_a_sentence(function, name, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    tools = Tools(function, environment(function))
    if name in grants.OF_AN_INTERACTION:
        with pytest.raises(grants.NoSuchTool, match=rf"tools\.{name} belongs to a deferred interaction"):
            getattr(tools, name)
    elif has(function, name):
        assert getattr(tools, name) is not None
    else:
        with pytest.raises(grants.NoSuchTool, match=rf"the {function} has no tools\.{name}; the "):
            use(tools, name)


def test_the_sender_has_all_parts_that_the_outbox_uses():
    outbox = Path(watchbell.__file__).parent / "outbox"
    used = {name for path in outbox.glob("*.py") for name in re.findall(r"\btools\.([a-z_]+)", path.read_text())}
    assert "send_queue" in used
    assert [name for name in sorted(used & {*ALL}) if not has("sender", name)] == []


def test_a_tool_that_nobody_has_is_refused_with_what_there_is():
    with pytest.raises(
        grants.NoSuchTool,
        match="no kettle; the scheduler has check_queue, claims, count, data, define, flags, forget, mon",
    ):
        _ = Tools("scheduler", {}).kettle
    assert not hasattr(Tools("scheduler", {}), "kettle")


USES = """
from watchbell import Command, Reply, anyone

command = Command("uses", "Uses tools", who=anyone)

@command.run
def uses(interaction, tools, *, name: str):
    '''Use a part of the tools.

    name: Which part
    '''
    getattr(tools, name)
    return Reply("there")

@command.button(instant=True)
def at_once(interaction, tools, *, name: str):
    getattr(tools, name)
    return Reply("there")
"""


@pytest.mark.parametrize("name", [*ALL, "kettle"])
@pytest.mark.parametrize("function", ["ingress", "worker"])
def test_a_fake_refuses_what_production_refuses_with_the_same_sentence(feature, function, name):
    module = feature("uses", USES)
    given = (
        "audit",
        "check",
        "claims",
        "discord",
        "operators",
        "retired_webhooks",
        "send_queue",
        "set_secret",
        "source_names",
        "sources",
    )
    fakes = FakeTools(**{each: object() for each in (*given, "webhook", "work_queue", "kettle")})

    def used():
        if function == "ingress":
            return press(module.at_once, name=name, tools=fakes)
        return run(module, name=name, tools=fakes)

    if has(function, name):
        assert used().content == "there"
    else:
        with pytest.raises(DefinitionError) as production:
            grants.require(function, name)
        with pytest.raises(DefinitionError, match=re.escape(str(production.value))):
            used()


def test_a_feature_that_asks_the_worker_for_its_flags_gets_them(feature):
    module = feature("uses", USES)
    assert run(module, name="flags", tools=FakeTools(flags={})).content == "there"
    assert "FLAGS_PATH" in environment("worker")


def test_what_a_function_needs_is_listed_once_with_all_its_actions():
    (state,) = [need for need in grants.needs("worker") if (need.kind, need.name) == (grants.TABLE, "state")]
    actions = ["BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"]
    assert sorted(state.actions) == [f"dynamodb:{action}" for action in actions]


def test_threads_that_need_a_part_for_the_first_time_get_the_same_one(monkeypatch):
    for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-central-1")
    tools = Tools("sender", {"STATE_TABLE": "t", "EPHEMERAL_TABLE": "t", "BOT_TOKEN_PARAMETER": "p"})
    meeting = threading.Barrier(8, timeout=20)

    def open_it(_number):
        meeting.wait()
        return tools.discord, tools.parameters

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(open_it, range(8)))) == 1
    finally:
        sys.setswitchinterval(before)
