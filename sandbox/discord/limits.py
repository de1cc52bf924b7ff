"""Rate limits: a few buckets that refill with the clock, and Discord's headers and 429 response."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.discord.validation import Json


@dataclass(frozen=True)
class Limit:
    """How many `requests` are allowed in how many `seconds`, per major parameter (a channel, a webhook's token)."""

    name: str
    requests: int
    seconds: float


WEBHOOK = Limit("webhook", 5, 2.0)
CREATE_MESSAGE = Limit("create message", 5, 5.0)
CHANGE_COMMANDS = Limit("change commands", 5, 20.0)  # all methods together; measured by users of the real Discord
ORDINARY = Limit("ordinary", 50, 1.0)
GLOBAL = Limit("global", 50, 1.0)  # all calls that show the bot's token


class Buckets:
    """The buckets in use. `clock` gives epoch seconds; if somebody advances it, the buckets refill."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}  # -> (start of the window, requests so far)

    def take(self, limit: Limit, major: str) -> tuple[dict[str, str], float | None]:
        """Count one request. Returns its rate-limit headers, and the seconds to wait if the bucket is empty."""
        now = self._clock()
        with self._lock:
            started, used = self._windows.get((limit.name, major), (now, 0))
            if now - started >= limit.seconds:
                started, used = now, 0
            allowed = used < limit.requests
            used += allowed
            self._windows[limit.name, major] = started, used
        left = max(0.001, started + limit.seconds - now)
        headers = {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(limit.requests - used),
            "X-RateLimit-Reset": f"{now + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(limit.name.encode()).hexdigest()[:16],
        }
        return headers, None if allowed else left


def too_many(retry_after: float, everywhere: bool = False) -> tuple[Json, dict[str, str]]:
    """The body and the headers of a 429. `everywhere` says that the bot made too many calls in all.

    An injected `retry_after` can also be NaN, infinite or negative.
    """
    body = {"message": "You are being rate limited.", "retry_after": round(retry_after, 3), "global": everywhere}
    headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
    whole = math.ceil(retry_after) if math.isfinite(retry_after) else retry_after
    return body, {"Retry-After": str(whole), **(headers if everywhere else {"X-RateLimit-Scope": "user"})}
