"""What an event of AWS says about a monitor. Pure.

EventBridge brings events at least once, and in any order. So each has a name, and the newest event with a name counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..discord.text import undirected
from ..errors import UserError
from ..i18n import _
from .facts import Facts, Outcome
from .reason import Reason

TEXT = 120
"""The most characters of the text that says why."""

NAME = 300
"""The most characters of the name of an event. The longest names are those of alarms, with 255 characters."""

_ALARM_ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:(.+)")
_ALARM = re.compile(r"(?!arn:)[^\x00-\x1f\x7f]{1,255}")
_SUBJECTS = {
    "pipeline": re.compile(r"[A-Za-z0-9.@_-]{1,100}"),
    "health": re.compile(r"[A-Z0-9_-]{2,30}"),
    "task": re.compile(r"[A-Za-z0-9._:/-]{1,255}"),
}


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


def alarm(text: str) -> str:
    """The name of an alarm of CloudWatch, from its name or its ARN. Raises UserError if `text` is neither.

    AWS: a name has at most 255 characters, and no control characters.
    """
    arn = _ALARM_ARN.fullmatch(text)
    name = arn[1] if arn else text
    if not _ALARM.fullmatch(name):
        raise UserError(_("Write the name of an alarm of CloudWatch, such as `shop-errors`, or the ARN of the alarm."))
    return name


def subject(text: str) -> str:
    """What events of AWS are about, as `pipeline:NAME`, `health:SERVICE` or `task:GROUP`. Raises UserError.

    AWS: the name of a pipeline has at most 100 characters of `A-Za-z0-9.@_-`. AWS Health writes services in capitals.
    """
    kind, _colon, name = text.partition(":")
    kind, name = kind.strip().lower(), name.strip()
    name = name.upper() if kind == "health" else name
    if kind not in _SUBJECTS:
        raise UserError(
            _("Write `pipeline:NAME`, `health:SERVICE` or `task:GROUP`, such as `pipeline:shop` or `health:EC2`.")
        )
    if not _SUBJECTS[kind].fullmatch(name):
        raise UserError(
            {
                "pipeline": _("This is not the name of a pipeline of CodePipeline. Write for example `pipeline:shop`."),
                "health": _("This is not the short name of a service of AWS. Write for example `health:EC2`."),
                "task": _("This is not a group of tasks of ECS. Write for example `task:service:shop`."),
            }[kind]
        )
    return f"{kind}:{name}"


def _event(kind: str, name: Any, at: int, outcome: Outcome | None, text: Any, *, lasts: int = 0) -> AwsEvent | None:
    if not isinstance(name, str) or not name or outcome is None:
        return None
    said = undirected(text)[:TEXT] if isinstance(text, str) else ""
    return AwsEvent(f"{kind}:{name}"[:NAME], at, outcome, said, lasts)


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
