"""Asks the status sources: HTTP, 5 seconds for all of them together, and whatever goes wrong is itself an answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ..errors import UserError
from ..status.report import Report
from ..words import _, ngettext
from .sessions import session

SECONDS = 5.0
BYTES = 256 * 1024
REDIRECTS = 3
NAME_LENGTH = 60  # a name travels in custom ids, which end at 100 characters

log = logging.getLogger(__name__)


@dataclass
class _Seen:
    """What a source said last, for 304s and for the time in which it does not want to be asked."""

    etag: str
    report: Report
    not_before: float


class Sources:
    """The configured sources; `configured` gives name -> URL."""

    def __init__(self, configured: Callable[[], dict[str, str]]) -> None:
        self._configured = configured
        self._seen: dict[tuple[str, str], _Seen] = {}

    def ask(self, name: str = "") -> list[Report]:
        """The reports of the source called `name` (in any case), or of all of them by name: [] where none is
        configured. Raises UserError for a name that nobody has, and never for a source that is unwell."""
        urls = {known: url for known, url in sorted(self._configured().items()) if _fits(known)}
        if name:
            urls = {known: url for known, url in urls.items() if known.lower() == name.strip().lower()} or _unknown(
                urls
            )
        if not urls:
            return []
        pool = ThreadPoolExecutor(max_workers=min(32, len(urls)))
        asked: dict[str, Future[Report]] = {
            known: pool.submit(copy_context().run, self._ask, known, url)  # which knows the language that is spoken
            for known, url in urls.items()
        }
        wait(asked.values(), timeout=SECONDS + 0.5)
        pool.shutdown(wait=False, cancel_futures=True)  # a source that drips its bytes is left behind, not waited for
        return [asked[known].result() if asked[known].done() else _slow(known) for known in urls]

    def _ask(self, name: str, url: str) -> Report:
        seen = self._seen.get((name, url))
        if seen is not None and time.monotonic() < seen.not_before:
            return seen.report
        headers = {"Accept": "application/json", "User-Agent": "Watchbell/0.1"}
        if seen is not None and seen.etag:
            headers["If-None-Match"] = seen.etag
        try:
            response, body = _fetch(url, headers)
            if len(body) > BYTES:
                return Report.failed(name, _("answered more than {n} KB", n=BYTES // 1024))
        except (requests.Timeout, ReadTimeoutError, TimeoutError):
            return _slow(name)
        except (requests.RequestException, HTTPError, ValueError) as error:  # ValueError: the URL itself makes no sense
            log.info("source %s: %s", name, type(error).__name__)
            return Report.failed(name, _("could not be reached"))
        if response.status_code == 304 and seen is not None:
            report = seen.report
        elif response.status_code in (200, 503):  # health pages that are unwell like to say so with a 503
            report = _parse(name, body, response.status_code)
        elif response.status_code == 429:
            report = Report.failed(name, _("asks to be asked less often"), status="unknown")
        else:
            report = Report.failed(name, _("answered HTTP {status}", status=response.status_code))
        if not report.failure:
            self._seen[name, url] = _Seen(response.headers.get("ETag", ""), report, time.monotonic() + _quiet(response))
        return report


def _fetch(url: str, headers: dict[str, str]) -> tuple[requests.Response, bytes]:
    """The answer behind at most REDIRECTS redirects, whose own bodies are not read: requests would read them whole."""
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
        log.error("status source %s… is left out: a name has at most %d characters", name[:20], NAME_LENGTH)
    return len(name) <= NAME_LENGTH


def _unknown(urls: dict[str, str]) -> dict[str, str]:
    if not urls:
        return {}
    raise UserError(
        _("I watch no service of that name. I know {names}.", names=", ".join(f"`{known}`" for known in urls))[:2000]
    )


def _slow(name: str) -> Report:
    return Report.failed(
        name, ngettext("gave no answer within {n} second", "gave no answer within {n} seconds", int(SECONDS))
    )


def _read(response: requests.Response) -> bytes:
    """The body, not read further than past BYTES; TimeoutError past SECONDS. Not by requests' own reading, which waits
    for whole chunks, with a time-out that starts anew at every byte."""
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
        problem = (
            _("answered something that is no status") if status == 200 else _("answered HTTP {status}", status=status)
        )
        return Report.failed(name, problem)


def _quiet(response: requests.Response) -> float:
    """Seconds in which the source does not want to be asked again, at most 60: X-RateLimit-Reset (seconds, or the
    epoch second) once X-RateLimit-Remaining is 0."""
    try:
        if int(response.headers["X-RateLimit-Remaining"]) > 0:
            return 0.0
        reset = float(response.headers["X-RateLimit-Reset"])
    except (KeyError, ValueError):
        return 0.0
    return max(0.0, min(reset - time.time() if reset > 1e9 else reset, 60.0))
