"""A subscription: who hears of which monitors, and when it rings. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, time
from typing import Any, Final, Literal

from ..discord.text import clip, escape
from ..errors import UserError
from ..i18n import _
from ..status.cron import zone_of
from ..status.flip import Flip
from ..status.roster import Entry, Roster

Least = Literal["degraded", "quiet", "down"]
Recoveries = Literal["told", "silent", "shown"]

STATUS: Final = "channel:"
"""The recipient that is always the server's status channel, also if the server chooses another one."""

MOST: Final = 200
"""How many subscriptions a server can have."""


@dataclass(frozen=True)
class Subscription:
    """Who hears of what.

    `to` is `channel:`, `role:` or `user:` and an id, `webhook:` and a name, or STATUS.
    A role is mentioned in `channel`, "" for the status channel.
    `about` is "" for all monitors, or `monitor:` and an id, `group:` or `tag:` and a name.
    `least` is the least severe state that is told. "quiet" is "degraded", which is then told silently.
    `recoveries` says how the end of an outage comes: "told" rings, "silent" does not ring, "shown" only changes the
    alert.
    `quiet` is a span such as `22:00-07:00` in the IANA `zone`: a message in it does not ring, unless `breaks` is "down"
    and a monitor is down.
    `snoozed` is the epoch second until which nothing new is told. `wording` is what messages begin with, as
    `wording.checked` returns it, "" for the usual words. `locale` is the language of a person's app, "" if it is not
    known.
    """

    id: str
    to: str
    about: str = ""
    least: Least = "degraded"
    channel: str = ""
    recoveries: Recoveries = "told"
    quiet: str = ""
    zone: str = "UTC"
    breaks: str = ""
    snoozed: int = 0
    wording: str = ""
    locale: str = ""

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Subscription:
        """The subscription in an item that `item` made. A field that was never stored has its default."""
        return cls(**{each.name: item[each.name] for each in fields(cls) if item.get(each.name) is not None})

    def item(self) -> dict[str, Any]:
        """What is stored. `person` is the id of a person who hears of it by direct messages, "" for nobody."""
        whose, _colon, id = self.to.partition(":")
        return {**asdict(self), "person": id if whose == "user" else ""}

    def covers(self, entry: Entry) -> bool:
        kind, _colon, name = self.about.partition(":")
        match kind:
            case "monitor":
                return entry.id == name
            case "group":
                return entry.group.casefold() == name.casefold()
            case "tag":
                return name.casefold() in map(str.casefold, entry.tags)
            case _:
                return True


@dataclass(frozen=True)
class Heard:
    """How one recipient hears of one monitor: the roles that are mentioned, and whether the message is silent.

    `recoveries`, `wording` and `locale` are those of the subscription.
    """

    mentions: tuple[str, ...] = ()
    silent: bool = False
    recoveries: Recoveries = "told"
    wording: str = ""
    locale: str = ""


def hear(
    entry: Entry,
    flip: Flip,
    subscriptions: Iterable[Subscription],
    *,
    status_channel: str,
    allowed: Iterable[str],
    at: float,
) -> dict[str, Heard]:
    """Return who hears that a monitor is no longer well, and how: by texts such as `channel:` and an id.

    The status channel hears of everything, unless it has subscriptions of its own. Only the roles in `allowed` are
    mentioned.
    """
    subscriptions = list(subscriptions)
    if status_channel and not any(each.to in (STATUS, f"channel:{status_channel}") for each in subscriptions):
        subscriptions.append(Subscription("", STATUS))
    found: dict[str, Heard] = {}
    for each in sorted(subscriptions, key=_width):
        if not each.covers(entry) or at < each.snoozed or (each.least == "down" and flip.new != "down"):
            continue
        kind, _colon, id = each.to.partition(":")
        to, mentions = each.to, tuple[str, ...]()
        if kind == "role" or to == STATUS:
            place = each.channel or status_channel
            if not place:
                continue
            to, mentions = f"channel:{place}", (id,) if kind == "role" and id in set(allowed) else ()
        silent = is_quiet(each, at) and not (each.breaks == "down" == flip.new)
        silent = silent or (each.least == "quiet" and flip.new == "degraded")
        heard = Heard(() if silent else mentions, silent, each.recoveries, each.wording, each.locale)
        found[to] = _both(found.get(to), heard)
    return found


def _width(subscription: Subscription) -> int:
    """How much a subscription is about: a monitor is the least, and all monitors are the most."""
    return ("monitor", "tag", "group", "").index(subscription.about.partition(":")[0])


def _both(one: Heard | None, other: Heard) -> Heard:
    """What two subscriptions make of one message: it rings if one of them rings, and says the words of the first."""
    if one is None:
        return other
    order: tuple[Recoveries, ...] = ("told", "silent", "shown")
    return Heard(
        tuple(dict.fromkeys([*one.mentions, *other.mentions])),
        one.silent and other.silent,
        min(one.recoveries, other.recoveries, key=order.index),
        one.wording or other.wording,
        one.locale or other.locale,
    )


def is_quiet(subscription: Subscription, at: float) -> bool:
    """Whether a moment lies in the quiet hours, by the clock on the wall of their zone."""
    if not subscription.quiet:
        return False
    begin, end = span(subscription.quiet)
    try:
        now = datetime.fromtimestamp(at, zone_of(subscription.zone)).time()
    except UserError:  # the zone no longer exists
        now = datetime.fromtimestamp(at, UTC).time()
    return begin <= now < end if begin < end else now >= begin or now < end


def span(text: str) -> tuple[time, time]:
    """Read quiet hours such as `22:00-07:00`. Raises UserError, which says what to write."""
    found = re.fullmatch(r"\s*([0-9]{1,2}):([0-9]{2})\s*[-–]\s*([0-9]{1,2}):([0-9]{2})\s*", text)
    numbers = [int(each) for each in found.groups()] if found else [99, 0, 0, 0]
    if numbers[0] > 23 or numbers[2] > 23 or numbers[1] > 59 or numbers[3] > 59 or numbers[:2] == numbers[2:]:
        raise UserError(_("Write quiet hours as two times, such as `22:00-07:00`."))
    return time(numbers[0], numbers[1]), time(numbers[2], numbers[3])


def id_of(to: str, about: str, channel: str = "") -> str:
    """The id of a subscription. Who subscribes to the same once more changes it."""
    return hashlib.sha256(f"{to} {about} {channel}".encode()).hexdigest()[:12]


def about(text: str, roster: Roster) -> str:
    """What a subscription is about, for the name that a person wrote. Raises UserError if nothing has the name."""
    if not text.strip():
        return ""
    kind, name = roster.named(text)
    return f"{kind}:{name}"


def who(to: str) -> str:
    """A recipient as people see it: a channel, a role, a person or a webhook."""
    if to == STATUS:
        return _("the status channel")
    kind, _colon, id = to.partition(":")
    if kind == "webhook":
        return _("the webhook {name}", name=f"`{id}`")
    return {"channel": f"<#{id}>", "role": f"<@&{id}>", "user": f"<@{id}>"}[kind]


def line(subscription: Subscription, roster: Roster, at: float, *, words: int = 300) -> str:
    """What a subscription is about, and how it rings, for people. It shows `words` characters of its wording."""
    kind, _colon, name = subscription.about.partition(":")
    named = {entry.id: entry.name for entry in roster.entries}
    what = {
        "": _("all monitors"),
        "monitor": f"**{escape(named.get(name, name))}**",
        "group": _("the group {name}", name=f"**{escape(name)}**"),
        "tag": _("the tag {name}", name=f"**{escape(name)}**"),
    }[kind]
    place = f" <#{subscription.channel}>" if subscription.channel else ""
    hears = "" if subscription.to.startswith("user:") else f"{who(subscription.to)}{place}: "
    quiet = f"{subscription.quiet} ({subscription.zone})"
    small = [
        {"down": _("only if it is down"), "quiet": _("rings only if it is down")}.get(subscription.least, ""),
        {"silent": _("recoveries are silent"), "shown": _("recoveries only change the alert")}.get(
            subscription.recoveries, ""
        ),
        _("quiet from {span}", span=quiet) if subscription.quiet else "",
        _("but not if it is down") if subscription.quiet and subscription.breaks else "",
        _("says: {text}", text=escape(clip(subscription.wording, words))) if subscription.wording else "",
        _("snoozed until {moment}", moment=f"<t:{subscription.snoozed}:f>") if at < subscription.snoozed else "",
    ]
    return "\n-# ".join(filter(None, [f"{hears}{what}", " · ".join(filter(None, small))]))
