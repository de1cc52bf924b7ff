"""The bench of the tick counts what AWS bills for runs whose results are right."""

from __future__ import annotations

import pytest

from bench import scale, tick
from bench.instance import WrongAnswer
from infra.cost import Run
from watchbell.adapters.shards import Shards


def test_a_run_of_a_full_shard_is_four_calls_and_at_most_eight_write_units() -> None:
    server = tick.Server(tick.FULL)
    run = server.measured(60, 0.01)
    assert server.calls == {"BatchGetItem": 60, "Query": 60, "UpdateItem": 59, "TransactWriteItems": 1, "PutItem": 60}
    assert server.items == pytest.approx(25 + 1 + 2, abs=0.1)
    assert 2 <= run.write_units <= tick.GOALS["write_units_per_run"][1]
    assert run.cpu_seconds > 0.25
    assert run.waits == 0.1


def test_a_target_that_hangs_makes_the_whole_run_wait() -> None:
    run = tick.Server(3, hanging=True).measured(1, 0)
    assert run.waits == 5


def test_the_figures_are_those_of_a_monitor_and_a_month() -> None:
    made = tick.Measured(Run(1, 2, 0.01, 0.1), Run(4, 8, 0.1, 0.1), Run(4, 9, 0.1, 5), items=28)
    figures = made.figures()
    assert figures["usd_per_monitor_month_alone"] > figures["usd_per_monitor_month_25_healthy"]
    assert figures["usd_per_monitor_month_25_one_hanging"] > figures["usd_per_monitor_month_25_healthy"]
    assert {**figures, "items_per_run": 28, "write_units_per_run": 8, "read_units_per_run": 4} == figures
    assert "at most 8: met" in made.table()
    missed = tick.Measured(Run(1, 2, 0.01, 0.1), Run(4, 8.5, 1, 0.1), Run(4, 9, 0.1, 5), items=28)
    assert missed.table().count("MISSED") == 2


def test_a_result_that_is_not_counted_is_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shards, "store", lambda *_args, **_more: False)
    with pytest.raises(WrongAnswer, match="results were counted"):
        tick.Server(2).measured(2, 0)


def test_the_scale_counts_every_shard_once_in_its_period() -> None:
    assert [sum(queued for queued, *_ in scale.tick(30, every)) for every in (1, 5, 15)] == [30, 30, 30]
    (found,) = scale.tick(30, 1)
    assert found == (30, 8, 3)  # 8 calls of DynamoDB find them, and 3 calls of SQS queue them


def test_twice_the_monitors_take_twice_the_runs() -> None:
    one, two = scale.scale(1_000, 25, 1), scale.scale(2_000, 25, 1)
    assert (one.shards, one.runs, two.shards, two.runs) == (40, 40, 80, 80)
    assert two.dollars == pytest.approx(2 * one.dollars)
    assert one.hanging > one.functions
