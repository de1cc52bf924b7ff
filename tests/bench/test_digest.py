"""The bench of digests reads few items, and counts only a digest of every result that Discord takes."""

from __future__ import annotations

import pytest

from bench import digest
from bench.instance import WrongAnswer
from watchbell.adapters.shards import Shards


def test_a_month_of_a_full_shard_takes_an_item_for_each_day_and_a_few_more() -> None:
    figures = digest.measure(rounds=1, monitors=25).figures()
    # The days, the state, the roster, and the digest itself, which is read again before it is written.
    assert figures["items_read"] == 30 + 1 + 1 + 2
    assert figures["ms"] > 0


def test_200_monitors_stay_within_the_goal() -> None:
    shards = digest.MONITORS // 25
    assert shards * (digest.DAYS + 1) + 4 <= digest.GOALS["items_read"][1]
    assert "at most 400: met" in digest.Measured(252, [1.0]).table()
    assert "MISSED" in digest.Measured(401, [1.0]).table()


def test_a_day_that_is_not_counted_is_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shards, "periods_between", lambda *_args: [])
    with pytest.raises(WrongAnswer, match="not every result"):
        digest.measure(rounds=1, monitors=25)
