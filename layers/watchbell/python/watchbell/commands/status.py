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
    pgettext,
)
from watchbell.discord.text import escape
from watchbell.errors import UnknownSource
from watchbell.status.roster import OPERATOR

private_checks = Setting(
    "private_status_checks",
    "switch",
    True,
    label="Status checks are private",
    about="If it is on, only the person who asks for the status sees the answer.",
)

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
    answer = board(entries, monitor, view, interaction, tools) if entries else show(tools, view, server, interaction)
    return answer if private is not None else shared(answer, interaction, tools)


@status.autocomplete
def server(interaction, tools, typed):
    return tools.source_names()


@status.autocomplete
def monitor(interaction, tools, typed):
    return tools.roster(interaction.guild_id).names


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


@command.button(expires=None)
def there(interaction, tools, *, server: str, id: str):
    """Show a monitor of another server in detail, or all if `id` is "". Alerts elsewhere have this button."""
    from watchbell.outbox.kinds import MAILBOX
    from watchbell.status.states import COLOURS, worst

    entries = [each for each in tools.monitors.roster(server).entries if id in ("", each.id)]
    if server != OPERATOR and tools.data(MAILBOX, server).get(f"user:{interaction.user_id}") is None:
        entries = []  # it was not this person who was told
    if not entries:
        raise UserError(_("This monitor has been removed."))
    if server == OPERATOR:
        return show(tools, "detailed" if id else "simple", entries[0].name if id else "")
    found, parts = glance(entries, "detailed" if id else "simple", server, tools)
    return Reply(components=[Container(*parts, colour=COLOURS[worst([line.state for line in found])])])


@command.button(cooldown=5)
def quarter(interaction, tools, *, id: str):
    """Show what `/uptime` says of a monitor over 90 days, in a new message."""
    from watchbell.status import reliability
    from watchbell.tools import reading

    entry = tools.monitors.roster(interaction.guild_id).find(id)
    if entry is None:
        raise UserError(_("This monitor has been removed."))
    (line,) = reading.lines(interaction.guild_id, [entry], tools)
    periods, found = reading.reliability(interaction.guild_id, line, "90d", tools)
    title = pgettext("choice", "the last 90 days")
    answer = Reply(components=[reliability.card(line, title, "90d", periods, found)])
    return shared(answer, interaction, tools)


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


def show(tools, chosen: str, server: str, interaction=None) -> Reply:
    """The services that the operator watches, or the one with this name.

    If there is none, somebody may have meant a monitor of the server in which they asked.
    """
    from watchbell.commands import help
    from watchbell.status import view as page

    try:
        reports = tools.sources.ask(server)
    except UnknownSource as error:
        own = tools.monitors.roster(interaction.guild_id).find(server) if interaction and interaction.guild_id else None
        if own is not None:
            name = f"**{escape(own.name)}**"
            raise UserError(_("{name} is a monitor of this server. Choose it as `monitor`.", name=name)) from None
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
        raise UserError(_("There is no monitor, group or tag with this name. `/status` shows them all."))
    return found


def board(entries, name: str, view: str, interaction, tools) -> Reply:
    """The monitors of a server: what is wrong first. A single monitor can be shown in detail."""
    from watchbell.commands import help
    from watchbell.commands.monitor import may_change
    from watchbell.outbox import posting
    from watchbell.status import board as page
    from watchbell.status.states import COLOURS, worst
    from watchbell.tools import reading

    found, parts = glance(entries, view, interaction.guild_id, tools)
    state = worst([line.state for line in found])
    if may_change.allows(interaction, tools):
        parts += map(Text, posting.unheard(interaction.guild_id, entries, tools))
    others = [] if name else reading.lines(OPERATOR, tools.monitors.roster(OPERATOR).entries, tools)
    if others:
        parts += [Separator(), Section(page.others(others), accessory=services.button(_("Show")))]
    if len(entries) > 1:
        options = [Option(line.entry.name[:100], line.entry.id) for line in page.ranked(found)[:25]]
        parts.append(Row(one.select(StringSelect(options, placeholder=_("Show one monitor")))))
    buttons = [again.button(_("Refresh"), view=view, name=name, style="primary")]
    if len(found) == 1:
        other = "simple" if view == "detailed" else "detailed"
        buttons.append(monitors.button(_("Simple") if view == "detailed" else _("Detailed"), view=other, name=name))
    if len(found) == 1 and view == "detailed":
        buttons.append(quarter.button(_("90 days"), id=entries[0].id))
    else:
        buttons.append(help.overview.button(_("Help")))
    return Reply(components=[Container(*parts, Row(*buttons), colour=COLOURS[state])])


def glance(entries, view: str, guild_id: str, tools) -> tuple[list, list]:
    """The lines of the monitors, and the parts of a card about them."""
    from watchbell.status import board as page
    from watchbell.tools import reading

    found = reading.lines(guild_id, entries, tools)
    if len(found) == 1 and view == "detailed":
        return found, detail(found[0], guild_id, tools)
    if len(found) == 1:
        return found, [Text(f"### {found[0].text()}")]
    tally = page.tally(found) if len({line.state for line in found}) > 1 else ""  # the headline says it
    parts: list = [Text("\n".join(filter(None, [f"### {page.headline(found)}", tally])))]
    trouble = page.troubles(found)
    if trouble:
        parts += [Separator(), *(Text(text) for text in trouble)]
    room = page.ROOM - sum(map(len, trouble))
    maintenance = page.in_maintenance(found, room // 2)
    for text in (page.quiet_ones(found, room - len(maintenance)), maintenance):
        parts += [Separator(), Text(text)] if text else []
    return found, parts


def detail(line, guild_id: str, tools) -> list:
    """The parts of a card about one monitor: its state, its uptime and its latency."""
    from watchbell.status import board as page
    from watchbell.status import measures
    from watchbell.tools import reading

    _periods, day = reading.reliability(guild_id, line, "24h", tools)
    _periods, month = reading.reliability(guild_id, line, "30d", tools)
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
