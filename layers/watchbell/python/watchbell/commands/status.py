"""/status: how the watched services are, at a glance or in detail."""

from watchbell import Choice, Command, Reply, _, anyone

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
    """Starts from a message of another feature: a new message, which the other buttons then edit."""
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

    reports = tools.sources.ask(server)
    if server and reports:
        server = reports[0].name  # as it is configured, however it was typed
    return Reply(
        embeds=page.embeds(reports, detailed=chosen == "detailed"),
        buttons=[
            view.button(_("Simple"), view="simple", server=server, disabled=chosen == "simple"),
            view.button(_("Detailed"), view="detailed", server=server, disabled=chosen == "detailed"),
            refresh.button(_("Refresh"), view=chosen, server=server, style="primary"),
            help.overview.button(_("Help")),
        ],
    )
