"""Defines a monitor that a person typed: which kind of check it is, and whether that kind can check it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..errors import UserError
from ..i18n import _
from ..status import targets
from ..status.monitor import Monitor
from . import catalogue

_PING = ("icmp", "ping")


def define(monitor: Monitor, *, refused: Collection[str] = ()) -> Monitor:
    """The monitor in its normal form. If `kind` is "", the target tells the kind.

    `refused` are hosts that may not be checked: Discord's and the bot's own. Raises UserError with a sentence that says
    what to change.
    """
    kind = monitor.kind or kind_of(monitor.target)
    if kind in _PING:
        raise UserError(_("AWS Lambda cannot send pings. Check a TCP port instead, such as `shop.example:443`."))
    check = catalogue.check(kind)
    if check is None:
        names = ", ".join(f"`{each.name}`" for each in catalogue.checks())
        raise UserError(_("There is no check of the type `{kind}`. The types: {names}.", kind=kind[:50], names=names))
    return check.define(replace(monitor, kind=kind), refused=refused)


def kind_of(target: str) -> str:
    """The kind of check for a target: by its scheme, by a preset, `tcp` for HOST:PORT, otherwise `http`."""
    text = target.strip().lower()
    scheme, separator, _rest = text.partition("://")
    for check in catalogue.checks():
        hosts = {targets.parse_url(url).host for url in check.presets.values()}
        if text in check.presets or _host(text) in hosts or (separator and scheme == check.name):
            return check.name
    if separator and scheme in _PING:
        return scheme
    try:
        _name, port = targets.parse_host(text)
    except targets.NotAUrl:
        return "http"
    return "http" if port is None else "tcp"


def _host(text: str) -> str:
    """The host of a URL, with or without its scheme. "" if it has none."""
    try:
        return targets.parse_url(text if "://" in text else f"https://{text}").host
    except targets.NotAUrl:
        return ""
