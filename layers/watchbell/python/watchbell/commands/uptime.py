"""/uptime: how reliable a monitor was."""

from itertools import dropwhile

from watchbell import (
    Annotated,
    Choice,
    Command,
    Container,
    Names,
    Quota,
    Reply,
    Separator,
    Text,
    UserError,
    _,
    anyone,
    ngettext,
    pgettext,
)
from watchbell.discord.text import clip, escape
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
DAYS_IN_A_LINE = 31
"""The window of 30 days and today. A phone has room for 34."""


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

    owner, entry = find(monitor, interaction, tools)
    (line,) = status.lines(owner, [entry], tools)
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
    raise UserError(_("There is no monitor with this name. `/monitor list` shows them all."))


def shown(line, guild_id: str, window: str, tools) -> Reply:
    from watchbell.commands import status
    from watchbell.status import measures
    from watchbell.status import uptime as rules
    from watchbell.status.states import COLOURS

    name, now = line.entry.id, tools.now()
    periods = tools.shards.periods(guild_id, line.entry.shard, WINDOWS[window], now, {name})
    found = status.summary_of(guild_id, line, WINDOWS[window], tools, periods)
    days = rules.by_day(periods, WINDOWS[window], now, name)
    shares = {day: tally.uptime for day, tally in days.items()}
    over = pgettext("choice", SHOWN[window])
    texts = [f"### {clip(escape(line.entry.name), 80)}\n-# {over}"]
    if window != "year":  # a year has no room
        known = list(dropwhile(lambda day: not day[1].whole, shares.items()))  # it was not watched yet
        rows = (dict(known[first : first + DAYS_IN_A_LINE]) for first in range(0, len(known), DAYS_IN_A_LINE))
        texts += filter(None, ["\n".join(map(measures.strip, rows))])
    texts.append(measures.strip_in_words(shares))
    latencies = {each: measures.latency(getattr(found, each)) for each in ("p50", "p95", "p99")}
    figures = [
        "**" + _("Uptime") + f"** {measures.share(found.tally.uptime)}",
        "**" + _("Outages") + f"** {outages(found)}",
        "**" + _("Latency") + "** " + _("p50 {p50} · p95 {p95} · p99 {p99}", **latencies),
    ]
    note = measures.measured(found.tally.measured)
    small = [Text(f"-# {note}")] if note else []
    parts = [*map(Text, texts), Separator(), Text("\n".join(figures)), *small]
    return Reply(components=[Container(*parts, colour=COLOURS[line.state])])


def outages(found) -> str:
    from watchbell.status import measures

    if not found.outages:
        return _("none")
    down = measures.duration(found.downtime)
    text = ngettext("{n}, down for {time}", "{n}, down for {time} in all", found.outages, time=down)
    if found.repair is not None and found.outages > 1:
        text += " · " + _("{time} on average", time=measures.duration(found.repair))
    return text
