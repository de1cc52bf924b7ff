"""What an idle deployment costs, counted in its template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra import ROOT
from infra.cost import PRICES_OF, TEMPLATE, monthly, rows


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


@pytest.mark.parametrize("column", ["list_price", "beyond_free"])
def test_the_last_item_is_the_sum(column: str) -> None:
    *items, total = monthly(json.loads(TEMPLATE.read_text()))
    assert getattr(total, column) == sum(getattr(item, column) for item in items) > 0


def test_an_idle_deployment_costs_less_than_two_dollars_and_half_a_dollar_beyond_the_free_tiers() -> None:
    total = monthly(json.loads(TEMPLATE.read_text()))[-1]
    assert total.list_price < 2
    assert total.beyond_free <= 0.5
    assert rows()[-1] == ("**sum**", "", f"${total.list_price:.2f}", f"${total.beyond_free:.2f}")


def test_the_readme_says_of_when_the_prices_are() -> None:
    assert f"list prices of {PRICES_OF} in us-east-1" in (ROOT / "README.md").read_text()
