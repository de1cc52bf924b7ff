"""The sandbox's clock: real time plus an offset that only grows.

It drives the schedules and the simulated Discord's deadlines; the functions themselves run on real time, but where
it is kept in a file for them, see `Options.one_clock`.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path


class Clock:
    """`file`, where there is one, holds the offset for other processes."""

    def __init__(self, file: Path | None = None) -> None:
        self._offset = 0.0
        self._lock = threading.Lock()
        self._file = file
        self._share()

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
            self._share()

    def _share(self) -> None:
        if self._file:  # always as long, and in one write: a reader meets the old one or the new one
            with self._file.open("r+b" if self._file.exists() else "wb", buffering=0) as file:
                file.write(f"{self._offset:032.6f}".encode())
