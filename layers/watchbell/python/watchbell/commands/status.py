"""/status: the status of the watched services, at a glance or in detail."""

from watchbell import (
    Choice,
    Command,
    Container,
    Option,
    Quota,
    Reply,
    Row,
    Section,
    Separator,
    Setting,
    StringSelect,
    Text,
    UserError,
    _,
    anyone,
)
from watchbell.errors import UnknownSource
from watchbell.status.roster import OPERATOR

private_checks = Setting("private_status_checks", "switch", True, label="Status checks are private")

MOST_SPANS = 1000
"""The most occurrences of a plan that are looked at: a plan for every day has 365 in a year."""

command = Command(
    "status",
    "See the status of the watched services",
    who=anyone,
    private=True,
    user_installs=True,
    quota=Quota(10, per=60),  # each use asks all services
    switch="status",
)


@command.run
def status(
    interaction, tools, *, monitor: str = "", server: str = "", detailed: bool = False, private: bool | None = None
):
    """Show how the watched services are.

    monitor: A monitor, a group or a tag of this server (default: all of them)
    server: A service that the person who runs the bot watches
    detailed: Show all figures instead of only the three most important ones
    private: Show the answer only to you (default: as this server has chosen)
    """
    view = "detailed" if detailed else "simple"
    entries = [] if server else selected(monitor, interaction, tools)
    answer = board(entries, monitor, view, interaction, tools) if entries else show(tools, view, server)
    return answer if private is not None else shared(answer, interaction, tools)


@status.autocomplete
def server(interaction, tools, typed):
    return tools.source_names()


@status.autocomplete
def monitor(interaction, tools, typed):
    roster = tools.roster(interaction.guild_id)
    return [*(entry.name for entry in roster.entries), *roster.groups, *roster.tags]


@command.button(expires=None)
def check(interaction, tools):
    """Show the services in a new message. Other features put this button into their messages."""
    entries = selected("", interaction, tools)
    answer = board(entries, "", "simple", interaction, tools) if entries else show(tools, "simple", "")
    return shared(answer, interaction, tools)


@command.button(cooldown=5)
def services(interaction, tools):
    """Show what the person who runs the bot watches, in a new message."""
    return shared(show(tools, "simple", ""), interaction, tools)


@command.button(updates=True, lock="status:{message}")
def monitors(interaction, tools, *, view: Choice["simple", "detailed"], name: str):
    return board(selected(name, interaction, tools), name, view, interaction, tools)


@command.button(updates=True, lock="status:{message}", cooldown=5)
def again(interaction, tools, *, view: Choice["simple", "detailed"], name: str):
    return board(selected(name, interaction, tools), name, view, interaction, tools)


@command.button(expires=None)
def about(interaction, tools, *, id: str):
    """Show a monitor in detail. Alerts have this button."""
    if tools.monitors.roster(interaction.guild_id).find(id) is None:
        source = tools.monitors.roster(OPERATOR).find(id)
        if source is None:
            raise UserError(_("This monitor has been removed."))
        return show(tools, "detailed", source.name)
    return board(selected(id, interaction, tools), id, "detailed", interaction, tools)


@command.select(updates=True, lock="status:{message}")
def one(interaction, tools):
    """Show the monitor that was chosen, in detail."""
    name = "".join(interaction.values[:1])
    return board(selected(name, interaction, tools), name, "detailed", interaction, tools)


@command.button(updates=True, lock="status:{message}")
def view(interaction, tools, *, view: Choice["simple", "detailed"], server: str):
    return show(tools, view, server)


@command.button(updates=True, lock="status:{message}", cooldown=5)
def refresh(interaction, tools, *, view: Choice["simple", "detailed"], server: str):
    return show(tools, view, server)


def shared(answer: Reply, interaction, tools) -> Reply:
    """`answer`, for everybody to see if the server has chosen that its status checks are not private."""
    if not tools.server_settings.of(interaction.guild_id)[private_checks]:
        answer.private = False
    return answer


def show(tools, chosen: str, server: str) -> Reply:
    from watchbell.commands import help
    from watchbell.status import view as page

    try:
        reports = tools.sources.ask(server)
    except UnknownSource as error:
        names = ", ".join(f"`{name}`" for name in error.names)
        raise UserError(_("I do not watch a service with that name. I watch {names}.", names=names)[:2000]) from None
    if server and reports:
        server = reports[0].name  # the configured name may differ from the typed one
    return Reply(
        embeds=page.embeds(reports, detailed=chosen == "detailed"),
        buttons=[
            view.button(_("Simple"), view="simple", server=server, disabled=chosen == "simple"),
            view.button(_("Detailed"), view="detailed", server=server, disabled=chosen == "detailed"),
            refresh.button(_("Refresh"), view=chosen, server=server, style="primary"),
            help.overview.button(_("Help")),
        ],
    )


def selected(name: str, interaction, tools) -> list:
    """The monitors with this name, of this group or with this tag. Raises UserError if there are none of that name."""
    roster = tools.monitors.roster(interaction.guild_id) if interaction.guild_id else None
    found = roster.select(name) if roster else []
    if name and not found:
        raise UserError(_("There is no monitor, group or tag with this name. `/monitor list` shows them all."))
    return found


def lines(guild_id: str, entries, tools) -> list:
    """The entries of a roster with their states."""
    from watchbell.status import judgement
    from watchbell.status.board import Line
    from watchbell.status.maintenance import in_maintenance

    shards = sorted({entry.shard for entry in entries})
    stored = tools.shards.states(guild_id, shards)
    known = {shard: judgement.unpack(found.states) for shard, found in stored.items()}
    windows = [plan.window for plan in tools.shards.plans(guild_id)]
    now = tools.now()
    return [
        Line(
            entry,
            known.get(entry.shard, {}).get(entry.id),
            in_maintenance(windows, entry, now),
            now,
        )
        for entry in entries
    ]


def board(entries, name: str, view: str, interaction, tools) -> Reply:
    """The monitors of a server: what is wrong first. A single monitor can be shown in detail."""
    from watchbell.commands import help
    from watchbell.status import board as page
    from watchbell.status.states import COLOURS, worst

    found = lines(interaction.guild_id, entries, tools)
    state = worst([line.state for line in found])
    if len(found) == 1 and view == "detailed":
        parts = detail(found[0], interaction, tools)
    elif len(found) == 1:
        parts = [Text(f"### {found[0].text()}")]
    else:
        tally = page.tally(found) if len({line.state for line in found}) > 1 else ""  # the headline says it
        parts = [Text("\n".join(filter(None, [f"### {page.headline(found)}", tally])))]
        trouble = page.troubles(found)
        if trouble:
            parts += [Separator(), *(Text(text) for text in trouble)]
        if page.quiet_ones(found):
            parts += [Separator(), Text(page.quiet_ones(found))]
    others = [] if name else lines(OPERATOR, tools.monitors.roster(OPERATOR).entries, tools)
    if others:
        parts += [Separator(), Section(page.others(others), accessory=services.button(_("Show")))]
    if len(entries) > 1:
        options = [Option(line.entry.name[:100], line.entry.id) for line in page.ranked(found)[:25]]
        parts.append(Row(one.select(StringSelect(options, placeholder=_("Show one monitor")))))
    buttons = [again.button(_("Refresh"), view=view, name=name, style="primary")]
    if len(found) == 1:
        other = "simple" if view == "detailed" else "detailed"
        buttons.append(monitors.button(_("Simple") if view == "detailed" else _("Detailed"), view=other, name=name))
    buttons.append(help.overview.button(_("Help")))
    return Reply(components=[Container(*parts, Row(*buttons), colour=COLOURS[state])])


def detail(line, interaction, tools) -> list:
    """The parts of a card about one monitor: its state, its uptime and its latency."""
    from watchbell.status import board as page
    from watchbell.status import measures

    day = summary_of(interaction.guild_id, line, "24h", tools)
    month = summary_of(interaction.guild_id, line, "30d", tools)
    shares = {"day": measures.share(day.tally.uptime), "month": measures.share(month.tally.uptime)}
    latencies = {"now": page.latency(line), "p50": measures.latency(day.p50), "p95": measures.latency(day.p95)}
    figures = [
        "**" + _("Uptime") + "** " + _("{day} in 24 h · {month} in 30 days", **shares),
        "**" + _("Latency") + "** " + _("{now} now · p50 {p50} · p95 {p95}", **latencies),
        "**" + _("Checked") + f"** {page.checked(line)}",
    ]
    note = measures.measured(month.tally.measured)
    parts = [Text(f"### {line.text()}"), Separator(), Text("\n".join(figures))]
    return [*parts, *([Text(f"-# {note}")] if note else [])]


def summary_of(guild_id: str, line, window, tools, periods=None):
    """How reliable the monitor of a `board.Line` was in a window that ends now. Its `periods` are read if not given."""
    from watchbell.status import uptime as rules
    from watchbell.status.flip import Flip

    now, name, shard = int(tools.now()), line.entry.id, line.entry.shard
    if periods is None:
        periods = tools.shards.periods(guild_id, shard, window, now, {name})
    start = rules.start_of(window, now)
    flips = tools.shards.flips(guild_id, shard, start, now)
    judged = line.judged
    if judged is not None and judged.state != "new" and not any(flip.monitor == name for flip in flips):
        flips = [Flip(name, judged.since, judged.since, "new", judged.state)]  # its state began before the window
    return rules.summary(periods, flips, window, now, name, planned(guild_id, line.entry, start, now, tools))


def planned(guild_id: str, entry, start: int, now: int, tools) -> list:
    """The maintenance of a monitor from `start` to `now`. What was down in it counts as no outage."""
    from itertools import islice, takewhile

    from watchbell.status.maintenance import occurrences

    windows = [plan.window for plan in tools.shards.plans(guild_id) if plan.window.covers(entry)]
    return [
        span
        for window in windows
        for span in takewhile(lambda span: span.start < now, islice(occurrences(window.when, start), MOST_SPANS))
    ]
