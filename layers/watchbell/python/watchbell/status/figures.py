"""Figures in words: the same spelling in every message."""

from __future__ import annotations

from ..discord.text import clip, escape
from ..words import _, ngettext, number
from .report import Incident, Report

COLOURS = {
    "normal": 0x2ECC71,
    "elevated": 0xF1C40F,
    "heavy": 0xE67E22,
    "critical": 0xE74C3C,
    "error": 0x992D22,
    "unknown": 0x3498DB,
}
DOTS = {"normal": "🟢", "elevated": "🟡", "heavy": "🟠", "critical": "🔴", "error": "❌", "unknown": "🔵"}


def percent(value: float | None) -> str:
    return _("not told") if value is None else _("{number} %", number=number(value, 1))


def count(value: float | None) -> str:
    return _("not told") if value is None else number(value)


def size(value: float | None) -> str:
    """Bytes, in units of 1,024."""
    if value is None:
        return _("not told")
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{number(value, 0 if unit == 'B' else 1)} {unit}"
        value /= 1024
    return f"{number(value, 1)} TiB"


def state(report: Report) -> str:
    """What there is to say first of a service: that it failed, or its status and its own words."""
    if report.failure:
        return clip(report.failure, 200)
    status = status_word(report.status)
    return f"{status}: {clip(escape(report.message), 300)}" if report.message else status


def status_word(status: str) -> str:
    """One of STATUSES as people read it."""
    return {
        "normal": _("normal"),
        "unknown": _("unknown"),
        "elevated": _("elevated"),
        "heavy": _("heavy"),
        "error": _("error"),
        "critical": _("critical"),
    }[status]


def incident(found: Incident) -> str:
    """An active incident on one line; Discord shows its start in the reader's time."""
    parts = [f"**{clip(escape(found.id), 60)}** {clip(escape(found.status), 40)}"]
    if found.started is not None:
        parts.append(_("since {time}", time=f"<t:{found.started}:R>"))
    parts.append(ngettext("{n} update", "{n} updates", found.updates))
    return ", ".join(parts)
