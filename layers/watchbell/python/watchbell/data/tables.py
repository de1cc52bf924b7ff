"""Every kind of item that Watchbell stores in DynamoDB, besides what features declare as Data.

A test refuses an item that nobody declares.

Both tables have the keys `pk` and `sk`. The table `state` is backed up and retained. The table `ephemeral` can be lost
without harm. DynamoDB deletes its items some time after `expires_at` (epoch seconds), so readers compare it themselves.
"""

from __future__ import annotations

DAY = 24 * 60 * 60


class Row:
    """One kind of item.

    `partition` and `sort` are its keys, with `{}` for the parts that vary. `keep` is how long an item is kept, in
    seconds, None for ever, 0 for as long as the item that it leads to. `personal` says what personal data it holds,
    "no" for none. This is a plain class because the ingress imports it in cold starts.
    """

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
        """The two keys of an item. `names` fill the `{}` of `partition`, then those of `sort`."""
        places = self.partition.count("{}")
        return {"pk": self.partition.format(*names[:places]), "sk": self.sort.format(*names[places:])}

    def item_key(self, *names: str) -> dict[str, dict[str, str]]:
        """The same keys in the format of DynamoDB's API."""
        return {part: {"S": value} for part, value in self.key(*names).items()}


_CLAIM = ("status", "owner", "attempt", "holders", "lease_until", "outcome", "expires_at")

INTERACTION = Row("interaction", "ephemeral", "interaction#{}", "claim", _CLAIM, DAY, "no")
"""Records that an interaction is being answered or has been answered."""

EVENT = Row("webhook event", "ephemeral", "event#{}", "claim", _CLAIM, DAY, "no")
"""Records that an event of Discord was handled, by a hash of its type, timestamp and data. Discord can send an event
several times within 10 minutes, and gives it no id."""

STEP = Row(
    "step", "ephemeral", "interaction#{}", "step#{}", ("status", "value", "expires_at"), DAY, "what a feature put there"
)
"""A started or finished step of a flow with several effects. `value` is the result that later steps need."""

INTRODUCTION = Row("introduction", "state", "introduction#{}", "claim", _CLAIM, None, "a Discord user id")
"""Records that a user who installed the bot has been greeted. The outcome is `sent`, or the reason why nothing can be
sent: `dm_closed`, `no_shared_server`, `no_access`, `no_channel` or `no_user`."""

ONBOARDING = Row("onboarding", "state", "guild#{}", "onboarding", _CLAIM, None, "no")
"""Records that a server that installed the bot was told how to begin. The outcome is the id of the message, `sent`, or
why there is none: `no_channel`, or `refused:STATUS:CODE`."""

SCHEDULE = Row("schedule", "state", "schedule#{}#{}", "claim", _CLAIM, 400 * DAY, "no")
"""Records that a timed job ran for a local date."""

SCHEDULE_SLOT = Row("schedule's slot", "state", "schedule#{}#{}", "slot", _CLAIM, 2 * DAY, "no")
"""Records that a timed job ran for a slot, which its start identifies. A tick is at most hours late, so 2 days are
enough."""

SCHEDULE_START = Row("schedule's start", "state", "schedule#{}", "start", ("first",), None, "no")
"""The time of a timed job's first tick (epoch seconds). The job does not catch up on anything before it."""

DELIVERY = Row("delivery", "ephemeral", "delivery#{}", "claim", _CLAIM, 14 * DAY, "no")
"""Records that a message was sent. The outcome is the message's id, `webhook_retired` or `refused:STATUS:CODE`."""

SETTINGS = Row("settings", "state", "guild#{}", "settings", ("values", "version"), None, "no")
"""What a server has chosen in `/setup` or by `ops ranks`: the values by the names of the settings. `version` counts the
changes, so that no change is lost when two happen at the same time."""

COMPONENT_STATE = Row(
    "component's state",
    "ephemeral",
    "state#{}",
    "state",
    ("values", "expires_at"),
    30 * DAY,
    "what a feature put there, or a person typed into a form",
)
"""The state of a button, select or form if it is too large for a custom id, and the values of a form that a person has
to correct. Kept until an hour after the component or form expires."""

SPARE_USES = 5
"""How many uses are kept beyond a quota's count, so that a late retry can be recognised."""

QUOTA = Row(
    "quota",
    "ephemeral",
    "quota#{}#{}#{}#{}",
    "quota",
    (*(f"u{number}" for number in range(100 + SPARE_USES)), "expires_at"),
    7 * DAY,
    "a Discord user id",
)
"""The last uses of a feature by a user, guild, channel or everybody. Each field holds the time in milliseconds and the
id of the interaction."""

LOCK = Row(
    "lock", "ephemeral", "lock#{}", "lock", ("owner", "lease_until", "fence", "expires_at"), DAY, "a Discord user id"
)
"""The interaction that holds a lock, and when its lease ends."""

_TIMES = ("free_at", "later_at", "people_at", "closed_until", "spent_until", "refused_until")
PACE = Row("pace", "ephemeral", "pace", "pace", (*_TIMES, "refused", "known", "expires_at"), DAY, "no")
"""When Discord may be called next, by all functions together, and the known limits of its routes. A token that Discord
refused is kept as a part of its SHA-256."""

BUCKET = Row(
    "rate limit",
    "ephemeral",
    "pace#{}#{}",
    "bucket",
    (*(f"u{number}" for number in range(40)), "seen_at", "full_until", "hidden_at", "expires_at"),
    DAY,
    "no",
)
"""The last calls of a route of Discord for one channel, server or webhook, and until when Discord takes no more."""

RETIRED_WEBHOOK = Row(
    "retired webhook", "state", "webhook#{}", "retired", ("url_hash", "set_at", "retired_at"), None, "no"
)
"""Records that Discord no longer knows a webhook's URL, so that it is not called again until it is set again. The URL
is kept as a SHA-256."""

AUDIT = Row(
    "audit",
    "state",
    "guild#{}",
    "audit#{}",
    ("at", "actor", "action", "subject", "interaction_id", "ended", "expires_at"),
    400 * DAY,
    "the Discord user id, or the AWS identity, of who did it",
)
"""An administrative action: who did what in this server, and how it ended. The numbers in `sort` have no gaps. The
server `deployment` stands for what `ops` changes for all servers. `ended` is `begun` if nobody knows how it ended."""

AUDIT_COUNT = Row("audit's count", "state", "guild#{}", "audit", ("last",), None, "no")
"""The number of the server's latest audit row."""

MONITOR = Row("monitor", "state", "guild#{}", "monitor#{}#{}", ("value",), None, "no")
"""A monitor of a server, as JSON, under its shard and its id."""

ROSTER = Row("roster", "state", "guild#{}", "roster", ("value", "version"), None, "no")
"""The names of a server's monitors, with their shards, groups and tags: what lists and autocompletes them."""

WINDOWS = Row("maintenance", "state", "guild#{}", "maintenance", ("value", "version"), None, "no")
"""The maintenance windows of a server, as JSON."""

MONITOR_LIMITS = Row(
    "monitor limits", "state", "guild#{}", "limits", ("monitors", "every", "aws", "private"), None, "no"
)
"""How many monitors a server may have, how often they may be checked, and whether they may follow AWS. There is one if
`ops limits` has changed it."""

MONITOR_COUNT = Row("monitor count", "state", "monitors#{}", "count", ("monitors",), None, "no")
"""The number of monitors of one host in all servers, or of the whole deployment."""

SHARD = Row("shard", "state", "guild#{}", "shard#{}", ("states", "hour", "slot", "version"), None, "no")
"""The judged states of the monitors of a shard, and their figures of the current hour. `slot` is the latest run.
`version` counts the writes."""

DUE = Row("due shard", "state", "due#{}#{}", "{}#{}", (), 0, "no")
"""A shard that is checked at this minute of each period. The tick reads these rows."""

TICK = Row("tick", "state", "tick", "tick", ("slot",), None, "no")
"""The last slot whose shards were queued."""

RUN = Row("run", "state", "guild#{}", "run#{}#{}", ("value", "expires_at"), 7 * DAY, "no")
"""The results of one run of a shard."""

HOUR = Row("hour of a shard", "state", "guild#{}", "hour#{}#{}", ("value", "expires_at"), 90 * DAY, "no")
"""The figures of an hour: results by outcome and latencies, for each monitor of the shard."""

DAY_FIGURES = Row("day of a shard", "state", "guild#{}", "day#{}#{}", ("value", "expires_at"), 730 * DAY, "no")
"""The same for a day in UTC."""

FLIP = Row("flips", "state", "guild#{}", "flip#{}#{}#{}", ("value", "expires_at"), 730 * DAY, "no")
"""The changes of a monitor's state in one run, under its shard, the slot of the run, and the monitor's id."""

EDITION = Row("edition", "state", "guild#{}", "edition#{}", ("value", "expires_at"), 7 * DAY, "no")
"""The news of a server that are told together."""

UNTOLD = Row("to be told", "state", "untold", "{}#{}", ("at", "held"), 0, "no")
"""Flips of one row that belong to no edition yet, or an edition that not everybody has been told of. The row is deleted
when they have been, and the tick looks for old ones. `held` is 1 if the flips wait for the parent of their monitor."""

LATER = Row("due later", "state", "later", "{}#{}#{}#{}#{}", (), 0, "no")
"""A `status.later.Later`: when it is due, the server, its kind, its id and its number. It is a step of an escalation, a
notice of maintenance, a digest or a reminder. The tick reads the ones that are due, and the next one replaces it."""

_EVENT = ("at", "outcome", "text", "lasts", "expires_at")
AWS_EVENT = Row("AWS event", "state", "aws#{}", "event", _EVENT, 90 * DAY, "no")
"""The newest event of AWS about an alarm, a pipeline, a service or a task. The next run of its monitors judges it."""

TOLD = Row("told", "state", "guild#{}", "told#{}#{}", _CLAIM, 90 * DAY, "no")
"""Records that a channel was told of maintenance, or the owner of a server that alerts do not arrive. The outcome is
the id of the message, or why there is none."""

REFUSAL = Row("refusal", "state", "guild#{}", "refusal#{}", ("status", "code", "lacks", "since"), None, "no")
"""A channel of a server in which Discord refuses alerts: the HTTP status, Discord's code, the permissions that the bot
lacks, and since when. The next message that Discord takes there deletes it."""

PING = Row(
    "ping",
    "state",
    "ping#{}",
    "ping",
    ("guild", "monitor", "pings", "ended", "logged", "body"),
    None,
    "what a job sends as the body of a ping",
)
"""The pings of a heartbeat, under the UUID of its URL. `pings` are the last 10 starts and ends of runs, `ended` is the
last end, `logged` the last log, and `body` the first 1,000 characters of the last body. The heartbeat function updates
this row and cannot make one."""

POINTER = Row("person's pointer", "state", "user#{}", "in#{}", ("expires_at",), 0, "a Discord user id")
"""Leads from a person to an item of a feature's data that names the person. `sort` holds `pk` and `sk` of the item."""

SERVER_POINTER = Row("server's pointer", "state", "guild#{}", POINTER.sort, POINTER.fields, 0, "no")
"""The same for a server."""

ROWS = (
    AUDIT,
    AUDIT_COUNT,
    INTERACTION,
    EVENT,
    STEP,
    INTRODUCTION,
    ONBOARDING,
    SCHEDULE,
    SCHEDULE_SLOT,
    SCHEDULE_START,
    DELIVERY,
    SETTINGS,
    COMPONENT_STATE,
    QUOTA,
    LOCK,
    PACE,
    BUCKET,
    RETIRED_WEBHOOK,
    MONITOR,
    ROSTER,
    WINDOWS,
    MONITOR_LIMITS,
    MONITOR_COUNT,
    SHARD,
    DUE,
    TICK,
    RUN,
    HOUR,
    DAY_FIGURES,
    FLIP,
    EDITION,
    LATER,
    UNTOLD,
    AWS_EVENT,
    TOLD,
    REFUSAL,
    PING,
    POINTER,
    SERVER_POINTER,
)
