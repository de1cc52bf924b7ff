"""The functions' log lines, each with its function's name. They go to a stream, and the latest are kept."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TextIO


class Logs:
    """Keeps the latest `keep` lines, and writes all lines to `stream`.

    A stream that nobody reads fills up and blocks. The functions must not wait for it, so a thread does the writing.
    If the stream is 10,000 lines behind, further lines are not written to it.
    """

    def __init__(self, stream: TextIO | None = None, keep: int = 10_000) -> None:
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
        """Wait until everything is written to the stream, at most this long."""
        deadline = time.monotonic() + seconds
        while self._unwritten.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def _print(self) -> None:
        with suppress(OSError, ValueError):  # the stream is closed, but the lines are still kept
            while True:
                print(self._unwritten.get(), file=self._stream, flush=True)
                self._unwritten.task_done()
