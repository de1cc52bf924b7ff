"""/uptime: how reliable a monitor was."""

from watchbell import (
    Annotated,
    Choice,
    Command,
    Names,
    Quota,
    Reply,
    UserError,
    _,
    anyone,
    pgettext,
)
from watchbell.status.roster import OPERATOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

command = Command(
    "uptime",
    "See how reliable a monitor was",
    who=anyone,
    private=True,
    contexts=("guild",),
    quota=Quota(10, per=60),
    switch="status",
)

SHOWN = {
    "day": "the last 24 hours",
    "week": "the last 7 days",
    "month": "the last 30 days",
    "quarter": "the last 90 days",
    "year": "the last 365 days",
}
WINDOWS: "dict[str, Any]" = {"day": "24h", "week": "7d", "month": "30d", "quarter": "90d", "year": "365d"}


@command.run
def uptime(
    interaction,
    tools,
    *,
    monitor: str,
    window: Annotated[Choice["day", "week", "month", "quarter", "year"], Names(SHOWN)] = "month",
    private: bool | None = None,
):
    """Show uptime, outages and latency.

    monitor: Which one
    window: How far back (default: 30 days)
    private: Show the answer only to you (default: as this server has chosen)
    """
    from watchbell.commands import status
    from watchbell.tools import reading

    owner, entry = find(monitor, interaction, tools)
    (line,) = reading.lines(owner, [entry], tools)
    answer = shown(line, owner, window, tools)
    return answer if private is not None else status.shared(answer, interaction, tools)


@uptime.autocomplete
def monitor(interaction, tools, typed):
    own, others = tools.roster(interaction.guild_id), tools.roster(OPERATOR)
    return [entry.name for entry in own.entries] + [
        entry.name for entry in others.entries if own.find(entry.name) is None
    ]


def find(name: str, interaction, tools) -> tuple:
    """The server and the entry of the monitor with this name, of the server or else of the person who runs the bot.

    Raises UserError if there is none.
    """
    for owner in (interaction.guild_id, OPERATOR):
        entry = tools.monitors.roster(owner).find(name)
        if entry is not None:
            return owner, entry
    raise UserError(_("There is no monitor with this name. `/status` shows them all."))


def shown(line, guild_id: str, window: str, tools) -> Reply:
    from watchbell.status import reliability
    from watchbell.tools import reading

    periods, found = reading.reliability(guild_id, line, WINDOWS[window], tools)
    title = pgettext("choice", SHOWN[window])
    return Reply(components=[reliability.card(line, title, WINDOWS[window], periods, found)])
