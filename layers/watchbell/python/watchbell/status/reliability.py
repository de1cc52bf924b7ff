"""How `/uptime` shows the reliability of a monitor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile

from ..discord.components import Container, Separator, Text
from ..discord.text import clip, escape
from ..i18n import _, ngettext, pgettext
from . import measures
from .board import Line
from .states import COLOURS
from .tally import Period
from .uptime import Summary, Window, by_day

DAYS_IN_A_LINE = 31
"""The window of 30 days and today. A phone has room for 34."""


def card(line: Line, title: str, window: Window, periods: Sequence[Period], found: Summary) -> Container:
    """The uptime of a monitor in a window, which `title` says: a picture of text, outages and latency."""
    shares = {day: tally.uptime for day, tally in by_day(periods, window, int(line.now), line.entry.id).items()}
    texts = [f"### {clip(escape(line.entry.name), 80)}\n-# {title}"]
    if window != "365d":  # a year has no room
        known = list(dropwhile(lambda day: not day[1].whole, shares.items()))  # it was not watched yet
        rows = (dict(known[first : first + DAYS_IN_A_LINE]) for first in range(0, len(known), DAYS_IN_A_LINE))
        texts += filter(None, ["\n".join(map(measures.strip, rows))])
    texts.append(measures.strip_in_words(shares))
    latencies = {each: measures.latency(getattr(found, each)) for each in ("p50", "p95", "p99")}
    figures = [
        "**" + _("Uptime") + f"** {measures.share(found.tally.uptime)}",
        "**" + _("Outages") + f"** {outages(found)}",
        "**" + _("Latency") + "** " + _("p50 {p50} · p95 {p95} · p99 {p99}", **latencies),
    ]
    measured = found.tally.measured
    note = measures.measured(measured) if measured.part else ""  # the days in words say that nothing was
    small = [Text(f"-# {note}")] if note else []
    parts = [*map(Text, texts), Separator(), Text("\n".join(figures)), *small]
    return Container(*parts, colour=COLOURS[line.state])


def outages(found: Summary) -> str:
    """How often the monitor was down, and how long."""
    if not found.outages:
        return pgettext("outages", "none")
    down = measures.duration(found.downtime)
    text = ngettext("{n}, down for {time}", "{n}, down for {time} in all", found.outages, time=down)
    if found.repair is not None and found.outages > 1:
        text += " · " + _("{time} on average", time=measures.duration(found.repair))
    return text
