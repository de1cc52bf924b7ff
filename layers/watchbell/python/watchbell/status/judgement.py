"""The judgement: how the results of a monitor become its state, and what people are told about it. Pure.

The state gets worse to the worst level that the last `failures` known results all reached, and better to the best level
that the last `successes` all kept to (up < degraded < down). Unknown results change nothing.

News is the difference between the state and what was told last. Maintenance and flapping hold news back. If it is still
true at the first known result afterwards, it is told then. They never hold back a recovery, and the end of flapping
tells the state at that time.

Judgement does not know parents. A flip with news counts as told as soon as `judge` returns it. While a parent is down,
the sender keeps the flips that it holds back, and looks at them again on each tick. A later flip with news replaces one
that is held back. If the later one is "recovered", both are dropped, because nobody heard of the outage.

Nothing here makes a repeated run harmless. The caller stores the judgements of a shard and the slot of the run with one
write, on the condition that the stored slot is older.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby, islice, pairwise
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from .facts import Facts
from .flip import Flip, News, State
from .monitor import Policy
from .reason import Code, Reason

RESULTS = 20
"""How many known results are remembered, and looked at for flapping."""

VALUES = 3
"""How many measured values are remembered."""

TEXT = 24
"""How many characters of a text are remembered."""

Values = Mapping[str, str | int | float]
NONE: Values = MappingProxyType({})

LEVELS: tuple[State, State, State] = ("up", "degraded", "down")
LEVEL = {"up": "0", "degraded": "1", "down": "2"}

WEIGHTS = tuple(range(36, 55))
"""The weights of the 19 changes between 20 results, oldest first: 0.8 to 1.2, in units of 1/45. Their sum is 855."""


class Judgement(NamedTuple):
    """The state of the monitor with the id `monitor`, and what is needed to judge its next result.

    All times are in epoch seconds.

    `since`: when the state began.
    `told`, `told_at`: the state that people know of, and when they were told or reminded of it. Somebody who was told
    nothing believes that the monitor is up.
    `flapping`, `told_flapping`: whether it is flapping, and whether people believe so.
    `results`: the levels of the last 20 known results, oldest first: 0 up, 1 degraded, 2 down.
    `streaks`: since when the results are at least degraded, at least down, at most up, and at most degraded. 0 if the
    last result is not.
    `seen`: when the last known result came. `unknown`: how many unknown results came since, up to 999.
    `latency_ms`: the latency of the last known result.
    `reason`, `values`: those of the last result that was not up, shortened. They are gone when the state and the result
    are up.
    """

    monitor: str
    state: State = "new"
    since: int = 0
    told: State = "up"
    told_at: int = 0
    flapping: bool = False
    told_flapping: bool = False
    results: str = ""
    streaks: tuple[int, int, int, int] = (0, 0, 0, 0)
    seen: int = 0
    unknown: int = 0
    latency_ms: int | None = None
    reason: Reason | None = None
    values: Values = NONE


def judge(
    before: Judgement, facts: Facts, policy: Policy, *, at: int, in_maintenance: bool
) -> tuple[Judgement, tuple[Flip, ...]]:
    """Return the judgement after a result that came at `at`, in epoch seconds, and the flips that it caused.

    There is at most one flip with a change of state. There are two flips if an outage ends with the result that starts
    flapping: both are news.
    """
    if facts.outcome == "unknown":
        return before._replace(unknown=min(before.unknown + 1, 999)), ()
    at = max(at, before.seen)  # The clocks of two machines differ.
    level = LEVEL[facts.outcome]
    results = (before.results + level)[-RESULTS:]
    began = at if facts.since is None else max(min(facts.since, at), before.since)
    streaks = _streaks(before, level, began)
    state, since = _state(before, results, streaks, policy)
    flapping = _flapping(results, before.flapping)
    reason, values = (before.reason, before.values) if level == "0" else (facts.reason, facts.values)
    if state == facts.outcome == "up":
        reason, values = None, NONE

    news = _news(before, state, flapping, in_maintenance)
    told, told_at, told_flapping = before.told, before.told_at, before.told_flapping
    if news:
        told_at = at
        told = told if news == ("flapping",) else state
        told_flapping = news[-1] == "flapping" or (told_flapping and news != ("settled",))
    after = Judgement(
        before.monitor,
        state,
        since,
        told,
        told_at,
        flapping,
        told_flapping,
        results,
        streaks,
        at,
        0,
        facts.latency_ms,
        *(_shortened(reason, values) if reason or values else (None, NONE)),
    )
    if state == before.state and not news:
        return after, ()
    return after, _flips(before.state, after, news, reason, values)


def restart(before: Judgement, *, at: int) -> tuple[Judgement, tuple[Flip, ...]]:
    """Return the judgement of a monitor that is paused at `at`, or whose kind, target or conditions have changed.

    It is new again, which ends an outage, and earlier results no longer count. What people were told stays, and they
    hear of the recovery when it is known to be up again. A change of the policy alone needs no restart: at the next
    result, the new policy applies to the remembered results too.
    """
    at = max(at, before.since)
    after = Judgement(
        before.monitor,
        since=at,
        told=before.told,
        told_at=before.told_at,
        told_flapping=before.told_flapping,
        seen=before.seen,
    )
    return after, _flips(before.state, after) if before.state != "new" else ()


def reminder_due(judged: Judgement, every: int, *, at: int, in_maintenance: bool) -> bool:
    """Whether people should be reminded at `at` that the monitor is still not up, `every` seconds after the last time.

    0 is never. Nobody is reminded of an outage that has not been told, during maintenance, while it is flapping, or if
    the last result is unknown. After a reminder, keep `reminded(judged, at=at)`. Reminders that were missed do not add
    up.
    """
    told = judged.state == judged.told in ("degraded", "down")
    held = in_maintenance or judged.flapping or judged.unknown > 0
    return every > 0 and told and not held and at - judged.told_at >= every


def reminded(judged: Judgement, *, at: int) -> Judgement:
    """Return the judgement after a reminder at `at`."""
    return judged._replace(told_at=at)


def remind(judged: Judgement, every: int, *, at: int, in_maintenance: bool) -> tuple[Judgement, tuple[Flip, ...]]:
    """Return the judgement after a reminder, and the flip that tells it. Without a due reminder, nothing changes."""
    if not reminder_due(judged, every, at=at, in_maintenance=in_maintenance):
        return judged, ()
    return reminded(judged, at=at), _flips(judged.state, judged, ("reminder",), judged.reason, judged.values)


def _streaks(before: Judgement, level: str, began: int) -> tuple[int, int, int, int]:
    """Continue the streaks that the level belongs to. The others end."""
    degraded, down, up, not_down = before.streaks if before.results else (0, 0, 0, 0)
    last = before.results[-1:]
    return (
        0 if level < "1" else degraded if last >= "1" else began,
        0 if level < "2" else down if last >= "2" else began,
        0 if level > "0" else up if last == "0" else began,
        0 if level > "1" else not_down if last and last <= "1" else began,
    )


def _state(before: Judgement, results: str, streaks: tuple[int, ...], policy: Policy) -> tuple[State, int]:
    """Return the state after these results, and when it began."""
    now = LEVEL.get(before.state, "")  # "" for new: any level that is reached or kept to is a change.
    if len(results) >= policy.failures:
        reached = min(results[-policy.failures :])
        if reached > (now or "0"):
            return LEVELS[int(reached)], max(streaks[int(reached) - 1], before.since)
    if len(results) >= policy.successes:
        kept = max(results[-policy.successes :])
        if kept < now or kept == "0" != now:
            return LEVELS[int(kept)], max(streaks[int(kept) + 2], before.since)
    return before.state, before.since


def _flapping(results: str, before: bool) -> bool:
    """Whether 50 % of the last 20 results are changes, or 25 % if it is flapping already.

    Newer changes weigh more. With fewer than 20 results, the missing ones count as no change.
    """
    if results.count(results[0]) == len(results):
        return False
    pairs = zip(WEIGHTS[1 - len(results) :], pairwise(results), strict=True)
    changes = sum(weight for weight, (one, other) in pairs if one != other)
    return changes * (4 if before else 2) >= 855


def _news(before: Judgement, state: State, flapping: bool, in_maintenance: bool) -> tuple[News, ...]:
    """Return what there is to tell: the difference between what is so and what people believe."""
    held = in_maintenance and state != "up"
    if before.told_flapping and not flapping and not held and state != "new":
        return ("settled",)
    news: tuple[News, ...] = ()
    if state == "up":
        news = ("recovered",) if before.told != "up" else ()
    elif state not in ("new", before.told) and not flapping and not held:
        news = ("opened",) if before.told == "up" else ("changed",)
    if flapping and not before.told_flapping and not in_maintenance:
        news += ("flapping",)
    return news


def _flips(
    old: State,
    after: Judgement,
    news: tuple[News, ...] = (),
    reason: Reason | None = None,
    values: Values = NONE,
) -> tuple[Flip, ...]:
    """Return one flip for each news, or one without news. Only the first has the change of state."""
    if after.state in ("new", "up"):
        reason, values = None, NONE
    at = max(after.seen, after.since)
    return tuple(
        Flip(after.monitor, at, after.since, after.state if number else old, after.state, each, reason, values)
        for number, each in enumerate(news or ("",))
    )


def _shortened(reason: Reason | None, values: Values) -> tuple[Reason | None, Values]:
    """Return what is remembered of a reason and of measured values. The answer of a target decides some of them."""
    if reason and reason.values:
        reason = Reason(reason.code, {name: _cut(value) for name, value in reason.values.items()})
    return reason, {name: _cut(value) for name, value in islice(values.items(), VALUES)}


def _cut(value: Any) -> Any:
    """Shorten a text or a number. JSON has no infinity, and UTF-8 has no half of a surrogate pair."""
    if isinstance(value, str):
        text = value if len(value) <= TEXT else value[: TEXT - 1] + "…"
        return text.encode(errors="replace").decode()
    return value if -1e15 < value < 1e15 else "…"


def pack(judgements: Iterable[Judgement]) -> str:
    """Return the judgements of a shard as text: about 70 bytes for a monitor that is up, and 110 for one that is down.

    Long values make it more. 3 measured values and those of the reason are kept, and 24 characters of each text.
    """
    return _compact({each.monitor: _row(each) for each in judgements})


def unpack(text: str) -> dict[str, Judgement]:
    """Return the judgements of a packed text by the id of their monitor.

    A row of an older version has fewer fields: the others get their defaults. Fields of a newer version are ignored.
    """
    return {monitor: _judgement(monitor, *row) for monitor, row in json.loads(text or "{}").items()}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


LETTER: dict[State, str] = {"new": "n", "up": "u", "degraded": "g", "down": "d"}
STATE = {letter: state for state, letter in LETTER.items()}
DEFAULTS: tuple[Any, ...] = (None, None, None, None, 0, 0, None, 0, 0, "u", None, "", {}, {})
"""What a row may leave out at its end."""


def _row(judged: Judgement) -> list[Any]:
    """Return the parameters of `_judgement`, without defaults at the end."""
    seen = judged.seen
    runs = ((LETTER[LEVELS[int(level)]], len(list(run))) for level, run in groupby(judged.results))
    row = [
        LETTER[judged.state],
        "".join(letter if length == 1 else f"{letter}{length}" for letter, length in runs),
        seen,
        seen - judged.since,
        *(seen - judged.streaks[index] for index in _running(judged.results)),
        judged.latency_ms,
        judged.unknown,
        judged.flapping + 2 * judged.told_flapping,
        LETTER[judged.told],
        seen - judged.told_at if judged.told_at else None,
        judged.reason.code if judged.reason else "",
        dict(judged.values),
        dict(judged.reason.values) if judged.reason else {},
    ]
    while row and row[-1] == DEFAULTS[len(row) - 1]:
        row.pop()
    return row


def _judgement(
    monitor: str,
    state: str = "n",
    runs: str = "",
    seen: int = 0,
    age: int = 0,
    streak: int = 0,
    other: int = 0,
    latency_ms: int | None = None,
    unknown: int = 0,
    flapping: int = 0,
    told: str = "u",
    told_age: int | None = None,
    code: str = "",
    values: Values = NONE,
    reason_values: Values = NONE,
    *_: Any,
) -> Judgement:
    """Return the judgement of a row.

    `runs` are the results, such as "u18d2". Times are in seconds before `seen`: `age` that of the state, `streak` and
    `other` those of the two streaks that the last result continues.
    """
    levels = ((LEVEL[STATE[letter]], int(length or 1)) for letter, length in re.findall(r"([ugd])(\d*)", runs))
    results = "".join(level * length for level, length in levels)
    streaks = dict(zip(_running(results), (seen - streak, seen - other), strict=True)) if results else {}
    return Judgement(
        monitor,
        STATE[state],
        seen - age,
        STATE[told],
        0 if told_age is None else seen - told_age,
        bool(flapping & 1),
        bool(flapping & 2),
        results,
        (streaks.get(0, 0), streaks.get(1, 0), streaks.get(2, 0), streaks.get(3, 0)),
        seen,
        unknown,
        latency_ms,
        Reason(cast(Code, code), cast(dict[str, Any], reason_values)) if code else None,
        dict(values),
    )


def _running(results: str) -> tuple[int, int]:
    """Return the indexes of the two streaks that the last result continues."""
    match results[-1:]:
        case "2":
            return 0, 1
        case "1":
            return 0, 3
        case _:
            return 2, 3
