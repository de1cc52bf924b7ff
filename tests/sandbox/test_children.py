"""No process outlives the sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from sandbox.children import Children

KILLED = """
import os, signal
from sandbox.children import Children
child = Children().spawn(["sleep", "60"], environment=dict(os.environ))
print(child.pid, flush=True)
signal.pause()
"""


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{pid}/stat") as stat:  # killed, but its new parent has not reaped it yet
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                return True
        time.sleep(0.02)
    return False


def test_a_child_dies_with_a_sandbox_that_was_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert gone(child)


def test_ending_a_child_ends_what_it_started() -> None:
    children = Children()
    child = children.spawn(["sh", "-c", "sleep 60 & echo $!; wait"], environment=dict(os.environ))
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    children.end(child)
    children.end(child)  # a second call does no harm
    assert gone(grandchild)
    children.stop()
