"""The sandbox's clock: real time plus an offset that only grows.

It drives the schedules and the simulated Discord's deadlines. With `Options.one_clock`, the functions and the queues
follow it too: they read the offset from a file. Without it, they run on real time.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path


class Clock:
    """If there is a `file`, it holds the offset for other processes."""

    def __init__(self, file: Path | None = None) -> None:
        self._offset = 0.0
        self._lock = threading.Lock()
        self._file = file
        self._share()

    @property
    def offset(self) -> float:
        """How many seconds this clock is ahead of real time."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Turn the clock by this many seconds, to the microsecond."""
        if seconds < 0:
            raise ValueError("The clock can only be turned forward.")
        with self._lock:
            self._offset = round(self._offset + seconds, 6)
            self._share()

    def _share(self) -> None:
        if self._file:  # a fixed length in one write: a reader gets either the old offset or the new one
            with self._file.open("r+b" if self._file.exists() else "wb", buffering=0) as file:
                file.write(f"{self._offset:032.6f}".encode())
