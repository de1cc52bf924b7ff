"""The reports of status sources. They are untrusted: any field can be missing, wrong or hostile.

A report contains codes, values and the source's own texts. `view` and `digest` turn it into messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..discord.text import undirected
from .reason import Reason

STATUSES = ("normal", "unknown", "elevated", "heavy", "error", "critical")
"""All statuses, from best to worst. A digest uses this order to put the worst services first."""


@dataclass(frozen=True)
class Incident:
    """An incident that is not resolved.

    `status` is "" if the source gives none. `latest` is the text of the latest update. `updates` is their number.
    `started` and `updated` are epoch seconds, or None if the source gives no time.
    """

    id: str
    status: str
    started: int | None
    latest: str
    updated: int | None
    updates: int


@dataclass(frozen=True)
class Report:
    """The answer of one source. `failure` is the reason if there was no usable answer, else None."""

    name: str
    status: str
    message: str = ""
    failure: Reason | None = None
    timestamp: str = ""
    metrics: Metrics = field(default_factory=lambda: Metrics({}))
    incident: Incident | None = None

    @classmethod
    def failed(cls, name: str, failure: Reason, status: str = "error") -> Report:
        """Make the report for a source that gave no usable answer."""
        return cls(name, status, failure=failure)

    @classmethod
    def parse(cls, name: str, payload: object) -> Report:
        """Read the report from a source's JSON. Raises ValueError if it is not an object with a known status."""
        if not isinstance(payload, dict) or payload.get("status") not in STATUSES:
            raise ValueError("not a status")
        stamp = _time(payload.get("timestamp"))
        return cls(
            name,
            payload["status"],
            message=_text(payload.get("message")),
            timestamp=stamp.isoformat() if stamp else "",
            metrics=Metrics(_object(payload.get("metrics"))),
            incident=_incident(_object(payload.get("incident"))),
        )


class Metrics:
    """The figures of a report. A figure is None if it is missing or invalid."""

    def __init__(self, raw: dict) -> None:
        self._raw = raw

    def number(self, *path: str) -> float | None:
        """Return the figure at a path such as ("memory", "usage")."""
        value: Any = self._raw
        for key in path:
            value = _object(value).get(key)
        return _number(value)

    def text(self, *path: str) -> str:
        value: Any = self._raw
        for key in path:
            value = _object(value).get(key)
        return _text(value)

    @property
    def drives(self) -> list[Metrics]:
        drives = _object(self._raw.get("disk")).get("drives")
        return [Metrics(drive) for drive in drives if isinstance(drive, dict)] if isinstance(drives, list) else []

    @property
    def load(self) -> list[float]:
        """Return the load averages over 1, 5 and 15 minutes, or [] if the source did not give three numbers."""
        load = self._raw.get("loadAverage")
        numbers = [_number(value) for value in load] if isinstance(load, list) else []
        return [n for n in numbers if n is not None] if len(numbers) == 3 and None not in numbers else []


def _incident(raw: dict) -> Incident | None:
    if not raw or raw.get("resolvedTime") or _text(raw.get("status")).lower() == "resolved":
        return None
    updates = raw.get("updates")
    updates = updates if isinstance(updates, list) else []
    last = _object(updates[-1]) if updates else {}
    latest = raw.get("latestUpdate")  # some sources put the time of the last update here, others its text
    updated = _seconds(latest) or _seconds(last.get("time"))
    said = _text(last.get("message")) or _text(raw.get("message"))
    return Incident(
        id=_text(raw.get("id")) or "?",
        status=_text(raw.get("status")),
        started=_seconds(raw.get("startTime")),
        latest=said if _time(latest) else _text(latest) or said,
        updated=updated,
        updates=len(updates),
    )


def _object(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """Return a text that can be encoded, without bidirectional controls. JSON can hold half of a surrogate pair."""
    if isinstance(value, str):
        return undirected(value.encode("utf-8", "replace").decode().replace("\0", "")).strip()
    return str(value) if isinstance(value, int) and abs(value) < 10**18 else ""


def _number(value: Any) -> float | None:
    """Return a number of a plausible size, else None. Python's JSON parser accepts NaN, Infinity and 1e400."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e18 else None


def _seconds(value: Any) -> int | None:
    time = _time(value)
    return int(time.timestamp()) if time else None


def _time(value: Any) -> datetime | None:
    """Return the time in UTC. Discord takes no offset with seconds, such as +01:00:30."""
    try:
        time = datetime.fromisoformat(value)
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        return time if 0 <= time.timestamp() < 1e11 else None
    except (TypeError, ValueError, OverflowError):
        return None
