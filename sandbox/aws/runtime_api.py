"""The Lambda Runtime API for one function instance: gives it events one at a time and receives its answers.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.loopback import Request, Response, Server, as_json

PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Outcome:
    """The result of an invocation. `payload` is the function's answer, or Lambda's error object if not `ok`.

    `seconds` is the time from handing over the event to the answer. After a `fatal` failure the instance is unusable.
    """

    ok: bool
    payload: bytes
    seconds: float = 0.0
    fatal: bool = False

    @property
    def error(self) -> str:
        """One line for people, empty if `ok`."""
        if self.ok:
            return ""
        problem = json.loads(self.payload)
        return f"{problem.get('errorType', 'Error')}: {problem.get('errorMessage', '')}"


def failure(kind: str, message: str, *, seconds: float = 0.0, fatal: bool = True) -> Outcome:
    return Outcome(False, json.dumps({"errorType": kind, "errorMessage": message}).encode(), seconds, fatal)


@dataclass
class _Invocation:
    request_id: str
    event: bytes
    timeout: float
    arn: str
    handed_over: float = 0.0
    outcome: Outcome | None = None


class RuntimeApi:
    """Listens on `address`, the value for AWS_LAMBDA_RUNTIME_API. Times are `time.perf_counter()` seconds.

    `ready_at` is when the instance first asked for an event, which ends its init. It is None before that.
    `now` is the instance's own clock in epoch seconds. The instance's deadline is on that clock.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.ready_at: float | None = None
        self._changed = threading.Condition()
        self._waiting: _Invocation | None = None
        self._running: _Invocation | None = None
        self._ended: Outcome | None = None
        self._server = Server(self._respond)
        self.address = self._server.address

    def invoke(
        self, event: bytes, *, timeout: float, init_timeout: float = 10.0, arn: str = "", request_id: str = ""
    ) -> Outcome:
        """Give the instance one event and wait for its answer. Make one call at a time.

        `timeout` (seconds) starts when the event is handed over. Before that, a cold instance has `init_timeout` to
        ask for it; Lambda allows 10 seconds.
        """
        invocation = _Invocation(request_id or str(uuid.uuid4()), event, timeout, arn)
        with self._changed:
            self._waiting = invocation
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: invocation.handed_over or self._ended, init_timeout):
                return failure(
                    "Sandbox.Timedout",
                    f"RequestId: {invocation.request_id} Error: init was not over after {init_timeout:.2f} seconds",
                )
            self._changed.wait_for(lambda: invocation.outcome or self._ended, timeout)
            self._waiting = self._running = None
            if invocation.outcome or self._ended:
                return invocation.outcome or self._ended  # type: ignore[return-value]  # one of them is true
        return failure(
            "Sandbox.Timedout",
            f"RequestId: {invocation.request_id} Error: Task timed out after {timeout:.2f} seconds",
            seconds=timeout,
        )

    def end(self, outcome: Outcome) -> None:
        """The instance has ended. Every call of `invoke`, waiting or later, returns `outcome`."""
        with self._changed:
            self._ended = self._ended or outcome
            self._changed.notify_all()

    def stop(self) -> None:
        self.end(failure("Runtime.Stopped", "the function instance was stopped"))
        self._server.stop()

    def _respond(self, request: Request) -> Response:
        match request.method, request.path.removeprefix(PREFIX).split("/"):
            case "GET", ["invocation", "next"]:
                return self._next()
            case "POST", ["invocation", request_id, "response"]:
                return self._answered(request_id, True, request.body)
            case "POST", ["invocation", request_id, "error"]:
                return self._answered(request_id, False, request.body)
            case "POST", ["init", "error"]:
                self.end(Outcome(False, request.body, fatal=True))
                return as_json(202, {"status": "OK"})
        return as_json(404, {"errorType": "NotFound", "errorMessage": f"{request.method} {request.path}"})

    def _next(self) -> Response:
        with self._changed:
            self.ready_at = self.ready_at or time.perf_counter()
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if self._ended or self._waiting is None:
                raise ConnectionAbortedError("stopped")
            invocation, self._waiting = self._waiting, None
            self._running = invocation
            invocation.handed_over = time.perf_counter()
            self._changed.notify_all()
        return Response(
            200,
            invocation.event,
            [
                ("content-type", "application/json"),
                ("lambda-runtime-aws-request-id", invocation.request_id),
                ("lambda-runtime-deadline-ms", str(int((self._now() + invocation.timeout) * 1000))),
                ("lambda-runtime-invoked-function-arn", invocation.arn),
                ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0"),
            ],
        )

    def _answered(self, request_id: str, ok: bool, payload: bytes) -> Response:
        with self._changed:
            invocation = self._running
            if invocation is None or invocation.request_id != request_id:
                return as_json(400, {"errorType": "InvalidRequestID", "errorMessage": "not the running invocation"})
            invocation.outcome = Outcome(ok, payload, time.perf_counter() - invocation.handed_over)
            self._running = None
            self._changed.notify_all()
        return as_json(202, {"status": "OK"})
