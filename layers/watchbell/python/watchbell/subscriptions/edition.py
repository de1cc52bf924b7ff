"""An edition: the news of a server that are told together. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..status.flip import Flip
from ..status.roster import Entry


@dataclass(frozen=True)
class Edition:
    """What is told together: flips with news, each with its monitor as it was then, in the order of time.

    `id` sorts by the time of the edition. `at` is in epoch seconds. `on_it` are the ids of monitors that somebody takes
    care of from now on, and `gone` those that are no longer watched. `also` are those who hear of it if it is a step of
    an escalation: nobody else does. `test` marks a test alert. `paused` has the ids of monitors that are paused from
    now on (True), or no longer (False).
    """

    id: str
    at: int
    news: tuple[tuple[Entry, Flip], ...] = ()
    on_it: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    test: bool = False
    paused: Mapping[str, bool] = field(default_factory=dict)

    def text(self) -> str:
        """The edition as JSON, without its id. `parse` reads it."""
        news = [[entry.values(), flip.text()] for entry, flip in self.news]
        row = [self.at, news, self.on_it, self.gone, self.also, self.test, dict(self.paused)]
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def parse(cls, id: str, text: str) -> Edition:
        at, news, on_it, gone, also, test, *more = json.loads(text)
        pairs = tuple((Entry(*values), Flip.parse(flip)) for values, flip in news)
        return cls(id, at, pairs, tuple(on_it), tuple(gone), tuple(also), test, *more)


@dataclass
class Sorted:
    """What becomes of flips that wait to be told: the keys of their rows.

    `told` are in the order of time. `held` wait for the parent of their monitor. `dropped` are told to nobody.
    """

    told: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def sort(
    waiting: Mapping[str, tuple[Flip, ...]],
    *,
    was_held: Iterable[str],
    parent_is_down: Iterable[str],
    known: Iterable[str],
    on_it: Iterable[str],
) -> Sorted:
    """Decide what becomes of the rows of flips in `waiting`, which has them by their keys, oldest first.

    `was_held` are the keys of rows that have been held back before. `parent_is_down`, `known` and `on_it` are ids of
    monitors: whose parent is down, that still exist, and that somebody takes care of.

    While a parent is down, the news of its children wait, but never a recovery. A recovery drops what was held back,
    because nobody heard of it. A reminder never waits, and is needless while other news wait.
    """
    result, held, down = Sorted(), set(was_held), set(parent_is_down)
    exists, cared_for = set(known), set(on_it)
    by_monitor: dict[str, list[str]] = {}
    for key, flips in waiting.items():
        if flips and flips[0].monitor in exists:
            by_monitor.setdefault(flips[0].monitor, []).append(key)
        else:
            result.dropped.append(key)
    for monitor, keys in by_monitor.items():
        recovers = waiting[keys[-1]][-1].new == "up"
        for key in keys:
            only_reminds = all(flip.news in ("", "reminder") for flip in waiting[key])
            needless = only_reminds and (monitor in down or monitor in cared_for or len(keys) > 1)
            if needless or (recovers and key in held):
                result.dropped.append(key)
            elif monitor in down and not recovers:
                result.held.append(key)
            else:
                result.told.append(key)
    order = {key: place for place, key in enumerate(waiting)}
    result.told.sort(key=order.__getitem__)
    return result


def id_of(at: int, keys: Iterable[str]) -> str:
    """The id of the edition that tells of these rows. It is the same in each try."""
    return f"{at:010}-{hashlib.sha256(' '.join(keys).encode()).hexdigest()[:12]}"
