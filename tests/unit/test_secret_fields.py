"""The value of a secret field: it arrives at the feature, and can be read nowhere on its way."""

import json
import logging
from contextlib import suppress

import pytest

from tests.discord_side import SIGNING_KEYS, sealed
from tests.unit.test_modal_submission import FormBot, button, filled_in
from tests.unit.test_platform import NOW, says
from watchbell.adapters.batch import Delivery
from watchbell.discord.interaction import Interaction
from watchbell.discord.seals import UNREADABLE, Seals
from watchbell.doors import worker
from watchbell.errors import FormError
from watchbell.testing import FakeTools, submit

CANARY = "canary8-hunter2"

VAULT = """
from watchbell import Command, FieldError, Modal, Reply, Short, anyone

command = Command("vault", "Vault", who=anyone)


class Secret(Modal, title="Secret"):
    name = Short("Name", most=20)
    value = Short("Value", most=40, secret=True)


class Plain(Modal, title="Plain"):
    value = Short("Value", most=40)


@command.run
def vault(interaction, tools):
    '''Show it.'''
    return Reply("Press.", buttons=[put.button("Put", name="x")])


@command.modal
def put(interaction, tools, form: Secret):
    if form.name == "taken":
        raise FieldError("name", "taken.")
    if form.name == "bug":
        raise RuntimeError(f"a bug with {form} and {interaction.data}")
    return Reply(f"{form.name} has {len(form.value)} characters, {form.value[-1]} is the last")


@command.modal
def plain(interaction, tools, form: Plain):
    return Reply(form.value)


@command.modal(instant=True)
def at_once(interaction, form: Secret):
    return Reply(str(len(form.value)))


@command.modal(instant=True)
def at_once_with_much(interaction, form: Secret):
    return Reply(str(len(form.value)), buttons=[much.button("x", text="t" * 200)])


@command.button
def much(interaction, tools, *, text: str):
    return Reply("x")
"""


@pytest.fixture
def bot(feature):
    feature("vault", VAULT)
    return FormBot()


def send(bot, handler="put", rows=None, **answers):
    rows = rows or [
        {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}} for name, value in answers.items()
    ]
    data = {"custom_id": sealed(f"vault:{handler}", now=NOW), "components": rows}
    return bot.ask("modal", data=data)


def deliver(bot, attempt=1, last=False):
    (text,) = bot.queue
    worker.work(Delivery(json.loads(text), attempt, last), bot.tools, sleep=lambda seconds: None)
    return bot.discord.calls[-1][1]["content"]


def test_the_feature_gets_the_value_and_the_queue_does_not_hold_it(bot):
    send(bot, name="shop", value=CANARY)
    assert "canary" not in bot.queue[0]
    assert "shop" not in bot.queue[0]  # all answers are encrypted
    assert deliver(bot) == "shop has 15 characters, 2 is the last"


def test_old_components_carry_no_secret_into_the_queue_either(bot):
    send(bot, rows=[{"type": 1, "components": [{"type": 4, "custom_id": "value", "value": CANARY}]}])
    send(bot, rows=[{"type": 99, "new": {"value": CANARY}}])
    assert "canary" not in "".join(bot.queue)


def test_a_form_without_a_secret_is_queued_as_it_came(bot):
    send(bot, "plain", value="readable")
    assert "readable" in bot.queue[0]
    assert deliver(bot) == "readable"


def test_an_instant_form_reads_its_secret_and_what_goes_on_to_the_worker_is_encrypted(bot):
    assert says(send(bot, "at_once", name="a", value=CANARY)) == "15"
    assert bot.queue == []
    assert send(bot, "at_once_with_much", name="a", value=CANARY)["type"] == 5
    assert "canary" not in bot.queue[0]
    assert deliver(bot) == "15"


def test_after_a_correction_the_field_comes_back_empty_and_nothing_holds_the_value(bot):
    send(bot, name="taken", value=CANARY)
    deliver(bot)
    message = bot.discord.calls[-1][1]
    assert "canary" not in json.dumps(message) + str(bot.table.rows)
    assert filled_in(bot.press_button(message)) == {"name": "taken", "value": None}
    assert "canary" not in button(message)


def test_a_value_that_is_too_long_is_told_without_the_value(bot):
    send(bot, name="a", value=CANARY * 9)
    assert "at most 40 characters" in deliver(bot)
    assert "canary" not in str(bot.discord.calls) + str(bot.table.rows)


def test_a_worker_that_fails_five_times_leaves_no_value_in_the_dead_letter_or_a_log(bot, caplog):
    caplog.set_level(logging.DEBUG)
    send(bot, name="bug", value=CANARY)
    for attempt in range(1, 6):
        bot.tools.claims = type(bot.tools.claims)()
        with suppress(RuntimeError):
            deliver(bot, attempt, last=attempt == 5)
    assert caplog.text.count("a bug with Secret(name='bug', value=…)") >= 5
    places = [caplog.text, bot.queue[0], str(bot.discord.calls), str(bot.table.rows)]
    assert [place for place in places if "canary" in place.lower()] == []


def test_answers_that_do_not_open_are_told_and_nothing_is_done(bot):
    send(bot, name="shop", value=CANARY)
    message = json.loads(bot.queue[0])
    sealed_answers = message["body"]["data"]["concealed"]
    damaged = (
        sealed_answers[:40] + ("A" if sealed_answers[40] != "A" else "B") + sealed_answers[41:],
        "1",
        "1 no base64 é",
        "9" + sealed_answers[1:],
        "",
        7,
    )
    for each in damaged:
        message["body"]["data"]["concealed"] = each
        message["body"]["id"] = str(int(message["body"]["id"]) + 1)
        bot.queue[:] = [json.dumps(message)]
        assert deliver(bot) == UNREADABLE


def test_answers_open_only_for_their_own_interaction(bot):
    send(bot, name="shop", value=CANARY)
    message = json.loads(bot.queue[0])
    message["body"]["id"] = "1100000000000000099"
    bot.queue[:] = [json.dumps(message)]
    assert deliver(bot) == UNREADABLE


def test_answers_that_a_newer_key_encrypted_open_after_the_keys_are_read_again(bot):
    send(bot, name="shop", value=CANARY)
    body = Interaction(json.loads(bot.queue[0])["body"])
    asked = []

    def keys(fresh):
        asked.append(fresh)
        return SIGNING_KEYS if fresh else f"z:{'00' * 32}"

    assert CANARY in json.dumps(Seals(keys, lambda: NOW, None).reveal(body))
    assert asked == [False, True]


def test_two_submissions_of_one_value_do_not_look_alike(bot):
    send(bot, name="shop", value=CANARY)
    send(bot, name="shop", value=CANARY)
    first, second = (json.loads(text)["body"]["data"]["concealed"] for text in bot.queue)
    assert first != second


def test_the_testing_kit_gives_the_value_to_the_feature_and_shows_it_nowhere(feature):
    vault = feature("vault", VAULT)
    tools = FakeTools()
    assert submit(vault.put, name="a", value=CANARY, tools=tools).content == "a has 15 characters, 2 is the last"
    with pytest.raises(FormError) as refused:
        submit(vault.put, name="taken", value=CANARY, tools=tools)
    with pytest.raises(RuntimeError) as bug:
        submit(vault.put, name="bug", value=CANARY, tools=tools)
    shown = str(refused.value) + str(refused.value.reply.message()) + str(bug.value) + str(tools.stash.kept)
    assert "canary" not in shown


def test_a_secret_field_cannot_be_filled_in(feature):
    vault = feature("vault", VAULT)
    with pytest.raises(ValueError, match="'Value' is secret, so it cannot be filled in"):
        vault.put.button("Put", value=CANARY)
