"""The control API: how people and tests change and read a running sandbox over HTTP.

GET  queues                 the depth of each queue, including the dead letters
GET  clock                  the clock's time and offset
POST clock                  {"advance_seconds": N} turns the clock; answers after everything that came due was done;
                            with "most": N too, only the latest N occurrences of each schedule are run
POST schedules/<name>/run   run a schedule now; answers with its outcome, and with 502 if it failed
POST aws-events             give an EventBridge event, as JSON, to the targets of the rules that match it
PUT  parameters/<name>      set SSM parameter /<bot>/<stage>/<name> to the body, and restart the functions
PUT  sources/<name>         set the mode of a made-up status source to the body
GET  targets                the made-up targets, with their URLs and how often each was asked
PUT  targets/<name>         make a target, or change it: the body is its script (see `targets.WORDS`)
POST people/<name>          act as this person: the body is one line of `make play`; answers with what they see
GET  healthz, logs, discord
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.clock import Clock
from sandbox.events import Events
from sandbox.logs import Logs
from sandbox.loopback import Request, Response, as_json
from sandbox.schedules import MOST_AT_ONCE, Schedules, iso
from sandbox.status_source import StatusSources
from sandbox.targets import NAME, Targets, parse

FURTHEST = 366 * 86_400
"""The most seconds that one request may turn the clock."""
PARAMETER_BYTES = 4096  # of a standard parameter


class BadRequest(Exception):
    """The request is wrong. The text tells the person how."""


@dataclass
class Control:
    """Answers the requests.

    `depths` reads the queues. `put_parameter` takes a name below /<bot>/<stage>/ and a value. `discord` reads
    everything in the simulated Discord. `people` executes a line as a person; None if there is no simulated Discord.
    It raises ValueError for a line that makes no sense, and AssertionError if the bot did something wrong.
    """

    depths: Callable[[], dict[str, int]]
    clock: Clock
    schedules: Schedules
    events: Events
    put_parameter: Callable[[str, str], None]
    sources: StatusSources
    targets: Targets
    logs: Logs
    discord: Callable[[], dict[str, Any]]
    people: Callable[[str, str], str] | None = None

    def __call__(self, request: Request) -> Response:
        words = [unquote(word) for word in request.path.strip("/").split("/")]
        try:
            match request.method, words:
                case "GET", ["healthz"]:
                    return as_json(200, {"ok": True})
                case "GET", ["queues"]:
                    return as_json(200, self.depths())
                case "POST", ["clock"]:
                    return self._turn(request.body)
                case "GET", ["clock"]:
                    return as_json(200, {"now": iso(self.clock.now()), "offset": self.clock.offset})
                case "POST", ["schedules", name, "run"]:
                    return self._run(name)
                case "POST", ["aws-events"]:
                    return self._event(request.body)
                case "PUT", ["parameters", *parts]:
                    return self._put("/".join(parts), request.body)
                case "PUT", ["sources", name]:
                    return self._source(name, request.body)
                case "GET", ["targets"]:
                    return as_json(200, self.targets.as_json())
                case "PUT", ["targets", name]:
                    return self._target(name, request.body)
                case "POST", ["people", name] if self.people:
                    return self._act(self.people, name, request.body)
                case "GET", ["logs"]:
                    return _text("".join(f"{line}\n" for line in self.logs.lines))
                case "GET", ["discord"]:
                    return as_json(200, self.discord())
        except BadRequest as problem:
            return as_json(400, {"error": str(problem)})
        except (BotoCoreError, ClientError) as problem:
            return as_json(503, {"error": f"moto does not answer: {problem}"})
        return as_json(404, {"error": f"There is no {request.method} {request.path} here."})

    def _turn(self, body: bytes) -> Response:
        try:
            asked = json.loads(body)
            seconds, most = asked["advance_seconds"], asked.get("most", MOST_AT_ONCE)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise BadRequest('The body must be JSON like {"advance_seconds": 3600}.') from None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
            raise BadRequest("advance_seconds must be a number.")
        if not 0 <= seconds <= FURTHEST:
            raise BadRequest(f"advance_seconds must be from 0 to {FURTHEST}: the clock can only be turned forward.")
        if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_AT_ONCE:
            raise BadRequest(f"most must be a whole number from 1 to {MOST_AT_ONCE}.")
        runs, left_out = self.schedules.turn(seconds, most)
        return as_json(
            200,
            {
                "now": iso(self.clock.now()),
                "offset": self.clock.offset,
                "fired": [run.as_json() for run in runs],
                "left_out": left_out,
            },
        )

    def _run(self, name: str) -> Response:
        name = name.replace("-", "_")
        if name not in self.schedules.names:
            return as_json(404, {"error": f"There is no schedule {name}.", "schedules": self.schedules.names})
        run = self.schedules.run(name)
        return as_json(200 if run.outcome.ok else 502, run.as_json())

    def _event(self, body: bytes) -> Response:
        try:
            deliveries = self.events.put(json.loads(body))
        except (ValueError, RecursionError) as problem:
            raise BadRequest(f"The body must be an event of EventBridge, as JSON: {problem}") from None
        answer: dict[str, Any] = {"delivered": [each.as_json() for each in deliveries]}
        if not deliveries:
            answer["message"] = "No rule of the template matches this event."
        return as_json(200 if all(each.outcome.ok for each in deliveries) else 502, answer)

    def _put(self, name: str, body: bytes) -> Response:
        # Check Parameter Store's rules here, because moto does not check all of them.
        if not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,12}", name) or len(name) > 900:
            raise BadRequest("A parameter's name consists of letters, digits and _ . - with single slashes in between.")
        try:
            value = body.decode().removesuffix("\n")
        except UnicodeDecodeError:
            raise BadRequest("The parameter's value must be UTF-8.") from None
        if not value or len(body) > PARAMETER_BYTES:
            raise BadRequest(f"The body must be the parameter's value, 1 to {PARAMETER_BYTES} bytes.")
        self.put_parameter(name, value)
        return Response(204)

    def _source(self, name: str, body: bytes) -> Response:
        try:
            self.sources.set_mode(name, body.decode().strip())
        except (KeyError, ValueError) as problem:
            raise BadRequest(str(problem.args[0])) from None
        return Response(204)

    def _target(self, name: str, body: bytes) -> Response:
        if not re.fullmatch(NAME, name):
            raise BadRequest("A target's name consists of 1 to 60 letters, digits and _ . -")
        try:
            script = body.decode()
            parse(script)  # no target is made for a script that makes no sense
            target = self.targets.target(name)
            target.set(script)
        except ValueError as problem:  # also a body that is not UTF-8
            raise BadRequest(str(problem)) from None
        return as_json(200, target.as_json())

    def _act(self, people: Callable[[str, str], str], name: str, body: bytes) -> Response:
        try:
            line = body.decode().strip()
            if not line or len(line.splitlines()) > 1:
                raise BadRequest("The body must be one line of `make play`, such as: /status server:prod")
            return _text(people(name, line) + "\n")
        except ValueError as problem:  # also a body that is not UTF-8
            raise BadRequest(str(problem)) from None
        except AssertionError as problem:
            return as_json(502, {"error": f"The bot did something wrong: {problem}"})


def _text(text: str) -> Response:
    return Response(200, text.encode(), [("content-type", "text/plain; charset=utf-8")])
