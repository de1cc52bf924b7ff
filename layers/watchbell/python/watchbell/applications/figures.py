"""The figures of a server's applications, added up from the trail of what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

APPLY, WITHDRAW = "apply", "withdraw"
CREATED, EXISTING, BUSY, FAILED, REFUSED = "created", "existing", "busy", "failed", "refused"
"""How a press ended. A failed press leaves a pending application. A press is refused if nobody can apply now."""

DUPLICATE = "duplicate"
"""A second channel of one application, which was found and repaired."""


@dataclass(frozen=True)
class Figures:
    """Counts of presses by how they ended, medians in milliseconds, and failures by reason."""

    presses: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
    duplicates: int = 0
    acknowledged: int | None = None
    worked: int | None = None

    @property
    def success(self) -> float | None:
        """The share of the applications that got their channel, in percent. None if there was none."""
        done, failed = self.outcomes[CREATED], self.outcomes[FAILED]
        return 100 * done / (done + failed) if done + failed else None


def added_up(trail: Iterable[dict[str, Any]]) -> Figures:
    """Return the figures of the rows of a trail."""
    rows = list(trail)
    presses = [row for row in rows if row["action"] == APPLY]
    waits = [row["acknowledged"] for row in presses if row["acknowledged"] is not None]
    times = [row["worked"] for row in presses if row["outcome"] == CREATED and row["worked"] is not None]
    return Figures(
        len(presses),
        Counter(row["outcome"] for row in presses),
        Counter(row["reason"] for row in presses if row["outcome"] == FAILED),
        sum(row["action"] == WITHDRAW and row["outcome"] == "done" for row in rows),
        sum(row["outcome"] == DUPLICATE for row in rows),
        int(median(waits)) if waits else None,
        int(median(times)) if times else None,
    )
