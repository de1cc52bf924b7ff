"""What people type into the forms of a monitor, as values. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

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


def options(text: str, several: Collection[str]) -> dict[str, str]:
    """The options of a text with one on each line. The lines of an option in `several` become lines of its value.

    Raises FieldError if a line is no option, or if another option has two lines.
    """
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            raise FieldError("options", _("write each option as `name: value`, on a line of its own."))
        if name not in found:
            found[name] = value
        elif name in several:
            found[name] += f"\n{value}"
        else:
            text = _("`{name}` has two lines, but only one value. Delete one of the lines.", name=name[:50])
            raise FieldError("options", text)
    return found


def option_lines(options: Mapping[str, str]) -> str:
    """The options as people type them. `options` reads it."""
    return "\n".join(f"{name}: {line}" for name, value in options.items() for line in value.splitlines() or [""])


def number(text: str, field: str, least: float, most: float) -> float:
    """The number in a field. Raises FieldError if it is none from `least` to `most`."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise FieldError(field, _("write a number from {least} to {most}.", least=least, most=most))
    return value
