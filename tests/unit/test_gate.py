"""The gate: which checks need only the signed payload, which need a table, and which function makes which check."""

import pytest

from tests.unit.test_platform import ADMINISTRATOR, Bot, choices, member, says
from watchbell.adapters.server_settings import Chosen
from watchbell.errors import Unavailable

STAFF = "41771983423143936"
REFUSED = "To use this, you need a role with the rank responder in this server."

STAFFED = """
from watchbell import Command, Modal, Reply, Short, anyone, role

class Note(Modal, title="Note"):
    text = Short("Text")

command = Command("staffed", "For staff", who=role("responder"))

@command.run(instant=True)
def staffed(interaction, *, name: str = ""):
    return Reply("You are staff.")

@staffed.autocomplete
def name(interaction, typed):
    return ["ada"]

@command.button
def later(interaction, tools):
    return Reply("You are staff, later.")

@command.modal
def note(interaction, tools, form: Note):
    return Reply(form.text)
"""


class ServerSettings:
    """The settings of one server. They count how often they are read."""

    def __init__(self):
        self.asked = 0

    def of(self, guild_id):
        self.asked += 1
        return Chosen({"responder_roles": [STAFF]})


@pytest.fixture
def bot(feature):
    feature("staffed", STAFFED)
    made = Bot()
    made.tools.server_settings = made.settings = ServerSettings()
    return made


@pytest.mark.parametrize(
    ("roles", "bits", "told", "reads"),
    [
        ([STAFF], 0, "You are staff.", 1),
        (["1"], 0, REFUSED, 1),
        ([], 0, REFUSED, 0),
        (["1"], ADMINISTRATOR, "You are staff.", 0),
    ],
)
def test_an_instant_handler_reads_the_table_once_and_only_if_the_payload_has_not_decided(bot, roles, bits, told, reads):
    assert says(bot.command("staffed", member=member(bits, roles))) == told
    assert bot.settings.asked == reads


def test_for_a_deferred_handler_the_ingress_reads_no_table_and_the_worker_does(bot):
    assert bot.press("staffed:later", member=member(roles=["1"])) == {"type": 5}
    assert bot.settings.asked == 0
    assert bot.finally_shown() == [REFUSED]
    assert bot.settings.asked == 1


def test_a_deferred_handler_that_the_payload_forbids_is_refused_at_once_and_queues_nothing(bot):
    assert says(bot.press("staffed:later", member=member(roles=[]))) == REFUSED
    assert says(bot.ask("component_in_dm", type=2, data={"name": "staffed", "type": 1})) == REFUSED
    assert bot.queue == []


def test_the_worker_reads_no_table_for_an_administrator(bot):
    assert bot.press("staffed:later", member=member(ADMINISTRATOR)) == {"type": 5}
    assert bot.finally_shown() == ["You are staff, later."]
    assert bot.settings.asked == 0


def test_a_button_opens_its_form_only_for_those_who_may_submit_it(bot):
    assert bot.press("staffed:note?", member=member(roles=[STAFF]))["type"] == 9
    assert says(bot.press("staffed:note?", member=member(roles=["1"]))) == REFUSED


def test_a_table_that_does_not_answer_an_instant_handler_is_told_and_lets_nobody_in(bot, caplog):
    def away(guild_id):
        raise Unavailable("no answer")

    bot.settings.of = away
    answer = bot.command("staffed", member=member(roles=[STAFF]))
    assert "please try again" in says(answer).lower()
    assert answer["data"]["flags"] == 64


def test_the_audit_log_says_that_the_bot_is_missing_where_a_person_brought_it(bot, caplog):
    bot.command("staffed", authorizing_integration_owners={"1": "80351110224678912"})
    assert "AUDIT refused /staffed: needs the bot in this server" in caplog.text


def test_a_refused_autocomplete_is_not_in_the_audit_log_and_a_refused_command_is(bot, caplog):
    assert choices(bot, "name", name="staffed", member=member(roles=["1"])) == []
    assert "AUDIT" not in caplog.text
    bot.command("staffed", member=member(roles=["1"]))
    assert "AUDIT refused /staffed: needs role responder" in caplog.text


OPERATED = """
from watchbell import Command, Reply, operator

command = Command("operated", "For operators", who=operator)

@command.run
def operated(interaction, tools):
    return Reply("You run me.")
"""


def test_the_worker_does_not_ask_again_what_the_ingress_has_decided(feature):
    feature("operated", OPERATED)
    bot, asked = Bot(), []
    find = bot.tools.parameters.find
    bot.tools.parameters.find = lambda name: asked.append(name) or find(name)
    assert bot.command("operated") == {"type": 5}
    assert asked == ["operators"]
    assert bot.finally_shown() == ["You run me."]
    assert asked == ["operators"]
