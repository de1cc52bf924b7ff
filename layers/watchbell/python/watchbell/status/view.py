"""The simple and the detailed view of reports, as embeds within Discord's limits."""

from __future__ import annotations

from ..discord.reply import Embed
from ..discord.text import clip, escape
from . import figures
from .report import Metrics, Report

EMBEDS = 10
ROOM = 6000 - 100  # what Discord takes in one message, and space for the footer
DRIVES = 6


def embeds(reports: list[Report], *, detailed: bool) -> list[Embed]:
    """An embed for each report, at most 10 and 6,000 characters: detail gives way first, then the last services."""
    if not reports:
        text = "No service is configured yet. Whoever runs me can add one: `python -m ops setup` tells how."
        return [Embed("Nothing to watch", text, colour=figures.COLOURS["unknown"])]
    shown = [_simple(report) for report in reports[:EMBEDS]]
    while sum(map(len, shown)) > ROOM:
        shown.pop()
    if detailed:
        for place, report in enumerate(reports[: len(shown)]):
            embed = _detailed(report)
            if sum(map(len, shown)) - len(shown[place]) + len(embed) <= ROOM:
                shown[place] = embed
    if len(shown) < len(reports):
        shown[-1].footer = f"and {len(reports) - len(shown)} more: name one with /status server:"
    return shown


def _simple(report: Report) -> Embed:
    embed = _head(report)
    if not report.failure:
        embed.field("CPU", figures.percent(report.metrics.number("cpu", "usage")), inline=True)
        embed.field("Memory", figures.percent(report.metrics.number("memory", "usage")), inline=True)
        embed.field("Disk", figures.percent(report.metrics.number("disk", "usage")), inline=True)
    _add_incident(embed, report)
    return embed


def _detailed(report: Report) -> Embed:
    embed = _head(report)
    metrics = report.metrics
    if not report.failure:
        cpu = [figures.percent(metrics.number("cpu", "usage"))]
        if (cores := metrics.number("cpu", "cores")) is not None:
            cpu.append(f"{figures.count(cores)} cores")
        if model := metrics.text("cpu", "model"):
            cpu.append(clip(escape(model), 80))
        embed.field("CPU", "\n".join(cpu), inline=True)
        embed.field("Memory", _space(metrics, "memory", ("used", "free", "total")), inline=True)
        embed.field("Disk", _space(metrics, "disk", ("free", "total")) + _throughput(metrics), inline=True)
        if drives := metrics.drives:
            lines = [_drive(drive) for drive in drives[:DRIVES]]
            more = [f"and {len(drives) - DRIVES} more"] if len(drives) > DRIVES else []
            embed.field("Drives", "\n".join(lines + more))
        running, total = metrics.number("processes", "running"), metrics.number("processes", "total")
        embed.field("Processes", f"{figures.count(running)} running of {figures.count(total)}", inline=True)
        load = " ".join(f"{value:.2f}" for value in metrics.load)
        embed.field("Load", f"{load} (1, 5, 15 minutes)" if load else "not told", inline=True)
    _add_incident(embed, report, latest=True)
    return embed


def _head(report: Report) -> Embed:
    title = clip(f"{figures.DOTS[report.status]} {escape(report.name)}", 256)
    return Embed(title, figures.state(report), colour=figures.COLOURS[report.status], timestamp=report.timestamp)


def _add_incident(embed: Embed, report: Report, *, latest: bool = False) -> None:
    if report.incident is not None:
        lines = [figures.incident(report.incident)]
        if latest and report.incident.latest:
            when = f"<t:{report.incident.updated}:R>: " if report.incident.updated is not None else ""
            lines.append(when + clip(escape(report.incident.latest), 300))
        embed.field("Active incident", "\n".join(lines))


def _space(metrics: Metrics, what: str, parts: tuple[str, ...]) -> str:
    lines = [f"{figures.size(value)} {part}" for part in parts if (value := metrics.number(what, part)) is not None]
    return "\n".join([figures.percent(metrics.number(what, "usage")), *lines])


def _throughput(metrics: Metrics) -> str:
    read, write = metrics.number("disk", "io", "read_sec"), metrics.number("disk", "io", "write_sec")
    return "" if read is None and write is None else f"\n{figures.size(read)}/s read\n{figures.size(write)}/s written"


def _drive(drive: Metrics) -> str:
    name = clip(escape(drive.text("mount") or drive.text("fs") or "?"), 40)
    used, total = figures.size(drive.number("used")), figures.size(drive.number("size"))
    return f"`{figures.percent(drive.number('use'))}` {name}: {used} of {total}"
