"""What a status source says, read with suspicion: every field may be missing, wrong or hostile."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..words import _

STATUSES = ("normal", "unknown", "elevated", "heavy", "error", "critical")
"""From best to worst, as a digest ranks them."""


@dataclass(frozen=True)
class Incident:
    """An incident that is not over. Times are epoch seconds, None where the source gave none."""

    id: str
    status: str
    started: int | None
    latest: str
    updated: int | None
    updates: int


@dataclass(frozen=True)
class Report:
    """One source's answer; `failure` says, in words that fit after its name, why there is none."""

    name: str
    status: str
    message: str = ""
    failure: str = ""
    timestamp: str = ""
    metrics: Metrics = field(default_factory=lambda: Metrics({}))
    incident: Incident | None = None

    @classmethod
    def failed(cls, name: str, failure: str, status: str = "error") -> Report:
        """A source that is down, slow or talks nonsense."""
        return cls(name, status, failure=failure)

    @classmethod
    def parse(cls, name: str, payload: object) -> Report:
        """The report in a source's JSON; ValueError where it is none (no object, or no status that we know)."""
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
    """The figures of a report, each None where the source did not give a sensible one."""

    def __init__(self, raw: dict) -> None:
        self._raw = raw

    def number(self, *path: str) -> float | None:
        """The figure at that path, such as ("memory", "usage")."""
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
        """The load averages over 1, 5 and 15 minutes, [] where they are not three numbers."""
        load = self._raw.get("loadAverage")
        numbers = [_number(value) for value in load] if isinstance(load, list) else []
        return [n for n in numbers if n is not None] if len(numbers) == 3 and None not in numbers else []


def _incident(raw: dict) -> Incident | None:
    if not raw or raw.get("resolvedTime") or _text(raw.get("status")).lower() == "resolved":
        return None
    updates = raw.get("updates")
    updates = updates if isinstance(updates, list) else []
    last = _object(updates[-1]) if updates else {}
    latest = raw.get("latestUpdate")  # sources give the time of the last update here, or its words
    updated = _seconds(latest) or _seconds(last.get("time"))
    said = _text(last.get("message")) or _text(raw.get("message"))
    return Incident(
        id=_text(raw.get("id")) or "?",
        status=_text(raw.get("status")) or _("unknown"),
        started=_seconds(raw.get("startTime")),
        latest=said if _time(latest) else _text(latest) or said,
        updated=updated,
        updates=len(updates),
    )


def _object(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A text that any of our ways out can carry: JSON may hold halves of characters."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "").strip()
    return str(value) if isinstance(value, int) and abs(value) < 10**18 else ""


def _number(value: Any) -> float | None:
    """A number of a size that a figure can have; JSON as Python reads it has NaN, Infinity and 1e400."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e18 else None


def _seconds(value: Any) -> int | None:
    time = _time(value)
    return int(time.timestamp()) if time else None


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(value)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return time if 0 <= time.timestamp() < 1e11 else None
    except (TypeError, ValueError, OverflowError):
        return None
