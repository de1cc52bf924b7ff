"""Rate limits: a few buckets that refill with the clock, and Discord's headers and 429 response.

A bucket refills all at once when its window ends. The buckets for new messages can also be leaky: then they take one
more request every `seconds / requests`. Observed, and not documented: Discord has both kinds.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import deque
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
MESSAGES = (CREATE_MESSAGE, WEBHOOK)
"""The limits whose buckets can be leaky."""
ORDINARY = Limit("", 50, 1.0)
OPEN_DMS = Limit("open direct messages", 250, 10.0)
"""For opening direct messages. Its 429 has the code 40003. No header tells of it before. The figures are made up."""
CHANNEL_WEBHOOKS = Limit("webhooks of a channel", 30, 60.0)
"""For all messages to a channel by webhooks and follow-ups together, whoever sends them. Observed by users."""
INVALID, INVALID_SECONDS = 10_000, 600.0
"""After so many invalid answers in so many seconds, Cloudflare blocks the address. For how long is made up."""
GLOBAL = Limit("global", 50, 1.0)  # all calls of the bot, and all calls from one address without a token
EARLY = 0.0005
"""How many seconds too early a request may come, because clients and headers round to a millisecond."""
SCOPES = ("user", "global", "shared")
"""Who made too many calls: this bot on this route, this bot on all routes, or all who use the resource."""


class Buckets:
    """The buckets in use. `clock` gives epoch seconds; if somebody advances it, the buckets refill.

    If they are `leaky`, the buckets for new messages are. A client that sends only what `X-RateLimit-Remaining` allows,
    and then waits for `X-RateLimit-Reset-After`, is never refused by either kind.
    Clients compare `X-RateLimit-Reset` with their own clock, so that header is in real time.
    """

    def __init__(self, clock: Callable[[], float], *, leaky: bool = False) -> None:
        self._clock, self._leaky = clock, leaky
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}  # -> (start of the window, requests so far)
        self._free_at: dict[tuple[str, str], float] = {}  # -> when a leaky bucket takes all of its requests again

    def take(self, limit: Limit, bucket: str, major: str) -> tuple[dict[str, str], float | None]:
        """Count one request to `bucket`, which each `major` has for itself.

        Returns the rate-limit headers, and the seconds to wait if the bucket takes no more.
        """
        with self._lock:
            take = self._leak if self._leaky and limit in MESSAGES else self._fill
            remaining, left, wait = take(limit, (bucket, major), self._clock())
        return shown(limit, bucket, remaining, left), wait

    def _fill(self, limit: Limit, key: tuple[str, str], now: float) -> tuple[int, float, float | None]:
        """Returns the remaining requests, the seconds until all are there again, and those to wait."""
        started, used = self._windows.get(key, (now, 0))
        if now - started > limit.seconds - EARLY:
            started, used = now, 0
        allowed = used < limit.requests
        used += allowed
        self._windows[key] = started, used
        left = max(0.001, started + limit.seconds - now)
        return limit.requests - used, left, None if allowed else left

    def _leak(self, limit: Limit, key: tuple[str, str], now: float) -> tuple[int, float, float | None]:
        """What `_fill` returns, for a leaky bucket."""
        each = limit.seconds / limit.requests
        free_at = max(now, self._free_at.get(key, now))
        wait = free_at + each - (now + limit.seconds)
        allowed = wait < EARLY
        if allowed:
            self._free_at[key] = free_at = free_at + each
        remaining = int((now + limit.seconds - free_at) / each + 0.001)
        return max(0, remaining), max(0.001, free_at - now), None if allowed else wait


class Ban:
    """Counts the invalid answers to one address, and says whether Cloudflare blocks it.

    Discord: answers with 401, 403 and 429 are invalid, except for a 429 with the scope `shared`.
    """

    def __init__(self, clock: Callable[[], float], most: int = INVALID) -> None:
        self._clock, self._most = clock, most
        self._lock = threading.Lock()
        self._at: deque[float] = deque()
        self._until = 0.0

    def blocks(self) -> bool:
        return self._clock() < self._until

    def count(self, status: int | None, scope: str) -> None:
        if status not in (401, 403, 429) or scope == "shared":
            return
        with self._lock:
            now = self._clock()
            self._at.append(now)
            while self._at[0] <= now - INVALID_SECONDS:
                self._at.popleft()
            if len(self._at) >= self._most:
                self._until = now + INVALID_SECONDS
                self._at.clear()


def shown(limit: Limit, bucket: str, remaining: int, left: float) -> dict[str, str]:
    """The headers of a bucket that refills in `left` seconds."""
    return {
        "X-RateLimit-Limit": str(limit.requests),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{_rounded_up(time.time() + left):.3f}",
        "X-RateLimit-Reset-After": f"{_rounded_up(left):.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:16],
    }


def too_many(retry_after: float, scope: str = "user") -> tuple[Json, dict[str, str]]:
    """The body and the headers of a 429. `scope` is one of SCOPES.

    An injected `retry_after` can also be NaN, infinite or negative.
    """
    everywhere = scope == "global"
    message = "The resource is being rate limited." if scope == "shared" else "You are being rate limited."
    body = {"message": message, "retry_after": _rounded_up(retry_after), "global": everywhere}
    whole = math.ceil(retry_after) if math.isfinite(retry_after) else retry_after
    headers = {"Retry-After": str(whole), "X-RateLimit-Scope": scope}
    return body, headers | ({"X-RateLimit-Global": "true"} if everywhere else {})


def _rounded_up(seconds: float) -> float:
    """The seconds in whole milliseconds, so that nobody who waits so long comes too early."""
    return math.ceil(seconds * 1000 - 0.0001) / 1000 if math.isfinite(seconds) else seconds
