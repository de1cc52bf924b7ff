"""Feature flags and switches. A changed parameter takes effect within a minute.

A flag brings a new feature to some servers only: it is off unless its parameter is set. A switch takes a feature out on
a bad day: it is on unless its parameter is set. The parameter of either says where it is on:

on                          everywhere
off                         nowhere
25%                         in a quarter of the servers (in direct messages: of the people), always the same ones
off 1100000000000000001     only in this server; a user's id means their direct messages
on -1100000000000000001     everywhere except in this server
"""

import hashlib
import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..discord.interaction import Interaction

log = logging.getLogger(__name__)


class Flag:
    """A flag that is on in `percent` of all places, always on in `always` and never on in `never`."""

    __slots__ = ("always", "name", "never", "percent")

    def __init__(self, name: str, percent: float, always: "set[str]", never: "set[str]") -> None:
        self.name, self.percent, self.always, self.never = name, percent, always, never

    @property
    def everywhere(self) -> bool:
        return self.percent == 100 and not self.never

    def on(self, place: str = "") -> bool:
        """Whether the flag is on in `place`: the id of a server, or of a user for their direct messages.

        A place where the flag is on stays on when the percentage rises. A schedule has no place ("", the default): the
        flag is on for it unless the percentage is 0.
        """
        if not place:
            return self.percent > 0
        if place in self.never or place in self.always:
            return place in self.always
        digest = hashlib.sha256(f"{self.name}:{place}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 * 100 < self.percent


def parse(name: str, text: str) -> Flag:
    """The flag `name` with the text of its parameter. Raises ValueError with the reason if the text is not valid."""
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
            raise ValueError(
                f"{place!r} is not an id: write 15 to 20 digits, with - before them to switch the flag off"
            )
    never = {place[1:] for place in places if place.startswith("-")}
    always = {place for place in places if not place.startswith("-")}
    if never & always:
        raise ValueError(f"{', '.join(sorted(never & always))} is listed both as on and as off")
    return Flag(name, percent, always, never)


class Flags:
    """All flags and switches. `read` returns the texts of those that are set, by name, or raises Unavailable.

    A flag or switch with an invalid text is off.
    """

    def __init__(self, read: "Callable[[], dict[str, str]]") -> None:
        self._read = read

    def all(self) -> dict[str, Flag]:
        """The flags that are set, by name. Raises Unavailable if they cannot be read."""
        flags = {}
        for name, text in self._read().items():
            try:
                flags[name] = parse(name, text)
            except ValueError as error:
                log.error("flag %s is off: %s", name, error)  # noqa: TRY400 - the operator's mistake, not a bug
                flags[name] = Flag(name, 0.0, set(), set())
        return flags

    def on(self, name: str, interaction: "Interaction") -> bool:
        """Whether the flag is on where `interaction` comes from. Raises Unavailable if the flags cannot be read."""
        flag = self.all().get(name)
        return flag is not None and flag.on(interaction.guild_id or interaction.user_id)

    def switched_off(self, switch: str, place: str = "") -> bool:
        """Whether the switch is off in `place`; see Flag.on. Raises Unavailable if the switches cannot be read."""
        flag = self.all().get(switch)
        return flag is not None and not flag.on(place)
