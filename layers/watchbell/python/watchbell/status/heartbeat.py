"""A heartbeat: a monitor that is not asked. Its job pings a URL, and it is down if a ping does not come in time.

The rules are those of healthchecks:

- A success or a fail says how it is. The next success is due one period later, or at the next time of the cron
  expression. It is late from then on, and down when the grace time is over too.
- A start opens a run. The run must end within the grace time, even if no success is due yet. A fail ends it. A success
  of the same run or without a run id ends it too, and a success of another run does not.
- It is new until the first success or fail. Logs change nothing.
- It is down since the deadline that was missed, and not since somebody looked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, cast

from .facts import Facts
from .monitor import Policy
from .ping import Ping
from .reason import Code, Reason

Status = Literal["new", "up", "late", "down", "paused"]
NextAfter = Callable[[str, str, float], float]
"""The first time of a cron expression in a zone after a time: `(expression, zone, after)`, in epoch seconds."""

POLICY = Policy(failures=1, successes=1)
"""The policy of every heartbeat. Its pings are not samples: one fail is a failure."""


@dataclass(frozen=True)
class Rhythm:
    """When a job should ping. All times are in seconds.

    `grace`: how late a ping may be, and how long a run may take. `period` is the time between pings, unless there is a
    `cron` expression, in the time zone `zone`. `manual_resume`: if it is paused, pings do not wake it.
    """

    grace: float
    period: float = 0
    cron: str = ""
    zone: str = "UTC"
    manual_resume: bool = False


@dataclass(frozen=True)
class Turn:
    """From `at` on, in epoch seconds, the heartbeat was `status`, which is never "late". `reason`: why it was down."""

    at: float
    status: Status
    reason: Reason | None = None


@dataclass(frozen=True)
class Heartbeat:
    """How a heartbeat is at a time. All times are in epoch seconds, and durations in seconds.

    `running`: whether a run is open, and not too long yet. `turns`: how it came to this, oldest first, as far as its
    pings tell. `duration`: how long the last run took that has ended, if its start is known and no other end followed.
    `due`: when the next success is due; None if nobody waits for one.
    """

    status: Status
    running: bool = False
    turns: tuple[Turn, ...] = ()
    duration: float | None = None
    due: float | None = None


def heartbeat(pings: Iterable[Ping], rhythm: Rhythm, *, at: float, next_after: NextAfter) -> Heartbeat:
    """Return how a heartbeat with these pings, in any order, is at `at`. Pings after `at` do not count yet."""
    past = _Past(rhythm, next_after)
    for ping in sorted((ping for ping in pings if ping.at / 1000 <= at), key=lambda ping: ping.at):
        # A ping at the deadline is in time.
        past.wait(ping.at / 1000, strictly=True)
        past.take(ping)
    past.wait(at, strictly=False)
    status, due = past.status, past.due()
    running = past.started is not None and at < past.started + rhythm.grace
    if status == "up" and due is not None and at >= due:
        status = "late"
    return Heartbeat(status, running, tuple(past.turns), past.duration, due)


def facts(found: Heartbeat, *, after: int) -> list[Facts]:
    """Return the results to judge, oldest first: one for each turn after `after`, and always one for how it is now.

    `after` is `since` of the judgement before, in epoch seconds. So nothing is judged twice, and a job that failed and
    recovered between two looks is not missed. Judge them with POLICY. A heartbeat that is new or paused is unknown.
    """
    turns = [turn for turn in found.turns if int(turn.at) > after] or list(found.turns[-1:])
    return [_facts(turn) for turn in turns] or [Facts("unknown")]


def _facts(turn: Turn) -> Facts:
    if turn.status == "up" or turn.status == "down":
        return Facts(turn.status, turn.reason, since=int(turn.at))
    return Facts("unknown")


class _Past:
    """What is known after some pings."""

    def __init__(self, rhythm: Rhythm, next_after: NextAfter) -> None:
        self.rhythm, self.next_after = rhythm, next_after
        self.status: Status = "new"
        self.turns: list[Turn] = []
        self.ended: float | None = None
        self.started: float | None = None
        self.run = ""
        self.duration: float | None = None

    def take(self, ping: Ping) -> None:
        at = ping.at / 1000
        match ping.what:
            case "log":
                pass
            case "pause":
                self.started = None
                self._turn("paused", at)
            case "resume":
                if self.status == "paused":
                    self.started = self.ended = None
                    self._turn("new", at)
            case _ if self.status == "paused" and self.rhythm.manual_resume:
                pass
            case "start":
                self.started, self.run = at, ping.run
            case what:
                self._end(at, what, ping.run)

    def _end(self, at: float, what: str, run: str) -> None:
        self.ended, self.duration = at, None
        if self.started is not None and self.run == run:
            self.duration = at - self.started
        if self.run == run or what != "success" or not run:
            self.started = None
        if what != "success":
            self._turn("down", at, Reason("job_failed", {"exit_status": int(what)} if what.isdigit() else {}))
        elif self.started is None or at < self.started + self.rhythm.grace:
            # A success of another run does not help a run that takes too long.
            self._turn("up", at)

    def due(self) -> float | None:
        if self.status != "up" or self.ended is None:
            return None
        rhythm = self.rhythm
        return self.next_after(rhythm.cron, rhythm.zone, self.ended) if rhythm.cron else self.ended + rhythm.period

    def wait(self, until: float, *, strictly: bool) -> None:
        """Miss the first deadline before `until`, or at `until` too unless `strictly`."""
        deadlines = []
        if (due := self.due()) is not None:
            deadlines.append((due + self.rhythm.grace, "ping_missed"))
        if self.started is not None and self.status != "down":
            deadlines.append((self.started + self.rhythm.grace, "run_too_long"))
        deadline, code = min(deadlines, default=(math.inf, ""))
        if deadline < until or (deadline == until and not strictly):
            self._turn("down", deadline, Reason(cast(Code, code)))

    def _turn(self, status: Status, at: float, reason: Reason | None = None) -> None:
        if status != self.status:
            self.turns.append(Turn(at, status, reason))
        self.status = status
