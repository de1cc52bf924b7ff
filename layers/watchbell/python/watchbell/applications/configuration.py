"""What a server has decided about one kind of application: its button, its places, its questions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

DRAFT, ACTIVE, PAUSED, REMOVED = "draft", "active", "paused", "removed"
"""The values of `state`. A removed configuration stays until the last of its applications is closed."""

LOCK, DELETE = "lock", "delete"
"""What happens to the channel of an application that is over."""

MOST = 10
"""How many configurations a server can have."""

CHOSEN = ("channel", "category", "role", "staff_channel")
"""The fields that must be chosen before the button can be posted."""


@dataclass(frozen=True)
class Configuration:
    """One button and what it leads to.

    `button` is its label (1-80 characters), `text` explains it, and `style` is that of a button. `channel` is where it
    is to be posted. `message` is the id of the posted message, "" if there is none, and `posted_in` its channel. New
    channels are made in `category`. `role` sees them, and `staff_channel` gets the transcripts and what goes wrong.
    `questions` are asked in a form before. `keep` is how many days an application is kept after it is over.
    """

    id: str
    button: str
    text: str = ""
    style: str = "primary"
    channel: str = ""
    category: str = ""
    role: str = ""
    staff_channel: str = ""
    questions: tuple[str, ...] = ()
    finish: str = LOCK
    keep: int = 90
    state: str = DRAFT
    message: str = ""
    posted_in: str = ""

    @property
    def places(self) -> dict[str, str]:
        """The ids of the three places, by the name of the field."""
        return {name: getattr(self, name) for name in ("channel", "category", "staff_channel")}

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the fields that must still be chosen."""
        return tuple(name for name in CHOSEN if not getattr(self, name))

    @property
    def takes(self) -> bool:
        """Whether people can apply."""
        return self.state == ACTIVE


def read(item: dict[str, Any] | None) -> dict[str, Configuration]:
    """Return the configurations of a server by their ids. `item` is as `written` made it, or None."""
    stored = (item or {}).get("configs") or {}
    return {
        id: Configuration(**{**each, "id": id, "questions": tuple(each["questions"])}) for id, each in stored.items()
    }


def written(configurations: dict[str, Configuration]) -> dict[str, Any]:
    """Return the fields of the item that holds the configurations."""
    return {"configs": {id: {**asdict(each), "questions": list(each.questions)} for id, each in configurations.items()}}


def new_id(interaction_id: str) -> str:
    """Return the id of a new configuration: the same in each try, so that a second try makes no second one."""
    return sha256(interaction_id.encode()).hexdigest()[:8]


def changed(configurations: dict[str, Configuration], id: str, **changes: Any) -> dict[str, Configuration]:
    """Return the configurations with `changes` in the one with this `id`. Raises KeyError if it is not there."""
    return {**configurations, id: replace(configurations[id], **changes)}


def named(configurations: dict[str, Configuration], name: str) -> Configuration | None:
    """Return the configuration with this id, or whose button has this label. None if there is none."""
    wanted = name.strip().casefold()
    there = [each for each in configurations.values() if each.state != REMOVED]
    return next((each for each in there if wanted in (each.id, each.button.casefold())), None)
