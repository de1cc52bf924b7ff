"""Figures in words: the same spelling in every message."""

from __future__ import annotations

from ..discord.text import clip, escape
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
    return "not told" if value is None else f"{value:.1f} %"


def count(value: float | None) -> str:
    return "not told" if value is None else f"{value:,.0f}"


def size(value: float | None) -> str:
    """Bytes, in units of 1,024."""
    if value is None:
        return "not told"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:,.1f} TiB"


def state(report: Report) -> str:
    """What there is to say first of a service: that it failed, or its status and its own words."""
    if report.failure:
        return clip(report.failure, 200)
    return f"{report.status}: {clip(escape(report.message), 300)}" if report.message else report.status


def incident(found: Incident) -> str:
    """An active incident on one line; Discord shows its start in the reader's time."""
    since = f", since <t:{found.started}:R>" if found.started is not None else ""
    updates = "1 update" if found.updates == 1 else f"{found.updates} updates"
    return f"**{clip(escape(found.id), 60)}** {clip(escape(found.status), 40)}{since}, {updates}"
