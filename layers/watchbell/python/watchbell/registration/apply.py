"""Where commands are registered: everywhere, or in single servers if a flag is on only there."""

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
"""How long a deployment waits in all while Discord fails. The registrar may run for a minute."""

_GLOBAL_ONLY = ("integration_types", "contexts")
"""Fields that only a globally registered command can have."""

Plan = list[tuple[str, list[Change]]]


class Api(registration.Api, Protocol):
    """The calls to Discord that registration needs."""

    def guilds(self) -> list[str]: ...


def plan(
    api: Api, flags: Mapping[str, Flag], application_id: str, guild_id: str = "", *, most_guilds: int | None = None
) -> Plan:
    """The changes to make, by scope. The global scope comes first. Servers without changes are left out.

    A command without a flag, or with a flag that is on everywhere, is registered globally. Other flagged commands are
    registered in each server where their flag is on. A server's own commands besides these are deleted.

    If any flag is set, the commands of every server of the bot are read, one call each, because a flag that was on
    there may be off now. If the bot is in more than `most_guilds` servers, only the servers that a flag names are read.

    With `guild_id`, all commands are registered in that server, and nothing changes elsewhere.

    Raises DiscordError if a call fails. A server that refuses the call is skipped.
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
        log.warning(
            "only the servers that flags name are updated, because there are %d servers; run `python -m ops commands "
            "apply` to update them all",
            len(guilds),
        )
        guilds = [guild for guild in guilds if guild in named]
    for guild in guilds:
        try:
            scope, changes = _changes(api, application_id, in_guild(guild), guild)
        except DiscordError as error:
            if not error.permanent:
                raise
            log.warning("server %s is skipped, because Discord refuses access to its commands: %s", guild, error)
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
    """Plan the changes and make them.

    If Discord fails, wait as long as it asks and plan again. The new plan repeats no finished change. Raises
    DiscordError if the waits would exceed PATIENCE_SECONDS in all, and Rejected if Discord refuses a command.
    """
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
            log.warning("trying again in %.1f s: %s", wait, error)
            sleep(wait)
        else:
            return


def _changes(api: Api, application_id: str, wanted: list[dict], guild: str = "") -> tuple[str, list[Change]]:
    scope = registration.scope(application_id, guild)
    return scope, registration.plan(wanted, api.commands(scope))


def _of_a_guild(declared: dict) -> dict:
    return {key: value for key, value in declared.items() if key not in _GLOBAL_ONLY}
