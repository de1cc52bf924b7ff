"""EventBridge Scheduler on the sandbox's clock. It invokes what is due, as time passes or when the clock is turned.

Invocations are asynchronous, as on AWS: after two retries, the event goes to the function's failure destination.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.runtime_api import Outcome
from sandbox.clock import Clock
from sandbox.cron import occurrences
from sandbox.logs import Logs
from sandbox.template import Function, Schedule

MOST_AT_ONCE = 1500
"""If the clock is turned past more occurrences of one schedule than this, only the latest are fired.

It is enough for a schedule that is due each minute of a day.
"""
RETRY_SECONDS = (0.2, 0.4)
"""The waits before the first and the second retry, in real time. AWS waits one minute and two minutes."""


@dataclass(frozen=True)
class Run:
    """One firing of a schedule.

    `at` is the scheduled time in epoch seconds, `attempts` is how often the function was invoked, and `outcome` is the
    result of the last invocation.
    """

    schedule: str
    at: float
    attempts: int
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "schedule": self.schedule,
            "at": iso(self.at),
            "ok": self.outcome.ok,
            "attempts": self.attempts,
        }
        if self.outcome.ok:
            answer["result"] = json.loads(self.outcome.payload or b"null")
        else:
            answer["error"] = self.outcome.error
        return answer


class Schedules:
    """The schedules of the template.

    `invoke` invokes a function, given its name, an event and the request's id. `function` returns the configuration of
    a function. `send` puts a failed event into a queue, given the queue's name, the event as JSON and string
    attributes. `settle` waits until the work is done that a firing caused.
    """

    def __init__(
        self,
        schedules: Iterable[Schedule],
        clock: Clock,
        invoke: Callable[[str, object, str], Outcome],
        function: Callable[[str], Function],
        send: Callable[[str, str, dict[str, str]], None],
        logs: Logs,
        settle: Callable[[], object] = lambda: None,
    ) -> None:
        self._schedules = {schedule.name: schedule for schedule in schedules}
        self._clock, self._invoke, self._function, self._send, self._logs = clock, invoke, function, send, logs
        self._settle = settle
        self.asleep: frozenset[str] = frozenset()
        """Schedules that time alone does not fire."""
        self._lock = threading.Lock()
        self._passed = clock.now()
        self._stopping = threading.Event()
        for schedule in self._schedules.values():  # a bad expression fails here
            list(occurrences(schedule.expression, schedule.zone, self._passed, self._passed + 60))

    @property
    def names(self) -> list[str]:
        return sorted(self._schedules)

    def start(self) -> None:
        threading.Thread(target=self._tick, name="schedules", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def turn(self, seconds: float, most: int = MOST_AT_ONCE) -> tuple[list[Run], int]:
        """Turn the clock forward, and fire everything that comes due, in the order of the scheduled times.

        The clock stops at each occurrence until the work that it caused is done. So the function reads the scheduled
        time, and whatever one minute puts into a queue is done before the next minute begins.

        Return the runs, and how many occurrences were left out because a schedule had more than `most`.
        """
        with self._lock:
            left = seconds
            runs, until = [], self._clock.now() + seconds
            chosen, left_out = self._due(until, most)
            self._settle()  # what runs now began before the turn
            for at, name in chosen:
                step = round(min(left, max(0.0, at - self._clock.now())), 6)  # the clock keeps microseconds
                self._clock.advance(step)
                left = round(left - step, 6)
                runs.append(self._fire(self._schedules[name], at))
                self._settle()
            self._clock.advance(left)
            return runs, left_out

    def catch_up(self) -> tuple[list[Run], int]:
        """Fire everything that came due since the last call, one after another, in the order of the scheduled times.

        Return the runs, and how many occurrences were left out because a schedule had more than MOST_AT_ONCE.
        """
        with self._lock:
            chosen, left_out = self._due(self._clock.now(), MOST_AT_ONCE)
            return [self._fire(self._schedules[name], at) for at, name in chosen], left_out

    def run(self, name: str) -> Run:
        """Fire the schedule `name` by hand, for today or the current slot. Raise KeyError if it does not exist."""
        return self._fire(self._schedules[name], self._clock.now(), run="now")

    def next(self, name: str) -> float | None:
        """Return when the schedule `name` is due next, in epoch seconds, or None if it is not due within eight days."""
        schedule, now = self._schedules[name], self._clock.now()
        return next(occurrences(schedule.expression, schedule.zone, now, now + 8 * 86_400), None)

    def _due(self, until: float, most: int) -> tuple[list[tuple[float, str]], int]:
        """The latest `most` occurrences of each schedule that were not returned yet, in order, and how many are more.

        Each occurrence is the time at which it is due, with the schedule's name.
        """
        due = {
            schedule.name: list(occurrences(schedule.expression, schedule.zone, self._passed, until))
            for schedule in self._schedules.values()
            if schedule.name not in self.asleep
        }
        self._passed = until
        chosen = sorted((at, name) for name, times in due.items() for at in times[-most:])
        return chosen, sum(map(len, due.values())) - len(chosen)

    def _tick(self) -> None:
        while not self._stopping.wait(1):
            self.catch_up()

    def _fire(self, schedule: Schedule, at: float, **more: str) -> Run:
        event = {**json.loads(schedule.input.replace("<aws.scheduler.scheduled-time>", iso(at))), **more}
        attempt, outcome = self.deliver(schedule.function, event, schedule.dead_letters)
        run = Run(schedule.name, at, attempt, outcome)
        what = outcome.payload.decode() if outcome.ok else f"failed after {attempt} tries: {outcome.error}"
        self._logs.write(schedule.function, f"{schedule.name} of {iso(at)}: {what}")
        return run

    def deliver(self, name: str, event: object, dead_letters: str = "") -> tuple[int, Outcome]:
        """Invoke the function `name` asynchronously, as EventBridge does. Return the number of tries and the outcome.

        `dead_letters` is the ARN of a queue for an event on which the function failed, if it configures no other.
        """
        function = self._function(name)
        request_id = str(uuid.uuid4())  # Lambda's retries of an asynchronous invocation keep it
        for attempt in range(1, function.async_retries + 2):
            outcome = self._invoke(name, event, request_id)
            if outcome.ok or attempt > function.async_retries or self._stopping.wait(RETRY_SECONDS[attempt - 1]):
                break
        # An event on which the function fails goes to the destination that the function configures. On AWS, the dead
        # letters of the schedule only get events that could not be delivered to Lambda.
        if not outcome.ok and (destination := function.on_failure or dead_letters):
            attributes = {"RequestID": "sandbox", "ErrorCode": "200", "ErrorMessage": outcome.error[:1000]}
            self._send(destination.rpartition(":")[2], json.dumps(event), attributes)
        return attempt, outcome


def iso(moment: float) -> str:
    """Format epoch seconds as EventBridge does: 2026-11-22T09:00:00Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
