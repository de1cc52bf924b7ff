"""What an idle deployment costs, counted in its template."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from infra import ROOT
from infra.cost import PRICES_OF, TEMPLATE, TICK_READS, TICK_WRITES, Run, monthly, of_run, rows
from tests.sweep.world import claims
from watchbell.adapters.shards import Shards
from watchbell.doors.scheduler import occur
from watchbell.testing.table import FakeTable


def template(**resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 1024}}
    made = {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in resources.items()}
    return {"Resources": {"F": function, **made}}


ALARM = ("AWS::CloudWatch::Alarm", {"MetricName": "Errors"})
SUM = ("AWS::CloudWatch::Alarm", {"Metrics": [{"Expression": "a+b"}, {"MetricStat": {}}, {"MetricStat": {}}]})
UNBOUNDED = ("AWS::Lambda::EventSourceMapping", {})
BOUNDED = ("AWS::Lambda::EventSourceMapping", {"ScalingConfig": {"MaximumConcurrency": 2}})
HOURLY = ("AWS::Scheduler::Schedule", {"ScheduleExpression": "cron(0 * * * ? *)"})
QUARTERLY = ("AWS::Scheduler::Schedule", {"ScheduleExpression": "cron(0/15 * * * ? *)"})


def test_an_alarm_costs_ten_cents_for_each_metric_that_it_watches_and_ten_are_free() -> None:
    alarms = {f"A{number}": ALARM for number in range(10)}
    item, *_ = monthly(template(**alarms, Sum=SUM))
    assert (item.count, round(item.list_price, 2), round(item.beyond_free, 2)) == ("12", 1.20, 0.20)


def test_an_idle_queue_is_polled_three_times_a_minute_by_each_of_its_pollers() -> None:
    _, item, *_ = monthly(template(A=UNBOUNDED, B=BOUNDED))
    assert item.count == f"{(5 + 2) * 3 * 60 * 730:,}"
    assert round(item.list_price, 2) == 0.37
    assert item.beyond_free == 0
    _, item, *_ = monthly(template(A=UNBOUNDED, B=UNBOUNDED))
    assert round(item.beyond_free, 3) == round((10 * 3 * 60 * 730 - 1e6) * 0.4e-6, 3)


def test_ticks_are_counted_for_each_schedule() -> None:
    assert monthly(template(A=HOURLY, B=QUARTERLY))[2].count == f"{730 * 5:,}"


def test_a_tick_that_finds_nothing_due_takes_the_units_that_the_bill_has() -> None:
    table = FakeTable()
    tools = SimpleNamespace(
        settings={},
        claims=claims(table, lambda: 0.0),
        flags=SimpleNamespace(switched_off=lambda switch: False),
        shards=Shards(table, lambda: 0.0),  # type: ignore[arg-type]
        check_queue=SimpleNamespace(send_many=lambda messages: None),
        send_queue=SimpleNamespace(send_many=lambda messages: None),
    )
    for minute in range(3):  # the first two lead to the third, which is like all later ones
        table.units.clear()
        occur({"schedule": "watch", "at": f"2026-11-26T10:0{minute}:00Z"}, tools)  # type: ignore[arg-type]
    assert table.units == {"read": TICK_READS, "write": TICK_WRITES}


def test_a_run_costs_its_units_its_message_and_the_time_that_lambda_bills() -> None:
    assert Run(0, 0, cpu_seconds=0.29, waits=0.5).billed == pytest.approx(1.5)
    nothing = of_run(Run(0, 0, 0, 0), runs=1e6)
    assert nothing == pytest.approx(0.2 + 2.1 * 0.4)
    assert of_run(Run(0, 8, 0, 0), runs=1e6) - nothing == pytest.approx(5.0)
    assert of_run(Run(8, 0, 0, 0), runs=1e6) - nothing == pytest.approx(1.0)
    assert of_run(Run(0, 0, 0, 2.0), runs=1e6) - nothing == pytest.approx(13.3334)


@pytest.mark.parametrize("column", ["list_price", "beyond_free"])
def test_the_last_item_is_the_sum(column: str) -> None:
    *items, total = monthly(json.loads(TEMPLATE.read_text()))
    assert getattr(total, column) == sum(getattr(item, column) for item in items) > 0


def test_an_idle_deployment_costs_less_than_three_dollars_and_less_than_half_of_it_beyond_the_free_tiers() -> None:
    total = monthly(json.loads(TEMPLATE.read_text()))[-1]
    assert total.list_price < 3
    assert total.beyond_free < total.list_price / 2
    assert rows()[-1] == ("**sum**", "", f"${total.list_price:.2f}", f"${total.beyond_free:.2f}")


def test_the_readme_says_of_when_the_prices_are() -> None:
    assert f"list prices of {PRICES_OF} in us-east-1" in (ROOT / "README.md").read_text()
