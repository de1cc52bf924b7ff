"""Faults to inject: the next matching REST call meets a 429, a 5xx, a cut line or a long wait."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Mishap:
    """What befalls a call, and whether it has taken effect by then; see `Discord.fail_next`. `then` is called before
    the answer, or the lack of one, goes out."""

    method: str
    pattern: str
    status: int | None
    code: int = 0
    retry_after: float = 1.0
    after: bool = False
    delay: float = 0.0
    headerless: bool = False
    times: int = 1
    then: Callable[[], object] | None = None


class Mishaps:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Mishap] = []

    def add(self, mishap: Mishap) -> None:
        with self._lock:
            self._waiting.append(mishap)

    def forget(self) -> None:
        """None of those that wait will befall anybody."""
        with self._lock:
            self._waiting.clear()

    def next_for(self, method: str, path: str) -> Mishap | None:
        """The first mishap that waits for this call, used up."""
        with self._lock:
            for mishap in self._waiting:
                if mishap.method in (method, "*") and fnmatch.fnmatchcase(path, mishap.pattern):
                    mishap.times -= 1
                    if mishap.times <= 0:
                        self._waiting.remove(mishap)
                    return mishap
        return None
