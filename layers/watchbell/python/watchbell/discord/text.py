"""Text for Discord: escape what other people wrote, and cut text to a limit."""

_MARKDOWN = str.maketrans({character: "\\" + character for character in "\\*_~|>#-[]():<`"})


_DIRECTION = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def undirected(text: str) -> str:
    """Return `text` without Unicode's bidirectional controls. They can make a text read as another one (U+202E)."""
    return text.translate(_DIRECTION)


def escape(text: str) -> str:
    """Return `text` on one line, with Discord's markdown, links and mentions escaped. Drops bidirectional controls."""
    return " ".join(undirected(text).split()).translate(_MARKDOWN)


def clip(text: str, limit: int) -> str:
    """Return `text`, or its first `limit - 1` characters and an ellipsis if it is longer than `limit`."""
    return text if len(text) <= limit else text[: limit - 1].rstrip("\\") + "…"
