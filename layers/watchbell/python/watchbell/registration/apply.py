"""Where commands are registered: everywhere, or in single servers if a flag is on only there."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from ..errors import DiscordError
from ..kit import catalogue
from ..kit.flags import Flag
from . import diff as registration
from .declare import declare
from .diff import Update

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
"""How long failed calls and the waits after them may take in a deployment. The registrar may run for a minute."""

ATTEMPTS = 8
"""How often one call is tried, even if the waits are short."""

_GLOBAL_ONLY = ("integration_types", "contexts")
"""Fields that only a globally registered command can have."""

Answer = TypeVar("Answer")


class Api(registration.Api, Protocol):
    """The calls to Discord that registration needs.

    `guilds` returns the ids of the next servers after `after`, in ascending order, and [] at the end.
    """

    def guilds(self, after: str) -> list[str]: ...


class Patient:
    """Discord's API for commands. A call that Discord cannot answer now is repeated; what was read before is kept.

    Each wait is as long as Discord asks for, plus up to a quarter of it. If Discord does not say, the waits double from
    1 second; if it says too little, from a quarter of a second. All failed calls and their waits together may take
    `seconds`. `tell` is called before each wait, with its seconds and the error.

    A method raises the last DiscordError if the call is refused, has been tried ATTEMPTS times, or if the next wait
    would be too long.
    """

    def __init__(
        self,
        api: Api,
        seconds: float = PATIENCE_SECONDS,
        *,
        tell: Callable[[float, DiscordError], object] | None = None,
        sleep: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._left = seconds
        self._tell = tell or (lambda wait, error: log.warning("trying again in %.1f s: %s", wait, error))
        self._sleep = sleep
        self._chance = chance
        self._clock = clock

    def guilds(self, after: str) -> list[str]:
        return self._call(lambda: self._api.guilds(after))

    def commands(self, scope: str) -> list[dict]:
        return self._call(lambda: self._api.commands(scope))

    def replace_commands(self, scope: str, commands: list[dict]) -> object:
        return self._call(lambda: self._api.replace_commands(scope, commands))

    def _call(self, call: Callable[[], Answer]) -> Answer:
        pause = 1.0
        for _ in range(ATTEMPTS - 1):
            begun = self._clock()
            try:
                return call()
            except DiscordError as error:
                asked = pause if error.wait is None else max(error.wait, pause / 4)
                wait = asked * (1 + self._chance() / 4)
                self._left -= self._clock() - begun + wait
                if error.permanent or error.unauthorised or not self._left >= 0:  # NaN is no wait either
                    raise
                self._tell(wait, error)
            self._sleep(wait)
            pause *= 2
        return call()


def plan(
    api: Api, flags: Mapping[str, Flag], application_id: str, guild_id: str = "", *, most_guilds: int | None = None
) -> list[Update]:
    """The updates to make, one for each scope that changes. The global scope comes first.

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
        updates = [_update(api, application_id, [*map(_of_a_guild, unflagged), *in_guild(guild_id)], guild_id)]
    else:
        updates = [_update(api, application_id, unflagged)]
        for guild in _guilds(api, flags, most_guilds) if flags else ():
            try:
                updates.append(_update(api, application_id, in_guild(guild), guild))
            except DiscordError as error:
                _skip(guild, error)
    return [update for update in updates if update.changes]


def carry_out(
    updates: Iterable[Update],
    api: Api,
    application_id: str,
    guild_id: str = "",
    *,
    tell: Callable[[int], object] | None = None,
) -> None:
    """Make the updates of a `plan` in order. After each, call `tell` with the number of updates so far.

    Raises Rejected if Discord refuses a command, and DiscordError if a call fails. The updates before it stay. A server
    that refuses the call is skipped, unless it is `guild_id`.
    """
    for number, update in enumerate(updates, 1):
        try:
            registration.apply(update, api)
        except DiscordError as error:
            if update.scope == registration.scope(application_id, guild_id):
                raise
            _skip(update.scope.rpartition("/")[2], error)
        if tell:
            tell(number)


def bring_about(
    api: Api,
    flags: Mapping[str, Flag],
    application_id: str,
    guild_id: str = "",
    *,
    most_guilds: int | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Plan the updates and make them, with patience. Raises what `plan` and `carry_out` raise."""
    patient = Patient(api, sleep=sleep)
    updates = plan(patient, flags, application_id, guild_id, most_guilds=most_guilds)
    for update in updates:
        log.info("commands of %s: %s", update.scope, ", ".join(map(str, update.changes)))
    carry_out(updates, patient, application_id, guild_id)
    log.info("the commands of %d scopes were changed", len(updates))


def _guilds(api: Api, flags: Mapping[str, Flag], most: int | None) -> list[str]:
    """The servers whose commands are read."""
    guilds: list[str] = []
    last = "0"
    while page := [guild for guild in api.guilds(last) if int(guild) > int(last)]:
        guilds += page
        last = page[-1]
    if most is None or len(guilds) <= most:
        return guilds
    log.warning(
        "only the servers that flags name are updated, because there are %d servers; run `python -m ops commands "
        "apply` to update them all",
        len(guilds),
    )
    named = set().union(*(flag.always | flag.never for flag in flags.values()))
    return [guild for guild in guilds if guild in named]


def _update(api: Api, application_id: str, wanted: list[dict], guild: str = "") -> Update:
    scope = registration.scope(application_id, guild)
    return registration.plan(wanted, api.commands(scope), scope)


def _skip(guild: str, error: DiscordError) -> None:
    """Log that Discord refuses access to a server's commands. Raise any other error again."""
    if not error.permanent:
        raise error
    log.warning("server %s is skipped, because Discord refuses access to its commands: %s", guild, error)


def _of_a_guild(declared: dict) -> dict:
    return {key: value for key, value in declared.items() if key not in _GLOBAL_ONLY}
