"""The declaration of a feature's data, and what is derived from it."""

import pytest

from tables.documents import TABLES
from watchbell import Data
from watchbell.adapters.records import Records
from watchbell.errors import DefinitionError
from watchbell.kit import catalogue
from watchbell.testing import FakeTools, press, run
from watchbell.testing.table import FakeTable
from watchbell.tools.grants import NoSuchTool
from watchbell.tools.toolbox import Tools

SOURCE = """
from watchbell import Command, Data, Reply, anyone

command = Command("diary", "Keeps a diary", who=anyone)
pages = Data("page", of="person", key=("day",), fields=("text",), keep=30)

@command.run
def diary(interaction, tools):
    '''Write.'''
    tools.data(pages, interaction.user_id).put({"day": "today", "text": "Dear diary"})
    return Reply("written", buttons=[read.button("Read"), tear.button("Tear")])

@command.button(instant=True)
def read(interaction, tools):
    return Reply(tools.data(pages, interaction.user_id).get("today")["text"])

@command.button(instant=True)
def tear(interaction, tools):
    tools.data(pages, interaction.user_id).delete("today")
"""


def test_data_has_its_row_in_the_docs(feature):
    feature("diary", SOURCE)
    assert ("page (data)", "`state`", "`user#{}`", "a Discord user id", "30 days") in TABLES["rows"]()


def test_an_instant_handler_reads_what_a_deferred_one_wrote_and_cannot_write(feature):
    diary, tools = feature("diary", SOURCE), FakeTools()
    shown = run(diary, tools=tools)
    assert press(shown.buttons[0], tools=tools).content == "Dear diary"
    with pytest.raises(NoSuchTool, match=r"the ingress has no tools\.data\(…\)\.delete, only get; drop instant=True"):
        press(shown.buttons[1], tools=tools)


def test_production_refuses_an_instant_handlers_write_with_the_same_sentence(feature, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    pages = feature("diary", SOURCE).pages
    records = Tools("ingress", {"STATE_TABLE": "state"}).data(pages, "7")
    with pytest.raises(NoSuchTool, match=r"the ingress has no tools\.data\(…\)\.delete, only get; drop instant=True"):
        records.delete("today")
    with pytest.raises(NoSuchTool, match=r"the monitor has no tools\.data; the "):
        Tools("monitor", {}).data(pages, "7")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"name": "My notes"}, "write one like `note`"),
        ({"of": "guild"}, "write one of server, person, own"),
        ({"fields": ("name",)}, "two keys or fields have one name"),
        ({"fields": ("version",)}, "one is called `version`"),
        (
            {"about": ("author",)},
            "about= and servers= take keys and fields, and mentions= takes other fields; see author",
        ),
        ({"mentions": ("name",)}, "mentions= takes other fields; see name"),
        ({"keep": 0}, "write None for ever"),
        ({"due": "at"}, "due= takes a field of data of a server with one key"),
        ({"due": "at", "fields": ("at",), "of": "person"}, "due= takes a field of data of a server with one key"),
        ({"due": "at", "fields": ("at",), "key": ("a", "b")}, "due= takes a field of data of a server with one key"),
        ({"of": "person", "personal": "no"}, "personal= cannot be 'no'"),
        ({"about": ("name",), "personal": "no"}, "personal= cannot be 'no'"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused_with_a_sentence(rules, sentence):
    with pytest.raises(DefinitionError, match=sentence):
        Data(**{"name": "note", "of": "server", "key": ("name",), **rules})


def test_an_item_that_is_due_has_a_row_for_the_tick_which_moves_and_goes_with_it():
    table, now = FakeTable(), [1000.0]
    alarms = Records(
        table, Data("alarm", of="server", key=("id",), fields=("at", "text"), due="at"), "7", lambda: now[0]
    )

    def rows():
        return sorted(sort for partition, sort in table.rows if partition == "later")

    alarms.put({"id": "a#1", "at": 5000})
    assert rows() == ["0000005000#7#alarm#a%231#0"]
    alarms.put({"id": "a#1", "at": 5000, "text": "the same time"})
    alarms.put({"id": "b", "at": None})
    assert rows() == ["0000005000#7#alarm#a%231#0"]
    alarms.put({"id": "a#1", "at": 6000})
    assert rows() == ["0000006000#7#alarm#a%231#0"]
    alarms.delete("a#1")
    alarms.delete("b")
    assert rows() == []


def test_no_two_features_have_data_of_one_name_but_they_can_share_data(feature):
    feature("diary", SOURCE)
    ledger = SOURCE.replace("diary", "ledger")
    feature("ledger", ledger.replace("pages = Data(", "from watchbell.commands.diary import pages\n_ = dict(name="))
    assert [data.name for data in catalogue.data()].count("page") == 1
    feature("ledger", ledger)
    with pytest.raises(
        DefinitionError, match=r"commands/ledger.py: the data of commands/diary.py is called 'page' too"
    ):
        catalogue.data()


@pytest.mark.parametrize("name", ["audit", "settings", "in"])
def test_no_data_has_the_name_of_a_row_beside_which_it_would_lie(feature, name):
    feature("diary", SOURCE.replace('"page"', f'"{name}"'))
    with pytest.raises(DefinitionError, match=f"a row of Watchbell's own is called '{name}' too"):
        catalogue.data()


def test_one_item_can_be_kept_for_another_time_than_its_kind(feature):
    diary, at = feature("diary", SOURCE), [1_800_000_000.0]
    pages = FakeTools(now=lambda: at[0]).data(diary.pages, "7")
    pages.put({"day": "today", "text": "short"}, keep=1)
    pages.put({"day": "tomorrow", "text": "as declared"})
    at[0] += 2 * 86_400
    assert [page["day"] for page in pages.all()] == ["tomorrow"]
