"""The register of everything that Watchbell keeps in DynamoDB; a test refuses an item that is not declared here.

Both tables have the keys `pk` and `sk`. `state` is backed up and retained; `ephemeral` may be lost without harm, and
its items go when `expires_at` (epoch seconds) has passed, some time later: readers compare it themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Row:
    """One kind of item. `partition` and `sort` are its keys, `{}` for what varies; `keep` is seconds, None for ever."""

    name: str
    table: str
    partition: str
    sort: str
    fields: tuple[str, ...]
    keep: int | None
    personal: str

    def key(self, *names: str) -> dict[str, str]:
        """The item's two keys."""
        return {"pk": self.partition.format(*names), "sk": self.sort}


_CLAIM = ("status", "owner", "attempt", "lease_until", "outcome", "expires_at")

INTERACTION = Row("interaction", "ephemeral", "interaction#{}", "claim", _CLAIM, DAY, "no")
"""That an interaction is being answered, or has been."""

INTRODUCTION = Row("introduction", "state", "introduction#{}", "claim", _CLAIM, None, "a Discord user id")
"""That a user who installed the bot has been greeted."""

SCHEDULE = Row("schedule", "state", "schedule#{}#{}", "claim", _CLAIM, 400 * DAY, "no")
"""That a timed job ran for a local date."""

SCHEDULE_START = Row("schedule's start", "state", "schedule#{}", "start", ("first",), None, "no")
"""When a timed job's first tick came (epoch seconds): there is nothing to catch up from before."""

DELIVERY = Row("delivery", "ephemeral", "delivery#{}", "claim", _CLAIM, 14 * DAY, "no")
"""That a message was sent; its outcome is the id of the message."""

RANKS = Row("ranks", "state", "guild#{}", "ranks", ("roles",), None, "no")
"""Which roles of a server are viewer, responder or admin to the bot."""

COMPONENT_STATE = Row(
    "component's state",
    "ephemeral",
    "state#{}",
    "state",
    ("values", "expires_at"),
    30 * DAY,
    "what a feature put there",
)
"""State of a button or select that is too large for its custom id; kept until that expires."""

RETIRED_WEBHOOK = Row("retired webhook", "state", "webhook#{}", "retired", ("url_hash", "retired_at"), None, "no")
"""That Discord no longer knows a webhook's URL, kept as a SHA-256, so that it is not called again."""

ROWS = (INTERACTION, INTRODUCTION, SCHEDULE, SCHEDULE_START, DELIVERY, RANKS, COMPONENT_STATE, RETIRED_WEBHOOK)
