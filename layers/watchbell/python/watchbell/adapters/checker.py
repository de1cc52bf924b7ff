"""Runs the checks of a shard at once. Every monitor gets Facts: nothing that a check does stops the others."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from traceback import extract_tb

from ..kit import catalogue
from ..kit.check import SECONDS, Check
from ..status import recheck
from ..status.facts import Facts
from ..status.monitor import Monitor
from ..status.reason import Reason
from . import opener
from .net import Net, Secret, no_secret

TOGETHER = 25
"""How many checks run at the same time: a whole shard."""

GRACE = 0.5
"""Seconds that a check may take beyond its time limit, before it counts as stuck. A name server can be silent."""

log = logging.getLogger(__name__)


class Checker:
    """Checks monitors.

    `find` returns a kind of check by its name. `secret(name, host)` returns the value of a secret for requests to
    `host`, and raises LookupError if there is none. `refused` are hosts that no check may ask. `sleep` waits so many
    seconds.
    """

    def __init__(
        self,
        *,
        secret: Secret = no_secret,
        refused: Collection[str] = (),
        find: Callable[[str], Check | None] = catalogue.check,
        resolve: opener.Resolve = opener.resolve,
        together: int = TOGETHER,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secret, self._refused, self._find = secret, refused, find
        self._resolve, self._together, self._sleep = resolve, together, sleep

    def run(
        self,
        monitors: Iterable[Monitor],
        *,
        seconds: float = 2.0 * SECONDS,
        again: Collection[str] = (),
        left: float = 0.0,
    ) -> dict[str, Facts]:
        """The Facts of each monitor, by its id. Takes at most `seconds`, and GRACE.

        A monitor in `again`, by its id, is checked a second time if it fails, as `status.recheck` says. That is over
        after `left` seconds, and GRACE.

        A monitor whose check could not begin in time, or has a bug, is `unknown`. Monitors whose kind is not asked,
        such as heartbeats, are left out.
        """
        begun = time.monotonic()
        asked = {each.id: (each, check) for each in monitors if (check := self._check(each)) is None or check.runs}
        if not asked:
            return {}
        run = _Run(begun, seconds, again, left, self._sleep)
        pool = ThreadPoolExecutor(max_workers=min(self._together, len(asked)), thread_name_prefix="check")
        futures = {id: pool.submit(run.measure, each, check, self._net) for id, (each, check) in asked.items()}
        wait(futures.values(), timeout=max(seconds, left if again else 0.0) + GRACE)
        facts = {id: run.result(asked[id][0], future) for id, future in futures.items()}
        pool.shutdown(wait=False)
        return facts

    def _check(self, monitor: Monitor) -> Check | None:
        try:
            return self._find(monitor.kind)
        except Exception as error:
            log.exception("the kind of check %s cannot be loaded", monitor.kind, exc_info=error)
            return None

    def _net(self, monitor: Monitor, seconds: float) -> Net:
        limits = opener.Limits(monitor.private, self._refused, seconds, self._resolve)
        return Net(limits, self._secret)


class _Run:
    """The checks of one run, which began at `begun`. No first check begins that could take longer than `seconds`."""

    def __init__(
        self, begun: float, seconds: float, again: Collection[str], left: float, sleep: Callable[[float], None]
    ) -> None:
        self._until, self._seconds = begun + seconds, seconds
        self._again, self._again_until, self._sleep = again, begun + left, sleep
        self._begun: dict[str, float] = {}
        self._first: dict[str, Facts] = {}
        self._logged: set[str] = set()
        self._lock = Lock()

    def measure(self, monitor: Monitor, check: Check | None, net: Callable[[Monitor, float], Net]) -> Facts:
        limit, left = min(monitor.seconds, SECONDS), self._until - time.monotonic()
        if left < limit:  # less time than the target may take would say nothing about it
            return self._not_asked()
        if check is None:
            return Facts("unknown", Reason("not_measured"))
        first = self._once(monitor, check, net, limit)
        left = self._again_until - time.monotonic()
        pause = recheck.wait(monitor, first, limit, left) if monitor.id in self._again else 0
        if not pause:
            return first
        self._first[monitor.id] = first
        self._sleep(pause)
        return recheck.stands(first, self._once(monitor, check, net, limit))

    def _once(self, monitor: Monitor, check: Check, net: Callable[[Monitor, float], Net], limit: float) -> Facts:
        self._begun[monitor.id] = time.monotonic()
        try:
            return check.facts(monitor, net(monitor, limit))
        except Exception as error:  # noqa: BLE001 - one bug must not stop the other checks
            self._log(monitor.kind, error)
            return Facts("unknown", Reason("not_measured"))

    def result(self, monitor: Monitor, future: Future[Facts]) -> Facts:
        if future.cancel():
            return self._not_asked()
        if future.done():
            return future.result()
        if monitor.id in self._first:
            return self._first[monitor.id]
        limit = min(monitor.seconds, SECONDS)
        if time.monotonic() - self._begun.get(monitor.id, math.inf) < limit:
            return self._not_asked()
        return Facts("down", Reason("timeout", {"seconds": math.ceil(limit)}))

    def _not_asked(self) -> Facts:
        return Facts("unknown", Reason("not_asked_in_time", {"seconds": math.ceil(self._seconds)}))

    def _log(self, kind: str, error: Exception) -> None:
        """Log the bug once for each kind. Its message is left out, because it could repeat a secret or the answer."""
        with self._lock:
            if kind in self._logged:
                return
            self._logged.add(kind)
        frames = [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-3:]
        ]
        log.error("the check %s has a bug: %s at %s", kind, type(error).__name__, " < ".join(reversed(frames)))
