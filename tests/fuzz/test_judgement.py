"""Random lives of monitors: a slow judgement that keeps everything agrees with the one that is shipped."""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.fuzz.budget import INPUTS
from tests.judgements import difference, life
from watchbell.status.judgement import Judgement, judge, restart

LIVES = max(2_000, INPUTS // 2)
BATCHES = 4


def seeds(batch: int) -> range:
    """The seeds of a batch. They are new in each run if WATCHBELL_FUZZ is set."""
    start = Random().randrange(10**12) if "WATCHBELL_FUZZ" in os.environ else 0
    return range(start + batch, start + LIVES, BATCHES)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_judgement_of_every_life_is_the_one_that_the_words_of_the_requirement_give(batch: int) -> None:
    found = {seed: difference(life(Random(seed))) for seed in seeds(batch)}
    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


def test_flips_are_one_chain_and_news_is_never_said_twice() -> None:
    for seed in range(100):
        flips = [flip for flip in flips_of(seed) if flip.old != flip.new]
        assert [flip.new for flip in flips][:-1] == [flip.old for flip in flips][1:], seed
        assert [flip.since for flip in flips] == sorted(flip.since for flip in flips), seed
        told, notice = "up", False
        for flip in flips_of(seed):
            if flip.news == "flapping":
                assert not notice, seed
                notice = True
            elif flip.news == "settled":
                assert notice, seed
                told, notice = flip.new, False
            elif flip.news:
                assert flip.new != told, seed
                assert {"opened": told == "up", "changed": "up" not in (told, flip.new)}.get(
                    flip.news, flip.new == "up"
                )
                told = flip.new


def flips_of(seed):
    judged, at, found = Judgement("m0n1t0r5"), 1_700_000_000, []
    for what, *details in life(Random(seed), 200):
        at += 60
        if what == "restart":
            judged, flips = restart(judged, at=at)
        else:
            facts, policy, _, in_maintenance = details
            judged, flips = judge(judged, facts, policy, at=at, in_maintenance=in_maintenance)
        found += flips
    return found
