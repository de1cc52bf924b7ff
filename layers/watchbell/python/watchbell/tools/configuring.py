"""Finds, changes, posts and removes the buttons with which people apply, and says what a button lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..applications import labels
from ..applications.configuration import ACTIVE, DRAFT, MOST, PAUSED, REMOVED, Configuration, changed, named
from ..applications.obstacles import NEEDED
from ..discord.interaction import Interaction
from ..discord.lacks import lacks
from ..discord.permissions import bits, in_channel
from ..discord.reply import Reply
from ..discord.text import clip
from ..errors import DiscordError, Retry, UserError
from ..i18n import _
from . import applying, places
from .applications import SERVERS

POST = ("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS")
NEEDS = {"channel": POST, "category": NEEDED, "staff_channel": (*POST, "ATTACH_FILES")}
"""What the bot needs in each of the places."""

Posted = Callable[[Configuration], Reply]
"""Makes the message with the button, in the language of the server."""


def find(name: str, guild: str, tools: Any) -> Configuration:
    """Return the configuration with this id, or whose button has this label. Raises UserError if there is none."""
    return _found(named(applying.all_of(guild, tools), name))


def there(id: str, guild: str, tools: Any) -> Configuration:
    """Return the configuration with this id. Raises UserError if it is gone."""
    return _found(applying.all_of(guild, tools).get(id))


def _found(configuration: Configuration | None) -> Configuration:
    if configuration is None or configuration.state == REMOVED:
        raise UserError(_("There is no such button. `/applications list` shows all of them."))
    return configuration


def save(id: str, guild: str, tools: Any, **changes: Any) -> None:
    """Store changes of a configuration. Raises UserError if it is gone, even if it went a moment ago."""

    def decide(before: dict[str, Configuration]) -> dict[str, Configuration]:
        _found(before.get(id))
        return changed(before, id, **changes)

    applying.change(guild, tools, decide)


def add(id: str, guild: str, tools: Any, **given: Any) -> None:
    """Store a new configuration. Raises UserError if there are many. A second try changes it."""

    def decide(before: dict[str, Configuration]) -> dict[str, Configuration]:
        if id not in before and sum(each.state != REMOVED for each in before.values()) >= MOST:
            raise UserError(_("A server can have {n} such buttons.", n=MOST))
        return changed({id: Configuration(id, ""), **before}, id, **given)

    applying.change(guild, tools, decide)


def faults(configuration: Configuration, interaction: Interaction, tools: Any) -> list[str]:
    """Return what is still to be chosen, and what the bot may not do in the places. The button cannot work with it."""
    if configuration.missing:
        return [labels.missing(configuration.missing)]
    guild, discord, found = interaction.guild_id, tools.discord, []
    here, member = discord.server(guild), discord.member(guild, discord.me())
    channels = {channel["id"]: channel for channel in discord.channels(guild)}
    for name, id in configuration.places.items():
        if id in channels:
            missing = lacks(NEEDS[name], here, member, channels[id], tools.now())
            found += places.lines(missing, id, here, member, interaction)
        else:
            found.append(_("❌ {channel} no longer exists. Choose another one.", channel=f"<#{id}>"))
    if all(each["id"] != configuration.role for each in here["roles"]):
        found.append(_("❌ The role of the staff no longer exists. Choose another one."))
    return found


def warnings(configuration: Configuration, interaction: Interaction, tools: Any) -> list[str]:
    """Return what people should know, though the button works: no transcripts, or transcripts that all can read."""
    found, discord = [], tools.discord
    if not discord.reads_content():
        found.append(
            _(
                "⚠️ I lack the Message Content intent, so I can write no transcripts. Channels are then locked, and "
                "never deleted. My owner can switch it on in Discord's developer portal."
            )
        )
    server, staff = discord.server(interaction.guild_id), configuration.staff_channel
    channel = next((each for each in discord.channels(server["id"]) if each["id"] == staff), None)
    anybody = {"user": {"id": "0"}, "roles": []}
    if channel and in_channel(server, anybody, channel, tools.now()) & bits("VIEW_CHANNEL"):
        found.append(_("⚠️ Everybody can read {channel}, and so the transcripts in it.", channel=f"<#{staff}>"))
    return found


def post(configuration: Configuration, posted: Posted, interaction: Interaction, tools: Any) -> None:
    """Post the button, or change the posted one. Raises UserError, which says what it lacks, if it cannot work."""
    guild, id = interaction.guild_id, configuration.id
    found = faults(configuration, interaction, tools)
    if found:
        raise UserError(clip("\n".join(found), 2000))
    locale = interaction.guild_locale
    if configuration.posted_in != configuration.channel or not edit(configuration, posted, guild, locale, tools):
        with tools.journal.step("post") as step, applying.speaking_in(guild, locale, tools):
            if step.new:
                step.value = _post(configuration, posted(configuration), step, tools)
        _take_down(configuration, tools)
        state = PAUSED if configuration.state == PAUSED else ACTIVE
        save(id, guild, tools, message=step.value, posted_in=configuration.channel, state=state)
    elif configuration.state == DRAFT:
        save(id, guild, tools, state=ACTIVE)
    fields = {"config": id, "actor": interaction.user_id, "outcome": "done"}
    applying.note(guild, interaction.id, "post", tools, **fields)


def _post(configuration: Configuration, posted: Reply, step: Any, tools: Any) -> str:
    """Post the message with the button in a step, once, and return its id."""
    mark = f"applications:apply?:{configuration.id}~"
    found = applying.with_button(configuration.channel, mark, tools) if step.unsure else ""
    id = found or tools.discord.send(configuration.channel, posted, nonce=step.nonce).get("id")
    if not id:
        raise Retry("a message was posted, and its id is not known yet")
    return str(id)


def edit(configuration: Configuration, posted: Posted, guild: str, locale: str, tools: Any) -> bool:
    """Change the posted message. Return False if there is none. `locale` is Discord's locale of the server."""
    if not configuration.message:
        return False
    with applying.speaking_in(guild, locale, tools):
        reply = posted(configuration)
    try:
        tools.discord.edit(configuration.posted_in, configuration.message, reply)
    except DiscordError as error:
        if not error.permanent:
            raise
        return False
    return True


def remove(id: str, guild: str, tools: Any) -> Configuration:
    """Remove a button and its message, and return what it was. Raises UserError if it is gone."""
    configuration = there(id, guild, tools)
    _take_down(configuration, tools)
    save(id, guild, tools, state=REMOVED, message="")
    forget_removed(guild, tools)
    return configuration


def _take_down(configuration: Configuration, tools: Any) -> None:
    """Delete the posted message, if there is one."""
    if configuration.message:
        place = configuration.posted_in, configuration.message
        applying.unless_gone(lambda: tools.discord.delete(*place))


def forget_removed(guild: str, tools: Any) -> None:
    """Delete the configurations that were removed, when their last application is over."""
    live = {each.config for each in applying.everybody(guild, tools) if each.live}
    known = applying.all_of(guild, tools)
    gone = {id for id, each in known.items() if each.state == REMOVED and id not in live}
    if gone:
        applying.change(guild, tools, lambda before: {id: each for id, each in before.items() if id not in gone})
    if known.keys() == gone:
        tools.data(SERVERS).delete(guild)
