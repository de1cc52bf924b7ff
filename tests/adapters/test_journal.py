"""A flow with several effects does no effect twice, no matter when it is killed."""

import pytest

from watchbell.adapters.journal import Journal
from watchbell.errors import Unavailable


@pytest.fixture
def journal(settings):
    """`journal(attempt)` returns the journal of one interaction in its first, second, … try."""
    return lambda attempt, id="1": Journal(settings["EPHEMERAL_TABLE"], id, attempt)


def test_a_step_that_is_done_is_not_done_again_and_keeps_its_value(journal):
    with journal(1).step("channel") as step:
        assert (step.new, step.unsure) == (True, False)
        step.value = {"id": "7", "name": "é"}
    with journal(2).step("channel") as step:
        assert (step.new, step.unsure, step.value) == (False, False, {"id": "7", "name": "é"})


def test_a_step_that_failed_is_done_again_and_known_to_have_been_begun(journal):
    with pytest.raises(KeyError), journal(1).step("channel"):
        raise KeyError
    with journal(2).step("channel") as step:
        assert (step.new, step.unsure, step.value) == (True, True, None)
        step.value = "8"
    assert journal(3).step("channel").value == "8"


def test_a_step_in_which_the_process_was_killed_is_unsure(journal):
    journal(1).step("channel").__enter__()  # and the process is killed
    with journal(2).step("channel") as step:
        assert (step.new, step.unsure) == (True, True)


def test_a_step_that_is_asked_for_twice_in_one_try_is_done_once(journal):
    once = journal(1)
    with once.step("channel") as step:
        step.value = "7"
    with once.step("channel") as step:
        assert (step.new, step.unsure, step.value) == (False, False, "7")
    with pytest.raises(KeyError), once.step("greeting"):
        raise KeyError
    with once.step("greeting") as step:
        assert (step.new, step.unsure) == (True, True)


def test_the_nonce_of_a_step_is_the_same_in_each_try_and_for_no_other_step(journal):
    nonce = journal(1).step("channel").nonce
    assert journal(2).step("channel").nonce == nonce
    assert len({nonce, journal(2).step("greeting").nonce, journal(1, "2").step("channel").nonce}) == 3


def test_steps_and_interactions_are_told_apart(journal):
    with journal(1).step("channel"):
        pass
    assert journal(2).step("greeting").new
    assert journal(2, "2").step("channel").new
    assert not journal(2).step("channel").new


def test_nothing_is_begun_where_the_table_is_away(settings):
    away = Journal("no-such-table", "1", 1)
    begun = []
    with pytest.raises(Unavailable), away.step("channel"):
        begun.append("an effect")
    assert begun == []
