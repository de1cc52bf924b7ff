"""The maintenance that a server has planned: windows with a title. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .maintenance import Once, Repeating, Span, Window, current, upcoming

MOST = 25
"""How many plans a server can have."""


@dataclass(frozen=True)
class Plan:
    """A window of maintenance. `id` has 8 letters and digits, and is unique in the server."""

    id: str
    title: str
    window: Window

    def next(self, now: float) -> Span | None:
        """The occurrence that is open now, or else the next one. None if the plan is over."""
        return current(self.window.when, now) or upcoming(self.window.when, now)


def pack(plans: Iterable[Plan]) -> str:
    """The plans as JSON. `unpack` reads it."""
    return json.dumps([asdict(plan) for plan in plans], ensure_ascii=False, separators=(",", ":"))


def unpack(text: str) -> list[Plan]:
    """The plans in a text of `pack`; none in an empty text."""
    return [Plan(each["id"], each["title"], _window(each["window"])) for each in json.loads(text or "[]")]


def windows(text: str) -> list[Window]:
    """The windows of the plans in a text of `pack`."""
    return [plan.window for plan in unpack(text)]


def _window(raw: dict[str, Any]) -> Window:
    when = raw["when"]
    read = Once(**when) if "start" in when else Repeating(**when)
    return Window(read, tuple(raw["monitors"]), tuple(raw["groups"]), tuple(raw["tags"]))
