"""How the commands that Discord has differ from those it should have, and the one call per scope that changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import DiscordError, WatchbellError

_OURS = (
    *("description", "options", "default_member_permissions", "nsfw", "integration_types", "contexts"),
    *("name_localizations", "description_localizations"),
)
"""The fields of a command that we can declare, besides the type and name that identify it."""

_UNDECLARED = {
    "default_member_permissions": None,
    "nsfw": False,
    "name_localizations": None,
    "description_localizations": None,
}
"""The values to send for fields that a command does not declare, so that no earlier value stays."""

_THE_APPLICATIONS = ("integration_types", "contexts")
"""Fields that Discord fills from the application's settings if a command does not declare them."""

_SETS = (*_THE_APPLICATIONS, "channel_types", "file_types")
"""Lists whose order means nothing. Discord sorts most of them."""

_ENTRY_POINT = 4
"""The type of an activity's Entry Point command. Discord creates it. A call that leaves it out is refused (50240)."""

_OF_THE_ENTRY_POINT = ("id", "type", "name", "handler", *_OURS)
"""The fields that are sent back for the Entry Point command. The others are read-only or deprecated."""

_DEEPEST = 20
"""How deep the faults of a command can lie. A choice of an option of a subcommand in a group lies 9 levels deep."""

_A_DAY = 30034
"""Discord's code if a scope has had its 200 new commands of the day."""


class Api(Protocol):
    """The calls to Discord for commands. `scope` is `{application}` or `{application}/guilds/{guild}`."""

    def commands(self, scope: str) -> list[dict]: ...
    def replace_commands(self, scope: str, commands: list[dict]) -> object: ...


class Rejected(WatchbellError):
    """Discord refused the commands. The message names each refused command and its wrong fields."""


@dataclass(frozen=True)
class Change:
    """One difference. `verb` is create, edit or delete. `fields` are what an edit changes."""

    verb: str
    type: int
    name: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb} /{self.name}" + (f" ({', '.join(self.fields)})" if self.fields else "")


@dataclass(frozen=True)
class Update:
    """What changes in one scope. `commands` is the whole set that Discord has afterwards, as it is sent."""

    scope: str
    changes: list[Change]
    commands: list[dict]


def scope(application_id: str, guild_id: str = "") -> str:
    """The path below /applications for the application's commands: its global ones, or those of one guild."""
    return f"{application_id}/guilds/{guild_id}" if guild_id else application_id


def plan(wanted: list[dict], existing: list[dict], scope: str) -> Update:
    """The update that turns Discord's `existing` commands into the `wanted` ones.

    Type and name identify a command, as they do for Discord. A command that keeps both keeps its id, and so the
    permissions that a server has given it. The Entry Point command of an activity stays as it is. Fields that Discord
    adds by itself are ignored.
    """
    there = {_identity(command): command for command in existing}
    entry_points = [command for identity, command in there.items() if identity[0] == _ENTRY_POINT]
    kept = {_identity(command) for command in (*wanted, *entry_points)}
    changes = [Change("delete", *identity) for identity in there if identity not in kept]
    for command in wanted:
        old = there.get(_identity(command))
        if old is None:
            changes.append(Change("create", *_identity(command)))
        elif differing := tuple(key for key in _OURS if _differs(key, command, old)):
            changes.append(Change("edit", *_identity(command), differing))
    return Update(scope, changes, [*(_UNDECLARED | command for command in wanted), *map(_as_it_is, entry_points)])


def apply(update: Update, api: Api) -> None:
    """Replace the commands of the scope by one call. Discord makes all changes or none.

    Raises Rejected if Discord refuses a command. Raises DiscordError if the scope is out of reach, or if a retry may
    help; to repeat the call does no harm.
    """
    try:
        api.replace_commands(update.scope, update.commands)
    except DiscordError as error:
        if error.status != 400 or not error.permanent:
            raise
        raise Rejected(_refusal(error, update)) from error


def _refusal(error: DiscordError, update: Update) -> str:
    changes = {(change.type, change.name): str(change) for change in update.changes}
    faults: dict[str, list[str]] = {}
    for index, command in enumerate(update.commands):
        errors = error.errors.get(str(index)) if isinstance(error.errors, dict) else None
        if found := explain(errors, command):
            faults[changes.get(_identity(command), f"keep /{command['name']}")] = found
    if faults:
        return "Discord refused to " + "; to ".join(f"{what}: {'; '.join(found)}" for what, found in faults.items())
    why = "; ".join(explain(error.errors, {})) or f"{error.code} {error.text}".rstrip()
    hint = " (a scope can get 200 new commands a day; try again tomorrow)" if error.code == _A_DAY else ""
    return f"Discord refused to {', '.join(changes.values())}: {why}{hint}"


def explain(errors: Any, command: dict) -> list[str]:
    """Discord's nested `errors` for `command` as lines, one for each fault.

    Options and choices are identified by name instead of by index.
    """
    return [f"{' '.join(place)}: {text}" if place else text for place, text in _faults(errors, command, ())]


def _faults(errors: Any, sent: Any, place: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    if not isinstance(errors, dict) or len(place) > _DEEPEST:
        return []
    leaves = errors.get("_errors")
    found = [
        (place, str(leaf.get("message") or leaf.get("code")))
        for leaf in (leaves if isinstance(leaves, list) else ())
        if isinstance(leaf, dict)
    ]
    for key, inner in errors.items():
        if key == "_errors":
            continue
        if key.isdigit() and isinstance(sent, list) and int(key) < len(sent):
            item = sent[int(key)]
            found += _faults(
                inner, item, (*place, f"“{item['name']}”" if isinstance(item, dict) and "name" in item else key)
            )
        else:
            word = "option" if key == "options" else "choice" if key == "choices" else key
            found += _faults(inner, sent.get(key) if isinstance(sent, dict) else None, (*place, word))
    return found


def _identity(command: dict) -> tuple[int, str]:
    return command.get("type", 1), command["name"]


def _as_it_is(entry_point: dict) -> dict:
    """The Entry Point command as it is sent back. Without its id, Discord would make a new one if the name differed."""
    return {key: entry_point[key] for key in _OF_THE_ENTRY_POINT if entry_point.get(key) not in (None, "", [])}


def _differs(key: str, wanted: dict, existing: dict) -> bool:
    if key in _THE_APPLICATIONS and key not in wanted:
        return False
    return _plain(wanted.get(key), key) != _plain(existing.get(key), key)


def _plain(value: Any, key: str = "") -> Any:
    """`value` as Discord stores it: without null, false and empty values, but with 0; sets sorted; texts trimmed."""
    if isinstance(value, dict):
        value = {
            inner: plain
            for inner, item in value.items()
            if (plain := _plain(item, inner)) is not None or inner == "value"
        }
    elif isinstance(value, list):
        value = [_plain(item) for item in value]
        value = sorted(value, key=str) if key in _SETS else value
    elif isinstance(value, str) and key != "value":
        value = value.strip()
    return None if value is False or value in ("", [], {}) else value
