"""Subprocesses that never outlive the sandbox, even if it is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

# This program runs beside the sandbox. It reads "+pid" and "-pid" lines, and kills what is left when the pipe closes.
# Linux's PR_SET_PDEATHSIG does not help: it fires when the spawning *thread* ends, and here threads spawn.
_WATCH = """
import os, signal, sys
alive = set()
for line in sys.stdin:
    (alive.add if line[0] == "+" else alive.discard)(int(line[1:]))
for pid in alive:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Children:
    """Spawns and ends subprocesses. Each has its own process group, so Ctrl-C reaches only the sandbox."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._watch = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCH], stdin=subprocess.PIPE, start_new_session=True
        )

    def spawn(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `command` with exactly this `environment`. Its stdout and stderr share one pipe, `process.stdout`."""
        with self._lock:
            if self._stopped:
                raise RuntimeError("the sandbox has stopped")
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._alive.add(process)
            self._tell("+", process.pid)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill `process` and everything that it spawned, and reap it. Does nothing if it has ended already."""
        with self._lock:
            if process not in self._alive:
                return
            self._alive.remove(process)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with self._lock:
            self._tell("-", process.pid)

    def stop(self) -> None:
        """End all subprocesses. None can be spawned afterwards."""
        with self._lock:
            self._stopped = True
        for process in list(self._alive):
            self.end(process)
        if self._watch.stdin:
            self._watch.stdin.close()
        self._watch.wait()

    def _tell(self, sign: str, pid: int) -> None:
        if self._watch.stdin and not self._watch.stdin.closed:
            self._watch.stdin.write(f"{sign}{pid}\n".encode())
            self._watch.stdin.flush()
