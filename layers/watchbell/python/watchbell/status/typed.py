"""What people type into the forms of a monitor, as values. Pure."""

from __future__ import annotations

from ..errors import FieldError
from ..i18n import _


def tags(text: str) -> tuple[str, ...]:
    """The tags of a text with commas between them. Raises FieldError if there are too many, or if one is too long."""
    found = tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))
    if len(found) > 10 or any(len(tag) > 40 for tag in found):
        raise FieldError("tags", _("at most 10 tags, each of at most 40 characters."))
    return found


def conditions(text: str) -> tuple[str, ...]:
    """The conditions of a text with one on each line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def options(text: str) -> dict[str, str]:
    """The options of a text with one on each line. Raises FieldError if a line is none."""
    return dict(_option(line) for line in text.splitlines() if line.strip())


def _option(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise FieldError("options", _("write each option as `name: value`, on a line of its own."))
    return name.strip(), value.strip()


def number(text: str, field: str, least: float, most: float) -> float:
    """The number in a field. Raises FieldError if it is none from `least` to `most`."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise FieldError(field, _("write a number from {least} to {most}.", least=least, most=most))
    return value
