"""The secrets of checks: set in a form, sent to one host, listed by name, and read by nobody."""

import logging

import pytest

from tests.unit.test_monitor_command import GUILD, MANAGER, add, buttons, entries, stored, texts
from watchbell.adapters.aws_json import Refused
from watchbell.adapters.checker import Checker
from watchbell.adapters.net import Net
from watchbell.adapters.opener import Limits
from watchbell.adapters.parameters import Parameters
from watchbell.adapters.secrets import Secrets
from watchbell.commands import monitor
from watchbell.errors import FormError, Unavailable
from watchbell.status import secret
from watchbell.status.reason import Reason
from watchbell.testing import FakeTools, choose, press, submit

CANARY = "canary8-hunter2"
HEADER = "headers: Authorization: Bearer {{secret:shop}}"


@pytest.fixture
def tools():
    return FakeTools(now=lambda: 1_795_334_400.0)


def place(tools, **more):
    (entry,) = [each for each in entries(tools) if each.name == "shop.example"]
    return {"shard": entry.shard, "id": entry.id, "tools": tools, **MANAGER, **more}


def set_secret(tools, name="shop", value=CANARY, **more):
    return submit(monitor.set_secret, name=name, value=value, **place(tools, **more))


def the(tools, name):
    return value(tools, name, "shop.example")


def value(tools, name, host, guild=GUILD):
    return tools._secrets.reader(guild, [name])(name, host)


def test_a_secret_is_set_for_the_host_of_the_monitor_and_listed_by_name(tools):
    add(tools)
    reply = set_secret(tools, " Shop ")
    assert "Write `{{secret:shop}}` in a header" in texts(reply)
    assert "**Secrets of this server** `shop`" in texts(reply)
    assert "canary" not in str(reply.message()) + str(tools.state.rows) + str(tools.stash.kept)
    assert tools.secrets(GUILD) == {"shop": "shop.example"}
    assert the(tools, "shop") == CANARY
    with pytest.raises(LookupError):
        value(tools, "shop", "evil.example")
    with pytest.raises(LookupError):
        value(tools, "shop", "shop.example", "1100000000000000077")


@pytest.mark.parametrize("kind", ["db.example:5432", "github"])
def test_only_a_kind_that_can_send_secrets_has_the_button(tools, kind):
    assert "Secrets" in texts(add(tools))
    assert "Secrets" not in texts(add(tools, address=kind))


@pytest.mark.parametrize("name", ["", "a b", "-x", "ü", "x" * 64, "a/b", "../x", "{{secret:x}}"])
def test_a_name_that_is_none_is_told(tools, name):
    add(tools)
    with pytest.raises(FormError) as raised:
        set_secret(tools, name)
    assert set(raised.value.faults) == {"name"}
    assert tools.secrets(GUILD) == {}


@pytest.mark.parametrize("value", ["ü", "a\rb", "a\x00b", "😀"])
def test_a_value_that_no_header_takes_is_told(tools, value):
    add(tools)
    with pytest.raises(FormError) as raised:
        set_secret(tools, value=value)
    assert raised.value.faults == {"value": "only letters, digits, spaces and signs of ASCII."}


def test_a_server_has_at_most_20_secrets_and_can_still_replace_one(tools):
    add(tools)
    for number in range(secret.MOST):
        set_secret(tools, f"s{number}")
    with pytest.raises(FormError, match="this server already has 20 secrets"):
        set_secret(tools, "one-more")
    set_secret(tools, "s7", "other")
    assert the(tools, "s7") == "other"
    assert len(tools.secrets(GUILD)) == 20


def test_a_secret_of_another_host_is_not_replaced(tools):
    add(tools)
    tools.set_secret(GUILD, "shop", "mail.example", "x")
    with pytest.raises(FormError, match=r"this secret is for `mail.example`. Delete it first."):
        set_secret(tools)
    assert value(tools, "shop", "mail.example") == "x"


def test_a_monitor_that_names_no_secret_of_its_server_is_told_when_it_is_defined(tools):
    tools.set_secret("1100000000000000077", "shop", "shop.example", "x")  # of another server
    reply = add(tools, address="https://shop.example/?key={{secret:shop}}")
    assert "⚠️ There is no secret `shop`. Set it with **Secrets**." in texts(reply)
    assert "⚠️" not in texts(set_secret(tools))
    reply = submit(monitor.rules, conditions="", options="headers: X: {{secret:other}}", seconds="5", **place(tools))
    assert "⚠️ There is no secret `other`." in texts(reply)


def test_a_monitor_whose_address_moves_to_another_host_loses_its_secret_and_says_so(tools):
    add(tools, address="https://shop.example/?key={{secret:shop}}")
    set_secret(tools)
    moved = {"address": "https://evil.example/?key={{secret:shop}}", "name": "shop.example"}
    reply = submit(monitor.basics, **moved, **place(tools))
    assert "The secret `shop` belongs to another host, so `evil.example` does not get it." in texts(reply)
    asked = []
    limits = Limits(False, (), 1.0, lambda *given: asked.append(given))
    facts = Net(limits, tools._secrets.reader(GUILD, ["shop"])).request(stored(tools).target)
    assert (facts.code, facts.values, asked) == ("secret_missing", {"secret": "shop"}, [])


def test_a_secret_is_deleted_after_a_question(tools):
    add(tools)
    reply = set_secret(tools)
    (select,) = [each for each in buttons(reply) if hasattr(each, "options")]
    question = choose(select, "shop", tools=tools, **MANAGER)
    assert "Delete the secret `shop`?" in texts(question)
    (delete,) = [each for each in buttons(question) if getattr(each, "label", "") == "Delete"]
    assert "The secret `shop` is deleted." in texts(press(delete, tools=tools, **MANAGER))
    press(delete, tools=tools, **MANAGER)  # somebody pressed it twice
    assert tools.secrets(GUILD) == {}


def test_only_who_may_change_monitors_sets_and_deletes_secrets(tools):
    add(tools)
    for handler in (monitor.set_secret, monitor.choose_secret, monitor.delete_secret):
        assert str(handler.who) == str(monitor.may_change)
        assert handler.private


def test_a_store_that_quotes_the_request_in_its_error_leaks_nothing(tools, caplog):
    caplog.set_level(logging.DEBUG)
    add(tools)

    def refuse(target, request):
        if target.endswith("PutParameter"):
            raise Refused(target, 400, {"__type": f"ValidationException {request}"})
        return tools.store(target, request)

    tools._secrets._secure._call = refuse
    with pytest.raises(Unavailable) as raised:
        set_secret(tools)
    assert raised.value.__cause__ is None
    assert "canary" not in str(raised.value) + caplog.text


def test_a_store_that_is_unwell_is_no_outage_of_the_target(tools, caplog):
    add(tools, address="https://shop.example/?key={{secret:shop}}")
    set_secret(tools)

    def unwell(target, request):
        raise Unavailable(f"{target}: no answer")

    secrets = Secrets(Parameters(call=unwell, sleep=lambda seconds: None), "/watchbell/test/servers", unwell)
    facts = Checker(secret=secrets.reader(GUILD, ["shop"]), resolve=no_name).run([stored(tools)])
    (found,) = facts.values()
    assert (found.outcome, found.reason) == ("unknown", Reason("not_measured"))
    assert "has a bug" not in caplog.text


def no_name(*given):
    raise AssertionError("nothing was to be asked")
