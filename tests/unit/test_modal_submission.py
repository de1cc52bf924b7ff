"""A form through the ingress and the worker: opened, submitted with its state, and opened again with its values."""

import json

import pytest

from tests import judge, recorded
from tests.discord_side import SIGNING_KEYS, sealed
from tests.unit.test_platform import NOW, Bot, says
from watchbell.discord.custom_id import parse
from watchbell.discord.seals import FOR_ANOTHER, FORM_EXPIRED, Seals
from watchbell.doors.ingress import Doorkeeper
from watchbell.errors import DefinitionError
from watchbell.interactions import forms as submission
from watchbell.interactions.apology import BROKEN
from watchbell.interactions.gate import UNKNOWN

PRIVATE = 64
WHY = "Because it is there"

APPLY = """
from watchbell import (
    Command, Checkbox, FieldError, Files, Modal, Note, OneOf, Paragraph, Reply, UserError, UserPick, anyone,
)

command = Command("apply", "Apply", who=anyone, instant=True)


class Apply(Modal, title="Apply"):
    why = Paragraph("Why *you*?", least=10, most=1000)
    team = OneOf("Team", ["red", "blue"], required=False)
    agree = Checkbox("I agree")


@command.run
def apply(interaction, *, server: str = "prod"):
    return submit.open(server=server, count=3, why="Because I can, and more")


@command.modal
def submit(interaction, form: Apply, *, server: str, count: int):
    if form.why == "taken, taken":
        raise FieldError("why", "That one is taken.")
    if form.why == "please no, no":
        raise UserError("Not today.")
    return Reply(f"{form.why} for {server} {count}, {form.team} {form.agree}")


@command.modal(instant=False, private=True, expires=None)
def slowly(interaction, tools, form: Apply):
    if form.why == "wait and no":
        yield Reply("thinking")
        raise UserError("No after all.")
    return Reply(f"slowly: {form.why}")


@command.modal(instant=False, updates=True)
def change(interaction, tools, form: Apply, *, server: str):
    return Reply(f"changed {server}")


@command.modal(updates=True)
def at_once(interaction, form: Apply):
    return Reply("at once")


@command.button(instant=False)
def too_late(interaction, tools):
    return submit.open(server="x", count=1)


@command.modal
def again(interaction, form: Apply):
    return submit.open(server="x", count=1)


@command.button
def wrong(interaction):
    return submit.open(server="x")


@command.button
def offer(interaction):
    return Reply("Join us", buttons=[submit.button("Join", server="web", count=1, team="blue")])


@command.button
def offer_too_much(interaction):
    return Reply("Join us", buttons=[submit.button("Join", server="s" * 300, count=1)])


@command.button(instant=False)
def offer_much(interaction, tools):
    return Reply("Join us", buttons=[submit.button("Join", server="s" * 300, count=1, why="w" * 300)])
"""


class Table:
    """The table for large state. The ingress and the worker read it, and only the worker writes it."""

    def __init__(self):
        self.rows = {}

    def put(self, values, seconds):
        key = f"key{len(self.rows)}"
        self.rows[key] = values
        return key

    def get(self, key):
        return self.rows.get(key)


class FormBot(Bot):
    """A Bot with separate tools for the ingress, which reads the table but cannot write it."""

    def __init__(self):
        super().__init__()
        self.table = self.tools.stash = Table()
        self.now = NOW
        self.tools.seals = Seals(lambda fresh: SIGNING_KEYS, lambda: self.now, self.table)
        ingress = type(self.tools)("ingress", self.tools.settings)
        ingress.seals = Seals(lambda fresh: SIGNING_KEYS, lambda: self.now, None)
        ingress.stash = self.table
        self.doorkeeper = Doorkeeper(self.doorkeeper.keys, self.queue.append, ingress, lambda: NOW)

    def submit(self, custom_id, answers, resolved=None, **changes):
        kinds = {"why": (4, "value"), "team": (3, "values"), "agree": (23, "value")}
        components = [
            {"type": 18, "component": {"type": kinds[name][0], "custom_id": name, kinds[name][1]: value}}
            for name, value in answers.items()
        ]
        data = {"custom_id": custom_id, "components": components, "resolved": resolved or {}}
        return self.ask("modal", data=data, **changes)

    def press_button(self, message):
        return self.ask("component_refresh", data={"custom_id": button(message), "component_type": 2})

    def work(self):
        """Let the worker do everything in the queue. Return its calls to Discord."""
        before = len(self.discord.calls)
        self.finally_shown()
        self.queue.clear()
        return [call[:2] for call in self.discord.calls[before:]]


def button(message):
    return message["components"][0]["components"][0]["custom_id"]


def filled_in(response):
    """Return the values that a person sees in an opened form: {name of the field: value}."""
    assert response["type"] == 9
    found = {}
    for label in response["data"]["components"]:
        field = label.get("component", {})
        chosen = [option["value"] for option in field.get("options", ()) if option.get("default")]
        found[field.get("custom_id")] = field.get("value") or chosen or field.get("default")
    return found


@pytest.fixture
def bot():
    return FormBot()


@pytest.fixture
def apply(feature):
    return feature("apply", APPLY)


def modal(bot):
    """Return the custom id of the form that /apply opens."""
    return bot.command("apply")["data"]["custom_id"]


# Opened and submitted


def test_a_command_opens_a_form_with_what_it_fills_in(bot, apply):
    response = bot.command("apply")
    assert response["data"]["title"] == "Apply"
    assert filled_in(response) == {"why": "Because I can, and more", "team": None, "agree": None}


def test_a_submission_brings_its_values_and_the_state_of_whoever_opened_it(bot, apply):
    server = {"name": "server", "type": 3, "value": "a:b~c"}
    custom_id = bot.command("apply", server)["data"]["custom_id"]
    response = bot.submit(custom_id, {"why": WHY, "team": ["red"], "agree": True})
    assert (response["type"], says(response)) == (4, f"{WHY} for a:b~c 3, red True")
    assert bot.queue == []


def test_a_handler_is_tested_by_a_call(apply):
    assert apply.submit(None, apply.Apply(why="x"), server="prod", count=1).content == "x for prod 1, None False"
    assert apply.apply(None).payload()["title"] == "Apply"


def test_a_deferred_submission_is_answered_by_the_worker(bot, apply):
    response = bot.submit(sealed("apply:slowly", now=NOW), {"why": WHY})
    assert response == {"type": 5, "data": {"flags": PRIVATE}}
    ((verb, message),) = bot.work()
    assert (verb, message["content"]) == ("edit", f"slowly: {WHY}")


def test_a_form_of_a_component_can_change_the_message_that_it_is_on(bot, apply):
    message = {"id": "1", "flags": 0}
    assert bot.submit(sealed("apply:change:prod", now=NOW), {"why": WHY}, message=message) == {"type": 6}
    assert bot.work()[0][1]["content"] == "changed prod"
    assert bot.submit(sealed("apply:at_once", now=NOW), {"why": WHY}, message=message)["type"] == 7


def test_a_form_of_a_command_has_no_message_to_change(bot, apply):
    assert bot.submit(sealed("apply:change:prod", now=NOW), {"why": WHY}) == {"type": 5}
    assert bot.work()[0][1]["content"] == "changed prod"
    assert bot.submit(sealed("apply:at_once", now=NOW), {"why": WHY})["type"] == 4


def test_a_message_can_offer_a_form_by_a_button(bot, apply):
    offer = bot.press("apply:offer")["data"]
    response = bot.press_button(offer)
    assert filled_in(response) == {"why": None, "team": ["blue"], "agree": None}
    assert says(bot.submit(response["data"]["custom_id"], {"why": WHY})) == f"{WHY} for web 1, None False"


# Corrected


def test_what_is_wrong_is_said_and_the_form_opens_again_with_everything_in_it(bot, apply):
    response = bot.submit(modal(bot), {"why": "no", "team": ["red"], "agree": True})
    assert response["data"]["flags"] == PRIVATE
    assert says(response) == f"{submission.WRONG}\n- **Why \\*you\\*?**: at least 10 characters; it has 2."
    assert response["data"]["components"][0]["components"][0]["label"] == submission.AGAIN
    reopened = bot.press_button(response["data"])
    assert filled_in(reopened) == {"why": "no", "team": ["red"], "agree": True}
    corrected = bot.submit(reopened["data"]["custom_id"], {"why": WHY, "team": ["red"], "agree": True})
    assert says(corrected) == f"{WHY} for prod 3, red True"
    assert bot.queue == []


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ("taken, taken", f"{submission.WRONG}\n- **Why \\*you\\*?**: That one is taken."),
        ("please no, no", "Not today."),
    ],
)
def test_what_the_feature_finds_wrong_is_corrected_in_the_same_way(bot, apply, why, shown):
    response = bot.submit(modal(bot), {"why": why})
    assert says(response) == shown
    assert filled_in(bot.press_button(response["data"]))["why"] == why


def test_what_has_no_room_in_a_custom_id_is_kept_in_the_table_by_the_worker(bot, apply):
    long = "please no, no" + "é" * 987
    assert bot.submit(modal(bot), {"why": long + "x" * 5}) == {"type": 5}
    deleted, (verb, message) = bot.work()
    assert (deleted[0], verb, message["flags"]) == ("delete", "follow up", PRIVATE)
    assert "at most 1000 characters; it has 1005." in message["content"]
    reopened = bot.press_button(message)
    assert filled_in(reopened)["why"] == long
    assert parse(reopened["data"]["custom_id"]).values == ("prod", "3")
    assert says(bot.submit(reopened["data"]["custom_id"], {"why": WHY})) == f"{WHY} for prod 3, None False"


def test_the_worker_finds_things_wrong_too(bot, apply):
    bot.submit(sealed("apply:slowly", now=NOW), {"why": "n" * 2000, "team": ["blue"]})
    ((verb, message),) = bot.work()
    assert (verb, message["content"].count("at most 1000")) == ("edit", 1)
    assert filled_in(bot.press_button(message)) == {"why": "n" * 1000, "team": ["blue"], "agree": None}


def test_a_handler_that_shows_progress_can_still_find_something_wrong(bot, apply):
    bot.submit(sealed("apply:slowly", now=NOW), {"why": "wait and no"})
    message = bot.work()[-1][1]
    assert message["content"] == "No after all."
    assert filled_in(bot.press_button(message))["why"] == "wait and no"


def test_wrong_values_leave_the_message_of_an_updating_form_alone(bot, apply):
    response = bot.submit(sealed("apply:at_once", now=NOW), {"why": "no"}, message={"id": "1", "flags": 0})
    assert (response["type"], response["data"]["flags"]) == (4, PRIVATE)
    bot.submit(sealed("apply:change:prod", now=NOW), {"why": "no"}, message={"id": "1", "flags": 0})
    assert [verb for verb, _ in bot.work()] == ["follow up"]


FILES = """
from watchbell import Command, Files, Modal, Reply, Short, anyone

command = Command("upload", "Upload", who=anyone, instant=True)

class Upload(Modal, title="Upload"):
    why = Short("Why", most=3)
    logs = Files("Logs")

@command.modal
def submit(interaction, form: Upload):
    return Reply(form.logs[0].url)
"""


def test_files_cannot_be_kept_and_it_says_so(bot, feature):
    feature("upload", FILES)
    response = bot.submit(sealed("upload:submit", now=NOW), {"why": "long"})
    assert says(response).endswith(submission.FILES)
    bot.press_button(response["data"])


# Large state


def test_much_state_of_a_command_makes_the_form_come_by_a_button(bot, apply):
    server = {"name": "server", "type": 3, "value": "s" * 300}
    assert bot.command("apply", server) == {"type": 5}
    message = bot.work()[-1][1]
    assert (message["content"], message["flags"]) == (submission.READY, PRIVATE)
    reopened = bot.press_button(message)
    assert filled_in(reopened)["why"] == "Because I can, and more"
    assert parse(reopened["data"]["custom_id"]).stash
    response = bot.submit(reopened["data"]["custom_id"], {"why": WHY})
    assert says(response) == f"{WHY} for {'s' * 300} 3, None False"


def test_much_state_of_a_message_lies_in_the_table(bot, apply):
    assert bot.press("apply:offer_much") == {"type": 5}
    message = bot.work()[0][1]
    reopened = bot.press_button(message)
    assert filled_in(reopened)["why"] == "w" * 300
    assert says(bot.submit(reopened["data"]["custom_id"], {"why": WHY})).startswith(f"{WHY} for sss")


def test_state_that_is_gone_from_the_table_says_so(bot, apply):
    bot.press("apply:offer_much")
    message = bot.work()[0][1]
    bot.table.rows.clear()
    assert "expired" in says(bot.press_button(message))


# Expired, forged, or somebody else's


def test_a_late_submission_gets_a_polite_answer(bot, apply):
    custom_id = modal(bot)
    bot.now += 14 * 60
    assert says(bot.submit(custom_id, {"why": WHY})).startswith(WHY)
    bot.now += 3 * 60
    assert says(bot.submit(custom_id, {"why": WHY})) == FORM_EXPIRED


def test_a_form_that_never_expires_can_be_declared(bot, apply):
    assert apply.slowly.open().address.seconds is None
    response = bot.submit(sealed("apply:slowly", now=NOW - 10**8), {"why": WHY})
    assert response["type"] == 5


def test_a_form_is_submitted_by_nobody_else(bot, apply):
    custom_id = modal(bot)
    other = {**recorded.load("modal")["member"], "user": {"id": "1", "username": "bob"}}
    assert says(bot.submit(custom_id, {"why": WHY}, member=other)) == FOR_ANOTHER
    assert says(bot.submit(custom_id[:-1] + "!", {"why": WHY})) == FOR_ANOTHER


@pytest.mark.parametrize("address", ["apply:", "apply:offer", "apply:nothing", "ping:submit"])
def test_a_submission_that_leads_nowhere_gets_a_polite_answer(bot, apply, address):
    assert says(bot.submit(sealed(address, now=NOW), {"why": WHY})) == UNKNOWN


@pytest.mark.parametrize("state", ["", ":a", ":a:b:c:d", ":a:x"])
def test_state_of_another_version_gets_a_polite_answer(bot, apply, state):
    assert "I have been updated" in says(bot.submit(sealed(f"apply:submit{state}", now=NOW), {"why": WHY}))


# Mistakes of the author


def test_only_an_instant_handler_can_open_a_form(bot, apply, caplog):
    assert bot.press("apply:too_late") == {"type": 5}
    assert bot.work()[-1][1]["content"] == BROKEN.format(reference=recorded.load("component_refresh")["id"])
    assert "/apply too_late: only an instant handler can open a form" in caplog.text


def test_a_submission_cannot_open_a_form(bot, apply, caplog):
    assert says(bot.submit(sealed("apply:again", now=NOW), {"why": WHY})).startswith("Something went wrong")
    assert "/apply again: a submission cannot open a form" in caplog.text


def test_a_form_without_its_state_is_a_mistake_of_the_author(bot, apply, caplog):
    with pytest.raises(DefinitionError, match="/apply submit takes server, count, not server"):
        apply.wrong(None)


@pytest.mark.parametrize(
    ("signature", "mistake"),
    [
        ("(interaction)", "and declare the Modal above it"),
        ("(interaction, form)", "and declare the Modal above it"),
        ("(interaction, tools, form: str)", "and declare the Modal above it"),
        ("(interaction, form: 'Later')", "and declare the Modal above it"),
        ("(interaction, form: Form, *, why: str)", "why is both state and a field of Form; rename one of them"),
    ],
)
def test_a_modal_declares_its_form_in_its_signature(feature, signature, mistake):
    source = f"""
from watchbell import Command, Modal, Short, anyone
command = Command("odd", "Odd", who=anyone)
class Form(Modal, title="Form"):
    why = Short("Why")
@command.modal
def submit{signature}:
    pass
"""
    with pytest.raises(DefinitionError, match=mistake):
        feature("odd", source)


def test_a_form_works_in_a_module_with_postponed_annotations(bot, feature):
    source = "from __future__ import annotations\n" + APPLY.replace('"apply", "Apply"', '"later", "Later"')
    feature("later", source)
    response = bot.submit(bot.command("later")["data"]["custom_id"], {"why": WHY})
    assert says(response) == f"{WHY} for prod 3, None False"


def test_every_button_and_form_is_one_that_discord_takes(bot, apply):
    for response in (bot.command("apply"), bot.press("apply:offer")):
        judge.approve("callback", json.loads(json.dumps(response)))


def test_the_id_of_a_button_that_opens_a_form_submits_none(bot, apply):
    offered = bot.press("apply:offer")
    opened = bot.press_button(offered["data"])
    assert opened["type"] == 9
    told = bot.submit(button(offered["data"]), {"why": WHY, "team": ["red"], "agree": True})
    assert told["data"]["content"] == UNKNOWN
    data = {"custom_id": opened["data"]["custom_id"], "component_type": 2}
    assert bot.ask("component_refresh", data=data)["data"]["content"] == UNKNOWN


def test_an_instant_answer_whose_state_has_no_room_comes_by_way_of_the_worker(bot, apply):
    assert bot.press("apply:offer_too_much") == {"type": 5}
    ((verb, message),) = bot.work()
    assert verb == "edit"
    assert bot.press_button(message)["type"] == 9
