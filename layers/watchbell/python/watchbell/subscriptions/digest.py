"""The digest of a server: what its monitors did in a day, a week or a month. Pure.

A digest needs the figures of hours or days and the present states, and no single flip. So its cost does not depend on
how much has happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ..discord.components import Container, Row, Separator, Text
from ..discord.custom_id import Address
from ..discord.reply import Button, Reply
from ..discord.text import clip, escape, fitting, size
from ..i18n import _, ngettext
from ..status import measures, states
from ..status.board import Line
from ..status.histogram import Histogram
from ..status.plans import Plan
from ..status.tally import DAY, HOUR, Period, Share, Tally
from ..status.uptime import Span
from .timed import Cadence

PARTS: Final = 8
"""How many characters the small picture of a monitor has at most. A week has one for each day."""

ROOM: Final = 3900
"""Discord: the texts of a message have at most 4,000 characters together."""

NEWS, NEWS_ROOM = 12, 1800
"""How many monitors that were not well have a line of their own, and how many characters they have together."""

TABLE: Final = 25
"""How many monitors have a line with their figures."""

AHEAD, AHEAD_ROOM = 5, 600
"""How much maintenance is announced, and how many characters it has together."""

_SCALE = 10**9


@dataclass(frozen=True)
class Figure:
    """What one monitor did: its uptime, its p95 in milliseconds, and the outages that ended, with their seconds.

    `parts` are the uptimes of equal parts of the period.
    """

    line: Line
    uptime: Share
    p95: int | None = None
    repaired: int = 0
    repair: int = 0
    parts: tuple[Share, ...] = ()


class Totals(NamedTuple):
    """What all monitors did together. It is stored, so that the next digest can compare.

    `start` and `end` are in epoch seconds. `uptime` is the average of the monitors that were measured.
    """

    start: int
    end: int
    uptime: Share = Share(0, 0)
    p95: int | None = None
    repaired: int = 0
    repair: int = 0

    @classmethod
    def parse(cls, stored: Mapping[str, Any] | None) -> Totals | None:
        """The totals in what `_asdict` returned, or None for None."""
        return cls(**{**stored, "uptime": Share(*stored["uptime"])}) if stored else None


def figure(line: Line, periods: Sequence[Period], span: Span, unit: int) -> tuple[Figure, Histogram]:
    """The figures of a monitor, and its latencies. `periods` are those of its shard, in hours or days (`unit`)."""
    counted, count = Tally(), min(PARTS, max((span.end - span.start) // unit, 1))
    parts = [(0, 0)] * count
    for period in periods:
        tally = period.tallies.get(line.entry.id)
        if tally is not None:
            counted += tally
            place = (period.start - span.start) * count // (span.end - span.start)
            (part, whole), (up, of) = parts[place], tally.uptime
            parts[place] = part + up, whole + of
    found = Figure(
        line,
        counted.uptime,
        counted.latency.percentile(95),
        counted.repaired,
        counted.repair,
        tuple(Share(*each) for each in parts),
    )
    return found, counted.latency


def unit_of(cadence: Cadence) -> int:
    """The length of the periods that a digest is made of, in seconds."""
    return HOUR if cadence == "daily" else DAY


def totals(found: Sequence[Figure], latency: Histogram, span: Span) -> Totals:
    """What all monitors did together. `latency` has the latencies of all of them.

    The uptime is rounded down, so only a whole is 100 %.
    """
    measured = [each.uptime for each in found if each.uptime.whole]
    return Totals(
        *span,
        Share(sum(each.part * _SCALE // each.whole for each in measured), len(measured) * _SCALE),
        latency.percentile(95),
        sum(each.repaired for each in found),
        sum(each.repair for each in found),
    )


@dataclass(frozen=True)
class Digest:
    """Everything that a digest says. `before` are the totals of the period just before, None if they are not known.

    `subject` and `zone` say which date it is for. `server` is the name of the server in a direct message.
    """

    cadence: Cadence
    figures: Sequence[Figure]
    totals: Totals
    before: Totals | None
    plans: Sequence[Plan]
    now: int
    server: str = ""
    foot: str = ""


def compose(digest: Digest, buttons: Sequence[Button] = ()) -> Reply:
    """The message. It is silent, mentions nobody, and stays within Discord's limits for any number of monitors."""
    head, news, ahead = _head(digest), _news(digest), _ahead(digest)
    foot = f"-# {clip(digest.foot, 100)}" if digest.foot else ""
    used = sum(map(size, [*head, *news, *ahead, foot]))
    table = fitting([*_table(digest)], ROOM - used, TABLE)
    blocks = filter(None, map("\n".join, (head, news, table, [*ahead, *filter(None, [foot])])))
    parts: list[Any] = []
    for block in blocks:
        parts += [*([Separator()] if parts else []), Text(block)]
    parts += [Row(*buttons)] if buttons else []
    worst = states.worst([each.line.state for each in digest.figures])
    return Reply(components=[Container(*parts, colour=states.COLOURS[worst])], silent=True)


def nothing_monitored(server: str, foot: str) -> Reply:
    """What is said once instead of a digest of no monitors."""
    text = _("Nothing is monitored here yet, so there is no digest. `/monitor add` adds a monitor. I say this once.")
    where = [f"**{clip(escape(server), 100)}**"] if server else []
    return Reply(components=[Container(Text("\n".join([*where, text, f"-# {foot}"])), colour=states.OWN)], silent=True)


def title(cadence: Cadence) -> str:
    return {"daily": _("Daily digest"), "weekly": _("Weekly digest"), "monthly": _("Monthly digest")}[cadence]


def _head(digest: Digest) -> list[str]:
    found, before = digest.totals, digest.before
    server = f", {clip(escape(digest.server), 100)}" if digest.server else ""
    lines = [f"## {title(digest.cadence)}{server}", f"<t:{found.start}:f> – <t:{found.end}:f>"]
    if not found.uptime.whole:
        return [*lines, _("Nothing was measured.")]
    share = measures.share(found.uptime)
    lines.append(
        _(
            "**{share} up** on average, {before} in the period before",
            share=share,
            before=measures.share(before.uptime),
        )
        if before and before.uptime.whole
        else _("**{share} up** on average", share=share)
    )
    if found.p95 is not None:
        p95 = measures.latency(found.p95)
        lines.append(
            _("p95 {p95}, {before} in the period before", p95=p95, before=measures.latency(before.p95))
            if before and before.p95 is not None
            else _("p95 {p95}", p95=p95)
        )
    if found.repaired:
        took = measures.duration(found.repair / found.repaired)
        lines.append(
            ngettext(
                "{n} outage ended, after {time}",
                "{n} outages ended, after {time} on average",
                found.repaired,
                time=took,
            )
        )
    worst = _by_uptime(digest.figures)[0]
    if worst.uptime.whole and worst.uptime.part < worst.uptime.whole and len(digest.figures) > 1:
        lines.append(_("The lowest was {name} with {share}", name=_name(worst), share=measures.share(worst.uptime)))
    return lines


def _news(digest: Digest) -> list[str]:
    """A line for each monitor that is not well or was not always up, worst first. Then how many were quiet."""
    order = {state: place for place, state in enumerate(reversed(states.RANK))}
    eventful = [
        each
        for each in digest.figures
        if each.repaired or each.uptime.part < each.uptime.whole or each.line.state in ("down", "degraded", "unknown")
    ]
    eventful.sort(key=lambda each: (order.get(each.line.state, 9), *_rank(each)))
    lines = fitting([_line(each, digest) for each in eventful], NEWS_ROOM, NEWS)
    if rest := len(digest.figures) - len(eventful):
        said = (
            ngettext("The other monitor had nothing to tell.", "The other {n} had nothing to tell.", rest)
            if eventful
            else ngettext("{n} monitor had nothing to tell.", "{n} monitors had nothing to tell.", rest)
        )
        lines.append(f"-# {said}")
    return lines


def _line(each: Figure, digest: Digest) -> str:
    """What happened to a monitor."""
    line, state, name = each.line, each.line.state, _name(each)
    values = {"name": name, "time": measures.moment(line.since, digest.now)}
    ended = measures.duration(each.repair)
    if state == "down":
        new = line.since >= digest.totals.start
        text = (
            _("{name} went down {time}, and still is", **values)
            if new
            else _("{name} is still down, since {time}", **values)
        )
    elif state == "degraded":
        text = _("{name} is degraded, since {time}", **values)
    elif state == "unknown":
        text = _("{name} I could not measure since {time}", **values)
    elif not each.repaired:  # the outage ended after the period, or was too short for an alert
        text = _("{name} was up {share} of the time", name=name, share=measures.share(each.uptime))
        return f"{states.GLYPHS[state]} {text}"
    else:
        text = ngettext(
            "{name} was down for {time}",
            "{name} was down {n} times, for {time} in all",
            each.repaired,
            name=name,
            time=ended,
        )
        return f"{states.GLYPHS[state]} {text}"
    if each.repaired:
        text += "; " + ngettext(
            "before that {n} time, for {time}", "before that {n} times, for {time} in all", each.repaired, time=ended
        )
    return f"{states.GLYPHS[state]} {text}"


def _table(digest: Digest) -> Iterator[str]:
    """A line for each monitor, the lowest uptime first: a small picture, the uptime and the latency."""
    for each in _by_uptime(digest.figures):
        p95 = f" · p95 {measures.latency(each.p95)}" if each.p95 is not None else ""
        yield f"{measures.strip(dict(enumerate(each.parts)))} {_name(each)} {measures.share(each.uptime)}{p95}"


def _name(each: Figure) -> str:
    return f"**{clip(escape(each.line.entry.name), 50)}**"


def _by_uptime(found: Iterable[Figure]) -> list[Figure]:
    return sorted(found, key=_rank)


def _rank(each: Figure) -> tuple[float, str]:
    """The lowest uptime is first, and what was not measured is last."""
    share = each.uptime
    return (share.part / share.whole if share.whole else 2.0), each.line.entry.name.casefold()


def _ahead(digest: Digest) -> list[str]:
    """The maintenance that begins before the next digest, or goes on."""
    length = digest.totals.end - digest.totals.start
    found = [(span, plan) for plan in digest.plans if (span := plan.next(digest.now))]
    soon = sorted((span, plan.name) for span, plan in found if span.start < digest.now + length)
    if not soon:
        return []
    lines = [f"🔧 {clip(escape(name), 80)} <t:{span.start}:f> – <t:{span.end}:f>" for span, name in soon]
    return ["**" + _("Maintenance ahead") + "**", *fitting(lines, AHEAD_ROOM, AHEAD)]


def status_button() -> Button:
    """The button that shows how the monitors are now, only to the person who presses it."""
    return Button(_("Status now"), custom_id=Address("status", "check"), style="primary")


def stop_button(guild_id: str, id: str) -> Button:
    """The button that ends a digest in direct messages."""
    return Button(_("No more digests"), custom_id=Address("digest", "stop", (guild_id, id)))
