"""Does what `applications` decides: makes channels, stores applications, archives, locks and deletes.

Each effect is a step of a journal, so that it happens once however often a worker dies.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..applications import configuration as configurations
from ..applications import figures, marker, obstacles, reconcile, transcript
from ..applications.application import (
    ARCHIVE,
    FAILED,
    FINISH,
    LOST,
    OPEN,
    OPENED,
    SAY,
    SHOW,
    Application,
    begun,
    decide,
    effects_of,
    is_done,
    read,
)
from ..applications.configuration import DELETE, REMOVED, Configuration
from ..applications.obstacles import CHANNEL_GONE, TOO_LONG, Obstacle, Place
from ..discord.channels import Overwrite
from ..discord.files import File
from ..discord.lacks import Lack
from ..discord.permissions import bits, in_server
from ..discord.reply import Reply
from ..errors import DiscordError, Retry
from .applications import APPLICATIONS, CONFIGURATIONS, SERVERS, TRAIL

log = logging.getLogger(__name__)

MOST_SECONDS = 10 * 60
"""After this long, the work on a press ends, and the application waits for the staff."""

SEES = ("VIEW_CHANNEL", "SEND_MESSAGES", "READ_MESSAGE_HISTORY", "EMBED_LINKS", "ATTACH_FILES")
"""What the person, the staff and the bot may do in the channel, as far as the bot may give it."""

UNKNOWN_CHANNEL, NO_ACCESS, UNKNOWN_OVERWRITE = 10003, 50001, 10009
NO_MEMBER = (10007, 10013)
"""Discord's error codes."""

STEPS = ("begin", "channel", "welcome", "record")
"""The steps of a press, by their names in the journal."""

CREATED, EXISTING, FAILED_PRESS, GONE = figures.CREATED, figures.EXISTING, figures.FAILED, "gone"

View = Callable[[Application], Reply]
"""Makes the welcome message of an application, with the buttons for its state."""


@dataclass(frozen=True)
class Outcome:
    """How a press ended: CREATED, EXISTING, FAILED_PRESS or GONE, which means that the earlier channel is gone."""

    code: str
    application: Application
    obstacle: Obstacle | None = None
    steps: tuple[str, ...] = ()


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


def note(guild: str, interaction_id: str, action: str, tools: Any, **fields: Any) -> None:
    """Write a row of the trail. A second try of the same interaction overwrites it."""
    id = "-".join(filter(None, [f"{interaction_id:0>20}", fields.get("part", ""), action]))
    fields.pop("part", None)
    named = {name: fields.get(name) or None for name in ("user", "actor")}
    tools.data(TRAIL, guild).put({"id": id, "at": int(tools.now()), "action": action, **fields, **named})


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
    with journal.step("begin") as step:
        if step.new:
            step.value = now
    is_mine = before is not None and before.channel == mine != ""
    wanted = before if before and is_mine else begun(before, configuration.id, user, name, answers, now)
    obstacle, channel, message = None, mine, ""
    if not mine and now - step.value > MOST_SECONDS:
        obstacle = Obstacle(TOO_LONG)
    try:
        if not channel and not obstacle:
            channel, obstacle = _channel(guild, configuration, wanted, journal, tools)
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


def _outcome(after: Application, kept: dict[str, Any], journal: Any) -> Outcome:
    """Return the outcome of a press, of which `kept` is the value of the last step."""
    done = tuple(name for name in STEPS if journal.value(name) is not None)
    obstacle = Obstacle(kept["obstacle"], tuple(Lack(*each) for each in kept["lacks"])) if kept["obstacle"] else None
    return Outcome(FAILED_PRESS if obstacle else CREATED, after, obstacle, done)


def _existing(guild: str, before: Application, configuration: Configuration, journal: Any, tools: Any) -> Outcome:
    """Look for the channel. If it is gone, the application is over, and the person can apply again."""
    if exists(before.channel, tools):
        return Outcome(EXISTING, before)
    after, _effects = decide(before, LOST, now=int(tools.now()), reason=CHANNEL_GONE, finished=True)
    store(guild, after, configuration, tools)
    journal.end()
    return Outcome(GONE, after)


def exists(channel: str, tools: Any) -> bool:
    """Whether a channel exists. One that the bot may not see does."""
    try:
        tools.discord.channel(channel)
    except DiscordError as error:
        if error.code == UNKNOWN_CHANNEL:
            return False
        if error.code != NO_ACCESS:
            raise
    return True


def look(guild: str, user: str, tools: Any) -> Place:
    """Return what Discord shows of a server, and whether the person is in it."""
    discord = tools.discord
    server, me = discord.server(guild), discord.member(guild, discord.me())
    return Place(server, me, discord.channels(guild), is_member(guild, user, tools))


def is_member(guild: str, user: str, tools: Any) -> bool:
    try:
        tools.discord.member(guild, user)
    except DiscordError as error:
        if error.code not in NO_MEMBER:
            raise
        return False
    return True


def _channel(
    guild: str, configuration: Configuration, wanted: Application, journal: Any, tools: Any
) -> tuple[str, Obstacle | None]:
    """Return the id of the channel: one that an earlier try has made, or a new one. Or why there can be none."""
    place = look(guild, wanted.user, tools)
    there = marker.of(place.channels, configuration.id, wanted.user)
    obstacle = None if there else obstacles.found(configuration, place, tools.now())
    if obstacle:
        return "", obstacle
    with journal.step("channel") as step:
        if step.new:
            step.value = [there or _create(guild, configuration, wanted, place, tools), bool(there)]
    return str(step.value[0]), None


def _create(guild: str, configuration: Configuration, wanted: Application, place: Place, tools: Any) -> str:
    may = in_server(place.server, place.me)
    sees = [name for name in SEES if may & bits(name)]
    overwrites = [
        Overwrite(role=guild, deny="VIEW_CHANNEL"),
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
    id = made.get("id") or marker.of(tools.discord.channels(guild), configuration.id, wanted.user)
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
    return with_button(wanted.channel, f"applications:withdraw:{wanted.config}:{wanted.user}~", tools)


def post(configuration: Configuration, posted: Reply, step: Any, tools: Any) -> str:
    """Post the message with the button in a step, once, and return its id."""
    mark = f"applications:apply?:{configuration.id}~"
    found = with_button(configuration.channel, mark, tools) if step.unsure else ""
    id = found or tools.discord.send(configuration.channel, posted, nonce=step.nonce).get("id")
    if not id:
        raise Retry("a message was posted, and its id is not known yet")
    return str(id)


def with_button(channel: str, mark: str, tools: Any) -> str:
    """Return the id of the newest message with `mark` in the id of a button, "" if there is none."""
    recent = tools.discord.recent_messages(channel)
    return next((str(each["id"]) for each in recent if mark in json.dumps(each.get("components"))), "")


# ---- what staff and the person do


def act(
    guild: str,
    configuration: Configuration | None,
    what: str,
    user: str,
    by: str,
    journal: Any,
    tools: Any,
    *,
    config: str,
    **more: Any,
) -> tuple[Application, tuple[str, ...]]:
    """Store what somebody does with an application, once, and return the effects that follow. Raises NotNow."""
    before = application(guild, config, user, tools)
    with journal.step(what) as step:
        if step.new and step.unsure and before and is_done(before, what, by):
            step.value = list(effects_of(what, before))
        elif step.new:
            after, effects = decide(before, what, by=by, now=int(tools.now()), **more)
            before = store(guild, after, configuration, tools)
            step.value = list(effects)
    assert before
    return before, tuple(step.value)


def effects(
    guild: str,
    after: Application,
    wanted: tuple[str, ...],
    configuration: Configuration | None,
    journal: Any,
    tools: Any,
    view: View,
    said: Reply | None = None,
) -> str:
    """Do the effects, each once. Return how the channel ended: "lock", "delete", or "" if it goes on."""
    complete, ended = False, ""
    if SAY in wanted and said:
        with journal.step("say") as step:
            if step.new:
                unless_gone(lambda: tools.discord.send(after.channel, said, nonce=step.nonce))
    if SHOW in wanted and after.message:
        unless_gone(lambda: tools.discord.edit(after.channel, after.message, view(after)))
    if ARCHIVE in wanted:
        with journal.step("archive") as step:
            if step.new:
                step.value = archive(after, configuration, step.nonce, tools)
        complete = step.value
    if FINISH in wanted:
        with journal.step("finish") as step:
            if step.new:
                step.value = finish(guild, after, configuration, tools, complete=complete)
        ended = step.value
        store_finished(guild, after, configuration, tools)
    return str(ended)


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


def archive(after: Application, configuration: Configuration | None, nonce: str, tools: Any) -> bool:
    """Post a transcript of the channel. Return whether the whole channel is in it, so that it may be deleted."""
    if configuration is None or not configuration.staff_channel or not tools.discord.reads_content():
        return False
    messages: list[dict] = []
    try:
        channel = tools.discord.channel(after.channel)
        while len(messages) < transcript.MOST:
            page = tools.discord.messages(after.channel, messages[-1]["id"] if messages else "")
            messages += page
            if len(page) < 100:
                break
    except DiscordError as error:
        if error.code == UNKNOWN_CHANNEL:
            return True
        if not error.permanent:
            raise
        return False
    # Without the permission to read the history, Discord shows no messages at all, not even our own.
    complete = bool(messages) and len(messages) < transcript.MOST
    text = transcript.written(after, str(channel.get("name")), messages[::-1])
    name = f"{re.sub(r'[^0-9a-z-]', '', str(channel.get('name')))[:60] or 'application'}.md"
    reply = Reply(f"🗃️ <@{after.user}>", files=[File(name, text[: transcript.MOST_BYTES])])
    posted = unless_gone(lambda: tools.discord.send(configuration.staff_channel, reply, nonce=nonce))
    return posted and complete and len(text) <= transcript.MOST_BYTES


def finish(guild: str, after: Application, configuration: Configuration | None, tools: Any, *, complete: bool) -> str:
    """Delete the channel, or lock it for the person. Return which. Nothing happens if it is gone.

    It is only deleted if its configuration says so, and if its transcript is `complete`.
    """
    reason = f"application of {after.user}: {after.status}"
    if complete and configuration is not None and configuration.finish == DELETE:
        tools.discord.delete_channel(after.channel, reason=reason)
        return DELETE
    seen = ("VIEW_CHANNEL", "READ_MESSAGE_HISTORY")
    topic = marker.topic(f"<@{after.user}>", after.config, after.user, over=True)
    try:
        if is_member(guild, after.user, tools):
            tools.discord.overwrite(after.channel, member=after.user, allow=seen, deny="SEND_MESSAGES", reason=reason)
        tools.discord.edit_channel(after.channel, topic=topic, reason=reason)
    except DiscordError as error:
        if error.code not in (UNKNOWN_CHANNEL, UNKNOWN_OVERWRITE):
            raise
    return configurations.LOCK


def store_finished(guild: str, after: Application, configuration: Configuration | None, tools: Any) -> None:
    stored = application(guild, after.config, after.user, tools)
    if stored and not stored.live and not stored.finished:
        store(guild, replace(stored, finished=True), configuration, tools)


# ---- the daily check


def repair(guild: str, tools: Any, view: View) -> list[tuple[reconcile.Repair, str]]:
    """Put right what does not fit together. Return what was found, each with the code of how it ended."""
    known, channels = all_of(guild, tools), tools.discord.channels(guild)
    found = reconcile.decide(known, everybody(guild, tools), channels, tools.now())
    return [(each, _repair(guild, each, known.get(each.config), tools, view)) for each in found]


def _repair(guild: str, each: reconcile.Repair, configuration: Configuration | None, tools: Any, view: View) -> str:
    before = application(guild, each.config, each.user, tools)
    now = int(tools.now())
    if each.what == reconcile.LOST and before and before.channel == each.channel:
        after, _effects = decide(before, LOST, now=now, reason=CHANNEL_GONE, finished=True)
        store(guild, after, configuration, tools)
        return "closed"
    if each.what == reconcile.FINISH and before:
        complete = archive(before, configuration, f"archive {each.channel}", tools)
        ended = finish(guild, before, configuration, tools, complete=complete)
        store_finished(guild, before, configuration, tools)
        return ended
    if each.what == reconcile.ADOPT and configuration and is_member(guild, each.user, tools):
        wanted = begun(before, each.config, each.user, "", (), now)
        wanted = replace(wanted, channel=each.channel)
        there = replace(wanted, status=OPEN)
        message = welcomed(there, tools) or send_welcome(there, f"adopt {each.channel}", tools, view)
        after, _effects = decide(wanted, OPENED, now=now, message=message, reason="")
        store(guild, after, configuration, tools)
        return "adopted"
    return _remove(each, tools) if each.what in (reconcile.REMOVE, reconcile.ADOPT) else "left"


def _remove(each: reconcile.Repair, tools: Any) -> str:
    """Delete a channel that nobody needs. A channel in which somebody else has written is left: staff decide.

    A marker can be copied into another topic. So the channel must be one that only the bot has written in, or nobody.
    """
    if tools.discord.missing(each.channel, "VIEW_CHANNEL", "READ_MESSAGE_HISTORY"):
        return "left"
    channel, me = tools.discord.channel(each.channel), tools.discord.me()
    hidden = [over for over in channel.get("permission_overwrites") or () if over["id"] == channel.get("guild_id")]
    if not any(int(over.get("deny") or 0) & bits("VIEW_CHANNEL") for over in hidden):
        return "left"
    if any((message.get("author") or {}).get("id") != me for message in tools.discord.recent_messages(each.channel)):
        return "left"
    tools.discord.delete_channel(each.channel, reason="an orphan: no application has this channel")
    return "removed"


def forget_removed(guild: str, tools: Any) -> None:
    """Delete the configurations that were removed, when their last application is over."""
    live = {each.config for each in everybody(guild, tools) if each.live}
    known = all_of(guild, tools)
    gone = {id for id, each in known.items() if each.state == REMOVED and id not in live}
    if gone:
        change(guild, tools, lambda before: {id: each for id, each in before.items() if id not in gone})
    if known.keys() == gone:
        tools.data(SERVERS).delete(guild)


def trail(guild: str, tools: Any) -> list[dict]:
    """Return the rows of the trail, the newest first."""
    return list(tools.data(TRAIL, guild).all()[::-1])
