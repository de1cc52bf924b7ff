"""Which commands are registered where: everywhere, and those that a flag holds back, in the servers that have them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from ..errors import DiscordError
from ..kit import catalogue
from ..kit.flags import Flag
from . import diff as registration
from .declare import declare
from .diff import Change

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
"""How long a deployment waits for a Discord that is unwell, within the registrar's minute."""

_GLOBAL_ONLY = ("integration_types", "contexts")
"""What only a command that is registered everywhere can have."""

Plan = list[tuple[str, list[Change]]]


class Api(registration.Api, Protocol):
    """The calls that registering takes."""

    def guilds(self) -> list[str]: ...


def plan(
    api: Api, flags: Mapping[str, Flag], application_id: str, guild_id: str = "", *, most_guilds: int | None = None
) -> Plan:
    """What is to change, by scope, the global one first; a server where nothing is to change is left out.

    A flag that is on everywhere has its command registered globally; one that is not, in each server where it is on.
    Such a server has its flagged commands and no other of its own. So long as any flag is set, all servers of the bot
    are looked at, a call each, since what was on there may be off now; where there are more than `most_guilds`, only
    those that a flag names. With `guild_id` everything is registered in that server, and nothing elsewhere.
    """
    unflagged, flagged = [], []
    for command in catalogue.commands():
        if command.flag and not (command.flag in flags and flags[command.flag].everywhere):
            flagged.append((flags.get(command.flag), declare(command)))
        else:
            unflagged.append(declare(command))

    def in_guild(guild: str) -> list[dict]:
        return [_of_a_guild(declared) for flag, declared in flagged if flag is not None and flag.on(guild)]

    if guild_id:
        return [_changes(api, application_id, [*map(_of_a_guild, unflagged), *in_guild(guild_id)], guild_id)]
    plans = [_changes(api, application_id, unflagged)]
    if not flags:
        return plans
    guilds = api.guilds()
    if most_guilds is not None and len(guilds) > most_guilds:
        named = set().union(*(flag.always | flag.never for flag in flags.values()))
        log.warning("%d servers are too many to look at; `python -m ops commands apply` does them all", len(guilds))
        guilds = [guild for guild in guilds if guild in named]
    for guild in guilds:
        try:
            scope, changes = _changes(api, application_id, in_guild(guild), guild)
        except DiscordError as error:
            if not error.permanent:
                raise
            log.warning("the commands of server %s are out of reach: %s", guild, error)
            continue
        if changes:
            plans.append((scope, changes))
    return plans


def bring_about(
    api: Api,
    flags: Mapping[str, Flag],
    application_id: str,
    guild_id: str = "",
    *,
    most_guilds: int | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Plans, and makes the changes. Where Discord is unwell it waits as it was asked to and plans anew, which repeats
    nothing; DiscordError where that would take longer than PATIENCE_SECONDS in all, Rejected for a refusal."""
    waited, pause = 0.0, 1.0
    while True:
        try:
            for scope, changes in plan(api, flags, application_id, guild_id, most_guilds=most_guilds):
                registration.apply(changes, api, scope)
                log.info("commands of %s: %s", scope, ", ".join(map(str, changes)) or "nothing to change")
        except DiscordError as error:
            wait = pause if error.wait is None else error.wait
            waited, pause = waited + wait, pause * 2
            if error.permanent or error.unauthorised or waited > PATIENCE_SECONDS:
                raise
            log.warning("again in %.1f s: %s", wait, error)
            sleep(wait)
        else:
            return


def _changes(api: Api, application_id: str, wanted: list[dict], guild: str = "") -> tuple[str, list[Change]]:
    scope = registration.scope(application_id, guild)
    return scope, registration.plan(wanted, api.commands(scope))


def _of_a_guild(declared: dict) -> dict:
    return {key: value for key, value in declared.items() if key not in _GLOBAL_ONLY}
