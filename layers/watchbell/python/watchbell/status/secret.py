"""Secrets in what people type for a check: `{{secret:name}}`. The value is put in when the request is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .monitor import Monitor

MOST = 20
"""How many secrets a server can have."""

LENGTH = 1000
"""How many characters the value of a secret has at most."""

_NAME = "[a-z0-9][a-z0-9_-]{0,62}"
_PLACE = re.compile(r"\{\{secret:(" + _NAME + r")\}\}")


def names(text: str) -> list[str]:
    """The names of the secrets in the text, each once."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def fill(text: str, value: Callable[[str], str]) -> str:
    """The text with `value(name)` for each secret."""
    return _PLACE.sub(lambda found: value(found[1]), text)


def is_name(text: str) -> bool:
    """Whether a secret can have this name: 1-63 of a-z, 0-9, `_` and `-`, and the first is none of the last two."""
    return re.fullmatch(_NAME, text) is not None


def is_value(text: str) -> bool:
    """Whether a secret can have this value: at most 1,000 visible ASCII characters and spaces, which a header takes."""
    return len(text) <= LENGTH and re.fullmatch(r"[\x20-\x7e]+", text) is not None


def wanted(monitor: Monitor) -> list[str]:
    """The names of the secrets in a monitor's target and options, each once."""
    return list(dict.fromkeys(name for text in (monitor.target, *monitor.options.values()) for name in names(text)))


def missing(monitor: Monitor, host: str, hosts: Mapping[str, str]) -> list[str]:
    """The secrets that a monitor wants and does not get, because they do not exist or belong to another host.

    `host` is the one that the monitor asks. `hosts` has the names of the server's secrets with their hosts.
    """
    return [name for name in wanted(monitor) if hosts.get(name) != host.lower()]
