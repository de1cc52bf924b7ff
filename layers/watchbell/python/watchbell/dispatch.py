"""From an interaction to the author's function: name -> one module -> function."""

from . import catalogue, seals
from .discord import custom_id
from .discord.custom_id import OPENS
from .discord.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, LARGEST, MODAL, Interaction
from .errors import DefinitionError
from .words import _

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .command import Handler
    from .tools import Desk, Tools


def find(interaction: Interaction) -> "Handler | None":
    """The handler that this interaction addresses, importing its feature and no other; None where there is none."""
    if interaction.type in (COMMAND, AUTOCOMPLETE):
        type = interaction.data.get("type", 1)
        command = catalogue.command(interaction.name, type) if type in (1, 2, 3) else None
        return command.runs.get(" ".join(interaction.path)) if command else None
    if interaction.type in (COMPONENT, MODAL):
        address = custom_id.parse(interaction.custom_id)
        command = catalogue.at(address.feature)
        if command and interaction.type == COMPONENT and address.handler in command.components:
            return command.components[address.handler]
        if command and interaction.type == MODAL:
            return command.modals.get(address.handler)
        if command and address.handler[-1:] == OPENS:
            return command.modals.get(address.handler[:-1])
    return None


def refusal(handler: "Handler", interaction: Interaction, tools: "Tools") -> str | None:
    """Why this person may not use `handler` here, None where they may."""
    if not interaction.installed_here and not handler.command.user_installs:
        return _("This works only where I am a part of the server. Ask somebody who manages it to add me.")
    return handler.who.refusal(interaction, tools)


def run(handler: "Handler", interaction: Interaction, tools: "Tools | Desk") -> "Any":
    """What the author's function answers. Raises UserError where the values that came do not fit its signature."""
    if handler.form is not None:
        from . import submission

        return (submission.run if interaction.type == MODAL else submission.opened)(handler, interaction, tools)
    function = handler.function
    values: dict = {}
    if function.__code__.co_kwonlyargcount or (interaction.type == COMMAND and interaction.options):
        from .options import bind, bind_state  # it needs `typing`, which most instant answers can do without

        if interaction.type == COMMAND:
            values = bind(function, interaction.options, interaction.resolved)
        else:
            values = bind_state(function, seals.state(interaction, tools))
    answer = function(*_arguments(function, interaction, tools), **values)
    if getattr(answer, "is_modal", False) and not handler.instant:
        raise DefinitionError(f"{handler}: only an instant handler can open a form; answer with a button of the modal")
    return answer


def complete(handler: "Handler", interaction: Interaction, tools: "Tools") -> list[dict]:
    """The choices for the option that is being typed, at most 25; [] where it offers none. What Discord would refuse
    the whole list for is left out. Raises what the author's function raises."""
    name, typed = interaction.focused
    function = handler.autocompletes.get(name)
    if function is None:
        return []
    found = list(function(*_arguments(function, interaction, tools, leave=1), typed))
    texts = [str(each) for each in found if not isinstance(each, tuple | list)]
    wanted = typed.strip().lower()
    fitting = [text for text in texts if wanted in text.lower()]
    fitting.sort(key=lambda text: not text.lower().startswith(wanted))
    pairs = [(text, text) for text in fitting] + [pair for pair in found if isinstance(pair, tuple | list)]
    from .options import options_of

    kind = next((option.kind for option in options_of(handler.function) if option.name == name), str)
    choices = [{"name": str(shown).strip()[:100].rstrip(), "value": _value(kind, value)} for shown, value in pairs]
    return [choice for choice in choices if choice["name"] and choice["value"] is not None][:25]


def _value(kind: type, value: "Any") -> "Any":
    """`value` as one of an option of that type, None where it cannot be."""
    try:
        value = kind(value)
    except (TypeError, ValueError):
        return None
    if kind is str:
        return value.strip()[:100].rstrip() or None
    return value if abs(value) <= LARGEST else None


def _arguments(function: "Any", interaction: Interaction, tools: "Tools | Desk", leave: int = 0) -> tuple:
    """The interaction, and the tools where the function takes a second positional parameter."""
    return (interaction, tools) if function.__code__.co_argcount - leave > 1 else (interaction,)
