"""The bench of uptime reads few items, and counts only right answers."""

from __future__ import annotations

import pytest

from bench import uptime
from bench.instance import WrongAnswer
from watchbell.status.packing import pack_period
from watchbell.status.tally import Period


def test_90_days_take_as_many_items_for_25_monitors_as_for_one() -> None:
    figures = uptime.measure(rounds=1).figures()
    assert figures["items_read_90d_1_monitor"] == figures["items_read_90d_25_monitors"] == 114
    assert set(figures) == {
        *("items_read_90d_1_monitor", "items_read_90d_25_monitors"),
        *("ms_90d_1_monitor", "ms_90d_25_monitors"),
    }


def test_the_table_says_whether_the_goals_are_met() -> None:
    table = uptime.Measured({1: 114, 25: 121}, {1: [1.0], 25: [9.0]}).table()
    assert [line.split()[-1] for line in table.splitlines()[-2:]] == ["met", "MISSED"]


def test_a_row_that_is_not_counted_is_a_wrong_answer() -> None:
    class Lossy(uptime.Table):
        def day(self, start: int) -> bytes:
            return pack_period(Period(start))

    with pytest.raises(WrongAnswer, match="not every result"):
        uptime.measure(rounds=1, table=Lossy())
