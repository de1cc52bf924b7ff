"""What the messages about applications show. Their buttons come from the command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..discord.components import ChannelSelect, Option, RoleSelect, Select, StringSelect
from ..discord.mentions import Mentions
from ..discord.reply import Button, Embed, Reply
from ..discord.split import pieces
from ..discord.text import clip, escape, undirected, with_links
from ..i18n import _, ngettext, number
from ..status import measures
from . import figures, labels
from .application import CLOSED, STATUSES, Application
from .configuration import PAUSED, Configuration
from .typed import ALL

COLOUR = 0x3498DB

EARLIER = 3
"""How many earlier applications the welcome message names."""

FIELD, EMBED = 1024, 6000
"""Discord: how many characters the value of a field and an embed have."""


# ---- an application


def welcome(
    application: Application, configuration: Configuration, earlier: Sequence[Application], buttons: list[Button]
) -> Reply:
    """Return the first message in the channel. `earlier` are those that the person has made before."""
    embed = Embed(clip(configuration.button, 256), labels.how(application), colour=COLOUR)
    for each in earlier[:EARLIER]:
        embed.description += "\n-# " + _("Earlier: {how}, {when}", how=labels.how(each), when=f"<t:{each.changed}:d>")
    if len(earlier) > EARLIER:
        embed.description += "\n-# " + _("and {n} more", n=len(earlier) - EARLIER)
    _answers(embed, application)
    person, role = f"<@{application.user}>", f"<@&{configuration.role}>"
    text = _("Welcome, {person}. {role} will answer here.", person=person, role=role)
    mentions = Mentions(users=[application.user], roles=[configuration.role])
    return Reply(text, embeds=[embed], buttons=buttons, mentions=mentions)


def _answers(embed: Embed, application: Application) -> None:
    """Add the whole answers, each in as many fields as it needs.

    A form takes answers of 5,000 characters in all, and an embed 6,000. Escaped, they can be longer. Then each stands
    in a code block, where nothing needs to be escaped.
    """
    asked = [(clip(escape(question), 256), answer) for question, answer in application.answers]
    parts = [(question, pieces(with_links(answer), FIELD)) for question, answer in asked]
    fields = [(question if not at else "…", text or "–") for question, texts in parts for at, text in enumerate(texts)]
    if len(embed) + sum(len(name) + len(value) for name, value in fields) > EMBED:
        fields = [(question, f"```\n{undirected(answer).replace('`', 'ˋ') or '–'}\n```") for question, answer in asked]
    for name, value in fields:
        embed.field(name, value)


def ended(application: Application, configuration: Configuration | None) -> str:
    """Return what the staff read about an application that is over."""
    text = line(application)
    if application.status == CLOSED:
        people = {"person": f"<@{application.user}>", "staff": f"<@{application.by}>"}
        text = _("{how}: {person}, closed by {staff}", how=labels.how(application), **people)
    return f"{text} · **{escape(configuration.button)}**" if configuration else text


def waits(application: Application, lines: list[str], buttons: list[Button]) -> Reply:
    """Return what the staff read if there is no channel. `lines` say why, and what to change."""
    first = _("{person} has applied, and has no channel yet.", person=f"<@{application.user}>")
    return Reply(clip("\n".join([first, *lines]), 2000), buttons=buttons, mentions=Mentions())


def waits_no_more(application: Application) -> Reply:
    """Return what becomes of that message when the application has a channel, or is over."""
    if not application.live:
        return Reply(line(application), mentions=Mentions())
    people = {"person": f"<@{application.user}>", "channel": f"<#{application.channel}>"}
    return Reply(_("{person} has applied: {channel}", **people), mentions=Mentions())


def judged(what: str, applicant: str, staff: str, note: str) -> Reply:
    """Return what the channel reads when the staff "accept", "decline" or "close", or the person does "withdraw".

    `applicant` and `staff` are ids of users.
    """
    people = {"person": f"<@{applicant}>", "staff": f"<@{staff}>"}
    said = {
        "accept": _("{person}, your application was accepted by {staff}.", **people),
        "decline": _("{person}, your application was declined by {staff}.", **people),
        "close": _("{person}, your application was closed by {staff}.", **people),
        "withdraw": _("{person} has withdrawn the application.", **people),
    }
    return _quoting(said[what], note, Mentions() if what == "withdraw" else Mentions(users=[applicant]))


def letter(application: Application, configuration: Configuration, server: str) -> Reply:
    """Return what the person reads by direct message if there is no channel, or will be none. `server` is its name."""
    named = {"button": f"**{escape(configuration.button)}**", "server": f"**{escape(server)}**"}
    text = _("Your application {button} in {server} is over: {how}", how=labels.how(application), **named)
    return _quoting(text, application.note, Mentions())


def _quoting(text: str, note: str, mentions: Mentions) -> Reply:
    """Return `text` with a note of the staff below it, in an embed if it is long."""
    reason = with_links(note)
    whole = "\n".join([text, *(f"> {line}" for line in reason.splitlines())])
    if len(whole) > 2000:
        return Reply(text, embeds=[Embed("", reason, colour=COLOUR)], mentions=mentions)
    return Reply(whole, mentions=mentions)


def reminder(applicant: str, what: str) -> Reply:
    """Return what the person reads if an earlier answer did not reach them. `what` is their channel, or how it is."""
    text = _("{person}, this is about your application: {what}", person=f"<@{applicant}>", what=what)
    return Reply(text, mentions=Mentions(users=[applicant]))


def line(application: Application) -> str:
    """Return how an application is, and whose it is."""
    return f"{labels.how(application)}: <@{application.user}>"


# ---- a button and its configuration


def posted(configuration: Configuration, button: Button) -> Reply:
    """Return the message that everybody sees. The button of a paused one cannot be pressed."""
    embed = Embed(clip(configuration.button, 256), configuration.text, colour=COLOUR)
    if configuration.state == PAUSED:
        embed.description += "\n\n⏸️ " + _("Nobody can apply here at the moment.")
        button.disabled = True
    return Reply(embeds=[embed], buttons=[button])


def listed(configurations: Iterable[Configuration]) -> Reply:
    """Return the list of a server's buttons. Discord: an embed has at most 25 fields."""
    embed = Embed(_("Applications"), colour=COLOUR)
    for each in list(configurations)[:25]:
        where = f"<#{each.channel}> → <#{each.category}>" if each.channel else _("not posted yet")
        embed.field(clip(escape(each.button), 256), f"{labels.state(each.state)} · {where}")
    if not embed.fields:
        embed.description = _("There is none yet. `/applications setup` makes one.")
    return Reply(embeds=[embed])


def card(configuration: Configuration, ending: str) -> Embed:
    """Return what is chosen. `ending` says what happens to a channel at the end."""
    embed = Embed(clip(escape(configuration.button), 256), clip(configuration.text, 1000), colour=COLOUR)
    embed.field(_("State"), labels.state(configuration.state), inline=True)
    embed.field(_("At the end"), ending, inline=True)
    embed.field(_("Kept for"), ngettext("{n} day", "{n} days", configuration.keep), inline=True)
    if configuration.missing:
        embed.field(_("Post it"), labels.missing(configuration.missing))
    if configuration.questions:
        embed.field(_("Questions"), "\n".join(escape(each) for each in configuration.questions))
    return embed


def selects(configuration: Configuration) -> dict[str, Select]:
    """Return the selects of the places and of the staff, by the name of the field."""

    def place(name: str, placeholder: str, *types: int) -> Select:
        chosen = getattr(configuration, name)
        return ChannelSelect(channel_types=types, default_channels=[chosen] if chosen else [], placeholder=placeholder)

    roles = [configuration.role] if configuration.role else []
    return {
        "channel": place("channel", _("Where is the button posted?"), 0, 5),
        "category": place("category", _("In which category are the channels made?"), 4),
        "role": RoleSelect(default_roles=roles, placeholder=_("Who are the staff?")),
        "staff_channel": place("staff_channel", _("Where do the staff get transcripts and troubles?"), 0),
    }


# ---- many applications


def queue(shown: Iterable[Application], total: int, known: Mapping[str, Configuration], there: Container[str]) -> Embed:
    """Return a page of the applications. `total` counts those of all pages.

    `known` are the configurations of the server, and `there` are the ids of the channels that exist.
    """

    def told(each: Application) -> Iterator[str]:
        yield f"{labels.how(each)} <@{each.user}>"
        if len(known) > 1 and each.config in known:
            yield f"**{escape(known[each.config].button)}**"
        if each.channel in there:
            yield f"<#{each.channel}>"
        yield f"<t:{each.changed}:R>"

    lines = [" ".join(told(each)) for each in shown]
    embed = Embed(_("Applications"), "\n".join(lines) or _("There is none."), colour=COLOUR)
    embed.footer = ngettext("{n} application", "{n} applications", total)
    return embed


def of_status(chosen: str) -> StringSelect:
    """Return the filter by status. `chosen` is a status, "" for all."""
    return _filter(_("All states"), {each: labels.status(each) for each in STATUSES}, chosen)


def of_button(configurations: Iterable[Configuration], chosen: str) -> StringSelect:
    """Return the filter by button. `chosen` is the id of a configuration, "" for all."""
    return _filter(_("All buttons"), {each.id: clip(each.button, 100) for each in configurations}, chosen)


def _filter(every: str, named: dict[str, str], chosen: str) -> StringSelect:
    options = [Option(name, value, default=value == chosen) for value, name in named.items()]
    return StringSelect([Option(every, ALL, default=not chosen), *options], placeholder=every)


def stats(found: figures.Figures, applications: Iterable[Application]) -> Reply:
    """Return the figures of the last 90 days, and how many of the `applications` that are kept are how."""
    outcomes = found.outcomes
    kept = Counter(each for one in applications for each in {one.status, one.judged} if each)
    rows = {
        **{labels.status(each): number(kept[each]) for each in STATUSES},
        _("People who pressed"): number(found.people),
        _("Presses"): number(found.presses),
        _("Channels made"): number(found.made),
        _("Had one already"): number(outcomes[figures.EXISTING]),
        _("Pressed while it was made"): number(outcomes[figures.BUSY]),
        _("Withdrawn"): number(found.withdrawn),
        _("Acknowledged (median)"): measures.latency(found.acknowledged),
        _("Done (median)"): measures.latency(found.worked),
        _("Success"): measures.share(found.success),
        _("Duplicates"): number(found.duplicates),
    }
    embed = Embed(_("Applications, the last 90 days"), colour=COLOUR)
    for name, value in rows.items():
        embed.field(name, value, inline=True)
    reasons = [f"{labels.obstacle(code)} × {count}" for code, count in found.reasons.most_common()]
    if reasons:
        embed.field(_("What failed"), clip("\n".join(reasons), 1024))
    return Reply(embeds=[embed])


def log(rows: Iterable[dict[str, Any]]) -> Reply:
    """Return who did what, and how it ended. `rows` are those of the trail."""

    def who(id: str | None) -> str:
        return f"<@{id}>" if id else ""

    def told(row: dict[str, Any]) -> str:
        people = dict.fromkeys(filter(None, (who(row["actor"]), who(row["user"]))))
        ended = filter(None, (labels.outcome(row["outcome"]), labels.why(row["reason"])))
        return f"<t:{row['at']}:f> **{labels.action(row['action'])}** {' → '.join(people)}: {', '.join(ended)}"

    lines = [told(row) for row in rows]
    return Reply(embeds=[Embed(_("What was done"), "\n".join(lines) or _("There is none."), colour=COLOUR)])
