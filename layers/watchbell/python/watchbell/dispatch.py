"""From an interaction to the author's function: name -> one module -> function."""

from . import catalogue
from .discord import custom_id
from .discord.interaction import COMMAND, COMPONENT, Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .command import Handler
    from .discord.reply import Reply
    from .tools import Tools


def find(interaction: Interaction) -> "Handler | None":
    """The handler that this interaction addresses, importing its feature and no other; None where there is none."""
    if interaction.type == COMMAND and interaction.data.get("type", 1) == 1:
        name, handler = interaction.name, ""
    elif interaction.type == COMPONENT:
        name, handler, _ = custom_id.decode(interaction.custom_id)
        if not handler:
            return None
    else:
        return None
    command = catalogue.command(name)
    return command.handlers.get(handler) if command else None


def run(handler: "Handler", interaction: Interaction, tools: "Tools") -> "Reply":
    """What the author's function answers. Raises UserError where the values that came do not fit its signature."""
    function = handler.function
    values: dict = {}
    if function.__code__.co_kwonlyargcount or interaction.options:
        from .options import bind, bind_state  # it needs `typing`, which most instant answers can do without

        if interaction.type == COMMAND:
            values = bind(function, interaction.options)
        else:
            values = bind_state(function, custom_id.decode(interaction.custom_id)[2])
    arguments = (interaction, tools) if function.__code__.co_argcount > 1 else (interaction,)
    return function(*arguments, **values)
