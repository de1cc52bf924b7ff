"""/help: what the bot can do, written from the catalogue."""

from watchbell import Command, Embed, Reply, UserError, anyone, catalogue

command = Command("help", "See what I can do", who=anyone, instant=True, private=True, user_installs=True)


@command.run
def help(interaction, *, command: str = ""):
    """Everything I can do, or one command in full.

    command: The command to explain; all of them when left out
    """
    name = command.strip().lstrip("/").lower()
    return one(name) if name else everything()


@command.button(expires=None)
def overview(interaction):
    return everything()


def everything() -> Reply:
    lines = [f"`/{known.name}`: {known.description}" for known in catalogue.commands()]
    return Reply(embeds=[Embed("What I can do", "\n".join(lines), footer="/help command: tells more about one.")])


def one(name: str) -> Reply:
    from watchbell.options import options_of

    known = catalogue.command(name)
    if known is None:
        raise UserError(
            f"I have no such command. I know {', '.join('/' + each.name for each in catalogue.commands())}."
        )
    embed = Embed(f"/{known.name}", known.description)
    for name, handler in known.runs.items():
        for option in options_of(handler.function):
            choices = f" One of {', '.join(map(str, option.choices))}." if option.choices else ""
            title = " ".join(filter(None, [name, option.name]))
            embed.field(title if option.required else f"{title} (optional)", option.description + choices)
    return Reply(embeds=[embed])
