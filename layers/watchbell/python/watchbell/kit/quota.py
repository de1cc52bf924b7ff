"""How often a handler may be used. `interactions.limits` enforces it, across all workers."""

from ..errors import DefinitionError

MOST_USES = 100
MOST_SECONDS = 7 * 24 * 60 * 60
KINDS = ("user", "guild", "channel", "feature")


class Quota:
    """At most `count` uses (1-100) in any `per` seconds (1-604,800).

    `by` says whose uses are counted together: each "user", each "guild" (in direct messages: each user), each
    "channel", or everybody for the whole "feature".

    The window slides: a use stops counting `per` seconds after it was made. Refused uses and retries are not counted.
    If a handler has several quotas, the first spent one refuses the use, but the quotas before it have counted it.
    So put the widest quota first.

    Raises DefinitionError if a value is out of range.
    """

    __slots__ = ("by", "count", "per")

    def __init__(self, count: int, *, per: int, by: str = "user") -> None:
        if not 1 <= count <= MOST_USES:
            raise DefinitionError(f"a quota allows 1 to {MOST_USES} uses, not {count}")
        if not 1 <= per <= MOST_SECONDS:
            raise DefinitionError(f"a quota or cooldown lasts 1 to {MOST_SECONDS} seconds, not {per}")
        if by not in KINDS:
            raise DefinitionError(f"a quota counts by {', '.join(KINDS[:-1])} or {KINDS[-1]}, not by {by!r}")
        self.count = count
        self.per = per
        self.by = by

    def __repr__(self) -> str:
        return f"Quota({self.count}, per={self.per}, by={self.by!r})"
