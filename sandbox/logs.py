"""The functions' log lines, each with its function's name: to a stream, and the latest kept for reading."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TextIO


class Logs:
    """Lines go to `stream` from a thread of their own: a stream that nobody reads fills up and blocks, and that must
    not stop the functions. Past 10,000 lines that it has not taken, further ones are left out of it."""

    def __init__(self, stream: TextIO | None = None, keep: int = 2000) -> None:
        self._lines: deque[str] = deque(maxlen=keep)
        self._unwritten: queue.Queue[str] = queue.Queue(10_000)
        self._stream = stream
        if stream:
            threading.Thread(target=self._print, name="logs", daemon=True).start()

    def write(self, name: str, line: str) -> None:
        text = f"{name:<9} | {line}"
        self._lines.append(text)
        if self._stream:
            with suppress(queue.Full):
                self._unwritten.put_nowait(text)

    @property
    def lines(self) -> list[str]:
        """The latest lines, oldest first."""
        return list(self._lines)

    def flush(self, seconds: float = 1.0) -> None:
        """Wait until the stream has taken what was written, at most so long."""
        deadline = time.monotonic() + seconds
        while self._unwritten.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def _print(self) -> None:
        with suppress(OSError, ValueError):  # the stream is closed: the lines are still kept
            while True:
                print(self._unwritten.get(), file=self._stream, flush=True)
                self._unwritten.task_done()
