"""Text for Discord: other people's words made harmless, and cut to a limit."""

_MARKDOWN = str.maketrans({character: "\\" + character for character in "\\*_~|>#-[]():<`"})


def escape(text: str) -> str:
    """`text` on one line with Discord's markdown, links and mentions taken out of force."""
    return " ".join(text.split()).translate(_MARKDOWN)


def clip(text: str, limit: int) -> str:
    """`text`, or its first `limit - 1` characters and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip("\\") + "…"
