"""Reads what Discord answers: JSON of the expected shape, or an error.

Anything may answer in Discord's place: a proxy, Cloudflare, or Discord on a bad day. A read whose answer has not the
expected shape is an error. Without Discord's JSON, a 4xx says nothing about the request.

The functions `is_…`, `are_…` and `has_…` return whether an answer has a shape. They accept any JSON, and never raise.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from typing import Any

from ..errors import DiscordError
from . import channels

BLOCKED_SECONDS = 300.0
"""How long to wait after a 429 that says no number. It comes from Cloudflare, which blocks for minutes."""

LEAST_WAIT, MOST_WAIT = 0.25, 720.0
"""The limits of what a 429 may ask for, in seconds. Up to a quarter is added, so that callers come back one by one.
So the longest wait is 15 minutes, which is also the longest delay of an SQS message."""

DEEPEST = 100
"""An answer that is nested more deeply is not read."""

LINE, LINES = 300, 20
"""How many characters of a text from Discord an error keeps, and how many lines of `errors`."""


def parsed(content: bytes) -> Any:
    """Return the JSON in `content`, None if there is none or if it is nested more than DEEPEST levels deep."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level if isinstance(each, dict | list) for inner in _inside(each)]
        if not level:
            return value
    return None


def _inside(value: dict | list) -> list:
    return list(value.values()) if isinstance(value, dict) else value


def is_object(answer: Any) -> bool:
    """Whether it is an object with an id, as Discord returns for everything that it keeps."""
    return isinstance(answer, dict) and _is_digits(answer.get("id"))


def _is_digits(value: Any) -> bool:
    """Whether it is an id or a field of bits, which Discord writes as decimal strings."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20


def are_objects(answer: Any) -> bool:
    return isinstance(answer, list) and all(map(is_object, answer))


def are_messages(answer: Any) -> bool:
    return are_objects(answer) and all(
        isinstance(each.get("content"), str) and isinstance(each.get("interaction_metadata"), dict | None)
        for each in answer
    )


def are_commands(answer: Any) -> bool:
    return are_objects(answer) and all(
        isinstance(each.get("name"), str) and isinstance(each.get("type", 1), int) for each in answer
    )


def is_channel(answer: Any) -> bool:
    """Whether it is a channel whose place and overwrites can be read. A thread has no overwrites, but a parent."""
    if not (is_object(answer) and type(answer.get("type")) is int):
        return False
    overwrites, parent = answer.get("permission_overwrites"), answer.get("parent_id")
    return (
        _is_digits(answer.get("guild_id") or "0")
        and (_is_digits(parent) or (parent is None and answer["type"] not in channels.THREADS))
        and (overwrites is None or (are_objects(overwrites) and all(map(_is_overwrite, overwrites))))
    )


def _is_overwrite(each: dict) -> bool:
    return _is_digits(each.get("allow") or "0") and _is_digits(each.get("deny") or "0")


def are_channels(answer: Any) -> bool:
    return isinstance(answer, list) and all(map(is_channel, answer))


def has_threads(answer: Any) -> bool:
    return isinstance(answer, dict) and are_channels(answer.get("threads"))


def is_server(answer: Any) -> bool:
    return (
        is_object(answer)
        and _is_digits(answer.get("owner_id"))
        and are_objects(answer.get("roles"))
        and all(_is_digits(role.get("permissions")) for role in answer["roles"])
    )


def is_member(answer: Any) -> bool:
    if not (isinstance(answer, dict) and is_object(answer.get("user"))):
        return False
    roles = answer.get("roles")
    return isinstance(roles, list) and all(map(_is_digits, roles))


def refusal(route: str, status: int, answer: Any, retry_after: str | None) -> DiscordError:
    """Return the error for an answer that is not a success. Discord's own has an integer `code` and a `message`.

    Discord: a 429 may have no `code`.
    """
    details = answer if isinstance(answer, dict) else {}
    code, text, errors = details.get("code"), details.get("message"), details.get("errors")
    if status == 429 and "code" not in details:
        code = 0
    wait = _wait(details.get("retry_after"), retry_after) if status == 429 else None
    if not (type(code) is int and 0 <= code < 1 << 31 and isinstance(text, str)):
        return DiscordError(route, status, text="not Discord's JSON", wait=wait, by_discord=False)
    faults = [_line(f"{path}: {message}" if path else message) for path, message in _faults(errors, "")]
    return DiscordError(route, status, code, _line(text), errors=errors, faults=faults[:LINES], wait=wait)


def _faults(errors: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the message of each fault in Discord's nested `errors`."""
    for key, inner in errors.items() if isinstance(errors, dict) else ():
        if key != "_errors":
            yield from _faults(inner, f"{path}.{key}" if path else key)
            continue
        for leaf in inner if isinstance(inner, list) else ():
            if isinstance(leaf, dict):
                yield path, str(leaf.get("message") or leaf.get("code"))


def _line(text: str) -> str:
    """Return `text` cut to LINE characters, with spaces for what cannot be printed in a line."""
    return "".join(each if each.isprintable() else " " for each in text[:LINE])


def _wait(*asked: Any) -> float:
    """Return the seconds to wait: the first number in `asked`, within the limits, and a random part of it more.

    The body comes before the header, because it is more precise.
    """
    seconds = next(filter(math.isfinite, map(_number, asked)), BLOCKED_SECONDS)
    return min(max(seconds, LEAST_WAIT), MOST_WAIT) * random.uniform(1, 1.25)  # noqa: S311 - no secret


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
