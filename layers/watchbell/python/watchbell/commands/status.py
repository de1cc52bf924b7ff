"""/status: the status of the watched services, at a glance or in detail."""

from watchbell import Choice, Command, Quota, Reply, Setting, UserError, _, anyone
from watchbell.errors import UnknownSource

private_checks = Setting("private_status_checks", "switch", True, label="Status checks are private")

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
def status(interaction, tools, *, server: str = "", detailed: bool = False, private: bool | None = None):
    """Ask the services for their status and show it.

    server: The service to show (default: all services)
    detailed: Show all figures instead of only the three most important ones
    private: Show the answer only to you (default: as this server has chosen)
    """
    answer = show(tools, "detailed" if detailed else "simple", server)
    return answer if private is not None else shared(answer, interaction, tools)


@status.autocomplete
def server(interaction, tools, typed):
    return tools.source_names()


@command.button(expires=None)
def check(interaction, tools):
    """Show the services in a new message. Other features put this button into their messages."""
    return shared(show(tools, "simple", ""), interaction, tools)


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
