"""The status digest: how many services are OK, then a line for each service."""

from __future__ import annotations

from datetime import date

from ..discord.reply import Embed, Reply
from ..discord.text import clip, escape
from ..i18n import _, ngettext
from . import figures
from .report import STATUSES, Report

DESCRIPTION = 4096
LINE = 350


def compose(reports: list[Report], day: date) -> Reply:
    """Make the digest of `day`."""
    title = _("Daily digest, {date}", date=day.isoformat())
    if not reports:
        return Reply(embeds=[Embed(title, _("No service is configured yet."), colour=figures.COLOURS["unknown"])])
    worst = max((report.status for report in reports), key=STATUSES.index)
    ranked = sorted(reports, key=lambda report: -STATUSES.index(report.status))
    total = _total(reports)
    lines: list[str] = []
    for report in ranked:
        line = _line(report)
        if len(total) + 30 + sum(len(each) + 1 for each in lines) + len(line) > DESCRIPTION:
            lines.append(_("and {n} more", n=len(ranked) - len(lines)))
            break
        lines.append(line)
    return Reply(embeds=[Embed(title, "\n".join([total, "", *lines]), colour=figures.COLOURS[worst])])


def _total(reports: list[Report]) -> str:
    well = sum(report.status == "normal" for report in reports)
    unknown = sum(report.status == "unknown" for report in reports)
    unwell = len(reports) - well - unknown
    if well == len(reports):
        return ngettext("**All OK.**", "**All {n} OK.**", well)
    parts = [_("{n} with problems", n=unwell)] if unwell else []
    parts += [_("{n} unknown", n=unknown)] if unknown else []
    parts += [_("{n} OK", n=well)]
    return f"**{', '.join(parts)}.**"


def _line(report: Report) -> str:
    parts = [figures.state(report)]
    for label, what in ((_("CPU"), "cpu"), (_("memory"), "memory"), (_("disk"), "disk")):
        value = report.metrics.number(what, "usage")
        if value is not None:
            parts.append(f"{label} {figures.percent(value)}")
    if report.incident is not None:
        parts.append(figures.incident(report.incident))
    return clip(f"{figures.DOTS[report.status]} **{escape(report.name)}** {' · '.join(parts)}", LINE)
