"""Reads secrets, webhook URLs and status sources from SSM Parameter Store, and caches them for a minute.

An account may make 40 such calls a second, and a call lists 10 parameters. So many functions that start together are
throttled. Each waits for a random time and goes on from the page that it had reached. If the store cannot be read, the
last value that was read is used for some minutes more.
"""

import logging
import os
import threading
import time

from ..errors import Unavailable
from .aws_json import Refused, of_region, seconds_left

SECONDS = 60
"""How old a cached value may be. Values expire up to a fifth earlier, so that functions do not read in step."""

STALE_SECONDS = 10 * 60
"""How old a value may be that is used because the store cannot be read."""

PATIENCE = 18.0
"""Seconds for which a throttled call is tried again, in all. Then /status has 12 of the worker's 30 seconds left."""

TRIES = 3
"""How often a call is made if the store does not answer, or answers with a failure."""

LONGEST_PAUSE = 1.5
"""The most seconds between two tries. A pause is a random part of it, so that the tries spread evenly."""

log = logging.getLogger(__name__)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def is_secret(name: str) -> bool:
    """Return whether a parameter is stored as SecureString. `name` is without the stage."""
    if name.startswith("webhooks/"):
        return not name.endswith("/thread-name")
    return name in ("discord/bot-token", "signing-keys") or name.startswith(("servers/", "server-webhooks/"))


class Parameters:
    """Reads parameters by their full names. Raises Unavailable if the store cannot be reached. Errors hold no value.

    Threads that ask for the same parameter share one call. This uses no SDK, because the ingress reads parameters too.
    `call(target, request)` calls the store.
    """

    def __init__(
        self,
        clock: "Callable[[], float]" = time.time,  # time.monotonic stops while the function is frozen
        sleep: "Callable[[float], None]" = time.sleep,
        call: "Callable[[str, dict], Any] | None" = None,
    ) -> None:
        self._call = call or of_region("ssm", "1.1").call
        self._clock, self._sleep = clock, sleep
        self._kept: dict[str, _Kept] = {}
        self._reading: dict[str, threading.Lock] = {}
        self._listings: dict[str, _Listing] = {}

    def secret(self, name: str, *, fresh: bool = False) -> str:
        """Return the decrypted value. `fresh` skips the cache.

        Raises Unavailable if the parameter is not set; the error says how to set it.
        """
        value = self.find(name, fresh=fresh)
        if value is None:
            raise Unavailable(f"the parameter {name} is not set; `python -m ops setup` sets it")
        return value

    def find(self, name: str, *, fresh: bool = False) -> str | None:
        """Return the decrypted value, or None if there is no such parameter.

        `fresh` skips the cache. Then no older value is returned if the store cannot be read.
        """
        return self._cached(name, self._get, fresh)

    def set_at(self, name: str) -> str:
        """Return when the parameter was last set, as the store writes it. It is "" if there is no such parameter.

        This is not cached.
        """
        found = self._parameter(name, patient=True)
        return str(found["LastModifiedDate"]) if found else ""

    def below(self, path: str, *, fresh: bool = False) -> dict[str, str]:
        """Return the parameters directly below `path`: last part of the name -> value. `fresh` is as in `find`."""
        if fresh:
            self._listings.pop(path, None)
        return self._cached(path, self._list, fresh)

    def _cached(self, name: str, read: "Callable[[str, bool], Any]", fresh: bool) -> "Any":
        if not fresh and (current := self._current(name)):
            return current.value
        reading = self._reading.setdefault(name, threading.Lock())
        waits = not reading.acquire(blocking=False)
        if waits:
            reading.acquire()
        try:
            # If another thread has just tried for long and found nothing, one more try must be enough.
            return self._kept_or_read(name, read, fresh, patient=not waits)
        finally:
            reading.release()

    def _current(self, name: str) -> "_Kept | None":
        kept = self._kept.get(name)
        return kept if kept is not None and kept.read_at <= self._clock() < kept.expires_at else None

    def _kept_or_read(self, name: str, read: "Callable[[str, bool], Any]", fresh: bool, patient: bool) -> "Any":
        if not fresh and (current := self._current(name)):
            return current.value
        kept = None if fresh else self._kept.get(name)
        now = self._clock()
        usable = kept is not None and 0 <= now - kept.read_at <= STALE_SECONDS
        try:
            value = read(name, patient and not usable)
        except Unavailable as error:
            if kept is None or not usable or (isinstance(error, Refused) and not error.passing):
                raise
            log.warning("using the value of %d seconds ago: %s", now - kept.read_at, error, extra={"parameter": name})
            kept.expires_at = now + SECONDS / 6 * (1 + _random())  # do not ask again at once
            return kept.value
        read_at = self._clock()
        self._kept[name] = _Kept(value, read_at, read_at + SECONDS * (1 - _random() / 5))
        return value

    def _get(self, name: str, patient: bool) -> str | None:
        found = self._parameter(name, patient)
        return found["Value"] if found else None

    def _parameter(self, name: str, patient: bool) -> "dict[str, Any] | None":
        request = {"Name": name, "WithDecryption": True}
        try:
            found = self._ask("AmazonSSM.GetParameter", request, patient, self._deadline())["Parameter"]
            return {**found, "Value": str(found["Value"])}
        except Refused as error:
            if error.code == "ParameterNotFound":
                return None
            raise
        except (KeyError, TypeError):
            raise _nonsense("GetParameter") from None

    def _list(self, path: str, patient: bool) -> dict[str, str]:
        listing = self._listings.get(path)
        if listing is None or not 0 <= self._clock() - listing.begun_at <= SECONDS:
            listing = self._listings[path] = _Listing(self._clock())
        deadline = self._deadline()
        while True:
            request = {"Path": path, "WithDecryption": True, "MaxResults": 10, **listing.next}
            try:
                page = self._ask("AmazonSSM.GetParametersByPath", request, patient, deadline)
                listing.found |= {each["Name"].rsplit("/", 1)[-1]: each["Value"] for each in page["Parameters"]}
            except Refused as error:
                if not error.passing:  # it may be the token of the page, so begin again next time
                    del self._listings[path]
                raise
            except (KeyError, TypeError, AttributeError):
                raise _nonsense("GetParametersByPath") from None
            if not page.get("NextToken"):
                del self._listings[path]
                return listing.found
            listing.next = {"NextToken": page["NextToken"]}
            if self._clock() > deadline:
                raise Unavailable("AmazonSSM.GetParametersByPath: there are too many pages to read them in time")

    def _deadline(self) -> float:
        return self._clock() + min(PATIENCE, seconds_left())

    def _ask(self, target: str, request: dict, patient: bool, deadline: float) -> "Any":
        """Call the store. If `patient`, try again after a failure that may pass, until `deadline`."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._call(target, request)
            except Unavailable as error:
                throttled = isinstance(error, Refused) and error.throttled
                passing = not isinstance(error, Refused) or error.passing
                pause = _random() * min(LONGEST_PAUSE, 0.2 * 2**attempt)
                late = self._clock() + pause > deadline
                if not patient or not passing or late or not (throttled or attempt < TRIES):
                    raise
            self._sleep(pause)


class _Kept:
    """A value, when it was read, and when it must be read again. Times are epoch seconds."""

    __slots__ = ("expires_at", "read_at", "value")

    def __init__(self, value: "Any", read_at: float, expires_at: float) -> None:
        self.value, self.read_at, self.expires_at = value, read_at, expires_at


class _Listing:
    """The pages of a path that have been read, and what to send for the next one."""

    __slots__ = ("begun_at", "found", "next")

    def __init__(self, begun_at: float) -> None:
        self.begun_at = begun_at
        self.found: dict[str, str] = {}
        self.next: dict[str, str] = {}


def _nonsense(action: str) -> Unavailable:
    return Unavailable(f"AmazonSSM.{action}: answered 200 with something else than parameters")


def _random() -> float:
    """Return a number from 0 to 1. The module `random` would take 4 ms of a cold start."""
    return int.from_bytes(os.urandom(4)) / 2**32
