"""What the outbox remembers of each server: who hears of what, what they have been told, and who is on it."""

from ..kit.data import Data

SUBSCRIPTION = Data(
    "subscription",
    of="server",
    key=("id",),
    fields=(
        "to",
        "person",
        "about",
        "least",
        "channel",
        "recoveries",
        "quiet",
        "zone",
        "breaks",
        "snoozed",
        "wording",
        "locale",
    ),
    about=("person",),
    personal="the Discord user id of who hears of it",
)
"""A `subscriptions.Subscription`. `person` is the id of a person who hears of it by direct messages."""

WEBHOOK = Data("webhook", of="server", key=("name",), fields=("life", "post", "retired"))
"""A webhook of a server. Parameter Store holds its URL.

`life` changes each time the URL is set. `retired` is the life whose URL Discord no longer knows, "" if it knows it.
`post` is the name of the posts that alerts open, if the webhook belongs to a forum, else "".
"""

MAILBOX = Data(
    "mailbox",
    of="server",
    key=("recipient",),
    fields=("person", "alerts", "read", "channel", "owner", "until", "tries", "locale", "member_at"),
    about=("person",),
    keep=90,
    personal="the Discord user id of who hears of alerts",
)
"""A `subscriptions.Mailbox`: what a channel, a person or a webhook has been told, and what is still to be sent."""

STEP = Data(
    "escalation",
    of="server",
    key=("step",),
    fields=("minutes", "to", "person"),
    about=("person",),
    personal="the Discord user id of who is told if nobody is on it",
)
"""A step of the escalation: who hears of a monitor that has been down for some minutes and that nobody is on."""

ON_IT = Data("on_it", of="server", key=("monitor",), fields=("person", "at", "ended"), mentions=("person",), keep=90)
"""Who takes care of a monitor that is not up, since `at`. `ended` is when it was up again, in epoch seconds, else 0."""

TIMED = Data(
    "timed",
    of="server",
    key=("id",),
    fields=("to", "person", "cron", "zone", "due", "told", "cadence", "text", "locale", "totals", "quiet", "refused"),
    about=("person",),
    due="due",
    personal="the Discord user id of who gets a digest, and the text of a reminder",
)
"""A `subscriptions.timed.Timed`: a digest or a reminder, and when it comes next. The sender gets it then."""
