"""Stops a handler that answers at once but takes too long, so that the person is told within Discord's 3 seconds."""

import _signal  # type: ignore[import-not-found]  # `signal` makes enums of it, which takes 1.2 ms of a cold start
import threading
import time

SECONDS = 2.2
"""How much of a request's time a handler may use, cold start included. The rest is for the way to Discord."""

LEAST_SECONDS = 0.3
"""What a handler gets in any case, even if the cold start or slow AWS calls have used up its time."""

AGAIN_SECONDS = 0.1
"""The handler is stopped again after this time, if it caught the exception that should stop it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TooSlow(BaseException):
    """The handler took too long. It is no Exception, so that `except Exception` in a handler does not catch it."""


class TimeLimit:
    """The time limit of one request, of which `spent` seconds have passed. `with limit:` stops what is inside.

    Raises TooSlow out of the block. An interval timer interrupts the main thread. In another thread nothing can be
    interrupted, so TooSlow is raised at the end of the block.
    """

    __slots__ = ("_handler", "_in_main", "_timer", "_until")

    def __init__(self, spent: float = 0.0) -> None:
        self._until = time.monotonic() + SECONDS - spent

    def __enter__(self) -> None:
        now = time.monotonic()
        self._until = max(self._until, now + LEAST_SECONDS)
        self._in_main = threading.get_ident() == threading.main_thread().ident
        if self._in_main:
            self._handler = _signal.signal(_signal.SIGALRM, self._stop)
            self._timer = _signal.setitimer(_signal.ITIMER_REAL, self._until - now, AGAIN_SECONDS)

    def __exit__(self, kind: "type | None", *_: object) -> None:
        if self._in_main:
            _signal.setitimer(_signal.ITIMER_REAL, 0)  # first, because the handler from before may end the process
            _signal.signal(_signal.SIGALRM, self._handler)
            if self._timer[0]:
                _signal.setitimer(_signal.ITIMER_REAL, *self._timer)
        elif kind is None and time.monotonic() > self._until:
            raise TooSlow

    def _stop(self, number: int, frame: "Any") -> None:
        if frame is None or frame.f_globals is not globals():  # in this module, it would leave the timer running
            raise TooSlow
