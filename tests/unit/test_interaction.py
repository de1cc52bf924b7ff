"""The properties of an interaction, for expected and for unexpected contents."""

import pytest

from watchbell import Channel, Role, User
from watchbell.discord.interaction import Interaction

RESOLVED = {
    "users": {"1": {"username": "bob"}},
    "members": {"1": {"nick": "Bobby"}},
    "roles": {"2": {"name": "crew"}},
    "channels": {"3": {"name": "garden", "type": 0}},
}


def chosen(kind, values, resolved=RESOLVED):
    data = {"custom_id": "x", "component_type": kind, "values": values, "resolved": resolved}
    raw = {"id": "1", "application_id": "2", "token": "t", "type": 3, "data": data}
    return Interaction(raw).values


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (3, ["a", "1"], ["a", "1"]),
        (5, ["1"], [User("1", {})]),
        (6, ["2"], [Role("2", {})]),
        (7, ["2", "1"], [Role("2", {}), User("1", {})]),
        (8, ["3"], [Channel("3", {})]),
    ],
)
def test_what_was_chosen_in_a_select_comes_as_what_it_is(kind, values, expected):
    assert chosen(kind, values) == expected


def test_a_chosen_person_is_called_as_the_server_calls_them():
    assert chosen(5, ["1"])[0].name == "Bobby"


@pytest.mark.parametrize("values", [None, "1", {"1": 1}, [1], ["9"], [["1"]]])
@pytest.mark.parametrize("resolved", [RESOLVED, None, [], {"users": [], "roles": "2"}])
def test_what_nobody_can_have_chosen_is_left_out(values, resolved):
    assert chosen(5, values, resolved) == []


@pytest.mark.parametrize("kind", [None, 2, 99, "5", [5], {}])
def test_a_component_of_a_strange_kind_has_texts(kind):
    assert chosen(kind, ["a", 5]) == ["a"]


def test_the_person_who_asked_has_a_name_in_a_server_and_in_direct_messages():
    user = {"id": "9", "username": "ada", "global_name": "Ada"}
    whole = {"type": 2, "id": "1", "application_id": "2", "token": "t", "data": {}}
    there = Interaction({**whole, "member": {"user": user, "nick": "Countess", "roles": ["5"]}}).user
    assert (there.id, there.name, there.mention, there.member["roles"]) == ("9", "Countess", "<@9>", ["5"])
    alone = Interaction({**whole, "user": user}).user
    assert (alone.id, alone.name, alone.member) == ("9", "Ada", {})
    assert Interaction({**whole, "user": ["odd"]}).user.id == ""
