"""The figures of a server's applications, added up from the trail of what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..status.tally import Share

APPLY, RETRY, WITHDRAW = "apply", "retry", "withdraw"
CREATED, EXISTING, BUSY, FAILED, REFUSED = "created", "existing", "busy", "failed", "refused"
"""How a press ended. A failed press leaves a pending application. A press is refused if nobody can apply now."""

DUPLICATE = "duplicate"
"""A second channel of one application, which was found and repaired."""

_TRIES = {
    **{(action, outcome): outcome for action in (APPLY, RETRY) for outcome in (CREATED, FAILED)},
    ("batch_create", "done"): CREATED,
    ("batch_create", "failed"): FAILED,
    ("repair_adopt", "adopted"): CREATED,
}
"""How a try to make a channel ended, by action and outcome: by a press, by the staff, many at once, or by the check."""


@dataclass(frozen=True)
class Figures:
    """Counts of presses by how they ended, and of people who pressed, medians in milliseconds, and failures by reason.

    `made` counts the channels, and `waiting` the applications of which the last try failed. An application counts once
    for each reason.
    """

    presses: int = 0
    people: int = 0
    made: int = 0
    waiting: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
    duplicates: int = 0
    acknowledged: int | None = None
    worked: int | None = None

    @property
    def success(self) -> Share:
        """The share of the applications that got their channel."""
        return Share(self.made, self.made + self.waiting)


def added_up(trail: Iterable[dict[str, Any]]) -> Figures:
    """Return the figures of the rows of a trail, the newest first."""
    from statistics import median  # with fractions and decimal; a worker that makes channels needs none of them

    rows = list(trail)
    tries = [(row, how) for row in rows if (how := _TRIES.get((row["action"], row["outcome"])))]
    last: dict[tuple[str, str], str] = {}
    for row, how in tries:
        last.setdefault((row["config"], row["user"]), how)
    failed = {(row["config"], row["user"], row["reason"]) for row, how in tries if how == FAILED and row["reason"]}
    presses = [row for row in rows if row["action"] == APPLY]
    waits = [row["acknowledged"] for row in presses if row["acknowledged"] is not None]
    times = [row["worked"] for row in presses if row["outcome"] == CREATED and row["worked"] is not None]
    return Figures(
        len(presses),
        len({row["user"] for row in presses}),
        sum(how == CREATED for _row, how in tries),
        sum(how == FAILED for how in last.values()),
        Counter(row["outcome"] for row in presses),
        Counter(reason for _config, _user, reason in failed),
        sum(row["action"] == WITHDRAW and row["outcome"] == "done" for row in rows),
        sum(row["outcome"] == DUPLICATE for row in rows),
        int(median(waits)) if waits else None,
        int(median(times)) if times else None,
    )
