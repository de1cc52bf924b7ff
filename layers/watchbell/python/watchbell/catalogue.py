"""Every feature there is, found by its file's name; a feature is imported when it is asked for and not before."""

import os
import re
from importlib import import_module

from .errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .command import Command
    from .event import Event
    from .schedule import Schedule

_FILE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def command(name: str, type: int = 1) -> "Command | None":
    """The command of that name and type, None where there is none. `name` may be anything: it comes from outside."""
    found = _load("commands", file_name(name), "command") if len(name) <= 32 else None
    return found if found is not None and found.name == name and found.type == type else None


def at(address: str) -> "Command | None":
    """The command, of any type, that custom ids know by `address`: the name of its file."""
    return _load("commands", address, "command")


def file_name(name: str) -> str:
    """The name of the file that a command called `name` lies in: `Report user` in report_user.py."""
    return name.lower().replace("-", "_").replace(" ", "_")


def event(type: str) -> "Event | None":
    """The feature for webhook events of that type (APPLICATION_AUTHORIZED), None where there is none."""
    return _load("events", type.lower(), "event")


def schedule(name: str) -> "Schedule | None":
    """The timed job of that name, None where there is none."""
    return _load("schedules", name, "schedule")


def commands() -> "list[Command]":
    """All commands, by name."""
    return [_load("commands", name, "command") for name in names("commands")]


def schedules() -> "list[Schedule]":
    """All timed jobs, by name."""
    return [_load("schedules", name, "schedule") for name in names("schedules")]


def names(room: str) -> list[str]:
    """The features in `room` (commands, events or schedules), by file name, sorted."""
    package = import_module(f"{__package__}.{room}")
    files = {name for folder in package.__path__ for name in os.listdir(folder)}
    return sorted(name[:-3] for name in files if name.endswith(".py") and _FILE_NAME.fullmatch(name[:-3]))


def manifest() -> list[dict]:
    """All commands as Discord registers them. Raises DefinitionError where one could not be."""
    from .manifest import declare

    return [declare(command) for command in commands()]


def _load(room: str, name: str, what: str) -> "Any":
    if not _FILE_NAME.fullmatch(name):
        return None
    module_name = f"{__package__}.{room}.{name}"
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:  # the feature is there, and something that it imports is not
            raise
        return None
    if not hasattr(module, what):
        raise DefinitionError(f"{room}/{name}.py declares no `{what}`: write `{what} = {what.title()}(…)`")
    return getattr(module, what)
