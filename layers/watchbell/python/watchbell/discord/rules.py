"""The rules for single values of a payload. A rule takes a value, its place and a Look, and adds faults to the Look.

The ingress checks its instant answers with these rules. They are plain functions without regular expressions, so that
they load fast.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .files import File

    Rule = Callable[[Any, str, "Look"], None]

ATTACHMENT = "attachment://"
"""The start of the URL of a file that is sent with the message. The name of the file follows."""


class Look:
    """The check of one payload: the faults found so far, and what is counted or compared across the whole payload."""

    __slots__ = ("components", "custom_ids", "faults", "files", "ids", "links", "text", "v2")

    def __init__(self, files: "Sequence[File]") -> None:
        self.files = files
        self.faults: list[str] = []
        self.components = 0
        self.text = 0
        self.v2 = ""  # the place of the first component that needs Components V2
        self.ids: set[int] = set()
        self.custom_ids: set[str] = set()
        self.links: list[tuple[str, str]] = []  # (place, name) of each attachment://name

    def fault(self, place: str, text: str) -> None:
        self.faults.append(f"{place}: {text}")


def text(least: int, most: int) -> "Rule":
    """A string of at most `most` characters. If `least` is not 0, it must not be blank."""

    def rule(value: "Any", place: str, look: Look) -> None:
        if not isinstance(value, str):
            look.fault(place, f"{what(value)}, not a string")
        elif len(value) > most:
            look.fault(place, f"{len(value)} characters; at most {most}")
        elif least and not value.strip():
            look.fault(place, "empty")

    return rule


def number(least: int, most: int) -> "Rule":
    def rule(value: "Any", place: str, look: Look) -> None:
        if type(value) is not int:
            look.fault(place, f"{what(value)}, not a whole number")
        elif not least <= value <= most:
            look.fault(place, f"{value}; must be {least} to {most}")

    return rule


def one_of(*values: "Any") -> "Rule":
    def rule(value: "Any", place: str, look: Look) -> None:
        if type(value) is bool or value not in values:
            look.fault(place, f"{what(value)}; must be {either(values)}")

    return rule


def flag(value: "Any", place: str, look: Look) -> None:
    if not isinstance(value, bool):
        look.fault(place, f"{what(value)}, not true or false")


def real(value: "Any", place: str, look: Look) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2**31 - 1:
        look.fault(place, f"{what(value)}, not a number of 0 or more")


def snowflake(value: "Any", place: str, look: Look) -> None:
    if not is_snowflake(value):
        look.fault(place, f"{what(value)}, not an id")


def is_snowflake(value: "Any") -> bool:
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) <= 20
        and (value == "0" or value[0] != "0")
    )


def url(most: int, schemes: tuple[str, ...] = ("http://", "https://")) -> "Rule":
    def rule(value: "Any", place: str, look: Look) -> None:
        if not isinstance(value, str):
            look.fault(place, f"{what(value)}, not a string")
        elif len(value) > most:
            look.fault(place, f"{len(value)} characters; at most {most}")
        elif not value.startswith(schemes) or any(map(str.isspace, value)):
            look.fault(place, f"{what(value)}, not a URL that starts with {either(schemes)}")
        elif value.startswith(ATTACHMENT):
            look.links.append((place, value.removeprefix(ATTACHMENT)))
            if not look.links[-1][1]:
                look.fault(place, f"{what(value)}; the name of the file is missing")
        elif value.startswith("http") and not _has_host(value):
            look.fault(place, f"{what(value)}; its host must be a full name such as example.com, or an address")

    return rule


def _has_host(address: str) -> bool:
    """Return whether Discord takes the host and the port of an http URL.

    Discord checks URLs with a copy of the Python library Schematics, and also takes localhost. A name needs two labels
    of letters, digits and inner hyphens. The last label has two letters or more. Everything is taken after the host.
    """
    host = address.partition("://")[2]
    for end in "/?#":
        host = host.partition(end)[0]
    host = host.rpartition("@")[2]
    if host[:1] == "[":
        host, bracket, port = host[1:].partition("]")
        known = bool(bracket) and ":" in host and not host.strip("0123456789abcdefABCDEF:.")
        return known and (not port or _is_port(port[1:], port[0]))
    host, colon, port = host.partition(":")
    if colon and not _is_port(port, colon):
        return False
    if host.lower() == "localhost":
        return True
    labels = host.removesuffix(".").split(".")
    if len(labels) == 4 and all(label.isascii() and label.isdigit() and len(label) <= 3 for label in labels):
        return all(int(label) <= 255 for label in labels)
    last = labels[-1]
    named = len(last) > 1 and (last.isalpha() or last[:4].lower() == "xn--" or not last.isascii())
    return named and len(labels) > 1 and len(host) <= 253 and all(map(_is_label, labels))


def _is_label(label: str) -> bool:
    """Return whether `label` is a part of a host name. What is not ASCII is left to Discord's IDNA."""
    plain = all(character.isalnum() or character == "-" or not character.isascii() for character in label)
    return plain and 0 < len(label) < 64 and "-" not in (label[0], label[-1])


def _is_port(port: str, colon: str) -> bool:
    return colon == ":" and port.isascii() and port.isdigit() and len(port) <= 5


media_url = url(2048, ("http://", "https://", ATTACHMENT))


def time(value: "Any", place: str, look: Look) -> None:
    from datetime import datetime

    try:
        offset = datetime.fromisoformat(value).utcoffset()
    except (TypeError, ValueError):
        offset = None
        look.fault(place, f"{what(value)}, not a time like 2026-01-31T12:00:00Z")
    if offset and offset.total_seconds() % 60:
        look.fault(place, f"{what(value)}; an offset has hours and minutes only")


def list_of(item: "Rule", least: int, most: int, *, unique: bool = False) -> "Rule":
    def rule(value: "Any", place: str, look: Look) -> None:
        if not isinstance(value, list):
            look.fault(place, f"{what(value)}, not a list")
            return
        if not least <= len(value) <= most:
            look.fault(place, f"{len(value)}; " + (f"at most {most}" if len(value) > most else f"at least {least}"))
        for number, each in enumerate(value):
            item(each, f"{place}[{number}]", look)
            if unique and each in value[:number]:
                look.fault(f"{place}[{number}]", f"{what(each)} is used twice")

    return rule


def object_of(required: str = "", then: "Rule | None" = None, /, **fields: "Rule") -> "Rule":
    """An object with these fields and no others.

    `required` has the names of the fields that must be there, separated by spaces. The other fields can be null.
    `then` is a rule for the whole object. It runs only if no field has a fault.
    """
    needed = required.split()

    def rule(value: "Any", place: str, look: Look) -> None:
        if not isinstance(value, dict):
            look.fault(place, f"{what(value)}, not an object")
            return
        before = len(look.faults)
        for key in needed:
            if key not in value:
                look.fault(inside(place, key), "missing")
        start = place and f"{place}."
        for key, inner in value.items():
            field = fields.get(key)
            if field is None:
                look.fault(f"{start}{key}", "there is no such field, or it cannot be set here")
            elif inner is not None or key in needed:
                field(inner, f"{start}{key}", look)
        if then is not None and len(look.faults) == before:
            then(value, place, look)

    return rule


def anything(value: "Any", place: str, look: Look) -> None:
    """Accept any value, because another rule checks it."""


def inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def either(values: "Sequence[Any]") -> str:
    *firsts, last = map(str, values)
    return f"{', '.join(firsts)} or {last}" if firsts else last


def what(value: "Any") -> str:
    """A short description of `value` for an error message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f'"{value[:40]}…"' if len(value) > 40 else f'"{value}"'
    if isinstance(value, int | float):
        return str(value)[:40]
    return type(value).__name__
