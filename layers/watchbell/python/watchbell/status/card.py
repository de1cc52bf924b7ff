"""What the card of a monitor says, and its line in a list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..discord.text import clip, escape
from ..i18n import _, ngettext
from . import figures, measures, secret
from .facts import Facts
from .monitor import Monitor
from .roster import Entry, host_of
from .states import GLYPHS


def definition(monitor: Monitor, label: str, url: str, described: Iterable[str], hosts: Mapping[str, str]) -> str:
    """How a monitor is checked, in lines.

    `label` is its kind of check. `url` is where a job pings, "" if the monitor has none. `described` are the lines of
    the kind itself. `hosts` are the secrets of the server, each with its host.
    """
    lines = [
        "**" + _("Address") + f"** {escape(monitor.target)}" if monitor.target else "",
        "**" + _("Check") + f"** {label}, {measures.often(monitor.every * 60)}",
        "**" + _("URL") + f"** `{url}`" if url else "",
        *described,
        "**" + _("Group") + f"** {escape(monitor.group)}" if monitor.group else "",
        "**" + _("Tags") + f"** {escape(', '.join(monitor.tags))}" if monitor.tags else "",
        *(f"`{condition}`" for condition in monitor.conditions),
        f"-# {policy(monitor)}",
        *secrets(monitor, hosts),
    ]
    return "\n".join(filter(None, lines))


def secrets(monitor: Monitor, hosts: Mapping[str, str]) -> list[str]:
    """The names of the server's secrets, and those that the monitor wants and does not get."""
    host = host_of(monitor)
    names = ", ".join(f"`{name}`" for name in hosts)
    lines = ["**" + _("Secrets of this server") + f"** {names}"] if hosts else []
    for name in secret.missing(monitor, host, hosts):
        named = {"name": f"`{name}`", "host": f"`{host}`"}
        if name in hosts:
            lines.append(_("⚠️ The secret {name} belongs to another host, so {host} does not get it.", **named))
        else:
            lines.append(_("⚠️ There is no secret {name}. Set it with **Secrets**.", **named))
    return lines


def tested(name: str, facts: Facts) -> str:
    """What a check saw."""
    lines = [f"{GLYPHS[facts.outcome]} **{escape(name)}**"]
    if facts.reason is not None:
        lines.append(_("It {why}.", why=figures.reason(facts.reason)))
    if facts.latency_ms is not None:
        lines.append(_("It answered after {time}.", time=measures.latency(facts.latency_ms)))
    return "\n".join(lines)[:2000]


def small(entry: Entry, label: str) -> str:
    """A line about a monitor in a list: its group, its kind of check, which is `label`, and how often it is checked."""
    parts = [clip(escape(entry.group), 40)] if entry.group else []
    return " · ".join([*parts, label, measures.often(entry.every * 60)])


def policy(monitor: Monitor) -> str:
    failures = ngettext("down after {n} failure", "down after {n} failures in a row", monitor.policy.failures)
    successes = ngettext("up after {n} success", "up after {n} successes in a row", monitor.policy.successes)
    reminders = [ngettext("reminder every hour", "reminder every {n} hours", monitor.remind)] if monitor.remind else []
    return " · ".join([failures, successes, *reminders])
