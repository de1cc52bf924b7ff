"""Does what the staff and the person decide: stores it, writes it to the trail, says it, and ends a channel.

Each effect is a step of a journal, so that it happens once however often a worker dies.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from ..applications import labels, marker, pages, transcript
from ..applications.application import (
    ARCHIVE,
    CLOSE,
    FINISH,
    PENDING,
    SAY,
    SHOW,
    TELL,
    Application,
    NotNow,
    decide,
    effects_of,
    is_done,
)
from ..applications.configuration import DELETE, LOCK, Configuration
from ..applications.figures import CREATED, REFUSED, RETRY
from ..applications.outcome import Outcome
from ..discord.files import File
from ..discord.interaction import Interaction
from ..discord.mentions import Mentions
from ..discord.permissions import bits, names_of
from ..discord.reply import Reply
from ..discord.text import clip
from ..errors import DiscordError, UserError
from ..i18n import _
from . import applying, noticing, places

WRITES = ("SEND_MESSAGES_IN_THREADS", "CREATE_PUBLIC_THREADS", "CREATE_PRIVATE_THREADS")
"""What the person may no longer do in a locked channel, besides SEND_MESSAGES, as far as the bot may deny it."""


def judge(
    interaction: Interaction,
    tools: Any,
    welcome: applying.Welcome,
    what: str,
    config: str,
    applicant: str,
    note: str = "",
) -> Reply:
    """Accept or decline an application, and say so in its channel."""
    guild, locale = interaction.guild_id, interaction.guild_locale
    known = applying.all_of(guild, tools)
    configuration = known.get(config)
    after, wanted = _acted(interaction, tools, what, config, applicant, configuration, note=note)
    with applying.speaking_in(guild, locale, tools):
        said = pages.judged(what, applicant, interaction.user_id, note)
    view = applying.viewed(welcome, known, guild, locale, tools)
    effects(guild, after, wanted, configuration, tools.journal, tools, view, said)
    tools.journal.end()
    return Reply(pages.line(after))


def end(
    interaction: Interaction, tools: Any, welcome: applying.Welcome, what: str, config: str, applicant: str
) -> Iterator[Reply]:
    """Close or withdraw an application: archive its channel, then lock or delete it.

    The person reads the answer before the channel is gone: there, nothing can be shown any more.
    """
    guild = interaction.guild_id
    known = applying.all_of(guild, tools)
    configuration = known.get(config)
    if what == CLOSE:
        _in_its_channel(interaction, tools, config, applicant)
    after, wanted = _acted(interaction, tools, what, config, applicant, configuration)
    text = pages.line(after)
    if configuration and configuration.finish == DELETE and wanted and not tools.discord.reads_content():
        text += "\n" + _("I cannot read what others write, so there is no transcript, and the channel is only locked.")
    yield Reply(text)
    view = applying.viewed(welcome, known, guild, interaction.guild_locale, tools)
    words = endings(interaction, what, after, configuration, tools)
    effects(guild, after, wanted, configuration, tools.journal, tools, view, *words)
    after = applying.application(guild, config, applicant, tools) or after
    noticing.settle(guild, interaction.guild_locale, after, configuration, tools)
    tools.journal.end()


def endings(
    interaction: Interaction, what: str, after: Application, configuration: Configuration | None, tools: Any
) -> tuple[Reply, Reply, Reply | None]:
    """Return what the channel and the staff read at the end, and what the person reads if no channel tells them."""
    guild, letter, name = interaction.guild_id, None, ""
    told = what == CLOSE and configuration is not None and (not after.channel or configuration.finish == DELETE)
    if told:
        name = str(tools.discord.server(guild).get("name") or "")
    with applying.speaking_in(guild, interaction.guild_locale, tools):
        if told and configuration:
            letter = pages.letter(after, configuration, name)
        line = Reply(pages.ended(after, configuration), mentions=Mentions())
        return pages.judged(what, after.user, interaction.user_id, ""), line, letter


def _in_its_channel(interaction: Interaction, tools: Any, config: str, applicant: str) -> None:
    """Raise UserError if an application has a channel, and Close was pressed elsewhere: the message there is old."""
    found = applying.application(interaction.guild_id, config, applicant, tools)
    if found and found.live and found.channel not in ("", interaction.channel_id):
        _is_old(interaction, tools, found)
        raise UserError(_("There is a channel by now. Close it there: {channel}", channel=f"<#{found.channel}>"))


def _is_old(interaction: Interaction, tools: Any, found: Application) -> None:
    """Take the buttons from the message that said that there is no channel."""
    message = str(interaction.message.get("id") or "")
    noticing.say_how(interaction.guild_id, interaction.guild_locale, found, interaction.channel_id, message, tools)


def retry(
    interaction: Interaction,
    tools: Any,
    welcome: applying.Welcome,
    rescue: noticing.Rescue,
    config: str,
    applicant: str,
) -> Generator[Reply, None, Reply]:
    """Make the channel of a pending application."""
    known = applying.all_of(interaction.guild_id, tools)
    configuration = known.get(config)
    before = applying.application(interaction.guild_id, config, applicant, tools)
    if configuration is None or before is None:
        raise _not_there()
    if before.status != PENDING and not tools.journal.begun("record"):  # else an earlier try has made the channel
        _is_old(interaction, tools, before)
        fields = {"config": config, "user": applicant, "actor": interaction.user_id}
        applying.note(
            interaction.guild_id, interaction.id, RETRY, tools, outcome=REFUSED, reason=before.status, **fields
        )
        raise _over(before.status)
    yield Reply(_("⏳ One moment."))
    outcome = make(interaction, tools, welcome, known, before, tools.journal)
    _note_try(interaction, tools, outcome)
    noticing.notice(interaction, tools, configuration, outcome, rescue)
    if outcome.obstacle:
        lines = applying.told(outcome.obstacle, configuration, interaction, tools)
        raise UserError(clip("\n".join(lines), 2000))
    return Reply(_("Done: {channel}", channel=f"<#{outcome.application.channel}>"))


def _note_try(interaction: Interaction, tools: Any, outcome: Outcome) -> None:
    """Write to the trail and to the metrics how the staff's try to make a channel ended."""
    after, reason = outcome.application, outcome.obstacle.code if outcome.obstacle else ""
    fields = {"config": after.config, "user": after.user, "actor": interaction.user_id, "reason": reason}
    applying.note(
        interaction.guild_id, interaction.id, RETRY, tools, outcome=outcome.code, steps=list(outcome.steps), **fields
    )
    if outcome.code == CREATED:
        tools.measure("application", "Count", ApplicationsCreated=1)


def make(
    interaction: Interaction,
    tools: Any,
    welcome: applying.Welcome,
    known: dict[str, Configuration],
    before: Application,
    journal: Any,
) -> Outcome:
    """Make the channel of an application that waits. `known` are the configurations of the server."""
    guild = interaction.guild_id
    view = applying.viewed(welcome, known, guild, interaction.guild_locale, tools)
    configuration = known[before.config]
    return applying.make(guild, configuration, before.user, before.name, before.answers, journal, tools, view)


def resend(interaction: Interaction, tools: Any, config: str, applicant: str) -> Reply:
    """Tell the person in their channel, or by direct message, what they could not be told."""
    found = applying.application(interaction.guild_id, config, applicant, tools)
    if found is None or not found.live:
        raise _not_there()
    where = f"<#{found.channel}>" if found.channel else labels.status(found.status)
    with applying.speaking_in(interaction.guild_id, interaction.guild_locale, tools):
        reply = pages.reminder(applicant, where)
    channel = found.channel or tools.discord.open_dm(applicant)
    tools.discord.send(channel, reply, nonce=f"resend {interaction.id}")
    return Reply(_("Sent."))


def _acted(
    interaction: Interaction,
    tools: Any,
    what: str,
    config: str,
    applicant: str,
    configuration: Configuration | None,
    **more: Any,
) -> tuple[Application, tuple[str, ...]]:
    """Store what was done, and write it to the trail. Raises UserError if it cannot be done now."""
    guild, by = interaction.guild_id, interaction.user_id
    fields = {"config": config, "user": applicant, "actor": by}
    try:
        done = act(guild, configuration, what, applicant, by, tools.journal, tools, config=config, **more)
    except NotNow as refused:
        applying.note(guild, interaction.id, what, tools, outcome="refused", reason=refused.status, **fields)
        raise (_over(refused.status) if refused.status else _not_there()) from None
    applying.note(guild, interaction.id, what, tools, outcome="done", **fields)
    return done


def _not_there() -> UserError:
    return UserError(_("There is no such application any more."))


def _over(status: str) -> UserError:
    return UserError(_("Somebody was faster, or this is over already: {status}", status=labels.status(status)))


# ---- effects


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
    before = applying.application(guild, config, user, tools)
    if not journal.begun(what):
        decide(before, what, by=by, now=int(tools.now()), **more)  # A step that is refused does not begin.
    with journal.step(what) as step:
        if step.new and step.unsure and before and is_done(before, what, by):
            step.value = list(effects_of(what, before))
        elif step.new:
            after, effects = decide(before, what, by=by, now=int(tools.now()), **more)
            before = applying.store(guild, after, configuration, tools)
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
    view: applying.View,
    said: Reply | None = None,
    line: Reply | None = None,
    letter: Reply | None = None,
) -> str:
    """Do the effects, each once. Return how its channel ended, "" if it did not.

    `said` is for the channel, `line` for the staff, `letter` for a person without a channel.
    """
    complete, ended = "", ""
    if SAY in wanted and said:
        with journal.step("say") as step:
            if step.new:
                applying.unless_gone(lambda: tools.discord.send(after.channel, said, nonce=step.nonce))
    if SHOW in wanted and after.message:
        applying.unless_gone(lambda: tools.discord.edit(after.channel, after.message, view(after)))
    if TELL in wanted and line and configuration and configuration.staff_channel:
        with journal.step("tell") as step:
            if step.new:
                applying.unless_gone(lambda: tools.discord.send(configuration.staff_channel, line, nonce=step.nonce))
    if ARCHIVE in wanted:
        with journal.step("archive") as step:
            if step.new:
                headline = line.content if line and TELL not in wanted else ""
                step.value = archive(guild, after, configuration, step.nonce, tools, headline, unsure=step.unsure)
        complete = step.value
    if letter and (complete or not after.channel):
        with journal.step("letter") as step:
            if step.new:
                applying.unless_gone(lambda: _write_to(after.user, letter, step.nonce, tools))
    if FINISH in wanted:
        with journal.step("finish") as step:
            if step.new:
                step.value = finish(guild, after, configuration, tools, complete=complete)
        ended = step.value
        store_finished(guild, after, configuration, tools)
    return ended


def _write_to(user: str, letter: Reply, nonce: str, tools: Any) -> None:
    tools.discord.send(tools.discord.open_dm(user), letter, nonce=nonce)


def archive(
    guild: str,
    after: Application,
    configuration: Configuration | None,
    nonce: str,
    tools: Any,
    headline: str = "",
    *,
    unsure: bool,
) -> str:
    """Post a transcript of the channel. `unsure` says whether an earlier try may have posted it.

    If the whole channel is in it, so that it may be deleted, return the id of its last message. Otherwise return "".
    `headline` is what the message says, if the staff have not been told another way.
    """
    if configuration is None or not configuration.staff_channel or not tools.discord.reads_content():
        return ""
    messages: list[dict] = []
    try:
        channel = tools.discord.channel(after.channel)
        while len(messages) < transcript.MOST:
            page = tools.discord.messages(after.channel, messages[-1]["id"] if messages else "")
            messages += page
            if not page:
                break
    except DiscordError as error:
        if not error.permanent:
            raise
        return ""
    # Discord: without the permission to read the history, there are no messages at all, not even our own.
    complete = any(each["id"] == after.message for each in messages) and len(messages) < transcript.MOST
    complete = complete and transcript.tells_all_of(messages)
    if complete and configuration.finish == DELETE:
        complete = not _has_threads(guild, channel, tools)
    text = transcript.written(after, str(channel.get("name")), messages[::-1])
    newest = messages[0]["id"] if messages else after.channel  # Another transcript of the channel has another name.
    name = f"{re.sub(r'[^0-9a-z-]', '', str(channel.get('name')))[:60] or 'application'}-{newest}.md"
    posted = unsure and _is_posted(configuration.staff_channel, name, tools)
    if not posted:
        reply = Reply(f"🗃️ {headline or f'<@{after.user}>'}", files=[File(name, text[: transcript.MOST_BYTES])])
        posted = applying.unless_gone(lambda: tools.discord.send(configuration.staff_channel, reply, nonce=nonce))
    is_whole = posted and complete and len(text) <= transcript.MOST_BYTES
    return str(channel.get("last_message_id") or "") if is_whole else ""


def _has_threads(guild: str, channel: dict, tools: Any) -> bool:
    """Whether a channel has threads, or may have some that the bot does not see."""
    discord, id, hidden = tools.discord, channel["id"], bits("CREATE_PRIVATE_THREADS")
    if discord.archived_threads(id) or any(each.get("parent_id") == id for each in discord.threads(guild)):
        return True
    try:
        return bool(discord.archived_threads(id, private=True))
    except DiscordError as error:
        if not error.permanent:
            raise
    # Without Manage Threads, the bot does not see the private ones. So nobody must have been able to make one.
    overwrites = channel.get("permission_overwrites") or ()
    if any(int(each.get("allow") or 0) & hidden for each in overwrites):
        return True
    if any(each["id"] == guild and int(each.get("deny") or 0) & hidden for each in overwrites):
        return False
    return any(int(role["permissions"]) & hidden for role in discord.server(guild)["roles"])


def _is_posted(channel: str, name: str, tools: Any) -> bool:
    """Whether the bot has posted a file with this name in the channel lately."""
    files: list[dict] = []

    def read() -> None:
        for message in tools.discord.recent_messages(channel):
            if (message.get("author") or {}).get("id") == tools.discord.me():
                files.extend(message.get("attachments") or ())

    applying.unless_gone(read)
    return any(file.get("filename") == name for file in files)


def finish(guild: str, after: Application, configuration: Configuration | None, tools: Any, *, complete: str) -> str:
    """Delete the channel, or lock it for the person. Return which. Nothing happens if it is gone.

    It is only deleted if its configuration says so, and if its transcript is whole. `complete` is the id of the last
    message in the transcript. Somebody may have written since.
    """
    reason, discord = f"application of {after.user}: {after.status}", tools.discord
    try:
        channel = discord.channel(after.channel)
        is_whole = complete and channel.get("last_message_id") == complete
        if is_whole and configuration is not None and configuration.finish == DELETE:
            discord.delete_channel(after.channel, reason=reason)
            return DELETE
        _silence(guild, after.user, channel, reason, tools)
        topic = marker.topic(f"<@{after.user}>", after.config, after.user, over=True)
        discord.edit_channel(after.channel, topic=topic, reason=reason)
    except DiscordError as error:
        if error.code != applying.UNKNOWN_CHANNEL:
            raise
    return LOCK


def _silence(guild: str, user: str, channel: dict, reason: str, tools: Any) -> None:
    """Let a person only read a channel that they see. Somebody who has left sees none, and is let into none."""
    theirs = [each for each in channel.get("permission_overwrites") or () if each["id"] == user]
    if not theirs or not places.is_member(guild, user, tools):
        return
    seen = names_of(int(theirs[0].get("allow") or 0) & bits("VIEW_CHANNEL", "READ_MESSAGE_HISTORY"))
    lacked = tools.discord.missing(channel["id"], *WRITES)  # The bot can deny only what it may do itself.
    denied = ["SEND_MESSAGES", *(name for name in WRITES if name not in lacked)]
    try:
        tools.discord.overwrite(channel["id"], member=user, allow=seen, deny=denied, reason=reason)
    except DiscordError as error:
        if error.code != applying.UNKNOWN_OVERWRITE:
            raise


def store_finished(guild: str, after: Application, configuration: Configuration | None, tools: Any) -> None:
    """Store that the channel of an application that is over is locked or deleted."""
    stored = applying.application(guild, after.config, after.user, tools)
    if stored and not stored.live and not stored.finished:
        applying.store(guild, replace(stored, finished=True), configuration, tools)
