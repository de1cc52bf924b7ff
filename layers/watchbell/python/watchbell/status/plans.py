"""The maintenance that a server has planned: windows with a title. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ..i18n import _
from .later import Later
from .maintenance import Once, Repeating, Span, Window, current, occurrences, upcoming

MOST = 25
"""How many plans a server can have."""


@dataclass(frozen=True)
class Plan:
    """A window of maintenance. `id` has 8 letters and digits, and is unique in the server.

    `title` is "" if nobody has written one. `announce` is how many minutes before it begins each occurrence is
    announced, 0 for never.
    """

    id: str
    title: str
    window: Window
    announce: int = 0

    @property
    def name(self) -> str:
        """The title, or what stands for it in the language of the reader."""
        return self.title or _("Maintenance")

    def next(self, now: float) -> Span | None:
        """The occurrence that is open now, or else the next one. None if the plan is over."""
        return current(self.window.when, now) or upcoming(self.window.when, now)

    def notice(self, now: float, told: int | None = None) -> Later | None:
        """The next notice to give, None if there is none. It is due `now` if it should have been given before.

        `told` is the start of the occurrence that was announced last. Without it, the first one is that which begins
        after `now`. An occurrence that is over is left out.
        """
        if not self.announce:
            return None
        after = now if told is None else told
        found = next((span for span in occurrences(self.window.when, now) if span.start > after), None)
        if found is None:
            return None
        return Later(max(found.start - self.announce * 60, int(now)), "maintenance", self.id, found.start)

    def end(self, start: int) -> int:
        """When the occurrence that begins at `start` is over, in epoch seconds."""
        when = self.window.when
        return when.end if isinstance(when, Once) else start + when.minutes * 60


def pack(plans: Iterable[Plan]) -> str:
    """The plans as JSON. `unpack` reads it."""
    return json.dumps([asdict(plan) for plan in plans], ensure_ascii=False, separators=(",", ":"))


def unpack(text: str) -> list[Plan]:
    """The plans in a text of `pack`; none in an empty text."""
    return [
        Plan(each["id"], each["title"], _window(each["window"]), each.get("announce", 0))
        for each in json.loads(text or "[]")
    ]


def windows(text: str) -> list[Window]:
    """The windows of the plans in a text of `pack`."""
    return [plan.window for plan in unpack(text)]


def _window(raw: dict[str, Any]) -> Window:
    when = raw["when"]
    read = Once(**when) if "start" in when else Repeating(**when)
    return Window(read, tuple(raw["monitors"]), tuple(raw["groups"]), tuple(raw["tags"]))
