"""Secrets in what people type for a check: `{{secret:name}}`. The value is put in when the request is made."""

from __future__ import annotations

import re
from collections.abc import Callable

_PLACE = re.compile(r"\{\{secret:([a-z0-9][a-z0-9_-]{0,62})\}\}")


def names(text: str) -> list[str]:
    """The names of the secrets in the text, each once."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def fill(text: str, value: Callable[[str], str]) -> str:
    """The text with `value(name)` for each secret."""
    return _PLACE.sub(lambda found: value(found[1]), text)
