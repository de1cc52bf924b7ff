"""A command as Discord registers it, with Discord's limits kept before Discord sees it."""

from __future__ import annotations

import re

from .command import Command
from .errors import DefinitionError
from .options import Option, options_of

# Discord: ^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$ and lower case; ours are also file names.
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_OPTION_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LIMIT_OPTIONS = _LIMIT_CHOICES = 25
_LIMIT_DESCRIPTION = _LIMIT_CHOICE = 100


def declare(command: Command) -> dict:
    """The registration of `command`; DefinitionError names the command, the place and the limit where it breaks one."""
    _must(command.name, bool(_NAME.fullmatch(command.name)), "name", "is 1-32 characters of a-z, 0-9, - and _")
    _must(command.name, 1 <= len(command.description) <= _LIMIT_DESCRIPTION, "description", "has 1-100 characters")
    if "" not in command.handlers:
        raise DefinitionError(f"/{command.name}: nothing runs it; decorate its function with @command.run")
    options = options_of(command.handlers[""].function)
    _must(command.name, len(options) <= _LIMIT_OPTIONS, "options", "are at most 25")
    required = [option.required for option in options]
    _must(command.name, required == sorted(required, reverse=True), "options", "have the required ones first")
    for option in options:
        _check_option(command.name, option)
    registration = {"type": 1, "name": command.name, "description": command.description}
    return {**registration, "options": [option.schema() for option in options]} if options else registration


def _check_option(command: str, option: Option) -> None:
    place = f"option {option.name}"
    _must(command, bool(_OPTION_NAME.fullmatch(option.name)), place, "is named with 1-32 characters of a-z, 0-9 and _")
    described = 1 <= len(option.description) <= _LIMIT_DESCRIPTION
    _must(command, described, place, f"is described in 1-100 characters, by a docstring line `{option.name}: …`")
    _must(command, len(option.choices) <= _LIMIT_CHOICES, place, "has at most 25 choices")
    _must(
        command,
        all(len(str(c)) in range(1, _LIMIT_CHOICE + 1) for c in option.choices),
        place,
        "choices: 1-100 characters",
    )


def _must(command: str, holds: bool, place: str, rule: str) -> None:
    if not holds:
        raise DefinitionError(f"/{command}: {place} {rule}")
