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

MOST_AT_ONCE = 200
"""If the clock is turned past more occurrences of one schedule than this, only the latest are fired."""
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
    attributes.
    """

    def __init__(
        self,
        schedules: Iterable[Schedule],
        clock: Clock,
        invoke: Callable[[str, object, str], Outcome],
        function: Callable[[str], Function],
        send: Callable[[str, str, dict[str, str]], None],
        logs: Logs,
    ) -> None:
        self._schedules = {schedule.name: schedule for schedule in schedules}
        self._clock, self._invoke, self._function, self._send, self._logs = clock, invoke, function, send, logs
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

    def catch_up(self) -> tuple[list[Run], int]:
        """Fire everything that came due since the last call, one after another, in the order of the scheduled times.

        Return the runs, and how many occurrences were left out because a schedule had more than MOST_AT_ONCE.
        """
        with self._lock:
            now = self._clock.now()
            due = {schedule.name: self._due(schedule, now) for schedule in self._schedules.values()}
            self._passed = now
            chosen = sorted((at, name) for name, times in due.items() for at in times[-MOST_AT_ONCE:])
            runs = [self._fire(self._schedules[name], at) for at, name in chosen]
            return runs, sum(map(len, due.values())) - len(runs)

    def run(self, name: str) -> Run:
        """Fire the schedule `name` by hand, for today or the current slot. Raise KeyError if it does not exist."""
        return self._fire(self._schedules[name], self._clock.now(), run="now")

    def next(self, name: str) -> float | None:
        """Return when the schedule `name` is due next, in epoch seconds, or None if it is not due within eight days."""
        schedule, now = self._schedules[name], self._clock.now()
        return next(occurrences(schedule.expression, schedule.zone, now, now + 8 * 86_400), None)

    def _due(self, schedule: Schedule, now: float) -> list[float]:
        return list(occurrences(schedule.expression, schedule.zone, self._passed, now))

    def _tick(self) -> None:
        while not self._stopping.wait(1):
            self.catch_up()

    def _fire(self, schedule: Schedule, at: float, **more: str) -> Run:
        event = {**json.loads(schedule.input.replace("<aws.scheduler.scheduled-time>", iso(at))), **more}
        function = self._function(schedule.function)
        request_id = str(uuid.uuid4())  # Lambda's retries of an asynchronous invocation keep it
        for attempt in range(1, function.async_retries + 2):
            outcome = self._invoke(schedule.function, event, request_id)
            if outcome.ok or attempt > function.async_retries or self._stopping.wait(RETRY_SECONDS[attempt - 1]):
                break
        run = Run(schedule.name, at, attempt, outcome)
        what = outcome.payload.decode() if outcome.ok else f"failed after {attempt} tries: {outcome.error}"
        self._logs.write(schedule.function, f"{schedule.name} of {iso(at)}: {what}")
        # An event on which the function fails goes to the destination that the function configures. On AWS, the dead
        # letters of the schedule only get events that could not be delivered to Lambda.
        if not outcome.ok and (destination := function.on_failure or schedule.dead_letters):
            attributes = {"RequestID": "sandbox", "ErrorCode": "200", "ErrorMessage": outcome.error[:1000]}
            self._send(destination.rpartition(":")[2], json.dumps(event), attributes)
        return run


def iso(moment: float) -> str:
    """Format epoch seconds as EventBridge does: 2026-11-22T09:00:00Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
