"""A handler's signature is its schema: Discord is told, and the function receives, what the same line says."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from .discord import resolved
from .discord.interaction import LARGEST
from .errors import DefinitionError, UserError
from .kinds import Constrained, FileTypes, Kinds, Length, OneOf, Range
from .words import N_, _, pgettext

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
    str: N_("`{name}` must be a text."),
    int: N_("`{name}` must be a whole number."),
    bool: N_("`{name}` must be true or false."),
    float: N_("`{name}` must be a number."),
    resolved.User: N_("`{name}` must be a user."),
    resolved.Channel: N_("`{name}` must be a channel."),
    resolved.Role: N_("`{name}` must be a role."),
    resolved.Mentionable: N_("`{name}` must be a user or a role."),
    resolved.Attachment: N_("`{name}` must be a file."),
}
_RULES = {Range: (int, float), Length: (str,), Kinds: (resolved.Channel,), FileTypes: (resolved.Attachment,)}


class Option:
    """One keyword parameter: `kind` is one of TYPES; `choices` is empty where anything goes; `rules` are its limits."""

    __slots__ = ("autocompleted", "choices", "description", "kind", "name", "required", "rules")

    def __init__(
        self, name: str, annotation: Any, required: bool, description: str, autocompleted: bool = False
    ) -> None:
        self.name = name
        self.required = required
        self.description = description
        self.autocompleted = autocompleted
        self.kind, self.choices, rules = _read(name, annotation)
        for rule in rules:
            if self.kind not in _RULES.get(type(rule), ()):
                raise DefinitionError(f"option {name}: {type(rule).__name__} is no rule for {self.kind.__name__}")
        self.rules = {type(rule): rule for rule in rules}

    @property
    def shown(self) -> str:
        """Its name as the person's app shows it."""
        return pgettext("name", self.name)

    def schema(self) -> dict:
        """The option as Discord registers it."""
        schema: dict = {"type": TYPES[self.kind], "name": self.name, "description": self.description}
        if self.required:
            schema["required"] = True
        if self.choices:
            schema["choices"] = [{"name": str(value), "value": value} for value in self.choices]
        if self.autocompleted:
            schema["autocomplete"] = True
        if number := self.rules.get(Range):
            schema |= {"min_value": number.least} if number.least is not None else {}
            schema |= {"max_value": number.most} if number.most is not None else {}
        if length := self.rules.get(Length):
            schema |= {"min_length": length.least, "max_length": length.most}
        if channels := self.rules.get(Kinds):
            schema["channel_types"] = channels.types
        if files := self.rules.get(FileTypes):
            schema["file_types"] = list(files.names)
        return schema

    def check(self, value: Any, seen: dict) -> Any:
        """`value` where it is what the schema promised; else UserError. A client can send anything. `seen` is what the
        interaction resolved."""
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
            raise UserError(
                _(
                    "`{name}` must be one of {choices}.",
                    name=self.shown,
                    choices=", ".join(map(choice_name, self.choices)),
                )
            )
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

    def parse(self, text: str) -> Any:
        """`value` from a custom id's text, checked like one that was typed."""
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


def options_of(function: Callable[..., Any], autocompleted: Any = ()) -> list[Option]:
    """The keyword-only parameters of `function`, in order. Raises DefinitionError for a type that is no option's."""
    code = function.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    for name in code.co_varnames[1 : code.co_argcount]:
        if _is_an_option(function, name):
            raise DefinitionError(f"{function.__name__}: {name} is no option unless it comes after `*`")
    defaults = function.__kwdefaults__ or {}
    described = _descriptions(function.__doc__ or "")
    return [
        Option(name, _annotation(function, name), name not in defaults, described.get(name, ""), name in autocompleted)
        for name in names
    ]


def bind(function: Callable[..., Any], given: dict[str, Any], seen: dict) -> dict[str, Any]:
    """The keyword arguments for `function` from a command's options; UserError where they do not fit its schema."""
    options = {option.name: option for option in options_of(function)}
    if any(name not in options for name in given) or any(o.required and o.name not in given for o in options.values()):
        raise UserError(_("This command has changed since your app loaded it. Please reload Discord and try again."))
    return {name: options[name].check(value, seen) for name, value in given.items()}


def bind_state(function: Callable[..., Any], values: list[str]) -> dict[str, Any]:
    """The keyword arguments for a component's `function` from its custom id; UserError where they do not fit."""
    options = options_of(function)
    try:
        return {option.name: option.parse(text) for option, text in zip(options, values, strict=True)}
    except (ValueError, UserError) as error:
        raise UserError(_("That button is from an older version of me. Please run the command again.")) from error


def choice_name(value: Any) -> str:
    """A choice as the person's app shows it."""
    return pgettext("choice", str(value))


def summary(function: Callable[..., Any]) -> str:
    """The first line of a docstring."""
    return (function.__doc__ or "").strip().split("\n")[0].rstrip(".")


def _read(name: str, annotation: Any) -> tuple[type, tuple, tuple]:
    """Type, choices and rules of an annotation, whether it is written with ours or with `typing`'s."""
    rules: tuple = ()
    while True:
        if isinstance(annotation, Constrained):
            annotation, rules = annotation.type, rules + annotation.rules
        elif get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            rules += tuple(more)
        elif get_origin(annotation) in (Union, UnionType) and len(parts := _not_none(annotation)) == 1:
            annotation = parts[0]
        else:
            break
    choices: tuple = ()
    if isinstance(annotation, OneOf):
        choices = annotation.values
    elif get_origin(annotation) is Literal:
        choices = get_args(annotation)
    kind = type(choices[0]) if choices else annotation
    if kind not in TYPES or any(type(choice) is not kind for choice in choices):
        raise DefinitionError(f"option {name}: {annotation!r} is no option type; watchbell.kinds says what is")
    return kind, choices, rules


def _is_an_option(function: Callable[..., Any], name: str) -> bool:
    try:
        _read(name, _annotation(function, name))
    except Exception:  # noqa: BLE001 - no type, another one, or one that only a type checker can evaluate
        return False
    return True


def _not_none(union: Any) -> list:
    return [part for part in get_args(union) if part is not type(None)]


def _annotation(function: Callable[..., Any], name: str) -> Any:
    if name not in function.__annotations__:
        raise DefinitionError(f"option {name} has no type; write `{name}: str`, or another of watchbell.kinds")
    annotation = function.__annotations__[name]
    if isinstance(annotation, str):  # the module has `from __future__ import annotations`
        annotation = eval(annotation, function.__globals__)  # noqa: S307 - our own source text, never anybody's input
    return annotation


def _beyond(bounds: Range) -> str:
    if bounds.least is None:
        return N_("`{name}` must be at most {most}.")
    if bounds.most is None:
        return N_("`{name}` must be at least {least}.")
    return N_("`{name}` must be between {least} and {most}.")


def _descriptions(docstring: str) -> dict[str, str]:
    lines = (re.match(r"\s*([^\s:]+): +(.+)", line) for line in docstring.splitlines()[1:])
    return {line[1]: line[2].strip() for line in lines if line}
