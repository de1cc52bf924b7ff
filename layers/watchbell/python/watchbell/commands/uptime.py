"""/uptime: how reliable a monitor was."""

from watchbell import Choice, Command, Container, Quota, Reply, Separator, Text, UserError, _, anyone, ngettext
from watchbell.discord.text import clip, escape

command = Command(
    "uptime",
    "See how reliable a monitor was",
    who=anyone,
    private=True,
    contexts=("guild",),
    quota=Quota(10, per=60),
    switch="status",
)

WINDOWS = ("24h", "7d", "30d", "90d", "365d")


@command.run
def uptime(
    interaction,
    tools,
    *,
    monitor: str,
    window: Choice["24h", "7d", "30d", "90d", "365d"] = "30d",
    private: bool | None = None,
):
    """Show uptime, outages and latency.

    monitor: Which one
    window: Over which time (default: 30 days)
    private: Show the answer only to you (default: as this server has chosen)
    """
    from watchbell.commands import status

    roster = tools.monitors.roster(interaction.guild_id)
    entry = roster.find(monitor)
    if entry is None:
        raise UserError(_("There is no monitor with this name. `/monitor list` shows them all."))
    (line,) = status.lines(interaction.guild_id, [entry], tools)
    answer = shown(line, interaction.guild_id, window, tools)
    return answer if private is not None else status.shared(answer, interaction, tools)


@uptime.autocomplete
def monitor(interaction, tools, typed):
    return [entry.name for entry in tools.roster(interaction.guild_id).entries]


def shown(line, guild_id: str, window: str, tools) -> Reply:
    from watchbell.status import measures
    from watchbell.status import uptime as rules
    from watchbell.status.states import COLOURS

    found = summary_of(guild_id, line, window, tools)
    days = rules.by_day(periods_of(guild_id, line, window, tools), window, tools.now(), line.entry.id)
    shares = {day: tally.uptime for day, tally in days.items()}
    strip = (
        "\n".join(measures.strip(dict(part)) for part in parts(list(shares.items()), 30)) if len(shares) <= 90 else ""
    )
    figures = [
        f"**{_('Uptime')}** {measures.share(found.tally.uptime)}",
        f"**{_('Outages')}** {outages(found)}",
        f"**{_('Latency')}** "
        + _(
            "p50 {p50} · p95 {p95} · p99 {p99}",
            **{name: measures.latency(getattr(found, name)) for name in ("p50", "p95", "p99")},
        ),
    ]
    note = measures.measured(found.tally.measured)
    return Reply(
        components=[
            Container(
                Text(f"### {clip(escape(line.entry.name), 80)}\n-# {title(window)}"),
                Text("\n".join(filter(None, [strip, measures.strip_in_words(shares)]))),
                Separator(),
                Text("\n".join(figures)),
                *([Text(f"-# {note}")] if note else []),
                colour=COLOURS[line.state],
            )
        ]
    )


def title(window: str) -> str:
    return {
        "24h": _("the last 24 hours"),
        "7d": _("the last 7 days"),
        "30d": _("the last 30 days"),
        "90d": _("the last 90 days"),
        "365d": _("the last 365 days"),
    }[window]


def outages(found) -> str:
    from watchbell.status import measures

    if not found.outages:
        return _("none")
    text = ngettext(
        "{n}, down for {time}", "{n}, down for {time} in all", found.outages, time=measures.duration(found.downtime)
    )
    if found.repair is not None and found.outages > 1:
        text += " · " + _("{time} on average", time=measures.duration(found.repair))
    return text


def parts(items: list, size: int) -> list[list]:
    return [items[first : first + size] for first in range(0, len(items), size)]


def periods_of(guild_id: str, line, window: str, tools) -> list:
    return tools.shards.periods(guild_id, line.entry.shard, window, tools.now(), {line.entry.id})


def summary_of(guild_id: str, line, window: str, tools):
    """How reliable the monitor of a `board.Line` was in a window that ends now."""
    from watchbell.status import uptime as rules
    from watchbell.status.flip import Flip

    now = int(tools.now())
    start = rules.start_of(window, now)
    flips = [
        flip for flip in tools.shards.flips(guild_id, line.entry.shard, start, now) if flip.monitor == line.entry.id
    ]
    judged = line.judged
    if judged is not None and not flips and judged.state != "new":  # its state began before the window
        flips = [Flip(judged.monitor, judged.since, judged.since, "new", judged.state)]
    return rules.summary(periods_of(guild_id, line, window, tools), flips, window, now, line.entry.id)
