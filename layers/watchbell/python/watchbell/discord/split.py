"""Split long text into pieces that each make sense as a message."""

_FENCE = "```"
_CLOSE = "\n```"


def pieces(text: str, limit: int) -> list[str]:
    """Split `text` into one or more pieces of at most `limit` characters. `limit` is 64 or more.

    A piece ends at the end of a line in its second half, if there is one. Otherwise it ends at the end of a word
    there, or anywhere. The line break or space at that place is dropped. A code block that is split is closed, and the
    next piece opens it again.
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
    while cut > room // 2 and text[cut - 1] == text[cut] == "`":  # keep the ``` of a fence together
        cut -= 1
    return _before_opener(text, cut)


def _before_opener(text: str, cut: int) -> int:
    """Return `cut`, or an earlier place if `cut` would separate "```py" from its code."""
    fence = text.rfind(_FENCE, 1, cut)
    opens = fence > 0 and "\n" not in text[fence:cut] and text.count(_FENCE, 0, fence) % 2 == 0
    if not opens:
        return cut
    return fence - 1 if fence > 1 and text[fence - 1] == "\n" else fence


def _language(piece: str) -> str:
    """Return the language of the last code block in `piece`; "" if the block does not name one."""
    word, line_ends, _ = piece.rpartition(_FENCE)[2].partition("\n")
    return word if line_ends and len(word) <= 20 and " " not in word else ""
