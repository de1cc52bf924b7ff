"""Figures, states and reasons in words. Every message uses these."""

from __future__ import annotations

from collections.abc import Mapping

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
    """Describe why there is no report, or why a check did not end well, in words that follow the service's name."""
    values = found.values
    match found.code:
        case "timeout":
            return ngettext(
                "did not answer within {n} second", "did not answer within {n} seconds", int(values["seconds"])
            )
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
                int(values["seconds"]),
            )
        case "too_large":
            return _("sent more than {n} KB", n=values["kilobytes"])
        case "http_status":
            return _("answered with HTTP {status}", status=values["status"])
        case "not_a_status":
            return _("did not answer with a valid status")
        case "asked_too_often":
            return _("asks for fewer requests")
        case "ping_missed":
            return _("did not ping in time")
        case "run_too_long":
            return _("started and did not finish in time")
        case "job_failed":
            if "exit_status" in values:
                return _("failed with exit status {number}", number=values["exit_status"])
            return _("said that it failed")
        case "connection_refused":
            return _("refuses connections")
        case "name_not_found":
            return _("has a name that does not exist")
        case "certificate_expired":
            return _("has an expired certificate")
        case "certificate_name":
            return _("has a certificate for another name")
        case "certificate_invalid":
            return _("has a certificate that nobody trusts")
        case "tls_failed":
            return _("did not agree on TLS")
        case "unexpected_status":
            return _("answered HTTP {status} instead of {expected}", **_shown(values))
        case "slow":
            return _("took {ms} ms, limit {limit} ms", **_shown(values))
        case "condition":
            if values["got"] == "":
                return _("did not fulfil {condition}", **_shown(values))
            return _("did not fulfil {condition}: it was {got}", **_shown(values))
        case "condition_missing":
            return _("did not fulfil {condition}: the value is missing", **_shown(values))
        case "certificate_soon":
            days = int(values["days"])
            return ngettext(
                "has a certificate that expires in {n} day", "has a certificate that expires in {n} days", days
            )
        case "dns_code":
            return _("answered the DNS query with {rcode}", **_shown(values))
        case "dns_records":
            if values["got"] == "":
                return _("has no DNS records, expected: {expected}", **_shown(values))
            return _("has the DNS records {got} instead of {expected}", **_shown(values))
        case "reported":
            return _("reports {said}", **_shown(values))
        case "component":
            return _("reports {said} for {component}", **_shown(values))
        case "component_missing":
            return _("has no component {component}", **_shown(values))
        case "secret_missing":
            return _("needs the secret {secret}, which does not exist or is not for its host", **_shown(values))
        case "aws_event":
            return _("has a problem, according to AWS: {text}", **_shown(values))
        case "not_measured":
            return _("could not be measured because of a bug in Watchbell")


def _shown(values: Mapping[str, int | str]) -> dict[str, str]:
    """The values of a reason for a message. They can be texts of the target: escape them, and keep them short."""
    return {name: clip(escape(str(value)), 200) for name, value in values.items()}


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
