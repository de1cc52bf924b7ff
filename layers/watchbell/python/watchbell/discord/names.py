"""The rule for the names of slash commands, subcommands and options."""

import unicodedata

LONGEST = 32

_BY_SCRIPT = (
    *((0x0900, 0x0950), (0x0955, 0x0963), (0x0966, 0x097F), (0xA8E0, 0xA8FF), (0x11B00, 0x11B09)),  # Devanagari
    *((0x0E01, 0x0E3A), (0x0E40, 0x0E5B)),  # Thai
)
"""The code points of the two scripts whose marks and signs Discord takes too, as Unicode's Scripts.txt lists them.

U+0951-0954, U+0964-0965 and U+0E3F are in the blocks of these scripts, but do not belong to the scripts.
"""


def is_name(text: str) -> bool:
    """Whether Discord takes `text` as the name of a slash command, a subcommand or an option, in any language.

    Discord: `^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$`, in lower case if there is one. The apostrophe of this
    rule is U+02BC, a letter. Discord refuses U+0027, the apostrophe of the keyboard.
    """
    return 1 <= len(text) <= LONGEST and text == text.lower() and all(map(_fits, text))


def _fits(character: str) -> bool:
    code = ord(character)
    return (
        character in "-_"
        or unicodedata.category(character)[0] in "LN"
        or any(first <= code <= last for first, last in _BY_SCRIPT)
    )
