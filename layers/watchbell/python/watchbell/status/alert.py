"""What an alert says: an opening, its recovery, and what is between them.

An alert is `content` and one embed. It is not a layout of Components V2, because its push notification would be empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ..discord.custom_id import Address
from ..discord.reply import Button, Embed, Reply
from ..discord.text import clip, escape
from ..i18n import _, ngettext
from . import figures, measures, states
from .flip import Flip
from .monitor import Monitor
from .plans import Plan

NAME = 80


def reference(flip_key: str, recipient: str) -> str:
    """The id of a delivery as an alert shows it: 8 letters and digits, the same for each try."""
    return hashlib.sha256(f"{flip_key} {recipient}".encode()).hexdigest()[:8]


def shows(message: dict, delivery: str) -> bool:
    """Whether a message from Discord is the alert with this `reference`."""
    embeds = message.get("embeds")
    footers = [embed.get("footer") for embed in embeds or [] if isinstance(embed, dict)]
    return any(isinstance(footer, dict) and delivery in str(footer.get("text")) for footer in footers)


def told(monitor: Monitor, flip: Flip, delivery: str, *, test: bool = False) -> Reply:
    """The message for a flip that is news. It does not ping anybody."""
    content = headline(monitor, flip)
    if test:
        content = _("This is a test. {text}", text=content)
    embed = Embed(colour=states.COLOURS["degraded" if flip.news == "flapping" else flip.new])
    embed.field(_("Since"), moment(flip.since), inline=True)
    if flip.news == "flapping" and flip.reason is not None:  # any other headline says why
        embed.field(_("Why"), clip(figures.reason(flip.reason), 1000))
    embed.footer = foot(monitor, delivery)
    return Reply(clip(content, 2000), embeds=[embed], buttons=[details(monitor)])


def details(monitor: Monitor) -> Button:
    """The button that shows the monitor in detail, only to the person who presses it: `about` of /status."""
    return Button(_("Details"), custom_id=Address("status", "about", (monitor.id,)))


def headline(monitor: Monitor, flip: Flip) -> str:
    name = f"**{clip(escape(monitor.name), NAME)}**"
    why = figures.reason(flip.reason) if flip.reason is not None else ""
    if flip.news == "reminder":
        lasted = measures.duration(flip.at - flip.since)
        if flip.new == "degraded":
            return _("⚠️ {name} is still degraded, for {duration} now.", name=name, duration=lasted)
        return _("🔴 {name} is still down, for {duration} now.", name=name, duration=lasted)
    if flip.news == "flapping":
        return _("⚠️ {name} keeps changing between up and down. I will say how it ends.", name=name)
    if flip.new == "down":
        return _("🔴 {name} is down: it {why}.", name=name, why=why) if why else _("🔴 {name} is down.", name=name)
    if flip.new == "degraded":
        if why:
            return _("⚠️ {name} is degraded: it {why}.", name=name, why=why)
        return _("⚠️ {name} is degraded.", name=name)
    if flip.news == "settled":
        return _("✅ {name} no longer keeps changing. It is up.", name=name)
    return _("✅ {name} is up again.", name=name)


def ended(monitor: Monitor, opening: Flip, recovery: Flip, delivery: str) -> Reply:
    """The opening's message after the end: it says what happened, and for how long."""
    name, lasted = f"**{clip(escape(monitor.name), NAME)}**", measures.duration(recovery.since - opening.since)
    if opening.news == "flapping":
        content = _("✅ {name} kept changing for {duration}.", name=name, duration=lasted)
    elif opening.new == "degraded":
        content = _("✅ {name} was degraded for {duration}.", name=name, duration=lasted)
    else:
        content = _("✅ {name} was down for {duration}.", name=name, duration=lasted)
    embed = Embed(colour=states.COLOURS["up"])
    embed.field(_("From"), moment(opening.since), inline=True)
    embed.field(_("To"), moment(recovery.since), inline=True)
    if opening.reason is not None:
        embed.field(_("Why"), clip(figures.reason(opening.reason), 1000))
    embed.footer = foot(monitor, delivery)
    return Reply(clip(content, 2000), embeds=[embed], buttons=[details(monitor)])


def recovered(monitor: Monitor, opening: Flip, recovery: Flip, delivery: str) -> Reply:
    """The answer to the opening's message: it says in one line that it is over."""
    name, lasted = f"**{clip(escape(monitor.name), NAME)}**", measures.duration(recovery.since - opening.since)
    content = _("✅ {name} is up again, after {duration}.", name=name, duration=lasted)
    embed = Embed(colour=states.COLOURS["up"], footer=delivery)
    return Reply(clip(content, 2000), embeds=[embed])


def planned(plan: Plan, start: int, names: Mapping[str, str], delivery: str) -> Reply:
    """The notice of maintenance that begins at `start`. `names` are those of the server's monitors, by their ids."""
    content = _("🔧 Maintenance is planned: {title}.", title=f"**{clip(escape(plan.title), NAME)}**")
    window = plan.window
    covered = [*window.groups, *window.tags, *(names[id] for id in window.monitors if id in names)]
    embed = Embed(colour=states.COLOURS["maintenance"], footer=delivery)
    embed.field(_("From"), f"<t:{start}:f> (<t:{start}:R>)", inline=True)
    embed.field(_("To"), f"<t:{plan.end(start)}:f>", inline=True)
    embed.field(_("Monitors"), clip(escape(", ".join(covered)) or _("all monitors"), 1000))
    return Reply(clip(content, 2000), embeds=[embed])


def foot(monitor: Monitor, delivery: str) -> str:
    parts = [clip(monitor.group, NAME)] if monitor.group else []
    parts.append(ngettext("checked every minute", "checked every {n} minutes", monitor.every))
    return " · ".join([*parts, delivery])


def moment(at: int) -> str:
    """A moment as Discord shows it in the reader's zone and language."""
    return f"<t:{at}:t> (<t:{at}:R>)"
