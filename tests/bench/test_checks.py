"""The bench of checks times only right answers, and says whether a figure meets its goal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import checks
from bench.instance import WrongAnswer
from watchbell.adapters.sessions import tls_context

MADE = checks.Comparison(
    runs={1: [0.010, 0.012, 0.100], 50: [0.5, 0.4, 0.6], 500: [4.0, 5.0, 6.0]},
    cpu={1: [0.009, 0.009, 0.009], 50: [0.3, 0.3, 0.3], 500: [2.0, 2.5, 3.0]},
    bare=[0.005, 0.004, 0.050],
)


def test_the_figures_are_medians() -> None:
    assert MADE.figures() == {
        "checks_per_s_1": 83.3,
        "checks_per_s_50": 100.0,
        "checks_per_s_500": 100.0,
        "cpu_ms_per_check": 5.0,
        "check_vs_bare": 2.0,
    }
    assert "cpu_ms_per_check" in MADE.table()
    assert "at most 10: met" in MADE.table()


def test_a_website_that_is_not_trusted_is_a_wrong_answer(tmp_path: Path) -> None:
    with checks.server(tmp_path) as (url, authorities):
        with pytest.raises(WrongAnswer, match="1 of 1 checks failed"):
            checks.timed_run(url, 1)
        tls_context().load_verify_locations(authorities)
        assert all(spent > 0 for spent in (*checks.timed_run(url, 3), checks.timed_get(url)))
