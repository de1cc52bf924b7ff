"""All features. Each is found by the name of its file, and imported when it is first needed."""

import os
import re
import sys
from importlib import import_module

from ..errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .check import Check
    from .command import Command
    from .data import Data
    from .event import Event
    from .schedule import Schedule
    from .setting import Setting

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_IN_NAMES = _LETTERS | frozenset("0123456789_")


def command(name: str, type: int = 1) -> "Command | None":
    """The command with that name and type, None if there is none. `name` is untrusted input."""
    found = _load("commands", file_name(name)) if len(name) <= 32 else None
    return found if found is not None and found.name == name and found.type == type else None


def at(address: str) -> "Command | None":
    """The command of any type with that address in custom ids, None if there is none. It is the name of its file."""
    return _load("commands", address)


def file_name(name: str) -> str:
    """The name, without .py, of the file that declares a command called `name`: `report_user` for `Report user`."""
    return name.lower().replace("-", "_").replace(" ", "_")


def event(type: str) -> "Event | None":
    """The feature for webhook events of that type, such as APPLICATION_AUTHORIZED. None if there is none."""
    return _load("events", type.lower())


def schedule(name: str) -> "Schedule | None":
    """The timed job with that name, None if there is none."""
    return _load("schedules", name)


def check(name: str) -> "Check | None":
    """The kind of check with that name, None if there is none. `name` is untrusted input."""
    return _load("checks", name)


def label(kind: str) -> str:
    """The label of a kind of check in English, the name itself if there is no such kind. The file is not imported.

    The ingress offers the labels, and importing all checks would add 200 ms to its cold start. Reading adds 0.5 ms.
    """
    for folder in _folders("checks"):
        try:
            with open(os.path.join(folder, f"{kind}.py"), encoding="utf-8") as file:
                declared = file.read().partition("check = Check(")[2]
        except FileNotFoundError:
            continue
        return declared.partition('N_("')[2].partition('")')[0] or kind
    return kind


def commands() -> "list[Command]":
    """All commands, sorted by file name.

    Raises DefinitionError if a file cannot be imported, or if its name does not fit the command.
    """
    return [_declared("commands", name) for name in names("commands")]


def events() -> "list[Event]":
    """All features for webhook events, sorted by type. Raises DefinitionError like `commands`."""
    return [_declared("events", name) for name in names("events")]


def schedules() -> "list[Schedule]":
    """All timed jobs, sorted by name. Raises DefinitionError like `commands`."""
    return [_declared("schedules", name) for name in names("schedules")]


def checks() -> "list[Check]":
    """All kinds of checks, sorted by name. Raises DefinitionError like `commands`."""
    return [_declared("checks", name) for name in names("checks")]


def data() -> "list[Data]":
    """What the features and flows remember, sorted by name.

    Raises DefinitionError if two have one name, or if one has the name of a row of Watchbell's own.
    """
    from ..data.tables import ROWS  # 1 ms, and only tests, docs and `ops` ask for all data
    from .data import PARTITIONS, Data
    from .flow import CANCELLED, FLOWS

    taken = {row.sort.partition("#")[0] for row in ROWS if row.partition in PARTITIONS.values()}
    found: dict[str, tuple[str, Data]] = {each.name: ("kit/flow.py", each) for each in (FLOWS, CANCELLED)}
    for place, each in _declarations(Data):
        other, first = found.setdefault(each.name, (place, each))
        if first is not each or each.name in taken:
            whose = "a row of Watchbell's own" if each.name in taken else f"the data of {other}"
            raise DefinitionError(f"{place}: {whose} is called {each.name!r} too; rename one of them")
    return sorted((each for _, each in found.values()), key=lambda each: each.name)


def settings() -> "list[Setting]":
    """All settings of a server: those of `server`, then those of the features in the order of their files.

    Imports every feature. Raises DefinitionError like `commands`, and if two settings have the same name.
    """
    from . import server
    from .setting import Setting

    found = {setting.name: setting for setting in server.SETTINGS}
    for place, each in _declarations(Setting):
        if found.setdefault(each.name, each) is not each:
            raise DefinitionError(f"{place}: there is another setting called {each.name}; rename one")
    return list(found.values())


def _declarations(kind: type) -> "Iterator[tuple[str, Any]]":
    """What the features declare of that type, each with its file. Imports every feature."""
    for room in ("commands", "events", "schedules"):
        for name in names(room):
            _declared(room, name)
            for each in vars(import_module(f"watchbell.{room}.{name}")).values():
                if isinstance(each, kind):
                    yield f"{room}/{name}.py", each


def names(room: str) -> list[str]:
    """The sorted names of the features in `room`, such as commands. Each is a file name without .py.

    Raises DefinitionError if a file has a name that a feature cannot have.
    """
    files = {file for folder in _folders(room) for file in os.listdir(folder)}
    found = sorted(file[:-3] for file in files if file.endswith(".py") and file[0] != "." and file != "__init__.py")
    for name in found:
        if not _is_file_name(name):
            better = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
            advice = f"to {better}.py" if _is_file_name(better) else "to a name such as dice.py"
            rule = "a letter from a to z, then at most 63 of a to z, 0 to 9 and _"
            raise DefinitionError(f"{room}/{name}.py cannot be a feature: rename it {advice} ({rule})")
    return found


def _folders(room: str) -> "list[str]":
    """Where the files of a room are. Its package is not imported: the ingress lists checks, and loads none."""
    package = sys.modules.get(f"watchbell.{room}")
    if package is not None:  # a test may have added a folder to it
        return list(package.__path__)
    return [os.path.join(os.path.dirname(os.path.dirname(__file__)), room)]


def _declared(room: str, name: str) -> "Any":
    """The feature in that file. Raises DefinitionError if the feature's name does not fit the name of the file."""
    feature = _load(room, name)
    declared, expected = (feature.type, name.upper()) if room == "events" else (feature.name, name)
    file = file_name(declared)
    if declared != expected and (room != "commands" or file != name):
        shown = f"/{declared}" if room == "commands" and feature.type == 1 else declared
        other = f"the file to {file}.py or " if file != name and _is_file_name(file) else ""
        rule = "" if declared.isascii() else " (only its translations can have letters beyond a to z)"
        raise DefinitionError(f"{room}/{name}.py declares {shown}: rename {other}the {room[:-1]} to {expected}{rule}")
    return feature


def _load(room: str, name: str) -> "Any":
    """The feature in that file, None if there is no such file. Raises DefinitionError if it cannot be imported."""
    if not _is_file_name(name):
        return None
    module_name = f"watchbell.{room}.{name}"
    try:
        module = __import__(module_name, fromlist=(room,))  # if it is loaded, five times as fast as import_module
    except DefinitionError as error:
        raise DefinitionError(f"{room}/{name}.py: {error}") from error
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == module_name:
            return None
        raise DefinitionError(f"{room}/{name}.py cannot be imported: {type(error).__name__}: {error}") from error
    what = room[:-1]
    if not hasattr(module, what):
        raise DefinitionError(f"{room}/{name}.py declares no `{what}`: write `{what} = {what.title()}(…)`")
    return getattr(module, what)


def _is_file_name(name: str) -> bool:
    """Whether a feature's file can have this name: a letter, then at most 63 letters, digits and underscores.

    Not a regular expression: to compile one would cost each cold start 0.4 ms.
    """
    return 1 <= len(name) <= 64 and name[0] in _LETTERS and _IN_NAMES.issuperset(name)
