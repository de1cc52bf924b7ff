"""A slow judgement that keeps everything, and random lives of monitors, for the tests that compare the two.

It follows the words of the requirement: it keeps the list of all known results, and looks at all of it each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from watchbell.status.facts import Facts
from watchbell.status.judgement import Judgement, judge, pack, restart, unpack
from watchbell.status.monitor import Policy
from watchbell.status.reason import Reason

WORSE = ["up", "degraded", "down"]


@dataclass
class Oracle:
    """What should be known of a monitor: lists that only grow."""

    results: list[tuple[int, str]] = field(default_factory=list)  # (when it became so, outcome), since the last restart
    states: list[tuple[int, str]] = field(default_factory=lambda: [(0, "new")])
    flapping: bool = False
    notice: bool = False  # Did people hear that it is flapping, and nothing since?
    told: str = "up"
    flips: list[tuple[int, int, str, str, str]] = field(default_factory=list)  # (at, since, old, new, news)

    def restart(self, at: int) -> None:
        old = self.states[-1][1]
        at = max(at, self.states[-1][0])
        self.results, self.flapping = [], False
        self.states.append((at, "new"))
        if old != "new":
            self.flips.append((at, at, old, "new", ""))

    def judge(self, facts: Facts, policy: Policy, at: int, in_maintenance: bool) -> None:
        if facts.outcome == "unknown":
            return
        began = at if facts.since is None else max(min(facts.since, at), self.states[-1][0])
        self.results.append((began, facts.outcome))
        old = self.states[-1][1]
        new = self._state(old, policy)
        if new != old:
            self.states.append((max(self._streak(old, new), self.states[-1][0]), new))
        share = self._share()
        self.flapping = share >= Fraction(1, 4) if self.flapping else share >= Fraction(1, 2)
        for news in self._news(new, in_maintenance) or ([""] if new != old else []):
            self.flips.append((at, self.states[-1][0], old, new, news))
            old = new

    def _state(self, old: str, policy: Policy) -> str:
        outcomes = [outcome for _, outcome in self.results]
        last = outcomes[-policy.failures :]
        if len(last) == policy.failures:
            for level in ("down", "degraded"):
                all_reached = all(WORSE.index(each) >= WORSE.index(level) for each in last)
                if all_reached and (old == "new" or WORSE.index(level) > WORSE.index(old)):
                    return level
        last = outcomes[-policy.successes :]
        if len(last) == policy.successes:
            if old == "new":
                return "up" if set(last) == {"up"} else old
            for level in ("up", "degraded"):
                all_kept = all(WORSE.index(each) <= WORSE.index(level) for each in last)
                if all_kept and WORSE.index(level) < WORSE.index(old):
                    return level
        return old

    def _streak(self, old: str, new: str) -> int:
        """When the first result of the streak came that ends with the last result."""
        worse = (old == "new" and new != "up") or (old != "new" and WORSE.index(new) > WORSE.index(old))
        began = 0
        for when, outcome in reversed(self.results):
            distance = WORSE.index(outcome) - WORSE.index(new)
            if (distance < 0) if worse else (distance > 0):
                break
            began = when
        return began

    def _share(self) -> Fraction:
        """The share of changes. The newest of the 19 weighs 54/45 = 1.2, and each older one 1/45 less."""
        window = [outcome for _, outcome in self.results[-20:]]
        changes = [back for back in range(len(window) - 1) if window[-1 - back] != window[-2 - back]]
        return Fraction(sum(54 - back for back in changes), 45 * 19)

    def _news(self, state: str, in_maintenance: bool) -> list[str]:
        if state == "new":
            news = []
        elif self.notice and not self.flapping:
            if in_maintenance and state != "up":
                return []
            self.notice, self.told = False, state
            return ["settled"]
        elif state == self.told or (state != "up" and (in_maintenance or self.flapping)):
            news = []
        else:
            news = ["recovered" if state == "up" else "opened" if self.told == "up" else "changed"]
            self.told = state
        if self.flapping and not self.notice and not in_maintenance:
            self.notice = True
            news.append("flapping")
        return news


FACTS = {
    "up": Facts("up", None, 120),
    "degraded": Facts("degraded", Reason("too_large", {"kilobytes": 9}), 900, {"ms": 900}),
    "down": Facts("down", Reason("http_status", {"status": 503}), 80, {"status": 503, "text": "é" * 40}),
    "unknown": Facts("unknown", Reason("timeout", {"seconds": 5})),
}


def life(random: Random, length: int = 50) -> list[tuple[Any, ...]]:
    """Return what happens to a monitor: ("result", facts, policy, seconds, in_maintenance) or ("restart", seconds).

    It has calm and wild phases, as real monitors do.
    """
    policy = Policy(random.randint(1, 10), random.randint(1, 10)) if random.random() < 0.5 else Policy()
    steps: list[tuple[Any, ...]] = []
    in_maintenance = False
    weights = (1, 0, 0, 0)
    for _ in range(length):
        chance = random.random()
        if chance < 0.15:
            weights = random.choice(
                [(1, 0, 0, 0), (9, 1, 0, 0), (0, 0, 1, 0), (0, 1, 9, 0), (1, 0, 1, 0), (1, 1, 1, 0), (3, 2, 3, 2)]
            )
        elif chance < 0.2:
            in_maintenance = not in_maintenance
        elif chance < 0.21:
            policy = Policy(random.randint(1, 10), random.randint(1, 10))
        elif chance < 0.22:
            steps.append(("restart", random.choice((0, 30))))
        facts = FACTS[random.choices([*FACTS], weights)[0]]
        if random.random() < 0.1:
            facts = Facts(
                facts.outcome, facts.reason, facts.latency_ms, facts.values, since=random.choice((-90, -20, 5))
            )
        steps.append(("result", facts, policy, random.choice((0, 60, 60, 60, 300)), in_maintenance))
    return steps


def difference(steps: list[tuple[Any, ...]]) -> str:
    """Live this life with both, and say where they differ; "" if they agree.

    After each step the judgement is packed and unpacked, as it is in production.
    """
    oracle, judged, at = Oracle(), Judgement("m0n1t0r5"), 1_700_000_000
    for number, (what, *details) in enumerate(steps):
        told_before, flips_before = judged.told, len(oracle.flips)
        if what == "restart":
            at += details[0]
            oracle.restart(at)
            judged, flips = restart(judged, at=at)
        else:
            facts, policy, seconds, in_maintenance = details
            at += seconds
            if facts.since is not None:  # The life has it relative to the result.
                facts = Facts(facts.outcome, facts.reason, facts.latency_ms, facts.values, at + facts.since)
            oracle.judge(facts, policy, at, in_maintenance)
            judged, flips = judge(judged, facts, policy, at=at, in_maintenance=in_maintenance)
            if facts.outcome == "unknown" and flips:
                return f"step {number}: an unknown result caused {flips}"
        found = [(flip.at, flip.since, flip.old, flip.new, flip.news) for flip in flips]
        if found != oracle.flips[flips_before:]:
            return f"step {number}: {found} instead of {oracle.flips[flips_before:]}, told before: {told_before}"
        state = (judged.since, judged.state, judged.told, judged.flapping, judged.told_flapping)
        expected = (*oracle.states[-1], oracle.told, oracle.flapping, oracle.notice)
        if state != expected:
            return f"step {number}: {state} instead of {expected}"
        if unpack(pack([judged])) != {judged.monitor: judged}:
            return f"step {number}: {judged} is {unpack(pack([judged]))} after packing"
    return ""
