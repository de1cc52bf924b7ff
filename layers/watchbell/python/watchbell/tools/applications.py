"""What is stored of applications. The ingress loads this to open a form, so it imports nothing else."""

from ..kit.data import Data

CONFIGURATIONS = Data("application_configs", of="server", fields=("configs",))
"""The configurations of a server by their ids, as `applications.configuration.written` makes them."""

APPLICATIONS = Data(
    "application",
    of="server",
    key=("config", "user"),
    fields=(
        *("name", "status", "channel", "message", "answers", "reason", "note", "by"),
        *("finished", "applied", "changed", "number"),
    ),
    about=("user",),
    mentions=("by",),
    personal="a Discord user id and name, and what the person answered; when it is over, it is kept for 90 days, or as "
    "long as the server has chosen",
)
"""An `applications.Application`. It is kept while it is live, and then as long as the configuration says."""

TRAIL = Data(
    "application_trail",
    of="server",
    key=("id",),
    fields=("at", "action", "config", "user", "actor", "outcome", "reason", "acknowledged", "worked", "steps"),
    about=("user",),
    mentions=("actor",),
    keep=90,
)
"""One thing that was done: a press, what staff did, or one application of a batch. `id` begins with the id of the
interaction. `acknowledged` and `worked` are milliseconds."""

SERVERS = Data("application_server", of="own", key=("server",), servers=("server",))
"""The servers that have a configuration. The daily check goes through them."""
