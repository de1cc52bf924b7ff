"""The status digest: one line for each service, and in total what is well and what is not."""

from __future__ import annotations

from datetime import date

from ..discord.reply import Embed, Reply
from ..discord.text import clip, escape
from . import figures
from .report import STATUSES, Report

DESCRIPTION = 4096
LINE = 350


def compose(reports: list[Report], day: date) -> Reply:
    """The digest of `day`."""
    title = f"Daily digest, {day.isoformat()}"
    if not reports:
        return Reply(embeds=[Embed(title, "No service is configured yet.", colour=figures.COLOURS["unknown"])])
    worst = max((report.status for report in reports), key=STATUSES.index)
    ranked = sorted(reports, key=lambda report: -STATUSES.index(report.status))
    total = _total(reports)
    lines: list[str] = []
    for report in ranked:
        line = _line(report)
        if len(total) + 30 + sum(len(each) + 1 for each in lines) + len(line) > DESCRIPTION:
            lines.append(f"and {len(ranked) - len(lines)} more")
            break
        lines.append(line)
    return Reply(embeds=[Embed(title, "\n".join([total, "", *lines]), colour=figures.COLOURS[worst])])


def _total(reports: list[Report]) -> str:
    well = sum(report.status == "normal" for report in reports)
    unknown = sum(report.status == "unknown" for report in reports)
    unwell = len(reports) - well - unknown
    if well == len(reports):
        return f"**All {well} well.**" if well > 1 else "**All well.**"
    parts = [f"{unwell} not well"] if unwell else []
    parts += [f"{unknown} unknown"] if unknown else []
    return f"**{', '.join([*parts, f'{well} well'])}.**"


def _line(report: Report) -> str:
    parts = [report.failure or report.status]
    for label, what in (("CPU", "cpu"), ("memory", "memory"), ("disk", "disk")):
        value = report.metrics.number(what, "usage")
        if value is not None:
            parts.append(f"{label} {figures.percent(value)}")
    if report.incident is not None:
        parts.append(figures.incident(report.incident))
    return clip(f"{figures.DOTS[report.status]} **{escape(report.name)}** {' · '.join(parts)}", LINE)
