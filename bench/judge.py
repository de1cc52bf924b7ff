"""How many results one processor judges in a second.

The results are those of a whole shard: most monitors are up, some are down, and some change all the time. The time is
that of the processor, so other processes of the machine do not count.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median

from bench.cold import verdicts
from bench.instance import WrongAnswer
from watchbell.status.facts import Facts
from watchbell.status.flip import Flip
from watchbell.status.judgement import Judgement, judge
from watchbell.status.monitor import Policy
from watchbell.status.reason import Reason

RUNS = 40
"""How often each monitor of the shard is judged in a round."""

GOALS: dict[str, tuple[str, float]] = {"judgements_per_s": ("at least", 50_000)}

Judge = Callable[..., tuple[Judgement, tuple[Flip, ...]]]

UP = Facts("up", latency_ms=120)
DEGRADED = Facts("degraded", latency_ms=2_300)
DOWN = Facts("down", Reason("http_status", {"status": 502}), 80, {"status": 502})
PATTERNS = (
    *([[UP]] * 15),
    *([[UP] * 12 + [DOWN] * 4] * 5),
    [DOWN],
    [DEGRADED],
    *([[UP, DOWN]] * 2),
    [UP, DEGRADED, DOWN],
)


@dataclass(frozen=True)
class Comparison:
    """The processor's seconds for each round of `judgements` judgements."""

    judgements: int
    seconds: list[float]

    def figures(self) -> dict[str, float]:
        return {"judgements_per_s": round(self.judgements / median(self.seconds))}

    def table(self) -> str:
        title = f"Judgements on Python {platform.python_version()}, median of {len(self.seconds)} rounds"
        return "\n".join([title, "", *verdicts(self.figures(), GOALS)])


def measure(*, rounds: int, judge: Judge = judge) -> Comparison:
    """Time the judgement of a shard. The first round is not counted. Raise WrongAnswer if a judgement is wrong."""
    lives = [list(islice(cycle(pattern), RUNS)) for pattern in PATTERNS]
    seconds = [_round(lives, judge) for _ in range(rounds + 1)]
    return Comparison(RUNS * len(lives), seconds[1:])


def _round(lives: list[list[Facts]], judge: Judge) -> float:
    policy, states = Policy(), []
    begun = time.process_time()
    for number, life in enumerate(lives):
        judged = Judgement(f"monitor{number}")
        for minute, facts in enumerate(life):
            judged, _ = judge(judged, facts, policy, at=1_700_000_000 + 60 * minute, in_maintenance=False)
        states.append(judged)
    seconds = time.process_time() - begun
    found = (states[0].state, states[20].state, states[21].state, states[22].flapping)
    if found != ("up", "down", "degraded", True):
        raise WrongAnswer(f"the judgement found {found}")
    return seconds
