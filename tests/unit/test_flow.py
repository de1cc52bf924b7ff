"""Flows: interactions with the same filled-in name continue one journal, and an ended flow begins again."""

import pytest

from watchbell.errors import Changed, DefinitionError, UserError
from watchbell.interactions.call import Call
from watchbell.interactions.flow import Flow
from watchbell.interactions.limits import admit
from watchbell.kit.flow import FLOWS
from watchbell.testing import FakeTools, Somebody, press, run
from watchbell.tools.toolbox import Desk

ADA, BOB = "710000000000000001", "710000000000000002"
GUILD = "1100000000000000001"

SOURCE = """
from watchbell import Command, Reply, anyone

command = Command("enrol", "Enrol", who=anyone)
made = []

@command.run(flow="enrol:{guild}:{user}")
def enrol(interaction, tools, *, fails: str = ""):
    '''Enrol.

    fails: Where it fails'''
    return steps(tools, fails)

@command.button(flow="enrol:{guild}:{pupil}")
def go_on(interaction, tools, *, pupil: str):
    return steps(tools, "")

@command.button(flow="enrol:{guild}:{pupil}")
def leave(interaction, tools, *, pupil: str):
    tools.journal.end()
    return Reply("left")

def steps(tools, fails):
    told = []
    for name in ("desk", "book"):
        with tools.journal.step(name) as step:
            told.append("unsure" if step.unsure else "new" if step.new else f"done {step.value}")
            if step.new:
                made.append(name)
                if fails == name:
                    raise RuntimeError("died")
                step.value = len(made)
    return Reply(", ".join(told))
"""


@pytest.fixture
def enrol(feature):
    return feature("enrol", SOURCE)


@pytest.fixture
def tools():
    return FakeTools()


def asked(enrol, tools, **who):
    return run(enrol, tools=tools, guild=GUILD, **{"user": ADA, **who}).content


def test_the_next_interaction_finds_what_an_earlier_one_did(enrol, tools):
    assert asked(enrol, tools) == "new, new"
    assert asked(enrol, tools) == "done 1, done 2"
    assert press(enrol.go_on, pupil=ADA, tools=tools, user=BOB, guild=GUILD).content == "done 1, done 2"
    assert enrol.made == ["desk", "book"]


def test_another_subject_has_another_flow(enrol, tools):
    asked(enrol, tools)
    assert asked(enrol, tools, user=BOB) == "new, new"
    assert run(enrol, tools=tools, user=ADA, guild="1100000000000000002").content == "new, new"


def test_a_step_that_somebody_began_is_unsure_for_the_next(enrol, tools):
    with pytest.raises(RuntimeError):
        asked(enrol, tools, fails="book", id="1")
    tools.locks.taken[f"enrol:{GUILD}:{ADA}"].release()
    assert press(enrol.go_on, pupil=ADA, tools=tools, user=BOB, guild=GUILD).content == "done 1, unsure"
    assert asked(enrol, tools) == "done 1, done 3"


def test_an_ended_flow_begins_again_for_the_next_interaction_and_not_for_the_one_that_ended_it(enrol, tools):
    asked(enrol, tools)
    for _try in range(2):
        press(enrol.leave, pupil=ADA, tools=tools, user=BOB, guild=GUILD, id="9")
    assert press(enrol.go_on, pupil=ADA, tools=tools, guild=GUILD, id="9").content == "done 1, done 2"
    assert asked(enrol, tools) == "new, new"
    assert asked(enrol, tools) == "done 3, done 4"


def test_the_journal_of_the_interaction_is_back_after_a_flow_even_if_it_fails(enrol, tools):
    """The worker keeps there which messages of the answer it has sent, for the next try too."""
    desk = Desk(tools, tools.journal, tools.seconds_left)
    call = Call(enrol.enrol, Somebody(user=ADA).interaction(2, {"name": "enrol", "type": 1}))

    def fail(error):
        with admit(call, desk):
            assert isinstance(desk.journal, Flow)
            raise error

    for error in (UserError("no"), RuntimeError("died")):
        with pytest.raises(type(error)):
            fail(error)
        assert desk.journal is tools.journal


def test_a_holder_that_has_lost_the_lock_can_neither_begin_nor_finish_a_step(tools):
    def held(fence):
        return Flow(tools.data(FLOWS), "x", "1", fence, set(), set())

    early = held(1)
    step = early.step("desk")
    later = held(2)
    assert later.step("desk").unsure
    later.step("book")
    with pytest.raises(Changed), step:
        pass
    with pytest.raises(Changed):
        held(1).step("chair")


def test_the_nonce_of_a_step_is_the_same_for_every_try_until_the_flow_ends(tools):
    def nonce(interaction, name="desk", flow="x"):
        return Flow(tools.data(FLOWS), flow, interaction, 1, set(), set()).step(name).nonce

    first = nonce("1")
    assert [nonce("1"), nonce("2")] == [first, first]
    with Flow(tools.data(FLOWS), "x", "2", 1, set(), set()).step("desk") as step:
        assert step.new
    assert nonce("3") == first
    assert len({first, nonce("1", name="book"), nonce("1", flow="y")}) == 3
    Flow(tools.data(FLOWS), "x", "3", 1, set(), set()).end()
    assert nonce("3") == first
    assert nonce("4") != first
    assert [nonce("4"), nonce("5")] == [nonce("4")] * 2


def test_a_step_that_an_older_version_began_has_a_nonce_too(tools):
    tools.data(FLOWS).put({"flow": "x", "steps": {"desk": {"done": False, "value": None}}})
    nonces = {Flow(tools.data(FLOWS), "x", id, 1, set(), set()).step("desk").nonce for id in ("1", "2")}
    assert len(nonces) == 1


def test_a_flow_lies_under_the_people_and_the_server_in_its_name(enrol, tools):
    press(enrol.go_on, pupil=BOB, tools=tools, user=ADA, guild=GUILD)
    assert {pk for pk, sk in tools.state.rows if sk.startswith("in#")} == {f"user#{BOB}", f"guild#{GUILD}"}


def test_a_step_keeps_json_only(tools):
    flow = Flow(tools.data(FLOWS), "x", "1", 1, set(), set())
    with pytest.raises(DefinitionError, match="a field is no JSON"), flow.step("desk") as step:
        step.value = object()


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('flow="a:{guild}", lock="b:{guild}"', "keep one of lock, flow and job"),
        ('flow="a:{gild}"', r"the flow has the unknown placeholder \{gild\}"),
        ('flow="a:{guild}", instant=True', "a quota, lock, flow or audit needs a table write"),
    ],
)
def test_a_flow_that_cannot_work_is_refused_with_a_sentence(feature, rules, sentence):
    with pytest.raises(DefinitionError, match=sentence):
        feature("enrol", SOURCE.replace('flow="enrol:{guild}:{user}"', rules))


BATCH = """
from watchbell import Command, Reply, anyone

command = Command("batch", "Work through many flows", who=anyone)

@command.run
def batch(interaction, tools, *, pupil: str):
    '''Work.

    pupil: Whose flow'''
    with tools.flow(f"enrol:{interaction.guild_id}:{pupil}", people=[pupil]) as journal:
        if journal is None:
            return Reply("busy")
        with journal.step("desk") as step:
            return Reply("new" if step.new else f"done {step.value}")
"""


def test_a_handler_can_hold_the_flow_of_somebody_else_and_finds_their_steps(feature, enrol, tools):
    batch = feature("batch", BATCH)
    asked(enrol, tools)
    assert run(batch, pupil=ADA, tools=tools, guild=GUILD).content == "done 1"
    assert run(batch, pupil=BOB, tools=tools, guild=GUILD).content == "new"
    tools.locks.take(f"enrol:{GUILD}:{ADA}", "somebody")
    assert run(batch, pupil=ADA, tools=tools, guild=GUILD).content == "busy"
    assert asked(enrol, tools, user=BOB) == "done None, new"


def test_a_flow_tells_which_steps_have_begun_until_another_interaction_begins_it_again(tools):
    first = Flow(tools.data(FLOWS), "enrol:1:2", "1", 0, set(), set())
    assert not first.begun("desk")
    first.step("desk")
    again = Flow(tools.data(FLOWS), "enrol:1:2", "2", 0, set(), set())
    assert (again.begun("desk"), again.begun("book")) == (True, False)
    again.end()
    assert not Flow(tools.data(FLOWS), "enrol:1:2", "3", 0, set(), set()).begun("desk")
