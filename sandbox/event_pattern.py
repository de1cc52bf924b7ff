"""Which events a rule of EventBridge matches. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

Test = Callable[[Any], bool]

_MOST = 5_000_000_000
"""EventBridge compares numbers from -5 billion to 5 billion."""
_COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_MISSING = object()


class PatternError(ValueError):
    """EventBridge does not accept the pattern, or the sandbox does not support it."""


def compiled(pattern: Any) -> Callable[[Mapping[str, Any]], bool]:
    """The test of an event pattern. Raises PatternError.

    All fields of a pattern must match. A field lists what its value may be. If the event has an array there, one of its
    items must match.
    """
    if not isinstance(pattern, dict) or not pattern:
        raise PatternError(f"{pattern!r} is not an object with fields")
    tests: list[Test] = []
    for name, wanted in pattern.items():
        if name == "$or":
            tests.append(_any_of(wanted))
        elif isinstance(wanted, dict):
            tests.append(_inside(name, compiled(wanted)))
        elif isinstance(wanted, list) and wanted:
            tests.append(_field(name, wanted))
        else:
            raise PatternError(f"{name}: {wanted!r} is neither an object nor an array with items")
    return lambda event: all(test(event) for test in tests)


def _any_of(patterns: Any) -> Test:
    if not isinstance(patterns, list) or len(patterns) < 2:
        raise PatternError("$or needs an array of two or more patterns")
    tests = [compiled(pattern) for pattern in patterns]
    return lambda event: any(test(event) for test in tests)


def _inside(name: str, test: Test) -> Test:
    def inside(event: Any) -> bool:
        value = event.get(name)
        items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else [value]
        # A field that is not there is like an empty object, so that `exists: false` can match inside.
        return any(test(item if isinstance(item, dict) else {}) for item in items or [{}])

    return inside


def _field(name: str, wanted: list[Any]) -> Test:
    tests = [_matcher(each) for each in wanted]

    def field(event: Any) -> bool:
        value = event.get(name, _MISSING)
        items = value if isinstance(value, list) else [value]
        # `exists` and all others look at values only, never at an object. A field without values is missing.
        leaves = [item for item in items if not isinstance(item, dict | list)] or [_MISSING]
        return any(test(leaf) for leaf in leaves for test in tests)

    return field


def _matcher(wanted: Any) -> Test:
    if not isinstance(wanted, dict):
        return _exactly(wanted)
    if len(wanted) != 1:
        raise PatternError(f"{wanted!r} must have one operator")
    ((name, argument),) = wanted.items()
    match name, argument:
        case "exists", bool():
            return lambda value: (value is not _MISSING) == argument
        case "numeric", list():
            return _numeric(argument)
        case "anything-but", _:
            tests = _denied(argument)
            return lambda value: value is not _MISSING and not any(test(value) for test in tests)
        case "cidr", str():
            return _cidr(argument)
    return _text(name, argument)


def _exactly(wanted: Any) -> Test:
    """A text, number, true, false or null. EventBridge compares how numbers are written: 300 is not 300.0."""
    if isinstance(wanted, list):
        raise PatternError(f"{wanted!r} must be a value or an operator")
    return lambda value: type(value) is type(wanted) and value == wanted


def _text(name: str, argument: Any) -> Test:
    """The operators on texts."""
    fold = False
    if name in ("prefix", "suffix") and isinstance(argument, dict) and list(argument) == ["equals-ignore-case"]:
        argument, fold = argument["equals-ignore-case"], True
    if not isinstance(argument, str):
        raise PatternError(f"{name}: {argument!r} is not an operator that the sandbox knows with its argument")
    text = re.escape(argument)
    match name:
        case "prefix":
            expression = text + ".*"
        case "suffix":
            expression = ".*" + text
        case "equals-ignore-case":
            expression, fold = text, True
        case "wildcard":
            if "**" in argument or re.search(r"(?<!\\)(\\\\)*\\[^*\\]", argument):
                raise PatternError(f"wildcard: {argument!r} has ** or an unknown escape")
            parts = re.findall(r"\\[*\\]|\*|[^*\\]+", argument)
            expression = "".join(".*" if part == "*" else re.escape(re.sub(r"\\(.)", r"\1", part)) for part in parts)
        case _:
            raise PatternError(f"the sandbox does not know the operator {name}")
    found = re.compile(expression, re.DOTALL | (re.IGNORECASE if fold else 0))
    return lambda value: isinstance(value, str) and found.fullmatch(value) is not None


def _denied(argument: Any) -> list[Test]:
    """What the argument of anything-but excludes: one value or several, or one operator on texts."""
    if isinstance(argument, dict):
        if len(argument) != 1:
            raise PatternError(f"anything-but: {argument!r} must have one operator")
        ((name, inner),) = argument.items()
        return [_text(name, each) for each in (inner if isinstance(inner, list) else [inner])]
    several = argument if isinstance(argument, list) else [argument]
    if not several or not all(_is_number(each) or isinstance(each, str) for each in several):
        raise PatternError(f"anything-but: {argument!r} must be texts or numbers")
    return [_exactly(each) for each in several]


def _numeric(argument: list[Any]) -> Test:
    pairs = list(zip(argument[::2], argument[1::2], strict=False))
    valid = all(sign in _COMPARE and _is_number(number) and abs(number) <= _MOST for sign, number in pairs)
    if len(argument) not in (2, 4) or not valid:
        raise PatternError(f'numeric: {argument!r} must be like [">", 0, "<=", 5]')
    return lambda value: _is_number(value) and all(_COMPARE[sign](value, number) for sign, number in pairs)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cidr(argument: str) -> Test:
    try:
        network = ip_network(argument)
    except ValueError as problem:
        raise PatternError(f"cidr: {problem}") from None

    def within(value: Any) -> bool:
        try:
            return isinstance(value, str) and ip_address(value) in network
        except ValueError:
            return False

    return within
