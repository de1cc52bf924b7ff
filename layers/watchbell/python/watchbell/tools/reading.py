"""Reads how monitors are, and how reliable they were."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, takewhile

from ..status import judgement
from ..status import uptime as rules
from ..status.board import Line
from ..status.flip import Flip
from ..status.histogram import Histogram
from ..status.maintenance import Span, in_maintenance, occurrences, open_until
from ..status.plans import Plan
from ..status.roster import Entry
from ..status.tally import Period
from ..subscriptions.digest import Figure, Totals, figure, totals, unit_of
from ..subscriptions.timed import Cadence
from .toolbox import Tools

MOST_SPANS = 1000
"""The most occurrences of a plan that are looked at: a plan for every day has 365 in a year."""


def lines(guild_id: str, entries: Iterable[Entry], tools: Tools) -> list[Line]:
    """The entries of a roster with their states."""
    entries = list(entries)
    stored = tools.shards.states(guild_id, sorted({entry.shard for entry in entries}))
    known = {shard: judgement.unpack(found.states) for shard, found in stored.items()}
    windows = [plan.window for plan in tools.shards.plans(guild_id)]
    now = tools.now()
    return [
        Line(entry, known.get(entry.shard, {}).get(entry.id), bool(until), now, until)
        for entry in entries
        for until in [open_until(windows, entry, now)]
    ]


def reliability(guild_id: str, line: Line, window: rules.Window, tools: Tools) -> tuple[list[Period], rules.Summary]:
    """What was measured of a monitor in a window that ends now, and what it comes to."""
    now, name, shard = int(tools.now()), line.entry.id, line.entry.shard
    periods = list(tools.shards.periods(guild_id, shard, window, now, {name}))
    start = rules.start_of(window, now)
    flips = tools.shards.flips(guild_id, shard, start, now)
    judged = line.judged
    if judged is not None and judged.state != "new" and not any(flip.monitor == name for flip in flips):
        flips = [Flip(name, judged.since, judged.since, "new", judged.state)]  # its state began before the window
    spans = planned(guild_id, line.entry, start, now, tools)
    return periods, rules.summary(periods, flips, window, now, name, spans)


def planned(guild_id: str, entry: Entry, start: int, now: int, tools: Tools) -> list[Span]:
    """The maintenance of a monitor from `start` to `now`. What was down in it counts as no outage."""
    windows = [plan.window for plan in tools.shards.plans(guild_id) if plan.window.covers(entry)]
    return [
        span
        for window in windows
        for span in takewhile(lambda span: span.start < now, islice(occurrences(window.when, start), MOST_SPANS))
    ]


def digest(guild_id: str, cadence: Cadence, span: rules.Span, tools: Tools) -> tuple[list[Figure], Totals, list[Plan]]:
    """What the monitors of a server did in a period, except those that are paused, and the maintenance that is planned.

    That takes one item for each shard and each hour of a day, or each day of a longer period.
    """
    entries = [entry for entry in tools.monitors.roster(guild_id).entries if not entry.paused]
    shards = sorted({entry.shard for entry in entries})
    stored = tools.shards.states(guild_id, shards) if shards else {}  # before the rows: see `rows_needed`
    plans, now, unit = tools.shards.plans(guild_id), tools.now(), unit_of(cadence)
    windows = [plan.window for plan in plans]
    found: list[Figure] = []
    latency = Histogram()
    for shard in shards:
        periods = tools.shards.periods_between(guild_id, shard, *span, stored.get(shard), unit)
        known = judgement.unpack(stored[shard].states) if shard in stored else {}
        for entry in entries:
            if entry.shard == shard:
                line = Line(entry, known.get(entry.id), in_maintenance(windows, entry, now), now)
                made, latencies = figure(line, periods, span, unit)
                found.append(made)
                latency += latencies
    return found, totals(found, latency, span), plans
