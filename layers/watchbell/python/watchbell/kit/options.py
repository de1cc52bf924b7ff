"""Options, read from a handler's signature: one line declares what Discord registers and what the function gets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..discord import resolved
from ..discord.interaction import LARGEST
from ..errors import DefinitionError, UserError
from ..i18n import N_, _, pgettext
from .annotations import FileTypes, Kinds, Length, Names, Range, annotation_of, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

STALE = N_("I have been updated, so this no longer works. Please run the command again, or ask for a new message.")

TYPES = {
    str: 3,
    int: 4,
    bool: 5,
    resolved.User: 6,
    resolved.Channel: 7,
    resolved.Role: 8,
    resolved.Mentionable: 9,
    float: 10,
    resolved.Attachment: 11,
}
_MUST_BE = {
    str: N_("`{name}` must be text."),
    int: N_("`{name}` must be a whole number."),
    bool: N_("`{name}` must be true or false."),
    float: N_("`{name}` must be a number."),
    resolved.User: N_("`{name}` must be a user."),
    resolved.Channel: N_("`{name}` must be a channel."),
    resolved.Role: N_("`{name}` must be a role."),
    resolved.Mentionable: N_("`{name}` must be a user or a role."),
    resolved.Attachment: N_("`{name}` must be a file."),
}
_RULES = {
    Names: (str, int, float),
    Range: (int, float),
    Length: (str,),
    Kinds: (resolved.Channel,),
    FileTypes: (resolved.Attachment,),
}


class Option:
    """One keyword-only parameter.

    `kind` is one of TYPES. `choices` is () if every value of that type is allowed. `rules` are its limits by their
    type, such as `{Range: Range(1, 10)}`. Raises DefinitionError if the annotation is not an option type.
    """

    __slots__ = ("choices", "description", "kind", "name", "required", "rules")

    def __init__(self, name: str, annotation: Any, required: bool, description: str) -> None:
        self.name = name
        self.required = required
        self.description = description
        self.kind, self.choices, rules = read(annotation)
        if self.kind not in TYPES:
            raise DefinitionError(
                f"option {name}: {annotation!r} is not an option type; docs/features.md lists the types"
            )
        for rule in rules:
            if self.kind not in _RULES.get(type(rule), ()):
                raise DefinitionError(f"option {name}: {type(rule).__name__} is not for {self.kind.__name__}; drop it")
        self.rules = {type(rule): rule for rule in rules}
        if Names in self.rules and not self.choices:
            raise DefinitionError(f"option {name}: Names is for a Choice; drop it, or list the values in Choice[…]")

    @property
    def shown(self) -> str:
        """The option's name in the language of the person, as their app shows it."""
        return pgettext("name", self.name)

    @property
    def choice_names(self) -> list[str]:
        """The English names of the choices, in their order."""
        names = self.rules[Names].by_value if Names in self.rules else {}
        return [names.get(value, str(value)) for value in self.choices]

    @property
    def shown_choices(self) -> str:
        """The names of the choices in the language of the person, as their app shows them."""
        return ", ".join(pgettext("choice", name) for name in self.choice_names)

    def schema(self, *, autocompleted: bool = False) -> dict:
        """The option as Discord registers it."""
        schema: dict = {"type": TYPES[self.kind], "name": self.name, "description": self.description}
        if self.required:
            schema["required"] = True
        if self.choices:
            named = zip(self.choice_names, self.choices, strict=True)
            schema["choices"] = [{"name": name, "value": value} for name, value in named]
        if autocompleted:
            schema["autocomplete"] = True
        if number := self.rules.get(Range):
            schema |= {"min_value": number.least} if number.least is not None else {}
            schema |= {"max_value": number.most} if number.most is not None else {}
        if length := self.rules.get(Length):
            schema |= {"min_length": length.least, "max_length": length.most}
        if channels := self.rules.get(Kinds):
            schema["channel_types"] = sorted(channels.types)  # as Discord stores them
        if files := self.rules.get(FileTypes):
            schema["file_types"] = list(files.names)
        return schema

    def check(self, value: Any, seen: dict) -> Any:
        """`value` converted to what the function gets. `seen` are the objects that the interaction resolved.

        Raises UserError if the value breaks the schema, since a client can send anything.
        """
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if self.kind in (int, float):
            right = number and isinstance(value, (int, self.kind)) and abs(value) <= LARGEST
        elif self.kind in (str, bool):
            right = isinstance(value, self.kind)
        else:
            found = resolved.find(self.kind, value, seen) if isinstance(value, str) else None
            right, value = found is not None, found
        if not right:
            raise UserError(_(_MUST_BE[self.kind], name=self.shown))
        if self.kind in (int, float):
            value = self.kind(value)
        if self.choices and value not in self.choices:
            raise UserError(_("`{name}` must be one of {choices}.", name=self.shown, choices=self.shown_choices))
        self._check_rules(value)
        return value

    def _check_rules(self, value: Any) -> None:
        bounds = self.rules.get(Range)
        if bounds and not (
            (bounds.least is None or value >= bounds.least) and (bounds.most is None or value <= bounds.most)
        ):
            raise UserError(_(_beyond(bounds), name=self.shown, least=bounds.least, most=bounds.most))
        length = self.rules.get(Length)
        if length and not length.least <= len(value) <= length.most:
            raise UserError(
                _(
                    "`{name}` must have {least} to {most} characters.",
                    name=self.shown,
                    least=length.least,
                    most=length.most,
                )
            )
        files = self.rules.get(FileTypes)
        if files and not files.take(value):
            raise UserError(
                _(
                    "`{name}` must be a file of one of these types: {types}.",
                    name=self.shown,
                    types=", ".join(files.names),
                )
            )
        channels = self.rules.get(Kinds)
        if channels and value.raw.get("type") not in channels.types:
            raise UserError(_("`{name}` must be a channel of the kind {kinds}.", name=self.shown, kinds=channels.shown))

    def fits(self, value: Any) -> bool:
        """Whether `value` can be the state of a component. A value that `check` refuses could not be read back."""
        try:
            self.check(value, {})
        except UserError:
            return False
        return True

    def parse(self, text: str) -> Any:
        """The value of a text in a custom id. Raises UserError if it breaks the schema, like a value that was typed."""
        if self.kind is bool:
            value: Any = {"0": False, "1": True}.get(text)
        elif self.kind in (int, float):
            try:
                value = self.kind(text)
            except ValueError:
                value = None
        else:
            value = text
        return self.check(value, {})


def options_of(function: Callable[..., Any]) -> tuple[Option, ...]:
    """The keyword-only parameters of `function`, in order.

    Raises DefinitionError if an annotation is not an option type, or if an option does not come after `*`.
    """
    code = function.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    for name in code.co_varnames[1 : code.co_argcount]:
        if _is_an_option(function, name):
            raise DefinitionError(f"{function.__name__}: to make {name} an option, write it after `*`")
    defaults = function.__kwdefaults__ or {}
    described = _descriptions(function.__doc__ or "")
    return tuple(
        Option(name, annotation_of(function, name), name not in defaults, described.get(name, "")) for name in names
    )


def bind(options: Iterable[Option], given: dict[str, Any], seen: dict) -> dict[str, Any]:
    """The keyword arguments for the values that were typed into a command. Raises UserError if a value does not fit."""
    known = {option.name: option for option in options}
    if any(name not in known for name in given) or any(o.required and o.name not in given for o in known.values()):
        raise UserError(_("This command has changed since your app loaded it. Please reload Discord and try again."))
    return {name: known[name].check(value, seen) for name, value in given.items()}


def bind_state(options: Iterable[Option], values: Iterable[str]) -> dict[str, Any]:
    """The keyword arguments for the state of a component. Raises UserError if the texts do not fit."""
    try:
        return {option.name: option.parse(text) for option, text in zip(options, values, strict=True)}
    except (ValueError, UserError) as error:
        raise UserError(_(STALE)) from error


def summary(function: Callable[..., Any]) -> str:
    """The first line of the function's docstring, without a final dot."""
    return (function.__doc__ or "").strip().split("\n")[0].rstrip(".")


def _is_an_option(function: Callable[..., Any], name: str) -> bool:
    try:
        return read(annotation_of(function, name))[0] in TYPES
    except Exception:  # noqa: BLE001 - there is no annotation, or only a type checker can evaluate it
        return False


def _beyond(bounds: Range) -> str:
    if bounds.least is None:
        return N_("`{name}` must be at most {most}.")
    if bounds.most is None:
        return N_("`{name}` must be at least {least}.")
    return N_("`{name}` must be between {least} and {most}.")


def _descriptions(docstring: str) -> dict[str, str]:
    lines = (re.match(r"\s*([^\s:]+): +(.+)", line) for line in docstring.splitlines()[1:])
    return {line[1]: line[2].strip() for line in lines if line}
