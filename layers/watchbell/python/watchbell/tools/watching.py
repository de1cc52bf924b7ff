"""Finds, adds and changes the monitors of a server. What cannot be is told in a sentence, at its field of the form."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from uuid import uuid4

from ..adapters.monitors import Change, Limits, TooMany
from ..discord.text import escape
from ..errors import FieldError, UserError
from ..i18n import _, ngettext
from ..kit import catalogue
from ..kit.check import PING
from ..status import secret, typed
from ..status import shard as shards
from ..status.monitor import Monitor
from ..status.roster import AWS, Entry, Roster, entry_of, host_of
from .toolbox import Tools

MEASURED = ("target", "conditions", "options")
"""If one of these fields changes, something else is measured."""


def find(name: str, guild_id: str, tools: Tools) -> Entry:
    """The entry of the monitor with this name. Raises UserError, which offers similar names, if there is none."""
    roster = tools.monitors.roster(guild_id)
    entry = roster.find(name)
    if entry is not None:
        return entry
    if not roster.entries:
        raise UserError(_("Nothing is watched in this server yet. Add a monitor with `/monitor add`."))
    near = get_close_matches(name, [each.name for each in roster.entries], n=3, cutoff=0.5)
    if near:
        raise UserError(_("There is no monitor with this name. Did you mean {names}?", names=escape(", ".join(near))))
    raise UserError(_("There is no monitor with this name. `/status` shows them all."))


def stored(shard: str, id: str, guild_id: str, tools: Tools) -> Monitor:
    """The monitor as it is stored. Raises UserError if it has been removed."""
    monitor = tools.monitors.get(guild_id, shard, id)
    if monitor is None:
        raise UserError(_("This monitor has been removed."))
    return monitor


def define(monitor: Monitor, field: str, tools: Tools) -> Monitor:
    """The monitor in its normal form. Raises FieldError for `field` if it cannot be checked."""
    try:
        return tools.define(monitor)
    except UserError as error:
        raise FieldError(field, str(error)) from None


def may_be_private(guild_id: str, tools: Tools) -> bool:
    """Whether the operator allows private addresses in this server."""
    return bool(tools.monitors.limits(guild_id).private)


def add(monitor: Monitor, guild_id: str, tools: Tools) -> tuple[str, Monitor]:
    """Store a new monitor, and return its shard and the monitor."""
    limits = tools.monitors.limits(guild_id)

    def decide(roster: Roster) -> Change:
        added = next((entry for entry in roster.entries if entry.id == monitor.id), None)  # by an earlier try
        if added is None and len(roster.entries) >= limits.monitors:
            text = _("This server already has {n} monitors, and cannot have more.", n=limits.monitors)
            raise FieldError("", text)
        check_fit(monitor, roster, limits)
        shard = added.shard if added else f"{shards.joined(roster.sizes):02}"
        put = (shard, monitor)
        return Change(roster.with_(entry_of(monitor, shard)), put=put, ping=monitor.options.get("ping", ""))

    put = store(decide, guild_id, tools).put
    assert put is not None
    return put


def change(before: Monitor, after: Monitor, shard: str, guild_id: str, tools: Tools) -> None:
    """Store a changed monitor. If something else is measured now, it is new again."""
    limits = tools.monitors.limits(guild_id)

    def decide(roster: Roster) -> Change:
        if not any(entry.id == after.id for entry in roster.entries):
            raise UserError(_("This monitor has been removed."))
        check_fit(after, roster, limits)
        return Change(roster.with_(entry_of(after, shard)), put=(shard, after))

    store(decide, guild_id, tools)
    if any(getattr(before, name) != getattr(after, name) for name in MEASURED):
        tools.shards.restart(guild_id, shard, after.id)


def store(decide: Callable[[Roster], Change], guild_id: str, tools: Tools) -> Change:
    """Make the change that `decide` returns. Raises FieldError if there are too many monitors."""
    try:
        return tools.monitors.change(guild_id, decide)
    except TooMany as error:
        if error.host:
            text = _("Too many monitors watch {host} already, so I cannot add another one.", host=f"`{error.host}`")
        else:
            text = _("This bot cannot have more monitors. Ask the person who runs it.")
        raise FieldError("", text) from None


def check_fit(monitor: Monitor, roster: Roster, limits: Limits) -> None:
    """Raise FieldError if the server may not have the monitor as it is now."""
    if monitor.kind in AWS and not limits.aws:
        raise FieldError("kind", _("this server may not follow what happens on AWS. Ask the person who runs the bot."))
    if monitor.every < limits.every:
        text = ngettext(
            "in this server, a monitor is checked at most once every minute.",
            "in this server, a monitor is checked at most once every {n} minutes.",
            limits.every,
        )
        raise FieldError("often", text)
    same = roster.find(monitor.name)
    if same is not None and same.id != monitor.id:
        raise FieldError("name", _("another monitor has this name."))


def pause(entry: Entry, paused: bool, guild_id: str, tools: Tools) -> None:
    """Pause a monitor, or resume it."""
    monitor = replace(stored(entry.shard, entry.id, guild_id, tools), paused=paused)
    tools.monitors.change(
        guild_id,
        lambda roster: Change(roster.with_(entry_of(monitor, entry.shard)), put=(entry.shard, monitor)),
    )
    if paused:
        tools.shards.restart(guild_id, entry.shard, entry.id)


def remove(monitor: Monitor, shard: str, guild_id: str, tools: Tools) -> None:
    """Remove a monitor. The URL of a heartbeat stops working."""
    id, ping = monitor.id, monitor.options.get("ping", "")
    tools.monitors.change(guild_id, lambda roster: Change(roster.without(id), delete=(shard, id), gone=ping))


def rotate(before: Monitor, shard: str, guild_id: str, tools: Tools) -> Monitor:
    """Give a heartbeat a new URL, and return the monitor. The old URL stops working."""
    after = replace(before, options={**before.options, "ping": str(uuid4())})
    old, new = before.options["ping"], after.options["ping"]
    tools.monitors.change(
        guild_id,
        lambda roster: Change(roster.with_(entry_of(after, shard)), put=(shard, after), ping=new, gone=old),
    )
    return after


def parent(name: str, id: str, guild_id: str, tools: Tools) -> str:
    """The id of the parent with this name, "" for none. Raises FieldError if it cannot be the parent."""
    if not name.strip():
        return ""
    found = tools.monitors.roster(guild_id).find(name)
    if found is None:
        raise FieldError("parent", _("there is no monitor with this name."))
    if found.id == id:
        raise FieldError("parent", _("a monitor cannot be its own parent."))
    return found.id


def name_in(roster: Roster, id: str) -> str:
    """The name of the monitor with this id, "" if there is none."""
    return next((entry.name for entry in roster.entries if entry.id == id), "")


def name_of(monitor: Monitor) -> str:
    """The name of a monitor if nobody has written one: its host, its address, or its kind."""
    return (host_of(monitor) or monitor.target or monitor.kind)[:60]


def new_id() -> str:
    """8 letters and digits. Two monitors of a server have the same id about once in 10^10 times."""
    return "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _place in range(8))


def typed_options(text: str, monitor: Monitor) -> dict[str, str]:
    """The options of a monitor from what people typed. Those that are as by default are left out."""
    check = catalogue.check(monitor.kind)
    assert check is not None, monitor.kind
    ours = {name: value for name, value in monitor.options.items() if name == PING}
    return {**check.changed(typed.options(text, check.several)), **ours}


def option_lines(monitor: Monitor) -> str:
    """All options of a monitor as people type them, so that they see what there is to change."""
    check = catalogue.check(monitor.kind)
    chosen = {name: value for name, value in monitor.options.items() if name != PING}
    return typed.option_lines({**(check.defaults if check else {}), **chosen})


def described(monitor: Monitor, tools: Tools) -> list[str]:
    """The lines in which the kind of a monitor explains it."""
    check = catalogue.check(monitor.kind)
    if check is None or check.row is None or check.described is None:
        return []
    rows = tools.shards.fed({monitor.id: check.row(monitor)})
    return check.description(monitor, rows.get(monitor.id, {}), tools.now())


def set_secret(name: str, value: str, monitor: Monitor, guild_id: str, tools: Tools) -> None:
    """Set a secret for the host of a monitor. Raises FieldError if it cannot be set."""
    host, hosts = host_of(monitor), tools.secrets(guild_id)
    if not secret.is_name(name):
        raise FieldError("name", _("a name has small letters, digits, `_` and `-`, such as `shop-token`."))
    if not secret.is_value(value):
        raise FieldError("value", _("only letters, digits, spaces and signs of ASCII."))
    if name not in hosts and len(hosts) >= secret.MOST:
        raise FieldError("", _("this server already has {n} secrets, and cannot have more.", n=secret.MOST))
    if hosts.get(name, host) != host:
        raise FieldError("name", _("this secret is for {host}. Delete it first.", host=f"`{hosts[name]}`"))
    tools.set_secret(guild_id, name, host, value)
