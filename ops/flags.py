"""`ops flags`: list the feature flags and switches and where they are on, or set one."""

from __future__ import annotations

from collections.abc import Sequence

from infra.settings import Deployment
from watchbell.errors import DefinitionError
from watchbell.kit import catalogue

from . import settings
from .audit import Book


def run(deployment: Deployment, book: Book, name: str, words: Sequence[str]) -> None:
    """List all flags and switches, or only `name`. If there are words, set it to them. The word `unset` deletes it."""
    value = " ".join(word.strip() for word in words)
    if value == "unset":
        if name not in settings.below(deployment, "flags"):
            raise ValueError(f"The flag {name} is not set. {_to_list(deployment)}")
        settings.unset(deployment, book, f"flags/{name}")
        print(f"Without a value, {name} is {'on' if name in declared()[1] else 'off'}.")
    elif value:
        settings.put(deployment, book, f"flags/{name}", value)
        print("It takes effect within a minute.")
        if name not in declared()[1]:
            print(f"To update the commands that Discord offers, run: {deployment.ops} commands apply")
    else:
        flags, switches = declared()
        there = settings.below(deployment, "flags")
        lines = {each: f"{value} (nothing uses it)" for each, value in there.items()}
        lines |= {each: f"{there.get(each, 'not set, so off')} (flag of {_all(flags[each])})" for each in flags}
        lines |= {each: f"{there.get(each, 'not set, so on')} (switch of {_all(switches[each])})" for each in switches}
        if name not in {"", *lines}:
            raise ValueError(f"There is no flag {name}. {_to_list(deployment)}")
        for each in [name] if name else sorted(lines):
            print(f"{each}: {lines[each]}")
        if not lines:
            print("There are no feature flags.")


def declared() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return who uses each flag and each switch, by name.

    Raise DefinitionError if a name is used as both: unset, it would be off for some and on for others.
    """
    flags: dict[str, list[str]] = {}
    switches: dict[str, list[str]] = {}
    for command in catalogue.commands():
        flags.setdefault(command.flag, []).append(f"/{command.name}")
        switches.setdefault(command.switch, []).append(f"/{command.name}")
        for handler in command.handlers:
            if handler.switch != command.switch:
                switches.setdefault(handler.switch, []).append(str(handler))
    for event in catalogue.events():
        switches.setdefault(event.switch, []).append(f"event {event.type}")
    for schedule in catalogue.schedules():
        switches.setdefault(schedule.switch, []).append(f"schedule {schedule.name}")
    for used in (flags, switches):
        used.pop("", None)
    for name in flags.keys() & switches.keys():
        raise DefinitionError(
            f"{name} is the flag of {_all(flags[name])} and the switch of {_all(switches[name])}: rename one of them"
        )
    return flags, switches


def _all(users: Sequence[str]) -> str:
    return ", ".join(users)


def _to_list(deployment: Deployment) -> str:
    return f"To list the flags, run: {deployment.ops} flags"
