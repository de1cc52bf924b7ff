"""Asks the status sources over HTTP, some at a time. A failed source gives a report, not an exception.

Reports are cached, and shown in different languages. So they hold reason codes, and no sentences.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from email.message import Message

from ..errors import UnknownSource
from ..status.reason import Reason
from ..status.report import Report
from ..status.targets import NotAUrl, parse_target
from . import opener

NAME_LENGTH = 60  # names are part of custom ids, which have at most 100 characters

TOGETHER = 24
"""How many sources are asked at a time.

Each takes about 27 ms of a whole processor for TLS. At 512 MB that is 2.2 seconds for 24, well within their 5 seconds.
"""

LAST_START = 15.0
"""Seconds after which no further source is asked. Then /status ends well before the worker's 30 seconds."""

QUIET_SECONDS = 60.0
"""The longest time for which a source can ask to be left alone."""

WHOLE_SECONDS = 22.0
"""Seconds after which no further source is asked, if reading the parameters took long. They can be throttled."""

log = logging.getLogger(__name__)


@dataclass
class _Seen:
    """The last good report of a source. It is shown again after a 304, and until the source may be asked again.

    `not_before` is in epoch seconds, because time.monotonic stops while the function is frozen.
    """

    etag: str
    report: Report
    not_before: float


class Sources:
    """The configured sources. `configured` returns their names and targets, which `parse_target` reads.

    `seconds` limits one source, and `last_start` the start of the last one. `get` is the guarded opener. `clock`
    returns epoch seconds.
    """

    def __init__(
        self,
        configured: Callable[[], dict[str, str]],
        *,
        seconds: float = opener.SECONDS,
        last_start: float = LAST_START,
        get: Callable[..., opener.Answer | Reason] = opener.get,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._configured, self._get, self._clock = configured, get, clock
        self._seconds, self._last_start = seconds, last_start
        self._seen: dict[tuple[str, str], _Seen] = {}

    def ask(self, name: str = "") -> list[Report]:
        """Ask the source called `name`, in upper or lower case, or all sources. Returns their reports sorted by name.

        Returns [] if no source is configured. Raises UnknownSource if none has that name.
        """
        begun = time.monotonic()
        configured = {known: value for known, value in sorted(self._configured().items()) if _fits(known)}
        wanted = name.strip().lower()
        chosen = {known: value for known, value in configured.items() if not name or known.lower() == wanted}
        if not configured:
            return []
        if not chosen:
            raise UnknownSource(name, list(configured))
        now = time.monotonic()
        until = min(now + self._last_start, begun + WHOLE_SECONDS)
        pool = ThreadPoolExecutor(max_workers=min(TOGETHER, len(chosen)), thread_name_prefix="source")
        asked = {known: pool.submit(self._ask, known, value, until) for known, value in chosen.items()}
        wait(asked.values(), timeout=until - now + self._seconds + 0.5)  # longer only if a name server is silent
        reports = [self._report(known, future) for known, future in asked.items()]
        pool.shutdown(wait=False)
        return reports

    def _report(self, name: str, future: Future[Report]) -> Report:
        if future.cancel():
            return self._not_asked(name)
        if future.done():
            return future.result()
        return Report.failed(name, Reason("timeout", {"seconds": math.ceil(self._seconds)}))

    def _not_asked(self, name: str) -> Report:
        return Report.failed(name, Reason("not_asked_in_time", {"seconds": math.ceil(self._last_start)}), "unknown")

    def _ask(self, name: str, value: str, until: float) -> Report:
        # An answer counts from when it was asked for: the function may be frozen before it is read.
        seen, asked_at = self._seen.get((name, value)), self._clock()
        if seen is not None and asked_at < seen.not_before <= asked_at + QUIET_SECONDS:
            return seen.report
        if time.monotonic() > until:
            return self._not_asked(name)
        try:
            target = parse_target(value)
        except NotAUrl:
            return Report.failed(name, Reason("not_a_url"))
        headers = {"Accept": "application/json", "User-Agent": "Watchbell/0.1"}
        if seen is not None and seen.etag:
            headers["If-None-Match"] = seen.etag
        answer = self._get(target.url, private=target.private, headers=headers, seconds=self._seconds)
        if isinstance(answer, Reason):
            log.info("source %s: %s", name, answer.code)
            return Report.failed(name, answer)
        status = answer.status
        if status == 304 and seen is not None:
            report = seen.report
        elif status in (200, 503):  # some health pages answer 503 when the service is unwell
            report = _parse(name, answer.body, status)
        elif status == 429:
            report = Report.failed(name, Reason("asked_too_often"), status="unknown")
        else:
            report = Report.failed(name, Reason("http_status", {"status": status}))
        if report.failure is None:
            etag, quiet = answer.headers.get("ETag", ""), _quiet(answer.headers, asked_at)
            self._seen[name, value] = _Seen(etag, report, asked_at + quiet)
        return report


def _fits(name: str) -> bool:
    if len(name) > NAME_LENGTH:
        log.error("status source %s… is ignored: a name has at most %d characters", name[:20], NAME_LENGTH)
    return len(name) <= NAME_LENGTH


def _parse(name: str, body: bytes, status: int) -> Report:
    try:
        return Report.parse(name, json.loads(body))
    except (ValueError, RecursionError):
        reason = Reason("not_a_status") if status == 200 else Reason("http_status", {"status": status})
        return Report.failed(name, reason)


def _quiet(headers: Message, now: float) -> float:
    """Return for how many seconds the source does not want to be asked again, at most QUIET_SECONDS.

    If X-RateLimit-Remaining is 0, X-RateLimit-Reset tells when: in seconds from now, or as an epoch second.
    """
    try:
        if int(headers["X-RateLimit-Remaining"]) > 0:
            return 0.0
        reset = float(headers["X-RateLimit-Reset"])
    except (TypeError, ValueError):  # TypeError: there is no such header
        return 0.0
    return max(0.0, min(reset - now if reset > 1e9 else reset, QUIET_SECONDS))
