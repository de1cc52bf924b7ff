"""`python -m infra.cost`: what a deployment costs in a month in which nobody uses it, from the counts of its template.

The prices are list prices in US dollars for the region us-east-1. Other regions cost up to half as much again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra import ROOT
from sandbox.cron import occurrences

TEMPLATE = ROOT / "sandbox" / "template.json"
PRICES_OF = "June 2025"
ALARM = 0.10
"""For each metric that an alarm watches, in a month."""
REQUEST_OF_A_QUEUE = 0.40 / 1e6
INVOCATION_BY_SCHEDULE = 1.00 / 1e6
INVOCATION = 0.20 / 1e6
GB_SECOND = 0.0000133334
"""For a function on arm64."""
READ_UNIT, WRITE_UNIT = 0.125 / 1e6, 0.625 / 1e6
"""DynamoDB on demand: 4 KB read with strong consistency, and 1 KB written. There is no free tier for them."""
STORED_GB, RECOVERABLE_GB = 0.25, 0.20
"""DynamoDB: for a table, and for its point-in-time recovery, in a month."""

FREE_ALARMS, FREE_REQUESTS, FREE_BY_SCHEDULE = 10, 1e6, 14e6
FREE_INVOCATIONS, FREE_GB_SECONDS, FREE_STORED_GB = 1e6, 400_000, 25
"""What AWS gives every account in every month, for ever. All deployments of an account share it."""

HOURS = 730
POLLS_PER_MINUTE = 3  # each waits 20 seconds for a message
POLLERS = 5  # of a queue that is idle, unless its maximum concurrency is lower
TICK_SECONDS = 0.25  # more than a tick takes that finds nothing due: seven calls of DynamoDB
TICK_READS, TICK_WRITES = 4.5, 4  # units of DynamoDB; a test counts them
STORED = 0.01  # GB: more than an idle bot stores


SHARE = 0.29
"""The part of a processor that Lambda gives a function with MEMORY. 1,769 MB are a whole one."""
MEMORY = 512
"""MB of the monitor."""
RUNS = 60 * HOURS
"""How often a shard runs in a month, if one of its monitors is checked every minute."""
CALLS_PER_MESSAGE = 2.1
"""SQS: to receive a message and to delete it, and to send ten together."""


@dataclass(frozen=True)
class Run:
    """What one run of a shard takes.

    `cpu_seconds` are those of a whole processor, and `waits` those in which it waits for its slowest target.
    """

    read_units: float
    write_units: float
    cpu_seconds: float
    waits: float

    @property
    def billed(self) -> float:
        """The seconds that Lambda bills."""
        return self.cpu_seconds / SHARE + self.waits


def of_run(run: Run, runs: float = RUNS) -> float:
    """What `runs` runs of a shard cost at list price, beyond what an idle deployment costs."""
    return runs * (
        run.read_units * READ_UNIT
        + run.write_units * WRITE_UNIT
        + run.billed * MEMORY / 1024 * GB_SECOND
        + INVOCATION
        + CALLS_PER_MESSAGE * REQUEST_OF_A_QUEUE
    )


@dataclass(frozen=True)
class Cost:
    """One item of the bill: how many units in a month, what they cost at list price, and beyond the free tiers."""

    what: str
    count: str
    list_price: float
    beyond_free: float


def monthly(template: Mapping[str, Any]) -> list[Cost]:
    """Return the items of the bill for the resources in a CloudFormation template. The last item is their sum."""
    resources = template["Resources"].values()

    def of_type(kind: str) -> list[dict[str, Any]]:
        return [it["Properties"] for it in resources if it["Type"] == kind]

    watched = sum(
        sum("MetricStat" in metric for metric in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in of_type("AWS::CloudWatch::Alarm")
    )
    limits = [it.get("ScalingConfig", {}) for it in of_type("AWS::Lambda::EventSourceMapping")]
    pollers = sum(min(POLLERS, limit.get("MaximumConcurrency", POLLERS)) for limit in limits)
    polls = pollers * POLLS_PER_MINUTE * 60 * HOURS
    memory = max(function["MemorySize"] for function in of_type("AWS::Lambda::Function")) / 1024
    schedules = [schedule["ScheduleExpression"] for schedule in of_type("AWS::Scheduler::Schedule")]
    a_day = sum(len(list(occurrences(expression, "UTC", 0, 86_400))) for expression in schedules)
    ticks = round(a_day / 24 * HOURS)
    gb_seconds = ticks * TICK_SECONDS * memory
    recoverable = [it for it in of_type("AWS::DynamoDB::Table") if "PointInTimeRecoverySpecification" in it]
    recovery = len(recoverable) * STORED * RECOVERABLE_GB
    items = [
        Cost("CloudWatch alarms", f"{watched}", watched * ALARM, max(0, watched - FREE_ALARMS) * ALARM),
        Cost(
            f"requests with which Lambda polls {len(limits)} queues",
            f"{polls:,}",
            polls * REQUEST_OF_A_QUEUE,
            max(0, polls - FREE_REQUESTS) * REQUEST_OF_A_QUEUE,
        ),
        Cost(
            "ticks of the schedules",
            f"{ticks:,}",
            ticks * (INVOCATION_BY_SCHEDULE + INVOCATION) + gb_seconds * GB_SECOND,
            max(0, ticks - FREE_BY_SCHEDULE) * INVOCATION_BY_SCHEDULE
            + max(0, ticks - FREE_INVOCATIONS) * INVOCATION
            + max(0, gb_seconds - FREE_GB_SECONDS) * GB_SECOND,
        ),
        Cost(
            "units that the ticks read and write in tables",
            f"{ticks * (TICK_READS + TICK_WRITES):,.0f}",
            ticks * (TICK_READS * READ_UNIT + TICK_WRITES * WRITE_UNIT),
            ticks * (TICK_READS * READ_UNIT + TICK_WRITES * WRITE_UNIT),
        ),
        Cost(
            "GB in tables, with point-in-time recovery",
            f"{STORED}",
            STORED * STORED_GB + recovery,
            max(0, STORED - FREE_STORED_GB) * STORED_GB + recovery,
        ),
    ]
    return [
        *items,
        Cost("**sum**", "", sum(item.list_price for item in items), sum(item.beyond_free for item in items)),
    ]


def rows(template: Mapping[str, Any] | None = None) -> list[tuple[str, ...]]:
    """Return the bill as rows of text. `template` is that of the default settings, unless it is given."""
    bill = monthly(template or json.loads(TEMPLATE.read_text()))
    return [(item.what, item.count, f"${item.list_price:.2f}", f"${item.beyond_free:.2f}") for item in bill]


if __name__ == "__main__":
    for cells in rows():
        sys.stdout.write("{:<46}{:>12}{:>9}{:>9}\n".format(*cells))
    sys.stdout.write(f"List prices of {PRICES_OF} in us-east-1. The last column is what the free tiers leave.\n")
