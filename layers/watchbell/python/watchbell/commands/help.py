"""/help: what the bot can do, written from the catalogue."""

from watchbell import Command, Embed, Reply, UserError, anyone, catalogue

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
    """The slash commands that this person has here, by name."""
    return {
        each.name: each
        for each in catalogue.commands()
        if each.type == 1 and (not each.flag or tools.flags.on(each.flag, interaction))
    }


def everything(commands: dict[str, Command]) -> Reply:
    lines = [f"`/{each.name}`: {each.description}" for each in commands.values()]
    while sum(len(line) + 1 for line in lines) > CHARACTERS - 50:
        lines.pop()
    if len(lines) < len(commands):
        lines.append(f"and {len(commands) - len(lines)} more: type / to see them")
    return Reply(embeds=[Embed("What I can do", "\n".join(lines), footer="/help command: tells more about one.")])


def one(name: str, commands: dict[str, Command]) -> Reply:
    from watchbell.options import options_of

    if name not in commands:
        raise UserError(f"I have no such command. I know {', '.join('/' + each for each in commands)}."[:2000])
    embed = Embed(f"/{name}", commands[name].description)
    for path, handler in commands[name].runs.items():
        for option in options_of(handler.function):
            choices = f" One of {', '.join(map(str, option.choices))}." if option.choices else ""
            title = " ".join(filter(None, [path, option.name]))
            embed.field(title if option.required else f"{title} (optional)", f"{option.description}{choices}"[:200])
    del embed.fields[FIELDS:]
    return Reply(embeds=[embed])
