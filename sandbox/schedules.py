"""EventBridge Scheduler on the sandbox's clock: invokes what is due, when time passes and when it is turned.

Invocations are asynchronous ones as in AWS: two retries, then the function's destination for failures.
"""

from __future__ import annotations

import json
import threading
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
"""When the clock is turned past more occurrences of one schedule than this, its earliest are left out."""
RETRY_SECONDS = (0.2, 0.4)
"""Before the first and the second retry, in real time; AWS waits one minute and two."""


@dataclass(frozen=True)
class Run:
    """One firing: the scheduled time (epoch seconds), how often the function was tried, and how the last try ended."""

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
    """`invoke` takes a function's name and an event; `function` gives its configuration; `send` puts a failed event on
    the queue of that name with string attributes."""

    def __init__(
        self,
        schedules: Iterable[Schedule],
        clock: Clock,
        invoke: Callable[[str, object], Outcome],
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
        """Fire all that came due since the last call, in order and one after another.

        Returns what was fired, and how many occurrences were left out because a schedule had more than MOST_AT_ONCE.
        """
        with self._lock:
            now = self._clock.now()
            due = {schedule.name: self._due(schedule, now) for schedule in self._schedules.values()}
            self._passed = now
            chosen = sorted((at, name) for name, times in due.items() for at in times[-MOST_AT_ONCE:])
            runs = [self._fire(self._schedules[name], at) for at, name in chosen]
            return runs, sum(map(len, due.values())) - len(runs)

    def run(self, name: str) -> Run:
        """Fire schedule `name` by hand, for today or the current slot. Raises KeyError if there is no such schedule."""
        return self._fire(self._schedules[name], self._clock.now(), run="now")

    def next(self, name: str) -> float | None:
        """When schedule `name` is due next within eight days, epoch seconds."""
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
        for attempt in range(1, function.async_retries + 2):
            outcome = self._invoke(schedule.function, event)
            if outcome.ok or attempt > function.async_retries or self._stopping.wait(RETRY_SECONDS[attempt - 1]):
                break
        run = Run(schedule.name, at, attempt, outcome)
        what = outcome.payload.decode() if outcome.ok else f"failed after {attempt} tries: {outcome.error}"
        self._logs.write(schedule.function, f"{schedule.name} of {iso(at)}: {what}")
        # AWS sends to the schedule's own dead letters only what it could not hand to Lambda at all; what the function
        # failed on goes where the function says.
        if not outcome.ok and (destination := function.on_failure or schedule.dead_letters):
            attributes = {"RequestID": "sandbox", "ErrorCode": "200", "ErrorMessage": outcome.error[:1000]}
            self._send(destination.rpartition(":")[2], json.dumps(event), attributes)
        return run


def iso(moment: float) -> str:
    """Epoch seconds as EventBridge writes a time: 2026-11-22T09:00:00Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
