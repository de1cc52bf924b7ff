"""How often a handler may be used. What is declared here is kept by `admission`, over all workers at once."""

from ..errors import DefinitionError

MOST_USES = 100
MOST_SECONDS = 7 * 24 * 60 * 60
KINDS = ("user", "guild", "channel", "feature")


class Quota:
    """At most `count` uses (1-100) in any `per` seconds (1-604,800), counted for each `user`, `guild` (in direct
    messages: each user), `channel`, or for the whole `feature`, which is everybody together.

    The window slides: each use is free again `per` seconds after it was made. A use that is refused is not counted,
    nor is the retry of one that was. Of several quotas the first that is spent refuses, and those before it have
    counted the use: put the widest first."""

    __slots__ = ("by", "count", "per")

    def __init__(self, count: int, *, per: int, by: str = "user") -> None:
        if not 1 <= count <= MOST_USES:
            raise DefinitionError(f"a quota of {count} uses: it is 1-{MOST_USES}")
        if not 1 <= per <= MOST_SECONDS:
            raise DefinitionError(f"a quota per {per} seconds: it is 1-{MOST_SECONDS}")
        if by not in KINDS:
            raise DefinitionError(f"a quota by {by!r}: it is by {', '.join(KINDS)}")
        self.count = count
        self.per = per
        self.by = by

    def __repr__(self) -> str:
        return f"Quota({self.count}, per={self.per}, by={self.by!r})"
