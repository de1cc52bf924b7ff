"""Which monitors a run checks a second time: those that were well, because one failure can be an accident. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .facts import Facts
from .judgement import Judgement
from .monitor import Monitor

OPTION, MOST = "recheck", 20
"""The option of a monitor that holds the seconds until the second check, and its highest value."""

SPARE = 8.0
"""The seconds that a run needs besides its checks: to read secrets, to judge and to store."""


def candidates(monitors: Iterable[Monitor], known: Mapping[str, Judgement]) -> frozenset[str]:
    """The ids of the monitors that are checked again if they fail: the last result was up, and the option is set."""
    return frozenset(each.id for each in monitors if _seconds(each) and _is_well(known.get(each.id)))


def left(slot: int, every: int, now: float, function: float) -> float:
    """How many seconds the checks of a run may take.

    Afterwards there is time to store the results before the next slot begins, and before the function ends in
    `function` seconds. The shard runs every `every` minutes.
    """
    return min(slot + every * 60 - now, function) - SPARE


def wait(monitor: Monitor, facts: Facts, limit: float, left: float) -> int:
    """How many seconds to wait after this result until the monitor is checked again, 0 if it is not checked again.

    `limit` is the time limit of a check, and `left` are the seconds until the checks must be over.
    """
    seconds = _seconds(monitor)
    return seconds if facts.outcome == "down" and seconds + limit <= left else 0


def stands(first: Facts, second: Facts) -> Facts:
    """Which of the two results counts: the second one, unless it says nothing."""
    return first if second.outcome == "unknown" else second


def _seconds(monitor: Monitor) -> int:
    text = monitor.options.get(OPTION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= MOST else 0


def _is_well(before: Judgement | None) -> bool:
    return before is not None and before.state == "up" and before.results.endswith("0")
