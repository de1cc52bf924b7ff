"""Which monitors a run checks a second time, and which of the two results counts."""

import pytest

from watchbell.status import recheck
from watchbell.status.facts import Facts
from watchbell.status.judgement import Judgement
from watchbell.status.monitor import Monitor

UP, DOWN, DEGRADED, UNKNOWN = Facts("up"), Facts("down"), Facts("degraded"), Facts("unknown")


def shop(**options):
    return Monitor("m", "Shop", "http", "https://shop.example/", options=options)


@pytest.mark.parametrize(
    ("monitor", "before", "checked_again"),
    [
        (shop(recheck="5"), Judgement("m", "up", results="000"), True),
        (shop(), Judgement("m", "up", results="000"), False),
        (shop(recheck="5"), Judgement("m", "up", results="002"), False),
        (shop(recheck="5"), Judgement("m", "down", results="220"), False),
        (shop(recheck="5"), Judgement("m", "new", results="0"), False),
        (shop(recheck="5"), Judgement("m", "up", results="000", unknown=3), True),
        (shop(recheck="5"), None, False),
        (shop(recheck="0"), Judgement("m", "up", results="0"), False),
        (shop(recheck="21"), Judgement("m", "up", results="0"), False),
        (shop(recheck="soon"), Judgement("m", "up", results="0"), False),
        (shop(recheck="²"), Judgement("m", "up", results="0"), False),
    ],
)
def test_a_monitor_that_was_well_and_has_the_option_is_checked_again(monitor, before, checked_again):
    known = {before.monitor: before} if before else {}
    assert (recheck.candidates([monitor], known) == {"m"}) is checked_again


@pytest.mark.parametrize(
    ("facts", "left", "seconds"),
    [(DOWN, 10.0, 5), (DOWN, 9.9, 0), (DOWN, -3.0, 0), (UP, 60.0, 0), (DEGRADED, 60.0, 0), (UNKNOWN, 60.0, 0)],
)
def test_only_a_failure_is_checked_again_and_only_if_there_is_time(facts, left, seconds):
    assert recheck.wait(shop(recheck="5"), facts, 5.0, left) == seconds


def test_the_checks_end_before_the_next_slot_and_before_the_function():
    assert recheck.left(600, 1, 603.0, 45.0) == 37.0
    assert recheck.left(600, 1, 640.0, 45.0) == 12.0
    assert recheck.left(600, 5, 640.0, float("inf")) == 252.0


@pytest.mark.parametrize("second", [UP, DEGRADED, DOWN])
def test_the_second_result_counts(second):
    assert recheck.stands(Facts("down", latency_ms=7), second) is second


def test_a_second_check_that_measures_nothing_leaves_the_first_result():
    assert recheck.stands(DOWN, UNKNOWN) is DOWN
