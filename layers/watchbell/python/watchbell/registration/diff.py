"""The calls that turn the commands that Discord has into those it should have, as few as possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import DiscordError, WatchbellError

_OURS = (
    *("description", "options", "default_member_permissions", "nsfw", "integration_types", "contexts"),
    *("name_localizations", "description_localizations"),
)
"""The fields of a command that we can declare, besides the type and name that identify it."""

_DEFAULTS = {"options": [], "description": "", "nsfw": False}
"""The values to send for fields that a command does not declare. The other fields are sent as null."""

_THE_APPLICATIONS = ("integration_types", "contexts")
"""Fields that Discord fills from the application's settings if a command does not declare them."""

_NOT_OURS = 4
"""The type of an activity's entry point command. Discord creates it, and it must not be deleted."""


class Api(Protocol):
    """The calls to Discord that change commands. `scope` is `{application}` or `{application}/guilds/{guild}`."""

    def commands(self, scope: str) -> list[dict]: ...
    def create_command(self, scope: str, command: dict) -> dict: ...
    def edit_command(self, scope: str, command_id: str, changes: dict) -> dict: ...
    def delete_command(self, scope: str, command_id: str) -> None: ...


class Rejected(WatchbellError):
    """Discord refused a command. The message names the command and its wrong fields."""


@dataclass(frozen=True)
class Change:
    """One call. `verb` is create, edit or delete. `command` is the payload, `fields` what an edit changes.

    `id` is Discord's id of an existing command.
    """

    verb: str
    name: str
    command: dict
    id: str = ""
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb} /{self.name}" + (f" ({', '.join(self.fields)})" if self.fields else "")


def scope(application_id: str, guild_id: str = "") -> str:
    """The path below /applications for the application's commands: its global ones, or those of one guild."""
    return f"{application_id}/guilds/{guild_id}" if guild_id else application_id


def plan(wanted: list[dict], existing: list[dict]) -> list[Change]:
    """The changes that turn Discord's `existing` commands into the `wanted` ones.

    Deletions come first, to stay within Discord's limits. Type and name identify a command, as they do for Discord.
    Fields that Discord adds by itself are ignored.
    """
    there = {_identity(command): command for command in existing}
    deletions = [
        Change("delete", command["name"], {}, command["id"])
        for identity, command in there.items()
        if identity not in {_identity(command) for command in wanted} and identity[0] != _NOT_OURS
    ]
    changes = []
    for command in wanted:
        old = there.get(_identity(command))
        if old is None:
            changes.append(Change("create", command["name"], command))
            continue
        differing = {key: command.get(key, _DEFAULTS.get(key)) for key in _OURS if _differs(key, command, old)}
        if differing:
            changes.append(Change("edit", command["name"], differing, old["id"], tuple(differing)))
    return deletions + changes


def apply(changes: list[Change], api: Api, scope: str) -> None:
    """Make the changes in order. Raises Rejected if Discord refuses one. The changes before it are not undone.

    Raises DiscordError if a call fails and a retry may help.
    """
    for change in changes:
        try:
            if change.verb == "create":
                api.create_command(scope, change.command)
            elif change.verb == "edit":
                api.edit_command(scope, change.id, change.command)
            else:
                api.delete_command(scope, change.id)
        except DiscordError as error:
            if change.verb == "delete" and error.status == 404:  # somebody else deleted it already
                continue
            faults = explain(error.errors, change.command)
            if not faults and not error.permanent:
                raise
            raise Rejected(
                f"Discord refused to {change}: " + ("; ".join(faults) or f"{error.code} {error.text}")
            ) from error


def explain(errors: Any, command: dict) -> list[str]:
    """Discord's nested `errors` for `command` as lines, one for each fault.

    Options and choices are identified by name instead of by index.
    """
    return [f"{' '.join(place)}: {text}" if place else text for place, text in _faults(errors, command, ())]


def _faults(errors: Any, sent: Any, place: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    if not isinstance(errors, dict):
        return []
    found = [
        (place, str(leaf.get("message") or leaf.get("code")))
        for leaf in errors.get("_errors", ())
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


def _differs(key: str, wanted: dict, existing: dict) -> bool:
    if key in _THE_APPLICATIONS and key not in wanted:
        return False
    return _plain(wanted.get(key)) != _plain(existing.get(key))


def _plain(value: Any) -> Any:
    """`value` without the values that Discord drops or adds as defaults: null, false and empty ones. A 0 stays."""
    if isinstance(value, dict):
        value = {key: plain for key, item in value.items() if (plain := _plain(item)) is not None or key == "value"}
    elif isinstance(value, list):
        value = [_plain(item) for item in value]
    return None if value is False or value in ("", [], {}) else value
