"""Long text in pieces that each make sense as a message."""

_FENCE = "```"
_CLOSE = "\n```"


def pieces(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` characters (64 or more), at least one.

    Split at the end of a line, else of a word, if there is one in the piece's second half, else anywhere; the line
    break or space there is dropped. A code block that is split is closed, and opened again by the next piece.
    """
    if len(text) > limit and text.count(_FENCE) % 2:
        text += _CLOSE
    found = []
    while len(text) > limit:
        cut = _cut(text, limit - len(_CLOSE) if _FENCE in text else limit)
        piece, text = text[:cut], text[cut + 1 :] if text[cut] in "\n " else text[cut:]
        if piece.count(_FENCE) % 2:
            text = f"{_FENCE}{_language(piece)}\n{text}"
            piece += _CLOSE
        found.append(piece)
    return [piece for piece in (*found, text) if piece.strip()] or [""]


def _cut(text: str, room: int) -> int:
    for border in "\n ":
        cut = text.rfind(border, room // 2, room + 1)
        if cut > 0:
            return _before_opener(text, cut)
    cut = room
    while cut > room // 2 and text[cut - 1] == text[cut] == "`":  # a fence stays whole
        cut -= 1
    return _before_opener(text, cut)


def _before_opener(text: str, cut: int) -> int:
    """`cut`, or an earlier one where it would part "```py" from its code."""
    fence = text.rfind(_FENCE, 1, cut)
    opens = fence > 0 and "\n" not in text[fence:cut] and text.count(_FENCE, 0, fence) % 2 == 0
    if not opens:
        return cut
    return fence - 1 if fence > 1 and text[fence - 1] == "\n" else fence


def _language(piece: str) -> str:
    """What the last code block of `piece` says of its language: "" where that is nothing, or no such word."""
    word, line_ends, _ = piece.rpartition(_FENCE)[2].partition("\n")
    return word if line_ends and len(word) <= 20 and " " not in word else ""
