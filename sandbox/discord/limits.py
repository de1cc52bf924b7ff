"""Rate limits: a few buckets that refill with the clock, and Discord's headers and 429 response."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.discord.validation import Json


@dataclass(frozen=True)
class Limit:
    """How many `requests` are allowed in how many `seconds`, per major parameter (a channel, a webhook's token)."""

    name: str  # of the bucket that its routes share; empty if each route has its own
    requests: int
    seconds: float


WEBHOOK = Limit("webhook", 5, 2.0)
CREATE_MESSAGE = Limit("create message", 5, 5.0)
CHANGE_COMMANDS = Limit("change commands", 5, 20.0)  # all methods together; measured by users of the real Discord
ORDINARY = Limit("", 50, 1.0)
GLOBAL = Limit("global", 50, 1.0)  # all calls of the bot, and all calls from one address without a token
SCOPES = ("user", "global", "shared")
"""Who made too many calls: this bot on this route, this bot on all routes, or all who use the resource."""


class Buckets:
    """The buckets in use. `clock` gives epoch seconds; if somebody advances it, the buckets refill.

    Clients compare `X-RateLimit-Reset` with their own clock, so that header is in real time.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}  # -> (start of the window, requests so far)

    def take(self, limit: Limit, bucket: str, major: str) -> tuple[dict[str, str], float | None]:
        """Count one request to `bucket`, which each `major` has for itself.

        Returns the rate-limit headers, and the seconds to wait if the bucket is empty.
        """
        now = self._clock()
        with self._lock:
            started, used = self._windows.get((bucket, major), (now, 0))
            if now - started >= limit.seconds:
                started, used = now, 0
            allowed = used < limit.requests
            used += allowed
            self._windows[bucket, major] = started, used
        left = max(0.001, started + limit.seconds - now)
        return shown(limit, bucket, limit.requests - used, left), None if allowed else left


def shown(limit: Limit, bucket: str, remaining: int, left: float) -> dict[str, str]:
    """The headers of a bucket that refills in `left` seconds."""
    return {
        "X-RateLimit-Limit": str(limit.requests),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:16],
    }


def too_many(retry_after: float, scope: str = "user") -> tuple[Json, dict[str, str]]:
    """The body and the headers of a 429. `scope` is one of SCOPES.

    An injected `retry_after` can also be NaN, infinite or negative.
    """
    everywhere = scope == "global"
    message = "The resource is being rate limited." if scope == "shared" else "You are being rate limited."
    body = {"message": message, "retry_after": round(retry_after, 3), "global": everywhere}
    whole = math.ceil(retry_after) if math.isfinite(retry_after) else retry_after
    headers = {"Retry-After": str(whole), "X-RateLimit-Scope": scope}
    return body, headers | ({"X-RateLimit-Global": "true"} if everywhere else {})
