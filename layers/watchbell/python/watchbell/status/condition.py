"""The language of conditions, such as `[STATUS] == 200` or `len([BODY].items) > 0`. It is gatus's, with exceptions.

    [STATUS] [RESPONSE_TIME] [CONNECTED] [IP] [DNS_RCODE] [CERTIFICATE_EXPIRATION]
    [BODY] [BODY].path[0].key [HEADER].name
    == != < <= > >=                  one comparison, with a space on both sides of the operator
    len(…) has(…)                    of a `[BODY]` path or a header
    pat(…) matches(…) any(…, …)      with == or != only: wildcards, a regular expression of RE2, a list of values
    300 1.5 48h 1h30m                numbers and durations; the units are ms, s, m, h, d and w

Where gatus counts what it cannot read as 0, a condition here is refused when it is written, or does not hold. A path
that is missing, or is null, fulfils no condition but `has(…) == false`. Numbers are compared as numbers, whatever their
size. `len` counts characters or items.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple

from ..discord.text import clip
from ..errors import UserError
from ..i18n import _
from .found import Found, Numeral

LENGTH = 500
"""The most characters of a condition."""

OPERANDS = ("STATUS", "RESPONSE_TIME", "BODY", "HEADER", "CONNECTED", "IP", "CERTIFICATE_EXPIRATION", "DNS_RCODE")
"""Everything that a condition can read. A kind of check can give some of these."""

REGEX_BYTES = 1 << 20
"""The memory that one regular expression may take. RE2 is linear in the length of the text."""

_NUMBERS = ("STATUS", "RESPONSE_TIME", "CERTIFICATE_EXPIRATION")
_OPERATOR = re.compile(r"\s+(==|!=|<=|>=|<|>)\s+")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PLACEHOLDER = re.compile(r"\[([A-Za-z_]+)\](.*)", re.DOTALL)
_KNOWN = re.compile(rf"\[({'|'.join(OPERANDS)})\]", re.IGNORECASE)
_FUNCTION = re.compile(r"(len|has|pat|matches|any)\((.*)", re.IGNORECASE | re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[([0-9]{1,9})\]")
_HEADER = re.compile(r"\.([A-Za-z0-9!#$%&'*+.^_|~-]{1,100})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_DURATION = re.compile(r"(-?)((?:[0-9]{1,12}(?:\.[0-9]{1,6})?(?:ms|[smhdw]))+)")
_PART = re.compile(r"([0-9.]+)(ms|[smhdw])")
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class Result(NamedTuple):
    """Whether a condition holds. `got` is the value that was found, clipped, and None if it is missing."""

    holds: bool
    got: str | None


class Value(NamedTuple):
    """A value as text. `numeric`: it is a number, so it equals every other spelling of that number."""

    text: str
    numeric: bool = False


@dataclass(frozen=True)
class Operand:
    """Something of the answer. `path` are the keys and indexes of `[BODY]`, or the name of a header."""

    name: str
    path: tuple[str | int, ...] = ()
    function: str = ""

    def read(self, found: Found) -> Value | None:
        """The value in what was found, None if it is missing."""
        if self.function == "has":
            there = self._raw(found) is not None if self.path else bool(found.text)
            return Value("true" if there else "false")
        raw = self._raw(found)
        if raw is None:
            return None
        if self.function == "len":
            return Value(str(len(raw if isinstance(raw, (str, list, dict)) else _shown(raw))), numeric=True)
        return Value(_encodable(_shown(raw)), isinstance(raw, Numeral))

    def _raw(self, found: Found) -> Any:
        match self.name:
            case "STATUS":
                return Numeral(found.status) if found.status else None
            case "RESPONSE_TIME":
                return None if found.latency_ms is None else Numeral(found.latency_ms)
            case "CERTIFICATE_EXPIRATION":
                return None if found.certificate is None else Numeral(found.certificate * 1000)
            case "CONNECTED":
                return found.connected
            case "IP":
                return None if found.ip is None else _address(found.ip)
            case "DNS_RCODE":
                return found.rcode
            case "HEADER":
                return (found.headers or {}).get(str(self.path[0]))
        if not self.path and self.function == "len":
            return found.text if found.json is None else found.json
        return found.json_at(self.path) if self.path else found.text

    def shown(self, value: Value | None) -> str | None:
        """The value as people read it, clipped to 100 characters. "" for a whole body: nobody gets to read bodies."""
        if value is None:
            return None
        if not self.function and self.name == "BODY" and not self.path:
            return ""
        if not self.function and self.name == "RESPONSE_TIME":
            return f"{value.text}ms"
        if not self.function and self.name == "CERTIFICATE_EXPIRATION":
            return f"{int(value.text) // 3_600_000}h"
        return clip(value.text, 100)


@dataclass(frozen=True)
class Pattern:
    """A wildcard pattern, which covers the whole value, or a regular expression, which is found anywhere in it."""

    compiled: Any

    def fits(self, value: Value) -> bool:
        return self.compiled.search(value.text) is not None


@dataclass(frozen=True)
class Members:
    """A list of values."""

    values: tuple[Value, ...]

    def fits(self, value: Value) -> bool:
        return any(_equal(value, member) for member in self.values)


@dataclass(frozen=True)
class Condition:
    """A condition that was understood. `left` is what it reads, whichever side that was written on."""

    text: str
    left: Operand
    operator: str
    right: Operand | Value | Pattern | Members

    @property
    def reads(self) -> frozenset[str]:
        """The names of its operands, such as {"STATUS"}."""
        return frozenset(side.name for side in (self.left, self.right) if isinstance(side, Operand))

    def evaluate(self, found: Found) -> Result:
        """Whether it holds for what a check found. Raises nothing."""
        value = self.left.read(found)
        other = self.right.read(found) if isinstance(self.right, Operand) else self.right
        got = self.left.shown(value)
        if value is None or other is None:
            return Result(False, got if value is not None and other is not None else None)
        if self.operator in ("==", "!="):
            equal = _equal(value, other) if isinstance(other, Value) else other.fits(value)
            return Result(equal == (self.operator == "=="), got)
        assert isinstance(other, Value)
        return Result(_ordered(_number(value.text), self.operator, _number(other.text)), got)


@lru_cache(maxsize=1024)
def parse(text: str) -> Condition:
    """Understand a condition. Raises UserError with a sentence that says what to change."""
    if len(text) > LENGTH:
        raise UserError(_("A condition has at most {n} characters.", n=LENGTH))
    first, operator, second = _split(text.strip())
    left, right = _side(first), _side(second)
    if not isinstance(left, Operand):
        left, right, operator = right, left, _TURNED.get(operator, operator)
    if not isinstance(left, Operand):
        raise UserError(
            _(
                "`{text}` reads nothing of the answer. Write for example `[STATUS]` or `[BODY].status`.",
                text=_quoted(text),
            )
        )
    _check_types(left, operator, right)
    _check_types(right, operator, left)
    if left.name == "IP" and isinstance(right, Value):
        right = Value(_address(right.text))
    return Condition(text.strip(), left, operator, right)


def _split(text: str) -> tuple[str, str, str]:
    """The two sides and the operator. An operator inside the brackets of a function does not count."""
    found = _OPERATOR.search(text)
    while found and _opened(text[: found.start()]):
        found = _OPERATOR.search(text, found.end() - 1)
    if not found:
        raise UserError(
            _(
                "`{text}` compares nothing. Write one of {operators} between two values, with a space on both sides.",
                text=_quoted(text),
                operators="`==` `!=` `<` `<=` `>` `>=`",
            )
        )
    left, right = text[: found.start()], text[found.end() :]
    if not left or (not _FUNCTION.match(right) and _OPERATOR.search(right)):
        raise UserError(
            _("`{text}` is not one comparison. Write each comparison as a condition of its own.", text=_quoted(text))
        )
    return left, found[1], right


def _opened(left: str) -> bool:
    return _FUNCTION.match(left) is not None and not left.endswith(")")


def _side(text: str) -> Operand | Value | Pattern | Members:
    if found := _FUNCTION.fullmatch(text):
        return _function(found[1], found[2])
    if found := _PLACEHOLDER.fullmatch(text):
        if found[1].upper() in OPERANDS or found[1].isupper():
            return _operand(found[1].upper(), found[2], text)
    elif _KNOWN.search(text):
        raise UserError(
            _("`{text}` is not one comparison. Write each comparison as a condition of its own.", text=_quoted(text))
        )
    return Value(text)


def _operand(name: str, rest: str, text: str) -> Operand:
    if name == "DOMAIN_EXPIRATION":
        raise UserError(_("I cannot find out when a domain expires, so `[DOMAIN_EXPIRATION]` cannot be used."))
    if name not in OPERANDS:
        raise UserError(unreadable(name, OPERANDS))
    path: list[str | int] = []
    if name == "BODY":
        path = [step[1] or int(step[2]) for step in _STEP.finditer(rest)]
        rest = _STEP.sub("", rest)
    elif name == "HEADER" and (header := _HEADER.fullmatch(rest)):
        path, rest = [header[1].lower()], ""
    if rest or (name == "HEADER" and not path):
        example = "[HEADER].content-type" if name == "HEADER" else "[BODY].items[0].id"
        if name not in ("BODY", "HEADER"):
            example = f"[{name}]"
        raise UserError(
            _("I do not understand `{text}`. Write it like `{example}`.", text=_quoted(text), example=example)
        )
    return Operand(name, tuple(path))


def _function(name: str, rest: str) -> Operand | Pattern | Members:
    inner = rest[:-1].strip()
    if name != name.lower() or not rest.endswith(")") or not inner:
        example = {"len": "len([BODY].items)", "has": "has([BODY].errors)", "pat": "pat(*ok*)", "any": "any(200, 204)"}
        raise UserError(
            _(
                "I do not understand `{text}`. Write it like `{example}`.",
                text=_quoted(f"{name}({rest}"),
                example=example.get(name.lower(), "matches(^v[0-9]+)"),
            )
        )
    if name in ("len", "has"):
        found = _PLACEHOLDER.fullmatch(inner)
        if not found or found[1].upper() not in ("BODY", "HEADER"):
            raise UserError(
                _("`{name}(…)` takes a path such as `[BODY].items`, or a header such as `[HEADER].etag`.", name=name)
            )
        operand = _operand(found[1].upper(), found[2], inner)
        return Operand(operand.name, operand.path, name)
    if name == "any":
        members = [member.strip() for member in inner.split(",")]
        if any(_FUNCTION.match(member) or _KNOWN.search(member) or not member for member in members):
            raise UserError(_("`any(…)` takes plain values with commas between them, such as `any(200, 204)`."))
        return Members(tuple(Value(member) for member in members))
    return Pattern(_regex(_glob(inner) if name == "pat" else inner, f"{name}({inner})"))


def _check_types(
    side: Operand | Value | Pattern | Members, operator: str, other: Operand | Value | Pattern | Members
) -> None:
    """Refuse what could never be read: a word instead of a number, or an order of texts."""
    order = operator not in ("==", "!=")
    if order and isinstance(side, Pattern | Members):
        raise UserError(_("`pat(…)`, `matches(…)` and `any(…)` need `==` or `!=`."))
    if not isinstance(side, Operand):
        return
    written = (other,) if isinstance(other, Value) else other.values if isinstance(other, Members) else ()
    if side.function == "has" or (side.name == "CONNECTED" and not side.function):
        if order or isinstance(other, Pattern) or any(value.text not in ("true", "false") for value in written):
            raise UserError(
                _("`{text}` is either `true` or `false`: compare it with `==` or `!=`.", text=_written(side))
            )
    elif order or side.function == "len" or side.name in _NUMBERS:
        for value in written:
            if _number(value.text) is None:
                raise UserError(
                    _(
                        "`{text}` is not a number. Write a number such as `200` or a duration such as `7d`.",
                        text=_quoted(value.text),
                    )
                )


def unreadable(name: str, operands: tuple[str, ...] | frozenset[str]) -> str:
    """The sentence for an operand that cannot be read, with those that can."""
    shown = ", ".join(f"`[{each}]`" for each in OPERANDS if each in operands)
    return _("I cannot read `[{name}]` here. These can be read: {operands}.", name=_quoted(name), operands=shown or "-")


def _written(operand: Operand) -> str:
    return f"{operand.function}(…)" if operand.function else f"[{operand.name}]"


def _equal(value: Value, other: Value) -> bool:
    if value.numeric or other.numeric:
        one, two = _number(value.text), _number(other.text)
        if one is not None and two is not None:
            return one == two
    return value.text == other.text


def _ordered(one: Decimal | None, operator: str, two: Decimal | None) -> bool:
    if one is None or two is None:
        return False
    match operator:
        case "<":
            return one < two
        case "<=":
            return one <= two
        case ">":
            return one > two
    return one >= two


def duration(text: str) -> float | None:
    """The seconds of a duration such as 1h30m, None if the text is none."""
    found = _number(text) if text[-1:].isalpha() else None
    return None if found is None else float(found) / 1000


def _number(text: str) -> Decimal | None:
    """The number, or the milliseconds of a duration. None if the text is neither. 0200 is no number."""
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if found := _DURATION.fullmatch(text):
        amount = sum((Decimal(part[1]) * _MILLISECONDS[part[2]] for part in _PART.finditer(found[2])), Decimal(0))
        return -amount if found[1] else amount
    return None


def _shown(raw: Any) -> str:
    """A JSON value as text: a text as it is, everything else as JSON."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if raw is None:
        return "null"
    try:
        return _json(raw)
    except RecursionError:
        return ""


def _json(raw: Any) -> str:
    if isinstance(raw, list):
        return f"[{','.join(map(_json, raw))}]"
    if isinstance(raw, dict):
        return "{" + ",".join(f'"{key}":{_json(value)}' for key, value in raw.items()) + "}"
    return f'"{raw}"' if isinstance(raw, str) and not isinstance(raw, Numeral) else _shown(raw)


def _encodable(text: str) -> str:
    """JSON can hold half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _address(text: str) -> str:
    """An IP address in its one usual spelling, other text as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _glob(pattern: str) -> str:
    r"""A regular expression for `*`, `?`, `[a-z]`, `[^a-z]` and `\` before a special character."""
    found, at = [], 0
    while at < len(pattern):
        char, at = pattern[at], at + 1
        if char == "*":
            found.append(".*")
        elif char == "?":
            found.append(".")
        elif char == "[" and (group := re.compile(r"(\^?)((?:\\.|[^\]\\])+)\]", re.DOTALL).match(pattern, at)):
            inside = re.sub(r"\\(.)|([\[&])", lambda each: re.escape(each[1] or each[2]), group[2], flags=re.DOTALL)
            found.append(f"[{group[1]}{inside}]")
            at = group.end()
        elif char == "\\" and at < len(pattern):
            found.append(re.escape(pattern[at]))
            at += 1
        else:
            found.append(re.escape(char))
    return rf"(?s)\A{''.join(found)}\z"


def _regex(pattern: str, text: str) -> Any:
    import re2  # 9 ms and a library in C++, which only conditions with a pattern need

    options = re2.Options()
    options.max_mem, options.log_errors = REGEX_BYTES, False
    try:
        return re2.compile(_encodable(pattern), options)
    except re2.error:
        raise UserError(_("I do not understand the pattern `{text}`, or it is too long.", text=_quoted(text))) from None


def _quoted(text: str) -> str:
    """Typed text for a sentence, short and without the mark that would end its code formatting."""
    return clip(text.replace("`", "'"), 100)
