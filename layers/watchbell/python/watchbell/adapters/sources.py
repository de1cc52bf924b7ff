"""Asks the status sources over HTTP, all at once, within 5 seconds. A failed source gives a report, not an exception.

Reports are cached, and shown in different languages. So they hold reason codes, and no sentences.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ..errors import UnknownSource
from ..status.reason import Reason
from ..status.report import Report
from .sessions import session

SECONDS = 5.0
BYTES = 256 * 1024
REDIRECTS = 3
NAME_LENGTH = 60  # names are part of custom ids, which have at most 100 characters

TIMEOUT = Reason("timeout", {"seconds": int(SECONDS)})

log = logging.getLogger(__name__)


@dataclass
class _Seen:
    """The last good report of a source. It is shown again after a 304, and until the source may be asked again."""

    etag: str
    report: Report
    not_before: float


class Sources:
    """The configured sources. `configured` returns their names and URLs."""

    def __init__(self, configured: Callable[[], dict[str, str]]) -> None:
        self._configured = configured
        self._seen: dict[tuple[str, str], _Seen] = {}

    def ask(self, name: str = "") -> list[Report]:
        """Ask the source called `name`, in upper or lower case, or all sources. Returns their reports sorted by name.

        Returns [] if no source is configured. Raises UnknownSource if none has that name.
        """
        configured = {known: url for known, url in sorted(self._configured().items()) if _fits(known)}
        wanted = name.strip().lower()
        urls = {known: url for known, url in configured.items() if not name or known.lower() == wanted}
        if not configured:
            return []
        if not urls:
            raise UnknownSource(name, list(configured))
        pool = ThreadPoolExecutor(max_workers=min(32, len(urls)))
        asked: dict[str, Future[Report]] = {known: pool.submit(self._ask, known, url) for known, url in urls.items()}
        wait(asked.values(), timeout=SECONDS + 0.5)
        pool.shutdown(wait=False, cancel_futures=True)  # do not wait for a source that sends a byte now and then
        return [asked[known].result() if asked[known].done() else Report.failed(known, TIMEOUT) for known in urls]

    def _ask(self, name: str, url: str) -> Report:
        seen = self._seen.get((name, url))
        if seen is not None and time.monotonic() < seen.not_before:
            return seen.report
        headers = {"Accept": "application/json", "User-Agent": "Watchbell/0.1"}
        if seen is not None and seen.etag:
            headers["If-None-Match"] = seen.etag
        try:
            response, body = _fetch(url, headers)
        except (requests.Timeout, ReadTimeoutError, TimeoutError):
            return Report.failed(name, TIMEOUT)
        except (requests.RequestException, HTTPError, ValueError) as error:  # ValueError: the URL cannot be read
            log.info("source %s: %s", name, type(error).__name__)
            return Report.failed(name, Reason("unreachable"))
        status = response.status_code
        if len(body) > BYTES:
            report = Report.failed(name, Reason("too_large", {"kilobytes": BYTES // 1024}))
        elif status == 304 and seen is not None:
            report = seen.report
        elif status in (200, 503):  # some health pages answer 503 when the service is unwell
            report = _parse(name, body, status)
        elif status == 429:
            report = Report.failed(name, Reason("asked_too_often"), status="unknown")
        else:
            report = Report.failed(name, Reason("http_status", {"status": status}))
        if report.failure is None:
            self._seen[name, url] = _Seen(response.headers.get("ETag", ""), report, time.monotonic() + _quiet(response))
        return report


def _fetch(url: str, headers: dict[str, str]) -> tuple[requests.Response, bytes]:
    """Follow at most REDIRECTS redirects and return the answer with its body.

    Redirects are followed here because requests would read their whole bodies.
    """
    for _hop in range(REDIRECTS + 1):
        with (
            session() as http,
            http.get(url, headers=headers, timeout=SECONDS, stream=True, allow_redirects=False) as response,
        ):
            if not response.is_redirect:
                return response, _read(response)
            url = urljoin(url, response.headers["Location"])
    raise requests.TooManyRedirects


def _fits(name: str) -> bool:
    if len(name) > NAME_LENGTH:
        log.error("status source %s… is ignored: a name has at most %d characters", name[:20], NAME_LENGTH)
    return len(name) <= NAME_LENGTH


def _read(response: requests.Response) -> bytes:
    """Return the body, cut off soon after BYTES. Raises TimeoutError after SECONDS.

    requests cannot do this: it waits for whole chunks, and its timeout starts again with every byte.
    """
    deadline = time.monotonic() + SECONDS
    body = b""
    while chunk := response.raw.read1(16 * 1024, decode_content=True):
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(body) > BYTES:
            break
    return body


def _parse(name: str, body: bytes, status: int) -> Report:
    try:
        return Report.parse(name, json.loads(body))
    except (ValueError, RecursionError):
        reason = Reason("not_a_status") if status == 200 else Reason("http_status", {"status": status})
        return Report.failed(name, reason)


def _quiet(response: requests.Response) -> float:
    """Return for how many seconds the source does not want to be asked again, at most 60.

    If X-RateLimit-Remaining is 0, X-RateLimit-Reset tells when: in seconds from now, or as an epoch second.
    """
    try:
        if int(response.headers["X-RateLimit-Remaining"]) > 0:
            return 0.0
        reset = float(response.headers["X-RateLimit-Reset"])
    except (KeyError, ValueError):
        return 0.0
    return max(0.0, min(reset - time.time() if reset > 1e9 else reset, 60.0))
