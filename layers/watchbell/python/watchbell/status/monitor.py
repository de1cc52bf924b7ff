"""A monitor: what is watched, how, how often, and when its state changes. Pure values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

EVERY = (1, 5, 15, 60)
"""How often a monitor can be checked, in minutes."""


@dataclass(frozen=True)
class Policy:
    """When the state of a monitor changes.

    `failures`: how many known results in a row make a state worse. `successes`: how many make it better. Both are 1-10;
    other numbers raise ValueError.
    """

    failures: int = 3
    successes: int = 2

    def __post_init__(self) -> None:
        if not (1 <= self.failures <= 10 and 1 <= self.successes <= 10):
            raise ValueError("failures and successes must be between 1 and 10")


@dataclass(frozen=True)
class Monitor:
    """A monitor of one server.

    `id`: 8 letters and digits, unique in the server. `kind` is the name of a check, a file in `checks/`. `target` is a
    URL, `HOST`, or `HOST:PORT`, as the kind wants it; "" for a kind that is not asked, such as a heartbeat. `every` is
    in minutes. `conditions` are in the language of `status.condition`. `options` are the kind's own, such as
    `{"method": "HEAD"}`. `seconds` is the time limit of a check, at most 10. `parent` is the id of another monitor of
    the same server: while that one is down, alerts of this one wait. `remind` is after how many hours people are
    reminded that it is not up, 0 for never. `private`: the operator allows private addresses.
    """

    id: str
    name: str
    kind: str
    target: str = ""
    every: int = 5
    group: str = ""
    tags: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 5.0
    parent: str = ""
    policy: Policy = Policy()
    remind: int = 0
    paused: bool = False
    private: bool = False

    def text(self) -> str:
        """The monitor as JSON, without what is as it is by default. `parse` reads it."""
        values = asdict(self)
        changed = {name: value for name, value in values.items() if value != _DEFAULTS.get(name)}
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Monitor:
        """Read what `text` wrote. A value that this version does not know is left out."""
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in known}
        for name in ("tags", "conditions"):
            values[name] = tuple(values.get(name, ()))
        return cls(**{**values, "policy": Policy(**values.get("policy", {}))})


_DEFAULTS = asdict(Monitor("", "", ""))
