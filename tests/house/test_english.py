"""The prose of the project is plain: the worst words of the old style stay out of code, documents and texts."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROSE = (".py", ".md", ".toml", ".txt", "Makefile")
STILTED = {
    r"\blest\b": "write `so that … not`, or `if`",
    r"\banew\b": "write `again` or `new`",
    r"\bsuch a one\b": "repeat the noun",
    r"\b(?:none|one|any) of (?:ours|theirs)\b": "say whose it is: `a message of the bot`",
    r"\bwho(?:so)?ever\b[^.,;:\n]*\bthat\b": "write `the person who`, or `if somebody`",
    r"\bwhatever (?:it|that) is\b": "leave it out",
    r"\bin (?:his|her|their|its) stead\b": "write `instead`",
}


def found(text):
    """The stilted words of a text: (line, word, what to write)."""
    return [
        (text.count("\n", 0, match.start()) + 1, match[0], cure)
        for pattern, cure in STILTED.items()
        for match in re.finditer(pattern, text, flags=re.IGNORECASE)
    ]


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    paths = [ROOT / name for name in names] or [path for path in ROOT.rglob("*") if ".venv" not in path.parts]
    return sorted(path for path in paths if path.name.endswith(PROSE) and path.is_file() and path != Path(__file__))


def test_no_file_has_the_worst_words_of_the_old_style():
    paths = tracked()
    assert len(paths) > 250
    told = [
        f"{path.relative_to(ROOT)}:{line}: {word!r}: {cure}"
        for path in paths
        for line, word, cure in found(path.read_text())
    ]
    assert told == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("# Lest it be said twice.", "Lest"),
        ("a\nopen it anew", "anew"),
        ("if there is such a one", "such a one"),
        ("a custom id that is none of ours", "none of ours"),
        ("whoever pressed that", "whoever pressed that"),
        ("the error, whatever it is", "whatever it is"),
    ],
)
def test_the_worst_words_are_found(text, word):
    assert [each for _, each, _ in found(text)] == [word]


def test_plain_prose_is_let_through():
    assert found("If the owner is unknown, bind the button to the person who pressed it. Otherwise disable it.") == []
