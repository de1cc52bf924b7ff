"""The sandbox's clock: real time plus an offset that only grows.

It drives the schedules and the simulated Discord's deadlines; the functions themselves run on real time.
"""

from __future__ import annotations

import threading
import time


class Clock:
    def __init__(self) -> None:
        self._offset = 0.0
        self._lock = threading.Lock()

    @property
    def offset(self) -> float:
        """Seconds by which this clock is ahead of real time."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("The clock turns forward only.")
        with self._lock:
            self._offset += seconds
