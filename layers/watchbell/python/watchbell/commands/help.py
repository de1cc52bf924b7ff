"""/help: what the bot can do, written from the catalogue."""

from watchbell import Command, Embed, Reply, UserError, _, anyone, catalogue, pgettext

command = Command("help", "See what I can do", who=anyone, instant=True, private=True, user_installs=True)

CHARACTERS, FIELDS = 4096, 25  # Discord's limits of an embed


@command.run
def help(interaction, tools, *, command: str = ""):
    """Everything I can do, or one command in full.

    command: The command to explain; all of them when left out
    """
    name = command.strip().lstrip("/").lower()
    return one(name, known(interaction, tools)) if name else everything(known(interaction, tools))


@help.autocomplete(option="command")
def names(interaction, tools, typed):
    return list(known(interaction, tools))


@command.button(expires=None)
def overview(interaction, tools):
    return everything(known(interaction, tools))


def known(interaction, tools) -> dict[str, Command]:
    """The slash commands that this person has here, by the names that their app shows."""
    return {
        pgettext("name", each.name): each
        for each in catalogue.commands()
        if each.type == 1 and (not each.flag or tools.flags.on(each.flag, interaction))
    }


def everything(commands: dict[str, Command]) -> Reply:
    lines = [f"`/{name}`: {_(each.description)}" for name, each in commands.items()]
    while sum(len(line) + 1 for line in lines) > CHARACTERS - 50:
        lines.pop()
    if len(lines) < len(commands):
        lines.append(_("and {n} more: type / to see them", n=len(commands) - len(lines)))
    return Reply(embeds=[Embed(_("What I can do"), "\n".join(lines), footer=_("/help command: tells more about one."))])


def one(name: str, commands: dict[str, Command]) -> Reply:
    from watchbell.options import choice_name, options_of

    found = commands.get(name) or next((each for each in commands.values() if each.name == name), None)
    if found is None:
        names = ", ".join(f"/{each}" for each in commands)
        raise UserError(_("I have no such command. I know {names}.", names=names)[:2000])
    embed = Embed(f"/{pgettext('name', found.name)}", _(found.description))
    for path, handler in found.runs.items():
        for option in options_of(handler.function):
            title = " ".join(pgettext("name", word) for word in [*path.split(), option.name])
            title = title if option.required else _("{option} (optional)", option=title)
            text = _(option.description)
            if option.choices:
                choices = ", ".join(map(choice_name, option.choices))
                text = f"{text} {_('One of {choices}.', choices=choices)}"
            embed.field(title, text[:200])
    del embed.fields[FIELDS:]
    return Reply(embeds=[embed])
