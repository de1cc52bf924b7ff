"""Makes the channel of an application, stores it, and tells how a press went.

Each effect is a step of a journal, so that it happens once however often a worker dies.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ..applications import configuration as configurations
from ..applications import figures, labels, marker, obstacles
from ..applications.application import FAILED, LOST, OPEN, OPENED, Application, begun, decide, read
from ..applications.configuration import Configuration
from ..applications.obstacles import CATEGORY_GONE, CHANNEL_GONE, TOO_LONG, Obstacle, Place
from ..applications.outcome import GONE, Outcome
from ..data.tables import DAY
from ..discord.channels import Overwrite
from ..discord.ids import made_at
from ..discord.interaction import Interaction
from ..discord.lacks import Lack
from ..discord.permissions import bits, in_server, names_of
from ..discord.reply import Reply
from ..errors import DiscordError, Retry
from ..i18n import _, speaking
from ..kit import server
from . import places
from .applications import APPLICATIONS, CONFIGURATIONS, EARLIER, SERVERS, TRAIL

log = logging.getLogger(__name__)

MOST_SECONDS = 10 * 60
"""After this long, the work on a press ends, and the application waits for the staff."""

SEES = ("VIEW_CHANNEL", "SEND_MESSAGES", "READ_MESSAGE_HISTORY", "EMBED_LINKS", "ATTACH_FILES")
"""What the person, the staff and the bot may do in the channel, as far as the bot may give it."""

UNKNOWN_CHANNEL, NO_ACCESS, UNKNOWN_OVERWRITE = 10003, 50001, 10009
STEPS = ("begin", "channel", "welcome", "record")
"""The steps of a press, by their names in the journal."""

Welcome = Callable[[Application, Configuration, Sequence[Application]], Reply]
"""Makes the welcome message of an application, with the buttons for its state, after earlier ones of the person."""

View = Callable[[Application], Reply]
"""Makes the welcome message in the language of the server."""


# ---- what is stored


def all_of(guild: str, tools: Any) -> dict[str, Configuration]:
    return configurations.read(tools.data(CONFIGURATIONS, guild).get())


def change(guild: str, tools: Any, decided: Callable[[dict[str, Configuration]], dict[str, Configuration]]) -> None:
    """Store the configurations that `decided` returns. Raises Changed if somebody else changes them meanwhile."""
    item = tools.data(CONFIGURATIONS, guild).get()
    after = configurations.written(decided(configurations.read(item)))
    tools.data(CONFIGURATIONS, guild).put({**after, "version": item["version"] if item else ""})
    tools.data(SERVERS).put({"server": guild})


def application(guild: str, config: str, user: str, tools: Any) -> Application | None:
    return read(tools.data(APPLICATIONS, guild).get(config, user))


def everybody(guild: str, tools: Any, config: str = "") -> list[Application]:
    """Return the applications of a server, those that changed last first."""
    items = tools.data(APPLICATIONS, guild).all(*([config] if config else []))
    return sorted((found for item in items if (found := read(item))), key=lambda each: -each.changed)


def store(guild: str, after: Application, configuration: Configuration | None, tools: Any) -> Application:
    """Store an application. One that is over is kept as long as its configuration says."""
    keep = None if after.live else (configuration.keep if configuration else 90)
    return read(tools.data(APPLICATIONS, guild).put(after.item, keep=keep)) or after


def keep_earlier(guild: str, before: Application | None, configuration: Configuration, tools: Any) -> None:
    """Keep an application that is over for the rest of its time, as the person's next one takes its place."""
    if before and not before.live:
        days = configuration.keep - (int(tools.now()) - before.changed) // DAY
        item = {**before.item, "number": f"{before.number:06}", "version": None}
        tools.data(EARLIER, guild).put(item, keep=max(1, days))


def earlier(guild: str, tools: Any, *key: str) -> list[Application]:
    """Return the earlier applications of people who have applied again, the newest first. `key` is as for `all`."""
    items = tools.data(EARLIER, guild).all(*key)
    found = [each for item in items if (each := read({**item, "number": int(item["number"])}))]
    return sorted(found, key=lambda each: -each.changed)


def note(guild: str, interaction_id: str, action: str, tools: Any, **fields: Any) -> None:
    """Write a row of the trail. A second try of the same interaction overwrites it."""
    id = "-".join(filter(None, [f"{interaction_id:0>20}", fields.get("part", ""), action]))
    fields.pop("part", None)
    named = {name: fields.get(name) or None for name in ("user", "actor")}
    tools.data(TRAIL, guild).put({"id": id, "at": int(tools.now()), "action": action, **fields, **named})


def trail(guild: str, tools: Any) -> list[dict]:
    """Return the rows of the trail, the newest first."""
    return list(tools.data(TRAIL, guild).all()[::-1])


# ---- what is said in channels


def speaking_in(guild: str, locale: str, tools: Any) -> AbstractContextManager[None]:
    """Speak the language of a server in a `with` block. `locale` is Discord's locale of the server."""
    return speaking(server.spoken(tools.server_settings.of(guild)), locale)


def viewed(welcome: Welcome, known: Mapping[str, Configuration], guild: str, locale: str, tools: Any) -> View:
    """Return what makes the welcome messages of a server, in its language. `known` are its configurations.

    The configuration of an application may be gone.
    """

    def view(application: Application) -> Reply:
        key = application.config, application.user
        before = earlier(guild, tools, *key) if application.number > 1 else []
        with speaking_in(guild, locale, tools):
            nobody = Configuration(application.config, _("Application"), role=guild)
            return welcome(application, known.get(application.config, nobody), before)

    return view


def unless_gone(call: Callable[[], object]) -> bool:
    """Call `call`. Return False if Discord refuses it for good: then there is nothing to say it to."""
    try:
        call()
    except DiscordError as error:
        if not error.permanent:
            raise
        log.info("left out: %s", error)
        return False
    return True


# ---- a channel for an application


def make(
    guild: str,
    configuration: Configuration,
    user: str,
    name: str,
    answers: tuple[tuple[str, str], ...],
    journal: Any,
    tools: Any,
    view: View,
) -> Outcome:
    """Give an application its channel, once. The journal is that of the person's flow.

    Raises DiscordError and Retry for what passes by itself. What people must change is an outcome.
    """
    now = int(tools.now())
    before = application(guild, configuration.id, user, tools)
    if before and (kept := journal.value("record")):  # a try that died after it had stored everything
        journal.end()
        return _outcome(before, kept, journal)
    mine = (journal.value("channel") or ("",))[0]
    if before and before.live and before.channel and before.channel != mine:
        return _existing(guild, before, configuration, journal, tools)
    began = _began(journal, now)
    is_mine = before is not None and before.channel == mine != ""
    wanted = before if before and is_mine else begun(before, configuration.id, user, name, answers, now)
    keep_earlier(guild, before, configuration, tools)
    obstacle, channel, message = None, mine, ""
    if not mine and now - began > MOST_SECONDS:
        obstacle = Obstacle(TOO_LONG)
    try:
        if not channel and not obstacle:
            channel, obstacle = _channel(guild, configuration, wanted, before, journal, tools)
        if not obstacle:
            message = _welcome(replace(wanted, status=OPEN, channel=channel), journal, tools, view)
    except DiscordError as error:
        code = obstacles.refused(error.code, error.errors) if error.permanent else ""
        if not code:
            raise
        obstacle = Obstacle(code)
    with journal.step("record") as step:
        if obstacle:
            after, _effects = decide(replace(wanted, channel=""), FAILED, now=now, reason=obstacle.code)
        else:
            after, _effects = decide(wanted, OPENED, now=now, channel=channel, message=message, reason="")
        after = store(guild, after, configuration, tools)
        lacks = [[each.name, each.reason, each.target] for each in obstacle.lacks] if obstacle else []
        step.value = {"obstacle": obstacle.code if obstacle else "", "lacks": lacks}
    journal.end()
    return _outcome(after, step.value, journal)


def _began(journal: Any, now: int) -> int:
    """Return when the work on this press began, in epoch seconds. An earlier press may have died, and had its time."""
    kept = journal.value("begin")
    if not isinstance(kept, list) or kept[1] != journal.holder:
        kept = [now, journal.holder]
        journal.keep("begin", {"done": True, "value": kept, "by": journal.holder})
    return int(kept[0])


def _outcome(after: Application, kept: dict[str, Any], journal: Any) -> Outcome:
    """Return the outcome of a press, of which `kept` is the value of the last step."""
    done = tuple(name for name in STEPS if journal.value(name) is not None)
    obstacle = Obstacle(kept["obstacle"], tuple(Lack(*each) for each in kept["lacks"])) if kept["obstacle"] else None
    return Outcome(figures.FAILED if obstacle else figures.CREATED, after, obstacle, done)


def _existing(guild: str, before: Application, configuration: Configuration, journal: Any, tools: Any) -> Outcome:
    """Look for the channel. If it is gone, the application is over, and the person can apply again."""
    channel = _read(before.channel, tools)
    if channel is not None:
        _let_in(channel, before.user, tools)
        return Outcome(figures.EXISTING, before)
    after, _effects = decide(before, LOST, now=int(tools.now()), reason=CHANNEL_GONE, finished=True)
    store(guild, after, configuration, tools)
    journal.end()
    return Outcome(GONE, after)


def exists(channel: str, tools: Any) -> bool:
    """Whether a channel exists. One that the bot may not see does."""
    return _read(channel, tools) is not None


def _read(channel: str, tools: Any) -> dict | None:
    """Return a channel, None if it is gone, {} if the bot may not see it."""
    try:
        return tools.discord.channel(channel)
    except DiscordError as error:
        if error.code not in (UNKNOWN_CHANNEL, NO_ACCESS):
            raise
        return None if error.code == UNKNOWN_CHANNEL else {}


def _let_in(channel: dict, user: str, tools: Any) -> None:
    """Show somebody their channel again who had left. Discord: the overwrite of a member goes when they leave."""
    overwrites = channel.get("permission_overwrites") or ()
    if not channel or any(each["id"] == user for each in overwrites):
        return
    lacked = tools.discord.missing(channel["id"], *SEES)
    sees = [name for name in SEES if name not in lacked]
    unless_gone(lambda: tools.discord.overwrite(channel["id"], member=user, allow=sees, reason="is back"))


def look(guild: str, user: str, tools: Any) -> Place:
    """Return what Discord shows of a server, and whether the person is in it."""
    discord = tools.discord
    server, me = discord.server(guild), discord.member(guild, discord.me())
    return Place(server, me, discord.channels(guild), places.is_member(guild, user, tools))


def _channel(
    guild: str, configuration: Configuration, wanted: Application, before: Application | None, journal: Any, tools: Any
) -> tuple[str, Obstacle | None]:
    """Return the id of the channel: one that an earlier try has made, or a new one. Or why there can be none.

    `before` is the application of the person that is stored.
    """
    place = look(guild, wanted.user, tools)
    there = _made(place.channels, guild, configuration, wanted, before, tools)
    obstacle = None if there else obstacles.found(configuration, place, tools.now())
    if obstacle and obstacle.code == CATEGORY_GONE and exists(configuration.category, tools):
        raise Retry("the list of channels is not whole")
    if obstacle:
        return "", obstacle
    with journal.step("channel") as step:
        if step.new:
            step.value = [there or _create(guild, configuration, wanted, place, before, tools), bool(there)]
    return str(step.value[0]), None


def _made(
    channels: list[dict],
    guild: str,
    configuration: Configuration,
    wanted: Application,
    before: Application | None,
    tools: Any,
) -> str:
    """Return the id of the channel that an earlier try has made, "" if there is none."""
    team, ended = {configuration.role, tools.discord.me()}, before.ended if before else 0
    free = [each for each in channels if not (before and ended and each["id"] == before.channel)]
    return marker.of(free, configuration.id, wanted.user, guild=guild, team=team, since=ended)


def _create(
    guild: str, configuration: Configuration, wanted: Application, place: Place, before: Application | None, tools: Any
) -> str:
    may = in_server(place.server, place.me)
    sees = [name for name in SEES if may & bits(name)]
    overwrites = [
        # The bot does not see private threads, and deletes no channel that may have some.
        Overwrite(role=guild, deny=["VIEW_CHANNEL", *names_of(may & bits("CREATE_PRIVATE_THREADS"))]),
        Overwrite(role=configuration.role, allow=sees),
        Overwrite(member=wanted.user, allow=sees),
        Overwrite(member=tools.discord.me(), allow=sees),
    ]
    made = tools.discord.create_channel(
        guild,
        channel_name(wanted.name),
        topic=marker.topic(f"<@{wanted.user}>", configuration.id, wanted.user),
        parent=configuration.category,
        overwrites=overwrites,
        reason=f"application of {wanted.user}",
    )
    id = made.get("id") or _made(tools.discord.channels(guild), guild, configuration, wanted, before, tools)
    if not id:
        raise Retry("a channel was made, and it cannot be found yet")
    return str(id)


def channel_name(name: str) -> str:
    """Return the name of the channel of a person. Nothing is found by it."""
    return f"{re.sub(r'[^0-9a-z]+', '-', name.lower()).strip('-')[:80] or 'new'}-app"


def _welcome(wanted: Application, journal: Any, tools: Any, view: View) -> str:
    with journal.step("welcome") as step:
        if step.new:
            found = step.unsure or (journal.value("channel") or ("", False))[1]
            step.value = (found and welcomed(wanted, tools)) or send_welcome(wanted, step.nonce, tools, view)
    return str(step.value)


def send_welcome(wanted: Application, nonce: str, tools: Any, view: View) -> str:
    """Send the welcome message, and return its id, "" if Discord's answer could not be read."""
    sent = tools.discord.send(wanted.channel, view(wanted), nonce=nonce)
    return str(sent.get("id") or welcomed(wanted, tools))


def welcomed(wanted: Application, tools: Any) -> str:
    """Return the id of the welcome message that is in the channel, "" if there is none."""
    return with_button(wanted.channel, mark_of(wanted.config, wanted.user), tools)


def mark_of(config: str, user: str) -> str:
    """Return what is in the id of the button Withdraw, by which a welcome message is found."""
    return f"applications:withdraw:{config}:{user}~"


def with_button(channel: str, mark: str, tools: Any) -> str:
    """Return the id of the newest message with `mark` in the id of a button, "" if there is none."""
    recent = tools.discord.recent_messages(channel)
    return next((str(each["id"]) for each in recent if mark in json.dumps(each.get("components"))), "")


# ---- what follows a press


def note_press(interaction: Interaction, tools: Any, config: str, code: str, outcome: Outcome | None = None) -> None:
    """Write a press, and how it ended, to the trail and to the metrics."""
    acknowledged = max(0, round((tools.sent_at - made_at(interaction.id)) * 1000))
    worked = max(0, round((tools.now() - tools.sent_at) * 1000))
    note(
        interaction.guild_id,
        interaction.id,
        figures.APPLY,
        tools,
        config=config,
        user=interaction.user_id,
        actor=interaction.user_id,
        outcome=code,
        reason=outcome.obstacle.code if outcome and outcome.obstacle else "",
        acknowledged=acknowledged,
        worked=worked,
        steps=list(outcome.steps) if outcome else [],
    )
    tools.measure("application", "Count", **{f"Applications{code.title()}": 1})
    if code == figures.CREATED:
        tools.measure("application", ApplicationsAckMs=acknowledged, ApplicationsMs=worked)


def told(obstacle: Obstacle, configuration: Configuration, interaction: Interaction, tools: Any) -> list[str]:
    """Return lines that say why there is no channel, and what somebody must change."""
    lacks = places.missing(obstacle.lacks, configuration.category, interaction, tools)
    return [labels.obstacle(obstacle.code), *lacks]
