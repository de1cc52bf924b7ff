"""A handler's signature is its schema: Discord is told, and the function receives, what the same line says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .command import OneOf
from .errors import DefinitionError, UserError

_TYPES = {str: 3, int: 4, bool: 5, float: 10}
_LARGEST = 2**53 - 1
_MUST_BE = {str: "a text", int: "a whole number", bool: "true or false", float: "a number"}


class Option:
    """One keyword parameter: `kind` is str, int, bool or float; `choices` is empty where anything goes."""

    __slots__ = ("choices", "description", "kind", "name", "required")

    def __init__(self, name: str, annotation: Any, required: bool, description: str) -> None:
        self.name = name
        self.required = required
        self.description = description
        self.choices: tuple = annotation.values if isinstance(annotation, OneOf) else ()
        self.kind: type = type(self.choices[0]) if self.choices else annotation
        if self.kind not in _TYPES:
            raise DefinitionError(
                f"option {name}: {annotation!r} is no option type; use str, int, float, bool or Choice"
            )

    def schema(self) -> dict:
        """The option as Discord registers it."""
        schema: dict = {"type": _TYPES[self.kind], "name": self.name, "description": self.description}
        if self.required:
            schema["required"] = True
        if self.choices:
            schema["choices"] = [{"name": str(value), "value": value} for value in self.choices]
        return schema

    def check(self, value: Any) -> Any:
        """`value` where it is what the schema promised; else UserError. A client can send anything."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if self.kind in (int, float):
            right = number and isinstance(value, (int, self.kind)) and abs(value) <= _LARGEST
        else:
            right = isinstance(value, self.kind)
        if not right:
            raise UserError(f"`{self.name}` must be {_MUST_BE[self.kind]}.")
        value = self.kind(value)
        if self.choices and value not in self.choices:
            raise UserError(f"`{self.name}` must be one of {', '.join(map(str, self.choices))}.")
        return value

    def parse(self, text: str) -> Any:
        """`value` from a custom id's text, checked like one that was typed."""
        if self.kind is bool:
            value: Any = {"0": False, "1": True}.get(text)
        elif self.kind is str:
            value = text
        else:
            try:
                value = self.kind(text)
            except ValueError:
                value = None
        return self.check(value)


def options_of(function: Callable[..., Any]) -> list[Option]:
    """The keyword-only parameters of `function`, in order. Raises DefinitionError for a type that is no option's."""
    code = function.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = function.__kwdefaults__ or {}
    described = _descriptions(function.__doc__ or "")
    return [Option(name, _annotation(function, name), name not in defaults, described.get(name, "")) for name in names]


def bind(function: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments for `function` from a command's options; UserError where they do not fit its schema."""
    options = {option.name: option for option in options_of(function)}
    if any(name not in options for name in given) or any(o.required and o.name not in given for o in options.values()):
        raise UserError("This command has changed since your app loaded it. Please reload Discord and try again.")
    return {name: options[name].check(value) for name, value in given.items()}


def bind_state(function: Callable[..., Any], values: list[str]) -> dict[str, Any]:
    """The keyword arguments for a button's `function` from its custom id; UserError where they do not fit."""
    options = options_of(function)
    try:
        return {option.name: option.parse(text) for option, text in zip(options, values, strict=True)}
    except (ValueError, UserError) as error:
        raise UserError("That button is from an older version of me. Please run the command again.") from error


def _annotation(function: Callable[..., Any], name: str) -> Any:
    annotation = function.__annotations__.get(name, str)
    if isinstance(annotation, str):  # the module has `from __future__ import annotations`
        annotation = eval(annotation, function.__globals__)  # noqa: S307 - our own source text, never anybody's input
    return annotation


def _descriptions(docstring: str) -> dict[str, str]:
    lines = (line.strip().partition(": ") for line in docstring.splitlines()[1:])
    return {name: text.strip() for name, _, text in lines if name.isidentifier() and text}
