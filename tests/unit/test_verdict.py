"""What the worker does with an error: decided in one place, by the error, the delivery and the time that is left."""

import pytest

from watchbell.adapters.batch import Delivery
from watchbell.doors.worker import AGAIN_SECONDS, CutOff, Verdict, verdict
from watchbell.errors import Changed, DiscordError, Retry, Unavailable
from watchbell.interactions.job import NextSlice, Overtaken

BACK, TELL = Verdict(), Verdict(tell=True)
LONG = 800.0


def outage(wait=None):
    return DiscordError("PATCH", 503, wait=wait)


@pytest.mark.parametrize(
    ("error", "first", "last"),
    [
        (Retry("later"), BACK, TELL),
        (Changed("changed"), BACK, TELL),
        (Unavailable("DynamoDB"), BACK, TELL),
        (outage(), BACK, Verdict(again=AGAIN_SECONDS, tell=True)),
        (outage(wait=200.0), BACK, Verdict(again=200.0, tell=True)),
        (outage(wait=LONG), BACK, TELL),
        (KeyError("bug"), TELL, TELL),
        (CutOff("by its time"), TELL, TELL),
    ],
)
def test_an_error_of_the_work_itself_passes_or_is_told_at_the_last_delivery_and_a_bug_is_told_at_once(
    error, first, last
):
    assert verdict(error, Delivery({}, 1, False), LONG, claimed=True) == first
    assert verdict(error, Delivery({}, 5, True), LONG, claimed=True) == last


@pytest.mark.parametrize(("left", "again"), [(AGAIN_SECONDS * 2 + 1, AGAIN_SECONDS), (AGAIN_SECONDS * 2, None)])
def test_an_outage_of_discord_is_waited_for_only_while_the_answer_can_still_be_shown(left, again):
    assert verdict(outage(), Delivery({}, 5, True), left, claimed=True) == Verdict(again=again, tell=True)


@pytest.mark.parametrize(
    ("error", "first", "last"),
    [
        (Retry("being worked on", wait=12.0), BACK, Verdict(again=12.0)),
        (Retry("has failed for good", wait=0.0), BACK, BACK),
        (Unavailable("DynamoDB"), BACK, TELL),
        (KeyError("bug"), BACK, TELL),
    ],
)
def test_without_the_claim_the_person_is_told_only_if_nobody_else_can_hold_it(error, first, last):
    assert verdict(error, Delivery({}, 1, False), LONG, claimed=False) == first
    assert verdict(error, Delivery({}, 5, True), LONG, claimed=False) == last


SENT = {"kind": "interaction", "slice": 3}


@pytest.mark.parametrize(("delivery", "tell"), [(Delivery(SENT, 1, False), False), (Delivery(SENT, 5, True), True)])
def test_a_job_goes_on_with_another_message_or_comes_back_and_is_given_up_only_at_the_last_delivery(delivery, tell):
    what = verdict(NextSlice(4), delivery, LONG, claimed=True)
    assert what == Verdict(again=0.0, message={**SENT, "slice": 4}, tell=tell)


def test_an_outage_after_the_token_has_died_costs_a_job_a_slice_and_a_message_that_was_overtaken_is_dropped():
    assert verdict(outage(), Delivery(SENT, 1, False), -LONG, claimed=True) == BACK
    what = verdict(outage(), Delivery(SENT, 5, True), -LONG, claimed=True)
    assert what == Verdict(again=AGAIN_SECONDS, message={**SENT, "slice": 4}, tell=True)
    assert verdict(Overtaken("by slice 4"), Delivery(SENT, 5, True), LONG, claimed=True) == Verdict(drop=True)
