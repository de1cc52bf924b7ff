"""Schedules run when the sandbox's clock is advanced."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import schedules
from sandbox.aws.runtime_api import Outcome, failure
from sandbox.clock import Clock
from sandbox.logs import Logs
from sandbox.schedules import MOST_AT_ONCE, Schedules, iso
from sandbox.template import Function, Schedule

HOUR = 3600


class Bench:
    """Schedules that invoke a function with the result `outcome`.

    `events` are the events that it was invoked with. `sent` are the messages that were put into queues.
    """

    def __init__(self, expression: str = "cron(0 * * * ? *)", **others: str) -> None:
        self.clock = Clock()
        self.happened: list[str] = []
        self.events: list[Any] = []
        self.requests: list[str] = []
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.outcome = Outcome(True, b'{"ran": true}')
        text = '{"schedule": "daily_digest", "at": "<aws.scheduler.scheduled-time>"}'
        self.schedules = Schedules(
            [
                Schedule(name, each, "UTC", "scheduler", text, "arn:x:schedule-dead")
                for name, each in {"daily_digest": expression, **others}.items()
            ],
            self.clock,
            self.invoke,
            lambda name: Function(name, "arn", "h.h", 1, 1, {}, on_failure="arn:x:function-dead"),
            lambda queue, body, attributes: self.sent.append((queue, body, attributes)),
            Logs(),
            lambda: self.happened.append("settled"),
        )

    def invoke(self, name: str, event: object, request_id: str) -> Outcome:
        assert name == "scheduler"
        self.requests.append(request_id)
        self.happened.append(iso(self.clock.now() // 60 * 60))  # the minute
        self.events.append(event)
        return self.outcome


def test_turning_the_clock_fires_each_occurrence_once_and_in_order() -> None:
    bench = Bench()
    bench.clock.advance(3 * HOUR)
    runs, left_out = bench.schedules.catch_up()
    assert len(bench.events) == len(runs) == 3
    assert left_out == 0
    assert (
        [event["at"] for event in bench.events] == [iso(run.at) for run in runs] == sorted(iso(run.at) for run in runs)
    )
    assert all(event["at"].endswith(":00:00Z") for event in bench.events)
    assert bench.schedules.catch_up() == ([], 0)


def test_a_turn_stops_at_each_occurrence_until_the_work_of_it_is_done() -> None:
    bench = Bench("rate(1 minute)", hourly="cron(0 * * * ? *)")
    begun = bench.clock.now()
    runs, left_out = bench.schedules.turn(2 * HOUR)
    times = [iso(run.at) for run in runs]
    assert (len(runs), left_out) == (122, 0)
    assert [run.schedule for run in runs].count("hourly") == 2
    assert bench.happened == ["settled", *(each for time in times for each in (time, "settled"))]
    assert bench.clock.offset == 2 * HOUR
    assert bench.clock.now() - begun >= 2 * HOUR


def test_each_minute_of_a_day_is_fired_and_at_its_own_time() -> None:
    bench = Bench("rate(1 minute)")
    runs, left_out = bench.schedules.turn(24 * HOUR)
    assert (len(runs), left_out) == (24 * 60, 0)
    assert [later.at - earlier.at for earlier, later in itertools.pairwise(runs)] == [60.0] * (24 * 60 - 1)
    assert bench.happened[1::2] == [iso(run.at) for run in runs]
    assert bench.schedules.turn(0) == ([], 0)
    assert bench.clock.offset == 24 * HOUR


def test_a_turn_goes_straight_to_the_first_occurrence_that_is_not_left_out() -> None:
    bench = Bench("rate(1 minute)", nightly="cron(0 0 * * ? *)")
    runs, left_out = bench.schedules.turn(30 * 24 * HOUR, most=1)
    assert {run.schedule for run in runs} == {"daily_digest", "nightly"}
    assert left_out == 30 * (24 * 60 + 1) - 2
    assert bench.happened[1::2] == [iso(run.at) for run in runs]


def test_only_the_latest_of_too_many_occurrences_are_fired() -> None:
    bench = Bench("rate(1 hour)")
    bench.clock.advance((MOST_AT_ONCE + 5) * HOUR)
    runs, left_out = bench.schedules.catch_up()
    assert (len(runs), left_out) == (MOST_AT_ONCE, 5)
    assert bench.clock.now() - runs[-1].at <= HOUR


def test_a_busy_schedule_does_not_crowd_out_another() -> None:
    bench = Bench("rate(1 minute)", nightly="cron(0 0 * * ? *)")
    runs, left_out = bench.schedules.turn(2 * 24 * HOUR)
    assert [run.schedule for run in runs].count("nightly") == 2
    assert (len(runs), left_out) == (MOST_AT_ONCE + 2, 2 * 24 * 60 - MOST_AT_ONCE)


def test_a_retry_has_the_request_id_of_its_first_try_and_another_tick_has_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedules, "RETRY_SECONDS", (0.0, 0.0))
    bench = Bench()
    bench.outcome = failure("Error", "failed")
    bench.schedules.run("daily_digest")
    bench.schedules.run("daily_digest")
    first, second = bench.requests[:3], bench.requests[3:]
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] != second[0]


def test_the_clock_only_turns_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)


def test_a_run_by_hand_gets_the_time_of_the_clock() -> None:
    bench = Bench()
    bench.clock.advance(400 * 24 * HOUR)
    run = bench.schedules.run("daily_digest")
    assert run.as_json() == {
        "schedule": "daily_digest",
        "at": bench.events[0]["at"],
        "ok": True,
        "attempts": 1,
        "result": {"ran": True},
    }
    at = datetime.fromisoformat(bench.events[0]["at"])
    assert (at - datetime.now(UTC)).days in (399, 400)


def test_an_event_that_fails_three_times_goes_to_the_dead_letters_of_the_function() -> None:
    bench = Bench()
    bench.outcome = failure("ValueError", "no")
    run = bench.schedules.run("daily_digest")
    assert (run.attempts, run.as_json()["error"]) == (3, "ValueError: no")
    assert len(bench.events) == 3
    ((queue, body, attributes),) = bench.sent
    assert queue == "function-dead"
    assert json.loads(body) == bench.events[0]
    assert attributes["ErrorMessage"] == "ValueError: no"


def test_an_unknown_schedule_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Bench().schedules.run("nightly")
