"""Text for Discord: escape what other people wrote, and cut text to a limit."""

_MARKDOWN = str.maketrans({character: "\\" + character for character in "\\*_~|>#-[]():<`"})


def escape(text: str) -> str:
    """Return `text` on one line, with Discord's markdown, links and mentions escaped."""
    return " ".join(text.split()).translate(_MARKDOWN)


def clip(text: str, limit: int) -> str:
    """Return `text`, or its first `limit - 1` characters and an ellipsis if it is longer than `limit`."""
    return text if len(text) <= limit else text[: limit - 1].rstrip("\\") + "…"
