"""How the monitors of a server are shown: at a glance, one in detail, and as a list. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..discord.text import clip, escape
from ..i18n import _, ngettext
from . import figures, measures, states
from .judgement import Judgement
from .roster import Entry

NOT_UP = 12
"""How many monitors that are not up have a line of their own."""

ROOM = 2700
"""How many characters all lines have together. Discord takes 4,000 in a layout, and other texts are in it too."""

NAMES = 40
"""How many monitors that are up are named."""

OTHERS = 15
"""How many monitors of the person who runs the bot are named."""

STALE = 2
"""After this many periods without a result, a monitor is unknown."""

PATIENCE = 3
"""After this many unknown results in a row, a monitor is unknown."""


@dataclass(frozen=True)
class Line:
    """A monitor, its judgement if it has one, and whether it is in maintenance. `now` is in epoch seconds.

    `until` is when the maintenance ends, in epoch seconds, 0 if that is not known.
    """

    entry: Entry
    judged: Judgement | None
    quiet: bool
    now: float
    until: int = 0

    @property
    def state(self) -> str:
        """One of `states.GLYPHS`."""
        judged = self.judged
        if self.entry.paused:
            return "paused"
        if judged is None or judged.state == "new":
            return "new"
        if self.quiet and judged.state != "up":
            return "maintenance"
        if self.is_stale or judged.unknown >= PATIENCE:
            return "unknown"
        return judged.state

    @property
    def is_stale(self) -> bool:
        judged = self.judged
        waits = self.entry.every * 60 * (STALE + (judged.unknown if judged else 0)) + 120
        return judged is not None and self.entry.kind != "heartbeat" and self.now - judged.seen > waits

    @property
    def since(self) -> int:
        """When the state began, in epoch seconds; 0 if that is not known."""
        if self.judged is None or self.state in ("paused", "new"):
            return 0
        return self.judged.seen if self.state == "unknown" else self.judged.since

    @property
    def name(self) -> str:
        return f"**{clip(escape(self.entry.name), 80)}**"

    def text(self) -> str:
        """Glyph, name and state, then in small print why and since when."""
        since = _since(self.since, self.now)
        if self.state == "maintenance" and self.since:  # it is the monitor that is so since then
            since = _("not up since {time}", time=measures.moment(self.since, self.now))
        small = [part for part in (self.maintenance(), self.why(), since) if part]
        return self.first() + ("\n-# " + " · ".join(small) if small else "")

    def maintenance(self) -> str:
        """Until when the monitor is in maintenance, "" if it is not. The state says that it is, unless it is up."""
        if not self.quiet or not self.until:
            return ""
        until = measures.moment(self.until, self.now)
        if self.state == "maintenance":
            return _("until {time}", time=until)
        return _("in maintenance until {time}", time=until)

    def first(self) -> str:
        """Glyph, name and state."""
        return f"{states.GLYPHS[self.state]} {self.name} {self.says()}"

    def says(self) -> str:
        """The state in words that follow the name."""
        return {
            "up": _("is up"),
            "degraded": _("is degraded"),
            "down": _("is down"),
            "maintenance": _("is in maintenance"),
            "unknown": _("is unknown"),
            "paused": _("is paused"),
            "new": _("is not checked yet"),
        }[self.state]

    def why(self) -> str:
        """Why the monitor is not up, "" if nothing is known."""
        if self.state == "unknown":
            return _("I could not measure it")
        judged = self.judged
        if judged is None or judged.reason is None or self.state in ("up", "paused", "new"):
            return ""
        return clip(_("it {why}", why=figures.reason(judged.reason)), 200)


def headline(lines: Sequence[Line]) -> str:
    """The count and the worst state; one sentence if all is well, or if only one monitor counts."""
    counted = [line for line in lines if line.state in states.RANK]
    if not counted:
        return _("❔ Nothing has been measured yet")
    if len(counted) == 1:
        return counted[0].first()
    worst, total = states.worst([line.state for line in counted]), len(counted)
    count = sum(line.state == worst for line in counted)
    if worst == "up":
        return _("✅ All {n} monitors are up", n=total)
    if worst == "down":
        text = ngettext("{n} of {total} monitors is down", "{n} of {total} monitors are down", count, total=total)
    elif worst == "degraded":
        text = ngettext(
            "{n} of {total} monitors is degraded", "{n} of {total} monitors are degraded", count, total=total
        )
    elif worst == "unknown":
        text = ngettext("{n} of {total} monitors is unknown", "{n} of {total} monitors are unknown", count, total=total)
    else:
        text = ngettext("{n} monitor is in maintenance", "{n} monitors are in maintenance", count)
    return f"{states.GLYPHS[worst]} {text}"


def tally(lines: Sequence[Line]) -> str:
    """From worst to best, without zeros: `1 down · 1 degraded · 4 up`."""
    found = [line.state for line in lines]
    order = [*reversed(states.RANK), "paused", "new"]
    return " · ".join(states.counted(state, found.count(state)) for state in order if state in found)


def ranked(lines: Sequence[Line]) -> list[Line]:
    """The lines, worst first, then by name."""
    order = {state: place for place, state in enumerate([*reversed(states.RANK), "paused", "new"])}
    return sorted(lines, key=lambda line: (order[line.state], line.entry.name.casefold()))


def troubles(lines: Sequence[Line]) -> list[str]:
    """A text for each monitor that is not up, worst first: at most NOT_UP, and how many more there are."""
    found = [line for line in ranked(lines) if line.state != "up"]
    shown = [line.text() for line in found[:NOT_UP]]
    if len(found) > NOT_UP:
        shown.append(_("and {n} more", n=len(found) - NOT_UP))
    return shown


def quiet_ones(lines: Sequence[Line], room: int = ROOM) -> str:
    """The names of the monitors that are up, "" if there are none, or if the headline is about the only one.

    There are as many names as fit into `room` characters, at least one.
    """
    up = [line for line in ranked(lines) if line.state == "up"]
    if not up or sum(line.state in states.RANK for line in lines) == 1:
        return ""
    shown = _fitting([clip(escape(line.entry.name), 40) for line in up[:NAMES]], room)
    names = ", ".join(shown)
    if len(up) > len(shown):
        names += " " + _("and {n} more", n=len(up) - len(shown))
    return ngettext("{n} is up: {names}", "{n} are up: {names}", len(up), names=names)


def in_maintenance(lines: Sequence[Line], room: int = ROOM) -> str:
    """The monitors that are up in maintenance, "" if there are none. Others in maintenance have lines of their own.

    There are as many as fit into `room` characters, at least one.
    """
    quiet = [line for line in ranked(lines) if line.state == "up" and line.maintenance()]
    found = [f"🔧 {line.name} {line.maintenance()}" for line in quiet]
    shown = _fitting(found[:NOT_UP], room)
    more = [_("and {n} more", n=len(found) - len(shown))] if len(found) > len(shown) else []
    return "\n".join([*shown, *more])


def _fitting(texts: list[str], room: int) -> list[str]:
    """The first of these texts: those that fit into `room` characters with two between them, and at least one."""
    taken = accumulate(len(text) + 2 for text in texts)
    return [text for place, (text, size) in enumerate(zip(texts, taken, strict=True)) if not place or size <= room]


def others(lines: Sequence[Line]) -> str:
    """The monitors of the person who runs the bot with their glyphs, worst first: at most OTHERS of them."""
    shown = [f"{states.GLYPHS[line.state]} {clip(escape(line.entry.name), 40)}" for line in ranked(lines)[:OTHERS]]
    if len(lines) > OTHERS:
        shown.append(_("and {n} more", n=len(lines) - OTHERS))
    return _("The person who runs the bot also watches: {services}", services=" · ".join(shown))


def latency(line: Line) -> str:
    return measures.latency(line.judged.latency_ms) if line.judged else "–"


def checked(line: Line) -> str:
    """When the monitor was checked last, as Discord shows it."""
    return f"<t:{line.judged.seen}:R>" if line.judged and line.judged.seen else _("not yet")


def _since(at: int, now: float) -> str:
    return _("since {time}", time=measures.moment(at, now)) if at else ""
