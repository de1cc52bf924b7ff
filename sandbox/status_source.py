"""Made-up status sources. They answer like real ones, and fail on request."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.loopback import Request, Response, Server, as_json
from watchbell.status import targets

MODES = ("normal", "elevated", "heavy", "critical", "incident", "down", "slow", "nonsense")
SLOW_SECONDS = 8.0
GIB = 1024**3


def with_permission(value: str) -> str:
    """A source's parameter, with the permission to have a private address if its URL is on this machine."""
    with suppress(targets.NotAUrl):
        source = targets.parse_target(value)
        if targets.is_loopback(source.url.host) and not source.private:
            return f"{value.strip()} {targets.PRIVATE_WORD}"
    return value


class StatusSources:
    """Serves GET /<name> for each name in `modes`, on a free port of 127.0.0.1. `modes` maps names to MODES."""

    def __init__(self, modes: dict[str, str]) -> None:
        self._modes = dict(modes)
        self._started = datetime.now(UTC)
        self._server = Server(self._respond)
        self.urls = {name: f"{self._server.url}/{name}" for name in modes}

    def set_mode(self, name: str, mode: str) -> None:
        """Set the mode of a source. Raises KeyError for an unknown source, ValueError for an unknown mode."""
        if name not in self._modes:
            raise KeyError(f"There is no made-up status source {name}. The sources are: {', '.join(self._modes)}.")
        if mode not in MODES:
            raise ValueError(f"The mode must be one of {', '.join(MODES)}.")
        self._modes[name] = mode

    def stop(self) -> None:
        self._server.stop()

    def _respond(self, request: Request) -> Response:
        mode = self._modes.get(request.path.strip("/"))
        if mode is None or request.method != "GET":
            return as_json(404, {"error": "no such source"})
        if mode == "down":
            return as_json(503, {"error": "out of order"})
        if mode == "nonsense":
            return Response(200, b"<html>It works!</html>", [("content-type", "text/html")])
        if mode == "slow":
            time.sleep(SLOW_SECONDS)
        body = json.dumps(self._answer(mode)).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if dict(request.headers).get("If-None-Match") == tag:
            return Response(304, headers=[("etag", tag)])
        return Response(200, body, [("content-type", "application/json"), ("etag", tag)])

    def _answer(self, mode: str) -> dict[str, Any]:
        level = mode if mode in ("normal", "elevated", "heavy", "critical") else "normal"
        level = "elevated" if mode == "incident" else level
        usage = {"normal": 23.5, "elevated": 61.0, "heavy": 84.2, "critical": 97.9}[level]
        answer: dict[str, Any] = {
            "status": level,
            "message": {"normal": "All systems normal"}.get(level, f"Load is {level}"),
            # Only whole minutes, so that a second request in the same minute gets 304.
            "timestamp": datetime.now(UTC).replace(second=0, microsecond=0).isoformat(),
            "metrics": {
                "cpu": {"usage": usage, "cores": 8, "model": "Example CPU 2.4 GHz"},
                "memory": _space(32 * GIB, usage / 100),
                "disk": {
                    "usage": 41.7,
                    "total": 500 * GIB,
                    "free": 291 * GIB,
                    "io": {"read_sec": 1_250_000, "write_sec": 480_000},
                    "drives": [
                        {
                            "fs": "/dev/sda1",
                            "mount": "/",
                            "size": 500 * GIB,
                            "used": 209 * GIB,
                            "available": 291 * GIB,
                            "use": 41.7,
                        }
                    ],
                },
                "processes": {"total": 212, "running": 3},
                "loadAverage": [0.42, 0.57, 0.61],
            },
        }
        if mode == "incident":
            answer["incident"] = self._incident()
        return answer

    def _incident(self) -> dict[str, Any]:
        began, identified = self._started - timedelta(minutes=40), self._started - timedelta(minutes=12)
        return {
            "id": "INC-1042",
            "startTime": began.isoformat(),
            "status": "identified",
            "latestUpdate": "A replica lost its index",
            "message": "Slow answers from the search service",
            "updates": [
                {"time": began.isoformat(), "status": "investigating", "message": "Looking into slow searches"},
                {"time": identified.isoformat(), "status": "identified", "message": "A replica lost its index"},
            ],
        }


def _space(total: int, used: float) -> dict[str, Any]:
    taken = int(total * used)
    return {"usage": round(used * 100, 1), "total": total, "free": total - taken, "used": taken}
