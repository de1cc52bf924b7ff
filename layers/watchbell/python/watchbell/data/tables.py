"""The register of everything that Watchbell keeps in DynamoDB; a test refuses an item that is not declared here.

Both tables have the keys `pk` and `sk`. `state` is backed up and retained; `ephemeral` may be lost without harm, and
its items go when `expires_at` (epoch seconds) has passed, some time later: readers compare it themselves.
"""

from __future__ import annotations

DAY = 24 * 60 * 60


class Row:
    """One kind of item. `partition` and `sort` are its keys, `{}` for what varies; `keep` is seconds, None for ever.
    A plain class, since the ingress reads two of them."""

    __slots__ = ("fields", "keep", "name", "partition", "personal", "sort", "table")

    def __init__(
        self,
        name: str,
        table: str,
        partition: str,
        sort: str,
        fields: tuple[str, ...],
        keep: int | None,
        personal: str,
    ) -> None:
        self.name, self.table, self.partition, self.sort = name, table, partition, sort
        self.fields, self.keep, self.personal = fields, keep, personal

    def key(self, *names: str) -> dict[str, str]:
        """The item's two keys."""
        places = self.partition.count("{}")
        return {"pk": self.partition.format(*names[:places]), "sk": self.sort.format(*names[places:])}

    def item_key(self, *names: str) -> dict[str, dict[str, str]]:
        """The same as DynamoDB's API writes it."""
        return {part: {"S": value} for part, value in self.key(*names).items()}


_CLAIM = ("status", "owner", "attempt", "holders", "lease_until", "outcome", "expires_at")

INTERACTION = Row("interaction", "ephemeral", "interaction#{}", "claim", _CLAIM, DAY, "no")
"""That an interaction is being answered, or has been."""

STEP = Row(
    "step", "ephemeral", "interaction#{}", "step#{}", ("status", "value", "expires_at"), DAY, "what a feature put there"
)
"""A step of a flow with several effects that has begun or is done; `value` is what the feature needs of it later."""

INTRODUCTION = Row("introduction", "state", "introduction#{}", "claim", _CLAIM, None, "a Discord user id")
"""That a user who installed the bot has been greeted. Its outcome is `sent`, `dm_closed` or `no_shared_server`."""

SCHEDULE = Row("schedule", "state", "schedule#{}#{}", "claim", _CLAIM, 400 * DAY, "no")
"""That a timed job ran for a local date."""

SCHEDULE_SLOT = Row("schedule's slot", "state", "schedule#{}#{}", "slot", _CLAIM, 2 * DAY, "no")
"""That a timed job ran for a slot, named by its start. A tick comes hours late at most, so it need not be kept long."""

SCHEDULE_START = Row("schedule's start", "state", "schedule#{}", "start", ("first",), None, "no")
"""When a timed job's first tick came (epoch seconds): there is nothing to catch up from before."""

DELIVERY = Row("delivery", "ephemeral", "delivery#{}", "claim", _CLAIM, 14 * DAY, "no")
"""That a message was sent. Its outcome is the id of the message, or `webhook_retired` or `refused:STATUS:CODE`."""

RANKS = Row("ranks", "state", "guild#{}", "ranks", ("roles",), None, "no")
"""Which roles of a server are viewer, responder or admin to the bot."""

COMPONENT_STATE = Row(
    "component's state",
    "ephemeral",
    "state#{}",
    "state",
    ("values", "expires_at"),
    30 * DAY,
    "what a feature put there, or a person typed into a form",
)
"""State of a button, select or form that is too large for its custom id, and what was typed into a form that has to be
corrected; kept until an hour after that expires."""

SPARE_USES = 5
"""Uses that are kept past a quota's own, so that a late retry is known for what it is."""

QUOTA = Row(
    "quota",
    "ephemeral",
    "quota#{}#{}#{}#{}",
    "quota",
    (*(f"u{number}" for number in range(100 + SPARE_USES)), "expires_at"),
    7 * DAY,
    "a Discord user id",
)
"""The last uses of a feature by a user, guild, channel or everybody: the millisecond and the interaction of each."""

LOCK = Row(
    "lock", "ephemeral", "lock#{}", "lock", ("owner", "lease_until", "fence", "expires_at"), DAY, "a Discord user id"
)
"""Which interaction works on a thing that only one may work on, and until when."""

RETIRED_WEBHOOK = Row("retired webhook", "state", "webhook#{}", "retired", ("url_hash", "retired_at"), None, "no")
"""That Discord no longer knows a webhook's URL, kept as a SHA-256, so that it is not called again."""

ROWS = (
    INTERACTION,
    STEP,
    INTRODUCTION,
    SCHEDULE,
    SCHEDULE_SLOT,
    SCHEDULE_START,
    DELIVERY,
    RANKS,
    COMPONENT_STATE,
    QUOTA,
    LOCK,
    RETIRED_WEBHOOK,
)
