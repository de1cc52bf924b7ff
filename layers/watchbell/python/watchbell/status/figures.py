"""Figures, states and reasons in words. Every message uses these."""

from __future__ import annotations

from ..discord.text import clip, escape
from ..i18n import _, ngettext, number
from .reason import Reason
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
    return _("no data") if value is None else _("{number} %", number=number(value, 1))


def count(value: float | None) -> str:
    return _("no data") if value is None else number(value)


def size(value: float | None) -> str:
    """Format a number of bytes in units of 1,024."""
    if value is None:
        return _("no data")
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{number(value, 0 if unit == 'B' else 1)} {unit}"
        value /= 1024
    return f"{number(value, 1)} TiB"


def state(report: Report) -> str:
    """Describe how a service is: its status, or the reason why there is no report."""
    return reason(report.failure) if report.failure else status_word(report.status)


def reason(found: Reason) -> str:
    """Describe why there is no report, in words that follow the service's name."""
    values = found.values
    match found.code:
        case "timeout":
            return ngettext("did not answer within {n} second", "did not answer within {n} seconds", values["seconds"])
        case "unreachable":
            return _("could not be reached")
        case "not_a_url":
            return _("has an invalid URL")
        case "address_not_allowed":
            return _("has an address that is not allowed")
        case "too_many_redirects":
            return _("redirects too often")
        case "not_asked_in_time":
            return ngettext(
                "was not asked: the others took {n} second",
                "was not asked: the others took {n} seconds",
                values["seconds"],
            )
        case "too_large":
            return _("sent more than {n} KB", n=values["kilobytes"])
        case "http_status":
            return _("answered with HTTP {status}", status=values["status"])
        case "not_a_status":
            return _("did not answer with a valid status")
        case "asked_too_often":
            return _("asks for fewer requests")


def status_word(status: str) -> str:
    """Translate one of STATUSES."""
    return {
        "normal": _("normal"),
        "unknown": _("unknown"),
        "elevated": _("elevated"),
        "heavy": _("heavy"),
        "error": _("error"),
        "critical": _("critical"),
    }[status]


def incident(found: Incident) -> str:
    """Describe an active incident on one line. Discord shows its start in the reader's time zone."""
    status = clip(escape(found.status), 40) or _("unknown")
    parts = [f"**{clip(escape(found.id), 60)}** {status}"]
    if found.started is not None:
        parts.append(_("since {time}", time=f"<t:{found.started}:R>"))
    parts.append(ngettext("{n} update", "{n} updates", found.updates))
    return ", ".join(parts)
