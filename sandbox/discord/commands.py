"""The command registry: which application commands Discord accepts, stores and shows."""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from sandbox.discord.validation import MAX_SAFE_INTEGER, Form, Json, Path, Refusal

CHAT_INPUT, USER, MESSAGE, ENTRY_POINT = 1, 2, 3, 4
MOST_OF_A_TYPE = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15, ENTRY_POINT: 1}
MAX_SIZE, CREATES_PER_DAY = 8000, 200
SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
CHANNEL_TYPES = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16)
USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
LOCALES = re.compile(
    "id|da|de|en-GB|en-US|es-ES|es-419|fr|hr|it|lt|hu|nl|no|pl|pt-BR|ro|fi|sv-SE|vi|tr|cs|el|bg|ru|uk|hi|th|zh-CN|ja|"
    "zh-TW|ko|ar|he"
)
OPTION_KEYS = ("type", "name", "description", "name_localizations", "description_localizations")
# What a name can have besides letters and digits. Not all code points of the two blocks are of the script.
_SIGNS = re.compile(
    "[-_\u0900-\u0950\u0955-\u0963\u0966-\u097f\ua8e0-\ua8ff\U00011b00-\U00011b09\u0e01-\u0e3a\u0e40-\u0e5b]"
)
COMMAND_KEYS = (
    *("id", *OPTION_KEYS, "options", "default_member_permissions", "integration_types", "contexts", "nsfw"),
    *("handler", "dm_permission", "default_permission"),
)
OPTION_EXTRAS = {
    SUB_COMMAND: "options",
    SUB_COMMAND_GROUP: "options",
    STRING: "required choices min_length max_length autocomplete",
    INTEGER: "required choices min_value max_value autocomplete",
    NUMBER: "required choices min_value max_value autocomplete",
    CHANNEL: "required channel_types",
    ATTACHMENT: "required file_types",
} | dict.fromkeys((BOOLEAN, USER_OPTION, ROLE, MENTIONABLE), "required")
# Which options may be directly in a command (None), in a group, in a subcommand.
OPTIONS_INSIDE: dict[int | None, tuple[int, ...]] = {
    None: tuple(sorted(OPTION_EXTRAS)),
    SUB_COMMAND_GROUP: (SUB_COMMAND,),
    SUB_COMMAND: tuple(range(STRING, ATTACHMENT + 1)),
}


class CommandRegistry:
    """The commands of one application, global and per guild. Every method raises Refusal when Discord would refuse."""

    def __init__(self, application_id: str, snowflake: Callable[[], str], clock: Callable[[], float]) -> None:
        self.application_id, self.snowflake, self.clock = application_id, snowflake, clock
        self.integration_types = [0, 1]
        self._commands: dict[str, Json] = {}
        self._creates: list[tuple[float, str | None]] = []

    def all(self, guild_id: str | None = None) -> list[Json]:
        """The commands of a guild, or the global ones for None, in the order in which they were created."""
        return [copy.deepcopy(c) for c in self._commands.values() if c.get("guild_id") == guild_id]

    def get(self, guild_id: str | None, command_id: str) -> Json:
        command = self._commands.get(command_id)
        if command is None or command.get("guild_id") != guild_id:
            raise Refusal(404, 10063, "Unknown application command")
        return copy.deepcopy(command)

    def create(self, form: Form, guild_id: str | None, body: Any) -> tuple[int, Json]:
        """Create the command, or replace the one with its name and type. Returns 201 or 200, and the command."""
        command = self._read(form, (), body, guild_id)
        form.refuse()
        before = self._named(guild_id, command["type"], command["name"])
        if before is None:
            self._room(guild_id, {command["type"]: 1}, creates=1)
        return (200 if before else 201), self._keep(command | _unsent(body, before), before)

    def edit(self, form: Form, guild_id: str | None, command_id: str, body: Any) -> Json:
        """Replace the given fields."""
        before = self.get(guild_id, command_id)
        changes = form.object((), body, COMMAND_KEYS)
        if changes.get("type", before["type"]) != before["type"]:
            form.ignore(("type",), "the type of a command cannot be changed")
        given = {key: before.get(key) for key in COMMAND_KEYS if key != "id"} | changes | {"type": before["type"]}
        if before["type"] in (USER, MESSAGE) and "description" not in changes:
            given.pop("description")
        command = self._read(form, (), given, guild_id)
        form.refuse()
        other = self._named(guild_id, command["type"], command["name"])
        if other is not None and other["id"] != command_id:
            raise Refusal(400, 40041, "An application command with that name already exists")
        return self._keep(command, before)

    def delete(self, guild_id: str | None, command_id: str) -> None:
        del self._commands[self.get(guild_id, command_id)["id"]]

    def replace_all(self, form: Form, guild_id: str | None, body: Any) -> list[Json]:
        """Replace all commands with the given list. A command with the same name and type keeps its id.

        An item can name a command by `id`, which renames it. Raises 50240 if the Entry Point command is left out.
        """
        items = form.array((), body, 0, 130)
        given = [self._read(form, (i,), one, guild_id) for i, one in enumerate(items)]
        names = [(command["type"], command["name"]) for command in given]
        for i, name in enumerate(names):
            if name in names[:i]:
                form.error(
                    (i, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
                )
        form.refuse()
        by_id = [str(one["id"]) for one in items if one.get("id")]
        before = [
            self.get(guild_id, str(one["id"])) if one.get("id") else self._named(guild_id, *name, by_id)
            for one, name in zip(items, names, strict=True)
        ]
        kept = [one["id"] for one in before if one]
        gone = [command for command in self.all(guild_id) if command["id"] not in kept]
        if any(command["type"] == ENTRY_POINT for command in gone):
            message = "You cannot remove this app's Entry Point command in a bulk update operation."
            raise Refusal(400, 50240, message)
        counts = {kind: sum(command["type"] == kind for command in given) for kind in MOST_OF_A_TYPE}
        self._room(guild_id, counts, creates=before.count(None), whole_set=True)
        for command in gone:
            del self._commands[command["id"]]
        return [
            self._keep(command | _unsent(one, old), old) for one, command, old in zip(items, given, before, strict=True)
        ]

    def _named(self, guild_id: str | None, kind: int, name: str, others: Collection[str] = ()) -> Json | None:
        there = (command for command in self.all(guild_id) if command["id"] not in others)
        return next((c for c in there if (c["type"], c["name"]) == (kind, name)), None)

    def _room(self, guild_id: str | None, more: dict[int, int], creates: int, whole_set: bool = False) -> None:
        for kind, count in more.items():
            there = 0 if whole_set else sum(command["type"] == kind for command in self.all(guild_id))
            if there + count > MOST_OF_A_TYPE[kind]:
                raise Refusal(400, 30032, f"Maximum number of application commands reached ({MOST_OF_A_TYPE[kind]})")
        today = [scope for when, scope in self._creates if when > self.clock() - 86400]
        if today.count(guild_id) + creates > CREATES_PER_DAY:
            message = f"Max number of daily application command creates has been reached ({CREATES_PER_DAY})"
            raise Refusal(400, 30034, message)
        self._creates += [(self.clock(), guild_id)] * creates

    def _keep(self, command: Json, before: Json | None) -> Json:
        command_id = before["id"] if before else self.snowflake()
        kept = {"id": command_id, "application_id": self.application_id, "version": self.snowflake(), **command}
        self._commands[command_id] = kept
        return copy.deepcopy(kept)

    def _read(self, form: Form, path: Path, body: Any, guild_id: str | None) -> Json:
        """A command as Discord stores it: with defaults, and without empty fields."""
        body = form.object(path, body, COMMAND_KEYS)
        kind = body.get("type") or CHAT_INPUT
        form.one_of((*path, "type"), kind, [each for each in MOST_OF_A_TYPE if not (guild_id and each == ENTRY_POINT)])
        if body.get("id") is not None:
            form.snowflake((*path, "id"), body["id"])
        command: Json = {"type": kind, "name": "", "description": ""}
        if form.required(path, body, "name"):
            command["name"] = _read_name(form, (*path, "name"), body["name"], kind)
        if kind == CHAT_INPUT:
            if form.required(path, body, "description"):
                command["description"] = form.text((*path, "description"), body["description"], 1, 100)
        elif kind == ENTRY_POINT:
            command["description"] = form.text((*path, "description"), body.get("description") or "", 0, 100)
            if form.required(path, body, "handler"):
                form.one_of((*path, "handler"), body["handler"], (1, 2))
            command["handler"] = body.get("handler")
        elif body.get("description"):
            message = "Context menu commands cannot have description"
            form.error((*path, "description"), "APPLICATION_COMMAND_INVALID_DESCRIPTION", message)
        command |= _read_localizations(form, path, body, kind)
        options = body.get("options") or []
        if options and kind != CHAT_INPUT:
            form.error(
                (*path, "options"), "APPLICATION_COMMAND_INVALID_OPTIONS", "Only chat input commands have options"
            )
        elif options:
            command["options"] = _read_options(form, (*path, "options"), options, inside=None)
        permissions = body.get("default_member_permissions")
        if permissions is not None and not str(permissions).isdecimal():
            form.error(
                (*path, "default_member_permissions"), "NUMBER_TYPE_COERCE", f'Value "{permissions}" is not int.'
            )
        command["default_member_permissions"] = None if permissions is None else str(permissions)
        command["nsfw"] = form.boolean((*path, "nsfw"), body.get("nsfw") or False)
        for key, most, default in (("integration_types", 1, self.integration_types), ("contexts", 2, None)):
            values = body.get(key)
            if values is not None:
                values = _read_set(form, (*path, key), values, range(most + 1), most + 1)
                if guild_id is not None:
                    form.ignore((*path, key), "only global commands have this field")
            if guild_id is None:
                command[key] = default if values is None else values
        if guild_id is not None:
            command["guild_id"] = guild_id
        size = _size(command)
        if size > MAX_SIZE:
            message = f"Command exceeds maximum size ({MAX_SIZE}): {size}"
            form.error(path, "APPLICATION_COMMAND_TOO_LARGE", message)
        return command


def without_localizations(command: Json) -> Json:
    """A command as GET returns it without `with_localizations=true`."""
    shown = {key: value for key, value in command.items() if not key.endswith("_localizations")}
    for key in ("options", "choices"):
        if key in shown:
            shown[key] = [without_localizations(inner) for inner in shown[key]]
    return shown


def _unsent(body: Json, before: Json | None) -> Json:
    """What stays of a command that is replaced: where it can be used, unless both of these fields are sent."""
    where = ("contexts", "integration_types")
    if before is None or "contexts" not in before or all(body.get(key) is not None for key in where):
        return {}
    return {key: before[key] for key in where}


def _valid_name(name: str) -> bool:
    """`^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]+$`, with every letter in lower case if it has one.

    The apostrophe is U+02BC, which is a letter. U+0027 is refused.
    """
    fits = (_SIGNS.match(letter) or unicodedata.category(letter)[0] in "LN" for letter in name)
    return all(fits) and name == name.lower()


def _read_name(form: Form, path: Path, name: Any, kind: int = CHAT_INPUT) -> str:
    name = form.text(path, name, 1, 32)
    if kind == CHAT_INPUT and not _valid_name(name):
        form.error(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    return name


def _read_localizations(form: Form, path: Path, body: Json, kind: int = CHAT_INPUT, choice: bool = False) -> Json:
    read: Json = {}
    for key in ("name_localizations",) if choice else ("name_localizations", "description_localizations"):
        read[key] = form.object((*path, key), body.get(key) or {}) or None
        for locale, text in (read[key] or {}).items():
            if not LOCALES.fullmatch(locale):
                form.error((*path, key, locale), "BASE_TYPE_CHOICES", "Discord has no such locale.")
            if key == "name_localizations" and not choice:
                _read_name(form, (*path, key, locale), text, kind)
            else:
                form.text((*path, key, locale), text, 1, 100)
    return read


def _read_options(form: Form, path: Path, options: Any, inside: int | None) -> list[Json]:
    read: list[Json] = []
    for i, option in enumerate(form.array(path, options, 0, 25)):
        at = (*path, i)
        one = _read_option(form, at, option, inside)
        if one["name"] in [other["name"] for other in read]:
            form.error((*at, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Option name must be unique")
        if one.get("required") and any(not other.get("required") for other in read):
            message = "Required options must be placed before non-required options"
            form.error(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        read.append(one)
    nests = {option["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for option in read}
    if len(nests) > 1:
        message = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        form.error(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
    return read


def _read_option(form: Form, path: Path, option: Any, inside: int | None) -> Json:
    option = form.object(path, option)
    form.one_of((*path, "type"), option.get("type"), OPTIONS_INSIDE[inside])
    kind = option.get("type")
    extras = OPTION_EXTRAS.get(kind, "").split() if isinstance(kind, int) else []
    form.object(path, option, (*OPTION_KEYS, *extras))
    read: Json = {"type": kind, "name": "", "description": ""}
    if form.required(path, option, "name"):
        read["name"] = _read_name(form, (*path, "name"), option["name"])
    if form.required(path, option, "description"):
        read["description"] = form.text((*path, "description"), option["description"], 1, 100)
    read |= _read_localizations(form, path, option)
    given = {key: option[key] for key in extras if _not_default(option.get(key))}
    for flag in ("required", "autocomplete"):
        if flag in given:
            read[flag] = form.boolean((*path, flag), given[flag])
    if "choices" in given:
        read["choices"] = _read_choices(form, (*path, "choices"), given["choices"], kind)
        if "autocomplete" in given:
            message = "An option cannot have choices and autocomplete"
            form.error((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_CHOICES_AND_AUTOCOMPLETE", message)
    _read_bounds(form, path, given, read, kind)
    if "channel_types" in given:
        read["channel_types"] = _read_set(form, (*path, "channel_types"), given["channel_types"], CHANNEL_TYPES, 20)
    if "file_types" in given:
        read["file_types"] = form.array((*path, "file_types"), given["file_types"], 1, 10)
    if "options" in given:
        read["options"] = _read_options(form, (*path, "options"), given["options"], inside=kind)
    return read


def _read_set(form: Form, path: Path, values: Any, known: Collection[int], most: int) -> list[int]:
    """Numbers whose order means nothing. Discord stores them sorted."""
    return sorted(v for i, v in enumerate(form.array(path, values, 1, most)) if form.one_of((*path, i), v, known))


def _not_default(value: Any) -> bool:
    """Discord does not store an option's field if it only repeats the default. 0 is not a default."""
    return value is not None and value is not False and value != []


def _read_bounds(form: Form, path: Path, given: Json, read: Json, kind: Any) -> None:
    for key, least, most in (("min_length", 0, 6000), ("max_length", 1, 6000)):
        if key in given:
            read[key] = form.number((*path, key), given[key], least, most)
    for key in ("min_value", "max_value"):
        if key in given:
            span = MAX_SAFE_INTEGER
            read[key] = form.number((*path, key), given[key], -span, span, whole=kind == INTEGER)
    for low, high in (("min_length", "max_length"), ("min_value", "max_value")):
        if low in read and high in read and read[low] > read[high]:
            form.error((*path, low), "NUMBER_TYPE_MAX", f"{low} must not be above {high}.")


def _read_choices(form: Form, path: Path, choices: Any, kind: Any) -> list[Json]:
    read: list[Json] = []
    for i, choice in enumerate(form.array(path, choices, 0, 25)):
        at = (*path, i)
        choice = form.object(at, choice, ("name", "name_localizations", "value"))
        one: Json = {"name": "", "value": choice.get("value")}
        if form.required(at, choice, "name"):
            one["name"] = form.text((*at, "name"), choice["name"], 1, 100)
        if one["name"] in [other["name"] for other in read]:
            message = "Option choice names must be unique"
            form.error((*at, "name"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATED", message)
        if form.required(at, choice, "value"):
            read_value(form, (*at, "value"), choice["value"], kind)
        read.append(one | _read_localizations(form, at, choice, choice=True))
    return read


def read_value(form: Form, path: Path, value: Any, kind: Any) -> None:
    """Check the value of a choice. It has the option's type, and a text has at most 100 characters."""
    if kind == STRING:
        form.text(path, value, 1, 100)
    else:
        form.number(path, value, -MAX_SAFE_INTEGER, MAX_SAFE_INTEGER, whole=kind == INTEGER)


def _size(part: Json) -> int:
    """Characters of names, descriptions and values. For a localised field, the longest variant counts."""
    total = 0
    for key in ("name", "description"):
        variants = [part.get(key) or "", *(part.get(f"{key}_localizations") or {}).values()]
        total += max(len(text) for text in variants if isinstance(text, str))
    total += len(str(part.get("value", "")))
    return total + sum(map(_size, part.get("options", []))) + sum(map(_size, part.get("choices", [])))
