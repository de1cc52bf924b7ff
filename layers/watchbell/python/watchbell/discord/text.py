"""Text for Discord: escape what other people wrote, and cut text to a limit."""

import re

from ..i18n import _

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MENTION = re.compile(r"\\<(@[!&]?|\\#)([0-9]{1,20})\\>")
"""A mention after it was escaped."""

_MORE = 40
"""The room of a line that says how many are left out."""

_MARKDOWN = str.maketrans({character: "\\" + character for character in "\\*_~|>#-[]():<`"})

_ADDRESS = re.compile(r"(https?://[^\s<>\[\]|*`\\\"]+)")
_DIRECTION = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def undirected(text: str) -> str:
    """Return `text` without Unicode's bidirectional controls. They can make a text read as another one (U+202E)."""
    return text.translate(_DIRECTION)


def escape(text: str) -> str:
    """Return `text` on one line, with Discord's markdown, links and mentions escaped. Drops bidirectional controls."""
    return " ".join(undirected(text).split()).translate(_MARKDOWN)


def escape_but_mentions(text: str) -> str:
    """Return `text` as `escape` does, with its mentions of people, roles and channels, which Discord shows as names.

    They notify nobody if the message allows no mentions.
    """
    return _MENTION.sub(lambda found: f"<{found[1]}{found[2]}>".replace("\\", ""), escape(text))


def with_links(text: str) -> str:
    """Return `text` escaped as `escape` does it, but line by line, and with its web addresses as they are.

    Discord makes an address a link. Brackets stay escaped, so no other text can stand for an address.
    """
    return "\n".join(_with_links(line) for line in undirected(text).splitlines())


def _with_links(line: str) -> str:
    parts = _ADDRESS.split(" ".join(line.split()))
    return "".join(part if at % 2 else part.translate(_MARKDOWN) for at, part in enumerate(parts))


def clip(text: str, limit: int) -> str:
    """Return `text`, or its first `limit - 1` characters and an ellipsis if it is longer than `limit`."""
    return text if len(text) <= limit else text[: limit - 1].rstrip("\\") + "…"


def fitting(lines: "Sequence[str]", room: int, most: int) -> list[str]:
    """Return the first lines that have room, at most `most` of them, and a line that says how many are left out.

    `room` is in characters, as `size` counts them.
    """
    shown: list[str] = []
    for number, line in enumerate(lines):
        room -= size(line)
        if number == most or room < (0 if number == len(lines) - 1 else _MORE):
            return [*shown, _("and {n} more", n=len(lines) - number)]
        shown.append(line)
    return shown


def size(line: str) -> int:
    """Return the number of characters of a line as the strictest reader counts them, with the end of the line."""
    return len(line.encode("utf-16-le")) // 2 + 1
