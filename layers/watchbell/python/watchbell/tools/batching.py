"""Works on many applications at once, each in its own flow. A batch that was interrupted goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from ..applications.application import DECLINED, PENDING, Application, NotNow
from ..applications.configuration import Configuration
from ..applications.figures import CREATED
from ..discord.interaction import Interaction
from ..discord.reply import Reply
from ..errors import DiscordError
from ..i18n import _
from . import applying, handling, noticing

AT_ONCE = 500
"""How many applications a batch works on. Its journal is one item of a table."""

One = Callable[[Application, dict[str, Configuration], Any], str]
"""Works on one application with the journal of its flow, if that can be done now. Returns done, skipped or failed.

The second argument are the configurations of the server."""


def create_all(
    interaction: Interaction, tools: Any, welcome: applying.Welcome, rescue: noticing.Rescue
) -> Generator[Reply, None, Reply]:
    """Give every pending application its channel."""

    def one(application: Application, known: dict[str, Configuration], journal: Any) -> str:
        if application.config not in known or application.status != PENDING:
            return "skipped"
        outcome = handling.make(interaction, tools, welcome, known, application, journal)
        noticing.notice(interaction, tools, known[application.config], outcome, rescue)
        if outcome.code == CREATED:
            tools.measure("application", "Count", ApplicationsCreated=1)
        return "failed" if outcome.obstacle else "done"

    return _batch(interaction, tools, PENDING, "create", one)


def close_all(interaction: Interaction, tools: Any, welcome: applying.Welcome) -> Generator[Reply, None, Reply]:
    """Close every declined application."""

    def one(application: Application, known: dict[str, Configuration], journal: Any) -> str:
        if application.status != DECLINED:
            return "skipped"
        guild, by, config = interaction.guild_id, interaction.user_id, application.config
        configuration = known.get(config)
        user = application.user
        after, wanted = handling.act(guild, configuration, "close", user, by, journal, tools, config=config)
        view = applying.viewed(welcome, known, guild, interaction.guild_locale, tools)
        words = handling.endings(interaction, "close", after, configuration, tools)
        handling.effects(guild, after, wanted, configuration, journal, tools, view, *words)
        journal.end()
        return "done"

    return _batch(interaction, tools, DECLINED, "close", one)


def _batch(interaction: Interaction, tools: Any, status: str, action: str, one: One) -> Generator[Reply, None, Reply]:
    """Do `one` for each application with this status. The total, and who it is about, are decided at the start."""
    guild = interaction.guild_id
    with tools.journal.step("all") as step:
        if step.new:
            found = applying.everybody(guild, tools)
            step.value = [[each.config, each.user] for each in found if each.status == status][:AT_ONCE]
    counts = {"done": 0, "skipped": 0, "failed": 0}
    for config, user in step.value:
        with tools.journal.step(f"{config} {user}") as step_of_one:
            if step_of_one.new:
                code = _one(guild, config, user, tools, one)
                fields = {"config": config, "user": user, "actor": interaction.user_id, "part": user}
                applying.note(guild, interaction.id, f"batch_{action}", tools, outcome=code, **fields)
                step_of_one.value = code
        counts[step_of_one.value] += 1
        yield Reply(_("{done} of {total}", done=sum(counts.values()), total=len(step.value)))
    text = _(
        "Finished. {total} in all: {done} done, {skipped} skipped, {failed} failed.", total=len(step.value), **counts
    )
    return Reply(text)


def _one(guild: str, config: str, user: str, tools: Any, one: One) -> str:
    """Do `one` for an application in its flow, and return how that ended."""
    with tools.flow(f"apply:{guild}:{config}:{user}", people=[user], servers=[guild]) as journal:
        application = applying.application(guild, config, user, tools)
        known = applying.all_of(guild, tools)
        if journal is None or application is None:
            return "skipped"
        try:
            return one(application, known, journal)
        except NotNow:
            return "skipped"
        except DiscordError as error:
            if not error.permanent:
                raise
            return "failed"
