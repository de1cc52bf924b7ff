"""/help: what the bot can do, generated from the catalogue."""

from watchbell import Button, Command, Embed, Reply, UserError, _, anyone, pgettext
from watchbell.errors import Unavailable
from watchbell.kit import catalogue

command = Command("help", "See what I can do", who=anyone, instant=True, private=True, user_installs=True)

FIELDS, TOTAL = 25, 6000  # Discord's limits for the fields and the whole of an embed


@command.run
def help(interaction, tools, *, command: str = ""):
    """Show everything I can do, or explain one command.

    command: The command to explain (default: all commands)
    """
    name = command.strip().lstrip("/").lower()
    return one(name, known(interaction, tools)) if name else everything(interaction, tools)


@help.autocomplete(option="command")
def names(interaction, tools, typed):
    return list(known(interaction, tools))


@command.button(expires=None)
def overview(interaction, tools):
    return everything(interaction, tools)


@command.pager(per_page=20)  # a line has at most 138 characters, and the description of an embed 4,096
def everything(interaction, tools, page):
    shown = page.of(list(known(interaction, tools).items()))
    lines = [f"`{called(name, each)}`: {about(each)}" for name, each in shown]
    footer = _("Use /help command: to learn more about one of them.")
    embed = Embed(_("What I can do"), "\n".join(lines), footer=footer)
    return Reply(embeds=[embed], buttons=documentation(tools.settings.get("DOCUMENTATION_URL", "")))


def known(interaction, tools) -> dict[str, Command]:
    """The commands that this person has here, by the names that their app shows. There is always one: /help itself."""
    commands = catalogue.commands()
    try:
        commands = [each for each in commands if not each.flag or tools.flags.on(each.flag, interaction)]
    except Unavailable:  # the commands without a flag can still be listed
        commands = [each for each in commands if not each.flag]
    return {pgettext("name", each.name): each for each in commands}


def documentation(url: str) -> list[Button]:
    """A button that leads to the documentation, if the operator has said where it is."""
    return [Button(_("Documentation"), url=url)] if url else []


def one(name: str, commands: dict[str, Command]) -> Reply:
    from watchbell.kit.options import summary

    shown = {each.lower(): command for each, command in commands.items()}
    found = shown.get(name) or next((each for each in commands.values() if each.name.lower() == name), None)
    if found is None:
        names = ", ".join(called(each, command) for each, command in commands.items())
        raise UserError(_("I do not have that command. My commands: {names}.", names=names)[:2000])
    embed = Embed(called(pgettext("name", found.name), found), about(found))
    if "" in found.runs:
        for title, text in options(found.runs[""]):
            embed.field(title, text[:200])
    else:
        for path, handler in found.runs.items():
            lines = [_(summary(handler.function)), *(f"`{title}`: {text}" for title, text in options(handler))]
            embed.field(" ".join(pgettext("name", word) for word in path.split()), "\n".join(lines)[:1000])
    del embed.fields[FIELDS:]
    while len(embed) > TOTAL:
        embed.fields.pop()
    return Reply(embeds=[embed])


def called(name: str, command: Command) -> str:
    return f"/{name}" if command.type == 1 else name


def about(command: Command) -> str:
    if command.type == 1:
        return _(command.description)
    return _("in the menu of a user, under Apps") if command.type == 2 else _("in the menu of a message, under Apps")


def options(handler):
    """The shown name and the description of each option."""
    for option in handler.options:
        title = pgettext("name", option.name)
        text = _(option.description)
        if option.choices:
            choices = _("One of {choices}.", choices=option.shown_choices)
            text = f"{text} {choices}"
        yield title if option.required else _("{option} (optional)", option=title), text
