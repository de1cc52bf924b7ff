"""EventBridge: gives an event to the functions and the queues of the rules that match it.

Invocations are asynchronous, with the retries and the dead letters of `Schedules.deliver`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.aws.runtime_api import Outcome
from sandbox.event_pattern import PatternError, compiled
from sandbox.schedules import iso
from sandbox.template import ACCOUNT, REGION, Rule, TemplateError

EVENT_BYTES = 256 * 1024
"""The most bytes that EventBridge takes."""


@dataclass(frozen=True)
class Delivery:
    """One event for one rule. `attempts` is how often it was delivered, `outcome` is the last result."""

    rule: Rule
    attempts: int
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        whom = {"queue": self.rule.queue} if self.rule.queue else {"function": self.rule.function}
        answer = {"rule": self.rule.name, **whom, "ok": self.outcome.ok}
        said = {"result": json.loads(self.outcome.payload or b"null")} if self.outcome.ok else {}
        return {**answer, "attempts": self.attempts, **(said or {"error": self.outcome.error})}


class Events:
    """The rules of the template.

    `deliver` takes a function's name, an event and the ARN of a queue for dead letters or "". It returns how often the
    function was invoked, and the last outcome. `send` takes a queue's name, the event as JSON and attributes, of which
    there are none. Raises TemplateError for a pattern that EventBridge refuses.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        deliver: Callable[[str, object, str], tuple[int, Outcome]],
        send: Callable[[str, str, dict[str, str]], None],
        now: Callable[[], float],
    ) -> None:
        self._invoke, self._send, self._now = deliver, send, now
        self._rules = []
        for rule in rules:
            try:
                self._rules.append((rule, compiled(rule.pattern)))
            except PatternError as problem:
                raise TemplateError(f"the event pattern of {rule.name}: {problem}") from None

    def put(self, event: Any) -> list[Delivery]:
        """Deliver the event to the target of each rule that matches it, one after another. Returns what came of it.

        Only AWS itself has sources that begin with `aws.`, and it puts its events on the default bus. Any other event
        is put on the buses of the template.

        What AWS adds to each event is added if it is missing: version, id, account, time, region and resources. Raises
        ValueError if the event is not one that EventBridge takes.
        """
        if not isinstance(event, dict) or not isinstance(event.get("detail"), dict):
            raise ValueError("An event must be an object with an object detail.")
        if not all(isinstance(event.get(name), str) and event[name] for name in ("source", "detail-type")):
            raise ValueError("An event must have a source and a detail-type.")
        if len(json.dumps(event)) > EVENT_BYTES:
            raise ValueError(f"An event has at most {EVENT_BYTES} bytes.")
        whole = {
            **{"version": "0", "id": str(uuid.uuid4()), "account": ACCOUNT, "region": REGION, "resources": []},
            **{"time": iso(self._now()), **event},
        }
        by_aws = event["source"].startswith("aws.")
        return [
            Delivery(rule, *self._deliver(rule, whole))
            for rule, matches in self._rules
            if matches(whole) and by_aws != bool(rule.bus)
        ]

    def _deliver(self, rule: Rule, event: dict[str, Any]) -> tuple[int, Outcome]:
        if not rule.queue:
            return self._invoke(rule.function, event, rule.dead_letters)
        self._send(rule.queue, json.dumps(event), {})
        return 1, Outcome(True, b"null")
