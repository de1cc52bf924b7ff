"""Which monitors a server has: the index that lists, autocompletes and places them. Pure.

The ingress reads it to autocomplete, so this is plain and small.
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .monitor import Monitor

OPERATOR = "0"
"""Stands for the id of a server: the monitors of the person who runs the bot. No id of Discord is 0."""


AWS = ("cloudwatch_alarm", "aws_event")
FED = ("heartbeat", *AWS)
"""Kinds whose results come from outside. They ask no host, though the name of an alarm can look like one."""


class Entry:
    """What the roster knows of a monitor.

    `every` is in minutes. `host` is the host that it asks, "" if it asks none.
    """

    __slots__ = ("every", "group", "host", "id", "kind", "name", "paused", "shard", "tags")

    def __init__(
        self,
        id: str,
        name: str,
        kind: str,
        shard: str,
        every: int,
        group: str = "",
        tags: "Iterable[str]" = (),
        host: str = "",
        paused: bool = False,
    ) -> None:
        self.id, self.name, self.kind, self.shard, self.every = id, name, kind, shard, every
        self.group, self.tags, self.host, self.paused = group, tuple(tags), host, paused

    def but(self, *, paused: bool) -> "Entry":
        """The same entry, paused or not."""
        return Entry(*[*self.values()[:-1], paused])

    def values(self) -> list:
        return [getattr(self, name) for name in _FIELDS]

    def __repr__(self) -> str:
        return f"Entry({', '.join(map(repr, self.values()))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and self.values() == other.values()

    __hash__ = None  # type: ignore[assignment]


_FIELDS = ("id", "name", "kind", "shard", "every", "group", "tags", "host", "paused")


class Roster:
    """The monitors of a server, sorted by name. `version` counts the changes; 0 is a server without a monitor yet."""

    __slots__ = ("entries", "version")

    def __init__(self, entries: "Iterable[Entry]" = (), version: int = 0) -> None:
        self.entries = sorted(entries, key=lambda entry: (entry.name.casefold(), entry.id))
        self.version = version

    @classmethod
    def parse(cls, text: str, version: int) -> "Roster":
        return cls((Entry(*values) for values in json.loads(text)), version)

    def text(self) -> str:
        """The entries as JSON. `parse` reads it."""
        return json.dumps([entry.values() for entry in self.entries], ensure_ascii=False, separators=(",", ":"))

    def find(self, name: str) -> "Entry | None":
        """The monitor with this name, in upper or lower case, or with this id."""
        wanted = name.strip().casefold()
        by_name = (entry for entry in self.entries if entry.name.casefold() == wanted)
        return next(by_name, None) or next((entry for entry in self.entries if entry.id == name.strip()), None)

    def select(self, name: str) -> "list[Entry]":
        """The monitor with this name, or the monitors of the group or with the tag of this name. "" selects all."""
        found = self.find(name) if name.strip() else None
        if found:
            return [found]
        wanted = name.strip().casefold()
        return [
            entry
            for entry in self.entries
            if not wanted or entry.group.casefold() == wanted or wanted in map(str.casefold, entry.tags)
        ]

    def named(self, text: str) -> tuple[str, str]:
        """What has this name: "monitor" and an id, or "group" or "tag" and the name as it is written there.

        Raises UserError if nothing has it.
        """
        entry, wanted = self.find(text), text.strip().casefold()
        if entry is not None:
            return "monitor", entry.id
        for kind, names in (("group", self.groups), ("tag", self.tags)):
            for name in names:
                if name.casefold() == wanted:
                    return kind, name
        from ..errors import UserError
        from ..i18n import _

        raise UserError(_("There is no monitor, group or tag with this name. `/status` shows them all."))

    @property
    def names(self) -> list[str]:
        """What `named` finds: the names of the monitors, then the groups and the tags."""
        return [*(entry.name for entry in self.entries), *self.groups, *self.tags]

    def in_shard(self, shard: str) -> "list[Entry]":
        return [entry for entry in self.entries if entry.shard == shard]

    @property
    def shards(self) -> list[str]:
        return sorted({entry.shard for entry in self.entries})

    @property
    def sizes(self) -> dict[int, int]:
        """The number of monitors in each shard, by the shard's number."""
        return {int(shard): len(self.in_shard(shard)) for shard in self.shards}

    @property
    def groups(self) -> list[str]:
        return sorted({entry.group for entry in self.entries if entry.group}, key=str.casefold)

    @property
    def tags(self) -> list[str]:
        return sorted({tag for entry in self.entries for tag in entry.tags}, key=str.casefold)

    def minutes(self, shard: str) -> int:
        """How often the shard is run, in minutes: as often as its most frequent monitor. 0 if it has none to check."""
        return min((entry.every for entry in self.in_shard(shard) if not entry.paused), default=0)

    def with_(self, entry: Entry) -> "Roster":
        """The roster with this monitor, which takes the place of the one with the same id."""
        return Roster([*(each for each in self.entries if each.id != entry.id), entry], self.version)

    def without(self, id: str) -> "Roster":
        return Roster((each for each in self.entries if each.id != id), self.version)


def entry_of(monitor: "Monitor", shard: str) -> Entry:
    """What the roster knows of a monitor in this shard."""
    return Entry(
        monitor.id,
        monitor.name,
        monitor.kind,
        shard,
        monitor.every,
        monitor.group,
        monitor.tags,
        host_of(monitor),
        monitor.paused,
    )


def host_of(monitor: "Monitor") -> str:
    """The host that a monitor asks, "" if it asks none."""
    from urllib.parse import urlsplit  # a millisecond of a cold start, and no autocomplete needs it

    target = "" if monitor.kind in FED else monitor.target
    return (urlsplit(target if "://" in target else f"//{target}").hostname or "") if target else ""
