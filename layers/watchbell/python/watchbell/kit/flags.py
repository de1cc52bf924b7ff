"""Feature flags: features that are on for some servers only, by a parameter that takes effect within a minute.

on                      everywhere
off                     nowhere; so is a flag that is not set
25%                     for a quarter of the servers (in direct messages: of the people), always the same ones
off 1100000000000000001         only there; a user's id stands for their direct messages
on -1100000000000000001         everywhere but there
"""

import hashlib
import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..discord.interaction import Interaction

log = logging.getLogger(__name__)


class Flag:
    """`percent` of all places, besides those that are named: `always` on, `never` on."""

    __slots__ = ("always", "name", "never", "percent")

    def __init__(self, name: str, percent: float, always: "set[str]", never: "set[str]") -> None:
        self.name, self.percent, self.always, self.never = name, percent, always, never

    @property
    def everywhere(self) -> bool:
        return self.percent == 100 and not self.never

    def on(self, place: str) -> bool:
        """Whether it is on in `place`, the id of a server, or of a user for their direct messages. Where it is on at
        some percentage, it is on at a higher one too."""
        if place in self.never or place in self.always:
            return place in self.always
        digest = hashlib.sha256(f"{self.name}:{place}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 * 100 < self.percent


def parse(name: str, text: str) -> Flag:
    """The flag `name` as its parameter says; ValueError tells what is wrong."""
    share, *places = text.replace(",", " ").split() or [""]
    percent = {"on": 100.0, "off": 0.0}.get(share)
    if percent is None:
        try:
            percent = float(share.removesuffix("%")) if share.endswith("%") else -1.0
        except ValueError:
            percent = -1.0
    if not 0 <= percent <= 100:
        raise ValueError(f"a flag begins with on, off or a percentage such as 25%, not with {share!r}")
    for place in places:
        digits = place.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and 15 <= len(digits) <= 20):
            raise ValueError(f"{place!r} is no id of a server: 15 to 20 digits, with - before it where it is off")
    never = {place[1:] for place in places if place.startswith("-")}
    always = {place for place in places if not place.startswith("-")}
    if never & always:
        raise ValueError(f"{', '.join(sorted(never & always))} is named as on and as off")
    return Flag(name, percent, always, never)


class Flags:
    """`read` answers all flags that are set, name -> text, or raises Unavailable. A flag that makes no sense is off."""

    def __init__(self, read: "Callable[[], dict[str, str]]") -> None:
        self._read = read

    def all(self) -> dict[str, Flag]:
        """The flags that are set, by name."""
        flags = {}
        for name, text in self._read().items():
            try:
                flags[name] = parse(name, text)
            except ValueError as error:
                log.error("the flag %s is off, since %s", name, error)  # noqa: TRY400 - the operator's slip, not a bug
                flags[name] = Flag(name, 0.0, set(), set())
        return flags

    def on(self, name: str, interaction: "Interaction") -> bool:
        """Whether the flag is on where `interaction` comes from."""
        flag = self.all().get(name)
        return flag is not None and flag.on(interaction.guild_id or interaction.user_id)
