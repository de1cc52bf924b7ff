"""/status: how the watched services are, at a glance or in detail."""

from watchbell import Choice, Command, Reply, UserError, _, anyone
from watchbell.errors import UnknownSource

command = Command("status", "See how the watched services are", who=anyone, user_installs=True)


@command.run
def status(interaction, tools, *, server: str = "", detailed: bool = False):
    """Ask the services and show what they say.

    server: The service to ask; all of them when left out
    detailed: Show every figure instead of the three that matter most
    """
    return show(tools, "detailed" if detailed else "simple", server)


@status.autocomplete
def server(interaction, tools, typed):
    return tools.source_names()


@command.button(expires=None)
def check(interaction, tools):
    """Answer a button in another feature's message with a new message. The other buttons edit that one."""
    return show(tools, "simple", "")


@command.button(updates=True)
def view(interaction, tools, *, view: Choice["simple", "detailed"], server: str):
    return show(tools, view, server)


@command.button(updates=True)
def refresh(interaction, tools, *, view: Choice["simple", "detailed"], server: str):
    return show(tools, view, server)


def show(tools, chosen: str, server: str) -> Reply:
    from watchbell.commands import help
    from watchbell.status import view as page

    try:
        reports = tools.sources.ask(server)
    except UnknownSource as error:
        names = ", ".join(f"`{name}`" for name in error.names)
        raise UserError(_("I watch no service of that name. I know {names}.", names=names)[:2000]) from None
    if server and reports:
        server = reports[0].name  # the name as it is configured, not as it was typed
    return Reply(
        embeds=page.embeds(reports, detailed=chosen == "detailed"),
        buttons=[
            view.button(_("Simple"), view="simple", server=server, disabled=chosen == "simple"),
            view.button(_("Detailed"), view="detailed", server=server, disabled=chosen == "detailed"),
            refresh.button(_("Refresh"), view=chosen, server=server, style="primary"),
            help.overview.button(_("Help")),
        ],
    )
