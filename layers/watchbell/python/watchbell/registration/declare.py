"""Commands in the format that Discord registers, checked against Discord's limits."""

from __future__ import annotations

import unicodedata

from ..discord.interaction import LARGEST
from ..errors import DefinitionError
from ..i18n import LOCALES, translations
from ..kit import catalogue
from ..kit.annotations import FileTypes, Kinds, Length, Names, Range
from ..kit.command import Command
from ..kit.handler import Handler
from ..kit.options import Option, summary

CONTEXTS = {"guild": 0, "bot_dm": 1, "private": 2}
SUBCOMMAND, GROUP = 1, 2
SIZE = 8000
"""The most characters in all names, descriptions and values of a command. The longest localisation of each counts."""

_BY_SCRIPT = (
    *((0x0900, 0x0950), (0x0955, 0x0963), (0x0966, 0x097F), (0xA8E0, 0xA8FF), (0x11B00, 0x11B09)),  # Devanagari
    *((0x0E01, 0x0E3A), (0x0E40, 0x0E5B)),  # Thai
)
"""The code points of the two scripts whose marks and signs Discord takes too, as Unicode's Scripts.txt lists them.

U+0951-0954, U+0964-0965 and U+0E3F are in the blocks of these scripts, but do not belong to the scripts.
"""


def manifest() -> list[dict]:
    """All commands in the format that Discord registers.

    Raises DefinitionError for the first command, event or schedule that Discord or the catalogue would refuse.
    """
    catalogue.events()
    catalogue.schedules()
    _check_settings(catalogue.commands())
    return [declare(command) for command in catalogue.commands()]


def _check_settings(commands: list[Command]) -> None:
    """Raise DefinitionError for a policy that reads a setting that nobody declares."""
    known = {setting.name for setting in catalogue.settings() if setting.kind == "roles"}
    for handler in (handler for command in commands for handler in command.handlers):
        for policy in getattr(handler.who, "policies", (handler.who,)):
            for name in getattr(policy, "settings", ()):
                _must(name in known, f"{handler}: no feature declares a setting of roles called {name}; declare it")


def declare(command: Command) -> dict:
    """The registration of `command`.

    Raises DefinitionError, which names the command, the place and the limit, if the command breaks a limit.
    """
    try:
        return _declare(command)
    except DefinitionError as error:
        raise DefinitionError(
            f"/{command.name}: {error}".replace(f"/{command.name}: /{command.name}: ", f"/{command.name}: ")
        ) from None


def _declare(command: Command) -> dict:
    slash = command.type == 1
    _name(command.name, "name", slash=slash)
    if not command.runs:
        raise DefinitionError("it has no function; decorate one with @command.run")
    registration: dict = {"type": command.type, "name": command.name}
    if slash:
        _described(command.description, "description")
        registration["description"] = command.description
        options = _options(command)
        if options:
            registration["options"] = options
    elif list(command.runs) != [""] or command.runs[""].options:
        raise DefinitionError("a context menu command has exactly one function, without options")
    if command.who.permissions is not None:
        registration["default_member_permissions"] = str(command.who.permissions)
    if command.nsfw:
        registration["nsfw"] = True
    for handler in (*command.components.values(), *command.modals.values()):
        for option in handler.options:
            place, kind = f"{handler.name}: {option.name}", option.kind
            _must(
                kind in (str, int, float, bool),
                f"{place} is state, so it cannot be a {kind.__name__}; use its id, a str",
            )
    # A registered command keeps the values of these two fields until a call sends both, so they are never left out.
    registration["integration_types"] = [0, 1] if command.user_installs else [0]
    registration["contexts"] = _contexts(command)
    _localise(registration, slash=slash)
    size = _size(registration)
    _must(size <= SIZE, f"its names, descriptions and values have {size} characters in all; at most {SIZE} are allowed")
    return registration


def _contexts(command: Command) -> list[int]:
    """Where the command can be used, sorted as Discord stores it. Only a user install reaches private channels."""
    if command.contexts is None:
        return [0, 1, 2] if command.user_installs else [0, 1]
    _must(bool(command.contexts), "write at least one context, or contexts=None for all")
    _must(len(set(command.contexts)) == len(command.contexts), "write each context once")
    _must(set(command.contexts) <= CONTEXTS.keys(), f"contexts can be {', '.join(CONTEXTS)}")
    return sorted(CONTEXTS[context] for context in command.contexts)


def _options(command: Command) -> list[dict]:
    """The command's options, or its groups and subcommands."""
    if "" in command.runs:
        _must(
            len(command.runs) == 1,
            "it has subcommands, so it cannot be run itself; drop @command.run or the subcommands",
        )
        return _arguments(command.runs[""], "")
    groups: dict[str, dict] = {}
    registered: list[dict] = []
    for name, handler in command.runs.items():
        group, _, leaf = name.rpartition(" ")
        place = f"subcommand {name}"
        _must(not group or group in command.groups, f"{place} has a space in its name, but no group is called {group}")
        _name(leaf, place)
        _described(summary(handler.function), f"{place}, the first line of its docstring,")
        arguments = _arguments(handler, f"{place}, ")
        subcommand = {"type": SUBCOMMAND, "name": leaf, "description": summary(handler.function)}
        if arguments:
            subcommand["options"] = arguments
        if group and group not in groups:
            _name(group, f"group {group}")
            _described(command.groups[group].description, f"group {group}")
            description = command.groups[group].description
            groups[group] = {"type": GROUP, "name": group, "description": description, "options": []}
            registered.append(groups[group])
        (groups[group]["options"] if group else registered).append(subcommand)
    for name in command.groups:
        _must(name in groups, f"group {name} has no subcommand; add one or drop the group")
        _must(len(groups[name]["options"]) <= 25, f"group {name} can have at most 25 subcommands")
    _must(len(registered) <= 25, "it can have at most 25 subcommands and groups")
    names = [option["name"] for option in registered]
    _must(len(set(names)) == len(names), "a group and a subcommand have the same name")
    return registered


def _arguments(handler: Handler, place: str) -> list[dict]:
    options = handler.options
    _must(len(options) <= 25, f"{place}there can be at most 25 options")
    required = [option.required for option in options]
    _must(required == sorted(required, reverse=True), f"{place}write the required options before the optional ones")
    for name in handler.autocompletes:
        _must(
            any(option.name == name for option in options),
            f"{place}autocomplete {name} has no option of that name; rename it or write option=…",
        )
    for option in options:
        _check(option, f"{place}option {option.name}", autocompleted=option.name in handler.autocompletes)
    return [option.schema(autocompleted=option.name in handler.autocompletes) for option in options]


def is_text(choice: dict) -> bool:
    """Whether the name of a registered choice is a text to translate. A number that is shown as it is needs none."""
    return isinstance(choice["value"], str) or choice["name"] != str(choice["value"])


def _localise(registered: dict, place: str = "", *, slash: bool = True) -> None:
    """Add the names and descriptions in the other languages. The same limits apply as for English."""
    place = f"{place}{registered['name']} "
    for locale, name in _add(registered, "name", "name").items():
        _name(name, f"{place}in {locale}", slash=slash)
    for locale, description in _add(registered, "description").items():
        _described(description, f"{place}in {locale}: its description")
    for choice in registered.get("choices", ()):
        if is_text(choice):
            for locale, name in _add(choice, "name", "choice").items():
                _described(name, f"{place}in {locale}: a choice")
    options = registered.get("options", [])
    for option in options:
        _localise(option, place)
    for locale in LOCALES.values():
        names = [option.get("name_localizations", {}).get(locale, option["name"]) for option in options]
        _must(len(set(names)) == len(names), f"{place}in {locale}: two of its options have the same name")


def _add(registered: dict, key: str, context: str = "") -> dict[str, str]:
    found = translations(registered[key], context) if registered.get(key) else {}
    if found:
        registered[f"{key}_localizations"] = found
    return found


def _check(option: Option, place: str, *, autocompleted: bool) -> None:
    _name(option.name, place)
    _must(
        _describes(option.description),
        f"{place} needs a description of 1-100 characters; add a docstring line `{option.name}: …`",
    )
    _must(len(option.choices) <= 25, f"{place} can have at most 25 choices")
    _check_choices(option, place)
    _must(not option.choices or option.kind is not bool, f"{place} has boolean choices; write `bool` instead")
    _must(
        all(isinstance(c, str) or abs(c) <= LARGEST for c in option.choices),
        f"{place}: choices must be within ±(2^53 - 1)",
    )
    _must(not (option.choices and autocompleted), f"{place} has choices, so it cannot be autocompleted; drop one")
    _must(
        not autocompleted or option.kind in (str, int, float),
        f"{place} cannot be autocompleted; only str, int and float can",
    )
    bounds: Range | None = option.rules.get(Range)
    if bounds is not None and bounds.least is not None and bounds.most is not None:
        _must(bounds.least <= bounds.most, f"{place} has a range from {bounds.least} to {bounds.most}; swap them")
    if bounds is not None:
        given = [bound for bound in (bounds.least, bounds.most) if bound is not None]
        _must(all(abs(bound) <= LARGEST for bound in given), f"{place}: its range must be within ±(2^53 - 1)")
        whole = option.kind is not int or all(isinstance(bound, int) for bound in given)
        _must(whole, f"{place} is an int, so the bounds of its range must be ints too")
    length: Length | None = option.rules.get(Length)
    if length is not None:
        whole = isinstance(length.least, int) and isinstance(length.most, int)
        _must(whole, f"{place} has a length from {length.least} to {length.most}; write whole numbers")
        _must(
            0 <= length.least <= length.most,
            f"{place} has a length from {length.least} to {length.most}; write 0 or more, the smaller one first",
        )
        _must(1 <= length.most <= 6000, f"{place}: its greatest length must be 1-6000")
    files: FileTypes | None = option.rules.get(FileTypes)
    if files is not None:
        _must(1 <= len(files.names) <= 10, f"{place} must have 1-10 file types")
        known = all(name in ("image", "video", "audio") or (name[:1] == "." and name[1:]) for name in files.names)
        _must(known, f"{place}: file types can be image, video, audio, or endings such as .pdf")
    channels: Kinds | None = option.rules.get(Kinds)
    if channels is not None:
        known = set(channels.names) <= Kinds.TYPES.keys() and len(set(channels.names)) == len(channels.names)
        _must(
            bool(channels.names) and known,
            f"{place}: write one or more kinds of channel, each once: {', '.join(Kinds.TYPES)}",
        )


def _check_choices(option: Option, place: str) -> None:
    values = [str(choice).strip() for choice in option.choices]
    _must(len(set(values)) == len(values), f"{place} has the same choice twice")
    _must(all(1 <= len(value) <= 100 for value in values), f"{place}: each choice must have 1-100 characters")
    names: Names | None = option.rules.get(Names)
    if names is None:
        return
    unknown = [str(value) for value in names.by_value if value not in option.choices]
    _must(not unknown, f"{place} has names for {', '.join(unknown)}, which are not among its choices; drop them")
    _must(all(isinstance(name, str) for name in names.by_value.values()), f"{place}: the name of a choice must be text")
    shown = [name.strip() for name in option.choice_names]
    _must(all(map(_describes, shown)), f"{place}: the name of each choice must have 1-100 characters")
    _must(len(set(shown)) == len(shown), f"{place} shows two choices under the same name; change one")


def _name(name: str, place: str, *, slash: bool = True) -> None:
    """Check a name. The name of a context menu command can have any characters."""
    if not slash:
        _must(len(name) <= 32 and bool(name.strip()), f"{place} must be 1-32 characters")
        return
    apostrophe = "; write the apostrophe as ʼ (U+02BC)" if "'" in name or "\u2019" in name else ""
    _must(is_name(name), f"{place} must be 1-32 lower-case letters, digits, - or _{apostrophe}")


def is_name(text: str) -> bool:
    """Whether Discord takes `text` as the name of a slash command, a subcommand or an option, in any language.

    Discord: `^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$`, in lower case if there is one. The apostrophe of this
    rule is U+02BC, a letter. Discord refuses U+0027, the apostrophe of the keyboard.
    """
    return 1 <= len(text) <= 32 and text == text.lower() and all(map(_fits, text))


def _fits(character: str) -> bool:
    code = ord(character)
    return (
        character in "-_"
        or unicodedata.category(character)[0] in "LN"
        or any(first <= code <= last for first, last in _BY_SCRIPT)
    )


def _described(description: str, place: str) -> None:
    _must(_describes(description), f"{place} must have 1-100 characters")


def _describes(text: str) -> bool:
    return bool(text.strip()) and len(text) <= 100


def _size(registered: dict) -> int:
    size = 0
    for key in ("name", "description"):
        localised = registered.get(f"{key}_localizations") or {}
        size += max(map(len, [registered.get(key) or "", *localised.values()]))
    for choice in registered.get("choices", ()):
        size += len(choice["name"]) + len(str(choice["value"]))
    return size + sum(_size(option) for option in registered.get("options", ()))


def _must(holds: bool, rule: str) -> None:
    if not holds:
        raise DefinitionError(rule)
