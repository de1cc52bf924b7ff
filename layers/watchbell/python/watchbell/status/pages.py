"""Reads the public status pages of other services. They are untrusted: any field can be missing, wrong or hostile.

A page that answers with HTTP 429 or 5xx says nothing about the service that it reports on, so the outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..discord.text import clip, undirected
from .answers import Answer
from .facts import Outcome
from .found import Found, Numeral
from .reason import Reason

SHOWN = 8
"""How many unwell components the values of a result can name."""

_NAME, _WORD = 60, 30
_WORST: tuple[Outcome, ...] = ("up", "unknown", "degraded", "down")

STATUSPAGE: Mapping[str, Outcome] = {
    "none": "up",
    "operational": "up",
    "maintenance": "degraded",
    "under_maintenance": "degraded",
    "minor": "degraded",
    "degraded_performance": "degraded",
    "partial_outage": "degraded",
    "major": "down",
    "major_outage": "down",
    "critical": "down",
}
"""The indicators of a page of statuspage.io, and the statuses of its components."""

KUMA: Mapping[str, tuple[str, Outcome]] = {
    "0": ("down", "down"),
    "1": ("up", "up"),
    "2": ("pending", "degraded"),
    "3": ("maintenance", "degraded"),
}
"""The statuses of a heartbeat of Uptime Kuma, which are numbers."""

REPORTS: Mapping[str, Outcome] = {
    "normal": "up",
    "unknown": "unknown",
    "elevated": "degraded",
    "heavy": "degraded",
    "error": "down",
    "critical": "down",
}
"""The statuses of `status.report`."""

Component = tuple[str, str, Outcome]
"""A component's name, what the page says about it, and what that means."""


def statuspage(answer: Answer, component: str = "") -> Found | Reason:
    """The state of a page of statuspage.io, from its `api/v2/summary.json`, or of one component."""
    page = json_of(answer)
    if isinstance(page, Reason):
        return _unread(answer, page)
    whole = _object(_object(page).get("status")).get("indicator")
    listed = _object(page).get("components")
    if not isinstance(whole, str) or whole not in STATUSPAGE or not isinstance(listed, list):
        return Reason("not_a_status")
    components = [
        (_text(each.get("name"), _NAME), str(each["status"]), STATUSPAGE[each["status"]])
        for each in map(_object, listed)
        if isinstance(each.get("status"), str) and each["status"] in STATUSPAGE and each.get("group") is not True
    ]
    return judged(answer, components, component, said=whole, outcome=STATUSPAGE[whole])


def gatus(answer: Answer, component: str = "") -> Found | Reason:
    """The worst state of the endpoints of a gatus, from its `/api/v1/endpoints/statuses`, or of one endpoint."""
    listed = json_of(answer)
    if not isinstance(listed, list):
        return _unread(answer, listed) if isinstance(listed, Reason) else Reason("not_a_status")
    components: list[Component] = []
    for each in map(_object, listed):
        results = each.get("results")
        last = _object(results[-1]) if isinstance(results, list) and results else {}
        if isinstance(last.get("success"), bool):
            group, name = _text(each.get("group"), _NAME), _text(each.get("name"), _NAME)
            up = last["success"]
            components.append((f"{group}/{name}" if group else name, "up" if up else "down", "up" if up else "down"))
    return judged(answer, components, component)


def kuma(answer: Answer, names: Answer, component: str = "") -> Found | Reason:
    """The worst state of the monitors on a status page of Uptime Kuma, or of one monitor.

    `answer` is from its `/api/status-page/heartbeat/SLUG`, and `names` from `/api/status-page/SLUG`.
    """
    page, listed = json_of(answer), json_of(names)
    for asked, each in ((answer, page), (names, listed)):
        if isinstance(each, Reason):
            return _unread(asked, each)
    beats = _object(page).get("heartbeatList")
    groups = _object(listed).get("publicGroupList")
    if not isinstance(beats, dict) or not isinstance(groups, list):
        return Reason("not_a_status")
    components: list[Component] = []
    for group in map(_object, groups):
        monitors = group.get("monitorList")
        for monitor in map(_object, monitors if isinstance(monitors, list) else []):
            seen = beats.get(str(monitor.get("id")))
            status = _object(seen[-1]).get("status") if isinstance(seen, list) and seen else None
            if isinstance(status, Numeral) and status in KUMA:
                components.append((_text(monitor.get("name"), _NAME), *KUMA[status]))
    return judged(answer, components, component)


def judged(
    answer: Answer, components: list[Component], chosen: str, *, said: str = "", outcome: Outcome | None = None
) -> Found | Reason:
    """What the components say together, or the chosen one alone. Its name can be in upper or lower case."""
    if chosen:
        found = [each for each in components if each[0].casefold() == chosen.strip().casefold()]
        if not found:
            return Reason("component_missing", {"component": clip(chosen, _NAME)})
        name, said, outcome = max(found, key=lambda each: _WORST.index(each[2]))
        reason = None if outcome == "up" else Reason("component", {"component": name, "said": said})
        return replace(_found(answer), outcome=outcome, reason=reason, values={"said": said})
    unwell = sorted((each for each in components if each[2] != "up"), key=lambda each: -_WORST.index(each[2]))
    if outcome is None:
        if not components:
            return Reason("not_a_status")
        outcome = unwell[0][2] if unwell else "up"
    reason = None
    if outcome != "up" and unwell:
        reason = Reason("component", {"component": unwell[0][0], "said": unwell[0][1]})
    elif outcome != "up":
        reason = Reason("reported", {"said": said})
    values: dict[str, str | int | float] = {"components": len(components), "unwell": len(unwell)}
    values |= {f"component:{name}": said for name, said, _outcome in unwell[:SHOWN]}
    return replace(_found(answer), outcome=outcome, reason=reason, values=values)


def report(answer: Answer) -> Found | Reason:
    """The state in a report as the status sources give it. Some health pages answer 503 when the service is unwell.

    The service reports on itself, so it is down if it answers with HTTP 5xx and without a report.
    """
    if answer.status not in (200, 503):
        return json_of(answer)
    found = _found(answer)
    status = _object(found.json).get("status")
    if not isinstance(status, str) or status not in REPORTS:
        return json_of(replace(answer, body=b"")) if answer.status != 200 else Reason("not_a_status")
    outcome = REPORTS[status]
    reason = None if outcome == "up" else Reason("reported", {"said": status})
    return replace(found, outcome=outcome, reason=reason, values={"said": status})


def json_of(answer: Answer) -> Any:
    """The JSON of an answer with status 200, or the reason why there is none."""
    if answer.status == 429:
        return Reason("asked_too_often")
    if answer.status != 200:
        return Reason("http_status", {"status": answer.status})
    found = _found(answer).json
    return Reason("not_a_status") if found is None else found


def _unread(answer: Answer, reason: Reason) -> Found | Reason:
    """What it means that another service's page gave no status, for this reason."""
    return Found(connected=False, outcome="unknown", reason=reason) if answer.status >= 500 else reason


def _found(answer: Answer) -> Found:
    return Found(
        status=answer.status,
        body=answer.body,
        latency_ms=answer.latency_ms,
        ip=answer.ip,
        certificate=answer.certificate,
    )


def _object(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _text(value: Any, limit: int) -> str:
    """A short text on one line that can be encoded. JSON can hold half of a surrogate pair."""
    if not isinstance(value, str):
        return ""
    return clip(" ".join(undirected(value[:1000].encode("utf-8", "replace").decode().replace("\0", "")).split()), limit)
