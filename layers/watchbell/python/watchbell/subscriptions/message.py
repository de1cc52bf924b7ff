"""What alerts say: an outage, several that began together, their end, and what is between. Pure.

An alert is `content` and one embed. It is not a layout of Components V2, because its push notification would be empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from ..discord.custom_id import Address
from ..discord.mentions import Mentions
from ..discord.reply import Button, Embed, Reply
from ..discord.text import clip, escape
from ..i18n import _, ngettext
from ..status import figures, measures, states
from ..status.flip import Flip
from ..status.plans import Plan
from ..status.roster import Entry
from . import wording
from .mailbox import Alert, Answer, Outage, lines

NAME = 80

NAMED, LISTED = 5, 20
"""How many monitors are named in the first line, and listed with what is wrong. The others are counted."""


def reference(id: str, recipient: str) -> str:
    """The id of a delivery as a message shows it: 8 letters and digits, the same for each try."""
    return hashlib.sha256(f"{id} {recipient}".encode()).hexdigest()[:8]


def shows(message: dict, delivery: str) -> bool:
    """Whether a message from Discord is the one with this `reference`: in the foot of an embed, or in a layout."""
    embeds = message.get("embeds")
    footers = [embed.get("footer") for embed in embeds or [] if isinstance(embed, dict)]
    found = [footer.get("text") for footer in footers if isinstance(footer, dict)]
    return any(delivery in str(text) for text in [*found, *_texts(message.get("components"))])


def _texts(components: object) -> list[object]:
    """The texts of components and of those inside them."""
    parts = [each for each in components if isinstance(each, dict)] if isinstance(components, list) else []
    return [text for each in parts for text in (each.get("content"), *_texts(each.get("components")))]


def alert(
    told: Alert,
    delivery: str,
    people: Mapping[str, str],
    *,
    server: str = "",
    direct: bool = False,
    name: str = "",
    url: str = "",
) -> Reply:
    """The message of an alert as it should be now. It says what goes on, or in the past what happened.

    `people` are the ids of those who take care of monitors, by the ids of the monitors. `server` is the id of the
    server that watches them if the message is in no channel of this server. `direct` is a direct message.
    It shows the `name` of the server with a link to the `url`.
    """
    outages = _in_order(told)
    going_on = [outage for outage in outages if not (outage.ended or outage.entry.paused)]
    (first, *others) = outages
    content = _group(outages, going_on) if others else _one(first)
    if told.wording and not all(_is_gone(outage) or _is_halted(outage) for outage in outages):
        counted = going_on or outages
        content = _worded(told.wording, counted, [outage.ended or outage.latest for outage in counted])
    if told.test:
        content = _("This is a test. {text}", text=content)
    roles = "" if told.is_over else " ".join(f"<@&{role}>" for role in told.mentions)
    reply = Reply(
        " ".join(filter(None, [clip(content, 1500), roles])), mentions=Mentions(roles=told.mentions), silent=told.silent
    )
    embed = _embed(outages, going_on, delivery, people)
    embed.author, embed.author_url = clip(name, 256), url if name else ""
    reply.embeds.append(embed)
    if told.test:
        reply.buttons += [
            Button(_("Acknowledge"), custom_id=Address("notifications", "try_on_it"), style="primary"),
            Button(_("Details"), custom_id=Address("notifications", "try_details")),
        ]
    else:
        if not all(outage.on_it for outage in going_on):
            taken = ("i_am_on_it", (server, told.id)) if direct else ("on_it", (told.id,))
            reply.buttons.append(Button(_("Acknowledge"), custom_id=Address("notifications", *taken), style="primary"))
        reply.buttons.append(_details("" if others else first.entry.id, server))
    if direct:
        stop = Address("notifications", "stop", (server,))
        reply.buttons.append(Button(_("No more messages"), custom_id=stop))
    return reply


def answer(told: Alert, answer: Answer, delivery: str) -> Reply:
    """The message that answers an alert: it says in one line for each monitor what is new."""
    news = list(lines(told, answer))
    ended = [(outage, flip) for outage, flip in news if outage.ended == flip]
    ended.sort(key=lambda pair: pair[0].entry.name.casefold())
    texts = [_recovered(outage, flip) for outage, flip in ended]
    if len(ended) > 1:
        texts = [_("✅ {names} are up again.", names=_names([outage.entry for outage, _flip in ended]))]
    if ended and told.wording:
        texts = [_worded(told.wording, [outage for outage, _flip in ended], [flip for _outage, flip in ended])]
    over = {id(outage) for outage, _flip in ended}
    texts += [
        _worded(told.wording, [outage], [flip]) if told.wording else headline(outage.entry, flip)
        for outage, flip in news
        if id(outage) not in over
    ]
    worst = "up" if ended and not texts[1:] else max((flip.new for _id, flip in answer.news), key=_rank)
    embed = Embed(colour=states.COLOURS[worst], footer=delivery)
    roles = " ".join(f"<@&{role}>" for role in answer.mentions)
    text = " ".join(filter(None, [clip("\n".join(texts), 1500), roles]))
    mentions = Mentions(roles=answer.mentions)
    silent = not answer.ring or (told.silent and not roles)
    return Reply(text, embeds=[embed], mentions=mentions, silent=silent)


def _in_order(told: Alert) -> list[Outage]:
    """The outages in the order in which they were found. Those of one run are in the order of their names."""
    return sorted(told.outages, key=lambda outage: (outage.opened.at, outage.entry.name.casefold()))


def _rank(state: str) -> int:
    return ("new", "up", "degraded", "down").index(state)


def _one(outage: Outage) -> str:
    """The first line about one outage."""
    if _is_halted(outage):
        return _("⏸️ {name} is paused. It was not up before.", name=_name(outage.entry))
    if outage.ended is None:
        return headline(outage.entry, outage.latest)
    name = _name(outage.entry)
    if outage.ended.new == "new":
        return _("{name} is no longer watched.", name=name)
    lasted = measures.duration(outage.ended.since - outage.opened.since)
    if "flapping" in (outage.opened.news, outage.latest.news):
        return _("✅ {name} kept changing for {duration}.", name=name, duration=lasted)
    if outage.latest.new == outage.opened.new == "degraded":
        return _("✅ {name} was degraded for {duration}.", name=name, duration=lasted)
    return _("✅ {name} was down for {duration}.", name=name, duration=lasted)


def _group(outages: list[Outage], going_on: list[Outage]) -> str:
    """The first line about several outages: how many, and of which monitors."""
    halted = [outage for outage in outages if _is_halted(outage)]
    counted = going_on or halted or outages
    names, n = _names([outage.entry for outage in counted]), len(counted)
    if halted and not going_on:
        return ngettext(
            "⏸️ {n} monitor that was not up is paused: {names}.",
            "⏸️ {n} monitors that were not up are paused: {names}.",
            n,
            names=names,
        )
    if not going_on:
        return ngettext("✅ {n} monitor was not up: {names}.", "✅ {n} monitors were not up: {names}.", n, names=names)
    found = {_shown_state(outage) for outage in going_on}
    if found == {"down"}:
        return ngettext("🔴 {n} monitor is down: {names}.", "🔴 {n} monitors are down: {names}.", n, names=names)
    if found == {"degraded"} and not any(outage.latest.news == "flapping" for outage in going_on):
        return ngettext("⚠️ {n} monitor is degraded: {names}.", "⚠️ {n} monitors are degraded: {names}.", n, names=names)
    if "down" in found:
        return ngettext("🔴 {n} monitor is not up: {names}.", "🔴 {n} monitors are not up: {names}.", n, names=names)
    return ngettext("⚠️ {n} monitor is not up: {names}.", "⚠️ {n} monitors are not up: {names}.", n, names=names)


def _is_halted(outage: Outage) -> bool:
    """Whether the monitor was paused in the outage, so that nobody knows how it goes on."""
    return outage.ended is None and outage.entry.paused


def _is_gone(outage: Outage) -> bool:
    """Whether the monitor is no longer watched."""
    return outage.ended is not None and outage.ended.new == "new"


def _worded(text: str, outages: list[Outage], flips: list[Flip]) -> str:
    """The first line in the words of a subscription. `flips` are what is told of each of the outages.

    All but the names of the monitors is that of the worst one.
    """
    outage, flip = max(zip(outages, flips, strict=True), key=lambda pair: _rank(pair[1].new))
    flapping = flip.news == "flapping"
    is_over = flip.new == "up" and not flapping
    words = {"up": _("up"), "degraded": _("degraded"), "down": _("down"), "new": _("new")}
    reason = outage.latest.reason or outage.opened.reason
    why = figures.reason(reason) if reason else _("does not work")
    values = {
        "icon": states.GLYPHS["degraded" if flapping else flip.new],
        "monitor": _names([each.entry for each in outages]),
        "state": _("changing") if flapping else words[flip.new],
        "reason": _("works again") if is_over else why,
        "since": f"<t:{flip.since}:t>",
        "duration": measures.duration((flip.since - outage.opened.since) if is_over else (flip.at - flip.since)),
        "group": escape(outage.entry.group),
    }
    return wording.fill(text, values)


def _names(entries: Iterable[Entry]) -> str:
    names = [_name(entry) for entry in entries]
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return shown if more <= 0 else ngettext("{names} and {n} more", "{names} and {n} more", more, names=shown)


def _name(entry: Entry) -> str:
    return f"**{clip(escape(entry.name), NAME)}**"


def _embed(outages: list[Outage], going_on: list[Outage], delivery: str, people: Mapping[str, str]) -> Embed:
    """What is known of the outages: since when, why, and who takes care of them, or did."""
    (first, *others) = outages
    halted = [outage for outage in outages if _is_halted(outage)]
    worst = max((_shown_state(outage) for outage in going_on), key=_rank, default="paused" if halted else "up")
    embed = Embed(colour=states.COLOURS[worst])
    if others:
        listed = [_one(outage) for outage in [*going_on, *halted, *(each for each in outages if each.ended)]]
        more = len(listed) - LISTED
        last = [ngettext("and {n} more", "and {n} more", more)] if more > 0 else []
        embed.description = "\n".join([*(clip(line, 180) for line in listed[:LISTED]), *last])
        if going_on:
            embed.field(_("Since"), moment(min(outage.latest.since for outage in going_on)), inline=True)
        embed.footer = delivery
    else:
        if first.ended is None:
            embed.field(_("Since"), moment(first.latest.since), inline=True)
        else:
            embed.field(_("From"), moment(first.opened.since), inline=True)
            embed.field(_("To"), moment(first.ended.since), inline=True)
        reason = first.latest.reason or first.opened.reason
        says_why = not (first.ended or halted or first.latest.news == "flapping")  # in the headline
        if reason is not None and not says_why:
            embed.field(_("Why"), clip(figures.reason(reason), 1000))
        embed.footer = foot(first.entry, delivery)
    for outage in [*going_on, *halted, *(each for each in outages if each.ended)]:
        if outage.on_it and len(embed.fields) < LISTED:
            person = people.get(outage.entry.id)
            who = f"👀 <@{person}>" if person else "👀 " + _("somebody")
            text = _("{who} was on it.", who=who) if outage.ended else _("{who} is on it.", who=who)
            embed.field(clip(outage.entry.name, NAME), text)
    return embed


def _shown_state(outage: Outage) -> str:
    return "degraded" if outage.latest.news == "flapping" else outage.latest.new


def _details(monitor: str, server: str) -> Button:
    """The button that shows one monitor in detail, or all, only to the person who presses it.

    `server` is "" if it is the one in which the button is.
    """
    here = Address("status", "about", (monitor,)) if monitor else Address("status", "check")
    return Button(_("Details"), custom_id=Address("status", "there", (server, monitor)) if server else here)


def headline(entry: Entry, flip: Flip) -> str:
    name = _name(entry)
    why = figures.reason(flip.reason) if flip.reason is not None else ""
    if flip.news == "reminder":
        lasted = measures.duration(flip.at - flip.since)
        if flip.new == "degraded":
            return _("⚠️ {name} is still degraded, for {duration} now.", name=name, duration=lasted)
        return _("🔴 {name} is still down, for {duration} now.", name=name, duration=lasted)
    if flip.news == "escalated":
        lasted = measures.duration(flip.at - flip.since)
        return _("🔴 {name} has been down for {duration}, and nobody is on it yet.", name=name, duration=lasted)
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


def _recovered(outage: Outage, recovery: Flip) -> str:
    lasted = measures.duration(recovery.since - outage.opened.since)
    return _("✅ {name} is up again, after {duration}.", name=_name(outage.entry), duration=lasted)


def planned(plan: Plan, start: int, names: Mapping[str, str], delivery: str) -> Reply:
    """The notice of maintenance that begins at `start`. `names` are those of the server's monitors, by their ids."""
    content = _("🔧 Maintenance is planned: {title}.", title=f"**{clip(escape(plan.name), NAME)}**")
    window = plan.window
    covered = [*window.groups, *window.tags, *(names[id] for id in window.monitors if id in names)]
    embed = Embed(colour=states.COLOURS["maintenance"], footer=delivery)
    embed.field(_("From"), f"<t:{start}:f> (<t:{start}:R>)", inline=True)
    embed.field(_("To"), f"<t:{plan.end(start)}:f>", inline=True)
    embed.field(_("Monitors"), clip(escape(", ".join(covered)) or _("all monitors"), 1000))
    return Reply(clip(content, 2000), embeds=[embed])


def cancelled(plan: Plan, delivery: str, *, is_open: bool) -> Reply:
    """The message that says that maintenance of which notice was given is cancelled: before it, or while it lasts."""
    title = f"**{clip(escape(plan.name), NAME)}**"
    content = (
        _("🔧 The maintenance {title} has ended early. Alerts come again.", title=title)
        if is_open
        else _("🔧 The maintenance {title} is cancelled.", title=title)
    )
    return Reply(content, embeds=[Embed(colour=states.COLOURS["maintenance"], footer=delivery)])


def foot(entry: Entry, delivery: str) -> str:
    parts = [clip(entry.group, NAME)] if entry.group else []
    parts.append(ngettext("checked every minute", "checked every {n} minutes", entry.every))
    return " · ".join([*parts, delivery])


def moment(at: int) -> str:
    """A moment as Discord shows it in the reader's zone and language."""
    return f"<t:{at}:t> (<t:{at}:R>)"
