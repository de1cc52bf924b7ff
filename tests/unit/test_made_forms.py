"""A form that is made from what is stored: its questions, or none at all, are known only when its button is pressed."""

import pytest

from tests.unit.test_modal_submission import FormBot, button
from watchbell.adapters.records import Reader, Records
from watchbell.discord.opening import Opening
from watchbell.errors import DefinitionError, FormError
from watchbell.testing import FakeTools, press, submit
from watchbell.testing.calls import GUILD
from watchbell.testing.table import FakeTable

SURVEY = """
from watchbell import Command, Data, Modal, Reply, Short, anyone

command = Command("survey", "Ask people", who=anyone)
surveys = Data("survey", of="server", key=("id",), fields=("questions",))


def questions(interaction, tools, *, id: str):
    stored = tools.data(surveys, interaction.guild_id).get(id)
    asked = stored["questions"] if stored else []
    fields = {f"answer{number}": Short(text, most=9) for number, text in enumerate(asked)}
    return type("Survey", (Modal,), fields, title="Survey") if fields else None


@command.run
def survey(interaction, tools):
    '''Ask.'''
    return Reply("Please answer.", buttons=[answer.button("Answer", id="tea")])


@command.modal(instant=False, form=questions, button_expires=None, lock="survey:{id}")
def answer(interaction, tools, form, *, id: str):
    return Reply(", ".join([id, *vars(form).values()]) if form else f"{id}: nothing is asked")


@answer.busy
def counting(interaction, tools, *, id: str):
    return f"{id} is being counted."
"""


@pytest.fixture
def survey(feature):
    return feature("survey", SURVEY)


def stored(tools, survey, *questions):
    tools.data(survey.surveys, GUILD).put({"id": "tea", "questions": list(questions)})
    return tools


def test_the_form_has_the_questions_that_are_stored_when_it_is_opened(survey):
    tools = stored(FakeTools(), survey, "Milk?", "Sugar?")
    opened = press(survey.answer, id="tea", tools=tools)
    assert isinstance(opened, Opening)
    assert [each["label"] for each in opened.payload()["components"]] == ["Milk?", "Sugar?"]
    reply = submit(survey.answer, id="tea", answer0="yes", answer1="no", tools=tools)
    assert reply.content == "tea, yes, no"


def test_without_questions_the_press_itself_is_answered_by_the_worker(survey):
    assert press(survey.answer, id="tea", tools=FakeTools()).content == "tea: nothing is asked"


def test_an_answer_that_is_too_long_opens_the_same_form_again(survey):
    tools = stored(FakeTools(), survey, "Milk?")
    with pytest.raises(FormError) as wrong:
        submit(survey.answer, id="tea", answer0="a great deal", tools=tools)
    assert "**Milk?**" in wrong.value.reply.content


def test_who_meets_a_held_lock_reads_what_the_feature_says(survey):
    tools = FakeTools()
    tools.locks.take("survey:tea", "somebody")
    with pytest.raises(Exception, match="tea is being counted"):
        press(survey.answer, id="tea", tools=tools)


def test_only_a_handler_with_a_lock_can_be_busy(survey):
    with pytest.raises(DefinitionError, match="only a handler with a lock is busy"):
        survey.survey.busy(survey.counting)


@pytest.mark.parametrize(("questions", "type"), [(["Milk?"], 9), ([], 5)])
def test_the_ingress_opens_the_form_or_leaves_the_press_to_the_worker(survey, questions, type):
    bot, table = FormBot(), FakeTable()
    bot.tools.data = lambda kind, owner="": Records(table, kind, owner, lambda: bot.now)
    bot.doorkeeper.tools.data = lambda kind, owner="": Reader(table, kind, owner, lambda: bot.now)
    shown = bot.tools.seals.seal(survey.survey(None, None).message())
    bot.now += 400 * 86_400  # the button never expires
    body = {"custom_id": button(shown), "component_type": 2}
    guild = "1100000000000000001"
    bot.tools.data(survey.surveys, guild).put({"id": "tea", "questions": questions})
    response = bot.ask("component_refresh", data=body, guild_id=guild)
    assert response["type"] == type
    if type == 5:
        assert "tea: nothing is asked" in str(bot.work())
