"""The simple and the detailed view of reports, as embeds within Discord's limits."""

from __future__ import annotations

from ..discord.reply import Embed
from ..discord.text import clip, escape
from ..i18n import N_, _, ngettext, number
from . import figures
from .report import Metrics, Report

EMBEDS = 10
ROOM = 6000 - 100  # Discord allows 6,000 characters in the embeds of a message; 100 are kept for the footer
DRIVES = 6


def embeds(reports: list[Report], *, detailed: bool) -> list[Embed]:
    """Make an embed for each report: at most 10, and at most 6,000 characters in all.

    If the text is too long, the last services are shown without details. If it is still too long, the last services
    are left out.
    """
    if not reports:
        text = _(
            "No service is configured yet. The person who runs this bot can add one: "
            "`python -m ops set status-sources/NAME URL`"
        )
        return [Embed(_("Nothing to watch"), text, colour=figures.COLOURS["unknown"])]
    shown = [_simple(report) for report in reports[:EMBEDS]]
    while sum(map(len, shown)) > ROOM:
        shown.pop()
    if detailed:
        for place, report in enumerate(reports[: len(shown)]):
            embed = _detailed(report)
            if sum(map(len, shown)) - len(shown[place]) + len(embed) <= ROOM:
                shown[place] = embed
    if len(shown) < len(reports):
        shown[-1].footer = _("and {n} more: use /status server: to see one", n=len(reports) - len(shown))
    return shown


def _simple(report: Report) -> Embed:
    embed = _head(report)
    if not report.failure:
        embed.field(_("CPU"), figures.percent(report.metrics.number("cpu", "usage")), inline=True)
        embed.field(_("Memory"), figures.percent(report.metrics.number("memory", "usage")), inline=True)
        embed.field(_("Disk"), figures.percent(report.metrics.number("disk", "usage")), inline=True)
    _add_incident(embed, report)
    return embed


def _detailed(report: Report) -> Embed:
    embed = _head(report)
    metrics = report.metrics
    if not report.failure:
        cpu = [figures.percent(metrics.number("cpu", "usage"))]
        if (cores := metrics.number("cpu", "cores")) is not None:
            cpu.append(ngettext("{number} core", "{number} cores", int(cores), number=figures.count(cores)))
        if model := metrics.text("cpu", "model"):
            cpu.append(clip(escape(model), 80))
        embed.field(_("CPU"), "\n".join(cpu), inline=True)
        embed.field(_("Memory"), _space(metrics, "memory", ("used", "free", "total")), inline=True)
        embed.field(_("Disk"), _space(metrics, "disk", ("free", "total")) + _throughput(metrics), inline=True)
        if drives := metrics.drives:
            lines = [_drive(drive) for drive in drives[:DRIVES]]
            more = [_("and {n} more", n=len(drives) - DRIVES)] if len(drives) > DRIVES else []
            embed.field(_("Drives"), "\n".join(lines + more))
        running, total = metrics.number("processes", "running"), metrics.number("processes", "total")
        counts = _("{running} running of {total}", running=figures.count(running), total=figures.count(total))
        embed.field(_("Processes"), counts, inline=True)
        load = " ".join(number(value, 2) for value in metrics.load)
        load = _("{load} (1, 5, 15 minutes)", load=load) if load else _("no data")
        embed.field(_("Load"), load, inline=True)
    _add_incident(embed, report, latest=True)
    return embed


def _head(report: Report) -> Embed:
    title = clip(f"{figures.DOTS[report.status]} {escape(report.name)}", 256)
    state = figures.state(report)
    if report.message:
        state += f": {clip(escape(report.message), 300)}"
    return Embed(title, state, colour=figures.COLOURS[report.status], timestamp=report.timestamp)


def _add_incident(embed: Embed, report: Report, *, latest: bool = False) -> None:
    if report.incident is not None:
        lines = [figures.incident(report.incident)]
        if latest and report.incident.latest:
            when = f"<t:{report.incident.updated}:R>: " if report.incident.updated is not None else ""
            lines.append(when + clip(escape(report.incident.latest), 300))
        embed.field(_("Active incident"), "\n".join(lines))


def _space(metrics: Metrics, what: str, parts: tuple[str, ...]) -> str:
    named = {"used": N_("{size} used"), "free": N_("{size} free"), "total": N_("{size} total")}
    sizes = ((named[part], metrics.number(what, part)) for part in parts)
    lines = [_(text, size=figures.size(value)) for text, value in sizes if value is not None]
    return "\n".join([figures.percent(metrics.number(what, "usage")), *lines])


def _throughput(metrics: Metrics) -> str:
    read, write = metrics.number("disk", "io", "read_sec"), metrics.number("disk", "io", "write_sec")
    if read is None and write is None:
        return ""
    texts = _("{size}/s read", size=figures.size(read)), _("{size}/s written", size=figures.size(write))
    return "".join(f"\n{text}" for text in texts)


def _drive(drive: Metrics) -> str:
    name = clip(escape(drive.text("mount") or drive.text("fs") or "?"), 40)
    used, total = figures.size(drive.number("used")), figures.size(drive.number("size"))
    filled = _("{used} of {total}", used=used, total=total)
    return f"`{figures.percent(drive.number('use'))}` {name}: {filled}"
