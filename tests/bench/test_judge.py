"""The bench of the judgement needs no bundle, and counts judgements."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench import judge
from bench.instance import WrongAnswer
from watchbell.status.judgement import Judgement


def test_the_figure_is_judgements_by_the_median_round() -> None:
    assert judge.Comparison(1000, [0.01, 0.5, 0.02]).figures() == {"judgements_per_s": 50_000}
    assert judge.Comparison(1000, [0.01]).table().endswith("100,000  at least 50,000: met")


def test_a_judgement_that_is_wrong_is_not_timed() -> None:
    with pytest.raises(WrongAnswer, match="found"):
        judge.measure(rounds=1, judge=lambda before, *_, **__: (Judgement(before.monitor, "up"), ()))


def test_it_prints_one_object_without_building_a_bundle() -> None:
    command = [sys.executable, "-m", "bench", "judge", "--rounds", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout).keys() == {"judgements_per_s"}
    assert done.stderr == ""
