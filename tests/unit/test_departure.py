"""Who removes the bot is forgotten after 30 days, unless they install it again."""

from datetime import UTC, datetime

import pytest

from watchbell import Data
from watchbell.data.tables import INTRODUCTION
from watchbell.errors import Changed
from watchbell.events import application_authorized, application_deauthorized
from watchbell.schedules.removals import GRACE, removals
from watchbell.testing import FakeTools
from watchbell.tools.departures import departures

ADA, EVE = "80351110224678912", "80351110224678913"
DAY = 86_400
AT = 1_795_000_000

NOTES = '''
from watchbell import Command, Data, Reply, anyone

command = Command("shelf", "A shelf", who=anyone)
mine = Data("mine", of="person", key=("name",), fields=("text",))
about = Data("about_them", of="server", key=("name",), fields=("author", "text"), about=("author",))
named = Data("named_there", of="server", key=("name",), fields=("readers",), mentions=("readers",))


@command.run
def shelf(interaction):
    """A shelf"""
    return Reply("x")
'''


class World:
    def __init__(self):
        self.at = float(AT)
        self.tools = FakeTools(now=lambda: self.at)

    def event(self, kind, user=ADA, at=AT):
        """Bring an event as the worker does, with its feature switched off if it has a switch."""
        module = {"in": application_authorized, "out": application_deauthorized}[kind]
        module.event.happen({"user": {"id": user}}, self.tools, at, off=kind == "in")

    def days(self, days):
        self.at = AT + days * DAY
        removals(datetime.fromtimestamp(self.at, UTC), self.tools)

    def known(self):
        return {row["pk"]["S"] for row in self.tools.state.rows.values()}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def shelf(feature, world):
    """Ada has data of every kind, and Eve too."""
    made = feature("shelf", NOTES)
    for user in (ADA, EVE):
        world.tools.data(made.mine, user).put({"name": "list", "text": "milk"})
        world.tools.data(made.about, "1").put({"name": user, "author": user, "text": "hi"})
        world.tools.state.put({**INTRODUCTION.item_key(user), "status": {"S": "done"}})
    world.tools.data(made.named, "1").put({"name": "all", "readers": [ADA, EVE]})
    return made


def test_the_data_of_who_removed_the_bot_is_erased_after_the_grace_and_nobody_elses(world, shelf):
    world.event("out")
    world.days(29.9)
    assert world.tools.data(shelf.mine, ADA).get("list")
    world.days(30)
    assert world.tools.data(shelf.mine, ADA).get("list") is None
    assert world.tools.data(shelf.about, "1").get(ADA) is None
    assert world.tools.data(shelf.named, "1").get("all")["readers"] == [EVE]
    assert not [key for key in world.known() if ADA in key]
    assert not [row for row in world.tools.state.rows.values() if ADA in str(row)]
    assert world.tools.data(shelf.mine, EVE).get("list")
    assert world.tools.data(shelf.about, "1").get(EVE)
    assert f"introduction#{EVE}" in world.known()


def test_who_installs_it_again_keeps_everything_even_if_the_greeting_is_switched_off(world, shelf):
    world.event("out")
    world.event("in", at=AT + 5)
    world.days(60)
    assert world.tools.data(shelf.mine, ADA).get("list")


def test_an_older_event_that_comes_late_changes_nothing(world, shelf):
    world.event("in", at=AT + 5)
    world.event("out", at=AT)
    world.days(60)
    assert world.tools.data(shelf.mine, ADA).get("list")
    world.event("out", at=AT + 40 * DAY)
    world.event("in", at=AT + 39 * DAY)
    world.days(69.9)
    assert world.tools.data(shelf.mine, ADA).get("list")
    world.days(70)
    assert world.tools.data(shelf.mine, ADA).get("list") is None


def test_a_removal_that_is_cut_off_is_finished_by_the_next_run(world, shelf):
    world.event("out")
    transact, calls = world.tools.state.transact, []

    def cut_off(*writes, token):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        transact(*writes, token=token)

    world.tools.state.transact = cut_off
    with pytest.raises(KeyboardInterrupt):
        world.days(30)
    world.tools.state.transact = transact
    world.days(31)
    assert not [row for row in world.tools.state.rows.values() if ADA in str(row)]


def test_an_event_at_the_same_time_as_another_one_comes_again(world):
    world.event("out")
    known = world.tools.data(departures)
    stale = known.get(ADA)
    known.put({**stale, "at": AT + 1})
    with pytest.raises(Changed):
        known.put({**stale, "leaves": False})


@pytest.mark.parametrize("data", [{}, {"user": None}, {"user": {"id": 7}}, {"user": {"id": "x"}}, {"user": {"id": ""}}])
def test_an_event_that_names_no_user_schedules_nothing(world, data):
    application_deauthorized.event.happen(data, world.tools, AT)
    assert world.tools.state.rows == {}


def test_many_people_are_forgotten_in_one_run(world):
    for number in range(230):
        world.event("out", user=str(10**16 + number))
    world.days(30)
    assert world.tools.state.rows == {}


def test_the_declaration_says_whose_it_is():
    assert isinstance(departures, Data)
    assert departures.about == ("user",)
    assert GRACE == 30 * DAY
