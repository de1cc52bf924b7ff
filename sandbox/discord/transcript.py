"""What happened in the simulated Discord, line by line, for people to read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.discord.render import render
from sandbox.discord.validation import Json


class Transcript:
    """The story of one simulated Discord. Thread-safe.

    `lines` is the transcript. `faults` lists what the bot did that real Discord refuses as unknown or silently drops.
    It stays empty if the bot is correct. `clock` (epoch seconds) dates the lines.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.lines: list[str] = []
        self.faults: list[str] = []
        self._clock = clock
        self._lock = threading.Lock()

    def note(self, line: str) -> None:
        """Add a line, with the time in UTC."""
        when = datetime.fromtimestamp(self._clock(), UTC).strftime("%H:%M:%S")
        with self._lock:
            self.lines.append(f"{when}  {line}")

    def show(self, message: Json) -> None:
        """Add a message as people see it."""
        with self._lock:
            self.lines += [f"            {line}".rstrip() for line in render(message).splitlines()]

    def fault(self, line: str) -> None:
        """Record something that a correct bot never does."""
        with self._lock:
            self.faults.append(line)
        self.note(f"FAULT {line}")
