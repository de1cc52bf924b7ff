"""What an event of AWS says about a monitor. Pure.

EventBridge brings events at least once, and in any order. So each has a name, and the newest event with a name counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..discord.text import undirected
from .facts import Facts, Outcome
from .reason import Reason

TEXT = 120
"""The most characters of the text that says why."""


@dataclass(frozen=True)
class AwsEvent:
    """An event: `name` is what it is about, such as `alarm:checkout-5xx`. `at` is when it happened, in epoch seconds.

    `text` is what AWS says about it. `lasts` is for how many seconds it says something, 0 until the next event.
    """

    name: str
    at: int
    outcome: Outcome
    text: str = ""
    lasts: int = 0

    def facts(self, now: float) -> Facts:
        """What the event says at `now`."""
        if self.lasts and now >= self.at + self.lasts:
            return Facts("up", since=self.at + self.lasts)
        reason = None if self.outcome in ("up", "unknown") else Reason("aws_event", {"text": self.text or self.name})
        return Facts(self.outcome, reason, since=self.at)


ALARM: dict[str, Outcome] = {"OK": "up", "ALARM": "down", "INSUFFICIENT_DATA": "unknown"}
PIPELINE: dict[str, Outcome] = {"SUCCEEDED": "up", "FAILED": "down", "CANCELED": "unknown"}
HEALTH: dict[str, Outcome] = {"open": "degraded", "upcoming": "up", "closed": "up"}
TASK_SECONDS = 15 * 60
"""How long a task that has failed counts as a degradation of its service."""


def read(event: dict[str, Any]) -> AwsEvent | None:
    """The event, or None if it says nothing about any monitor. Raises ValueError if it is not an event of AWS."""
    detail, source = event.get("detail"), event.get("source")
    if not isinstance(detail, dict) or not isinstance(source, str):
        raise ValueError("this is not an event of EventBridge")
    at = int(datetime.fromisoformat(str(event.get("time"))).timestamp())
    match source, event.get("detail-type"):
        case "aws.cloudwatch", "CloudWatch Alarm State Change":
            state = _object(detail.get("state"))
            changed = state.get("timestamp")
            at = int(datetime.fromisoformat(_offset(changed)).timestamp()) if isinstance(changed, str) else at
            return _event("alarm", detail.get("alarmName"), at, ALARM.get(state.get("value", "")), state.get("reason"))
        case "aws.codepipeline", "CodePipeline Pipeline Execution State Change":
            return _event("pipeline", detail.get("pipeline"), at, PIPELINE.get(detail.get("state", "")), "")
        case "aws.health", "AWS Health Event":
            said = detail.get("eventTypeCode")
            return _event("health", detail.get("service"), at, HEALTH.get(detail.get("statusCode", "open")), said)
        case "aws.ecs", "ECS Task State Change" if detail.get("lastStatus") == "STOPPED" and _has_failed(detail):
            said = detail.get("stoppedReason")
            return _event("task", detail.get("group"), at, "degraded", said, lasts=TASK_SECONDS)
    return None


def _event(kind: str, name: Any, at: int, outcome: Outcome | None, text: Any, *, lasts: int = 0) -> AwsEvent | None:
    if not isinstance(name, str) or not name or outcome is None:
        return None
    said = undirected(text)[:TEXT] if isinstance(text, str) else ""
    return AwsEvent(f"{kind}:{name}"[:200], at, outcome, said, lasts)


def _has_failed(detail: dict[str, Any]) -> bool:
    containers = detail.get("containers")
    codes = (
        [each.get("exitCode") for each in containers if isinstance(each, dict)] if isinstance(containers, list) else []
    )
    return detail.get("stopCode") == "TaskFailedToStart" or any(isinstance(code, int) and code for code in codes)


def _offset(stamp: str) -> str:
    """CloudWatch writes +0000 for +00:00."""
    return f"{stamp[:-2]}:{stamp[-2:]}" if stamp[-5:-4] in ("+", "-") and stamp[-4:].isdigit() else stamp


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
