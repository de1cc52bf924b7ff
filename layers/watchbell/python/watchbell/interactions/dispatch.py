"""From an interaction to the author's function: find the handler, parse the call, run it."""

from ..discord import custom_id
from ..discord.custom_id import OPENS
from ..discord.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, LARGEST, MODAL, PING, Interaction
from ..discord.opening import Opening
from ..discord.seals import EXPIRED, FORM_EXPIRED
from ..errors import DefinitionError, UserError
from ..i18n import _
from ..kit import catalogue
from .call import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..kit.handler import Handler
    from ..tools.toolbox import Desk, Tools


def find(interaction: Interaction) -> "Handler | None":
    """Return the handler for `interaction`, or None. Imports the feature of that handler and no other."""
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


def account(interaction: Interaction) -> dict[str, str]:
    """Return what the log says about `interaction`: its kind, what it asks for, and the ids. No text of people.

    `handler` is the command with its subcommand, such as `/rota crew add`, or feature and handler of a custom id, such
    as `status:refresh`. `server` is "" in direct messages.
    """
    kind = _KINDS.get(interaction.type, "unknown")
    if interaction.type == PING:
        return {"kind": kind}
    return {
        "kind": kind,
        "handler": address(interaction),
        "interaction_id": _digits(interaction.id),
        "server": _digits(interaction.guild_id),
        "user": _digits(interaction.user_id),
    }


def _digits(id: str) -> str:
    return id if id.isascii() and id.isdigit() else ""


_KINDS = {PING: "ping", COMMAND: "command", COMPONENT: "component", AUTOCOMPLETE: "autocomplete", MODAL: "form"}


def address(interaction: Interaction) -> str:
    """Return `handler` of `account`. It is "" for a custom id that is not ours, and for an unknown type."""
    if interaction.type in (COMMAND, AUTOCOMPLETE):
        return ("/" + " ".join((interaction.name, *interaction.path)))[:100]
    parsed = custom_id.parse(interaction.custom_id)
    ours = parsed.feature.isidentifier() and parsed.handler.removesuffix(OPENS).isidentifier()
    return f"{parsed.feature}:{parsed.handler}"[:100] if ours else ""


def parse(handler: "Handler", interaction: Interaction, tools: "Tools | Desk") -> Call:
    """Return the parsed `interaction`. Reads a table only if the state is stored there.

    Raises UserError if the values do not fit the handler's parameters, or if the form is filled in wrongly.
    """
    takes = len(handler.parameters)
    if interaction.type == COMMAND:
        call = Call(handler, interaction)
        if takes or interaction.options:
            from ..kit.options import bind  # 1.1 ms of a cold start, which most instant answers do without

            call.arguments = bind(handler.options, interaction.options, interaction.resolved)
        return call
    values = _state(interaction, tools) if takes or handler.form is not None else []
    # A button that opens a form can have one more value after its state: what to fill in.
    more = len(values) - takes
    if not 0 <= more <= (1 if handler.form is not None else 0):
        from ..kit.options import STALE

        raise UserError(_(STALE))
    call = Call(handler, interaction, tuple(values[:takes]), "".join(values[takes:]))
    if takes and (handler.makes_form or not call.opens_form):
        from ..kit.options import bind_state

        call.arguments = bind_state(handler.options, values[:takes])
    if handler.makes_form:
        call.form_class = handler.makes_form(interaction, tools, **call.arguments)
    if call.form_class is not None:
        from . import forms  # 3.3 ms of a cold start

        forms.read(call, tools)
    return call


def run(call: Call, tools: "Tools | Desk") -> "Any":
    """Return what the author's function returns for `call`. Raises what the function raises."""
    handler = call.handler
    if handler.form is not None:
        from . import forms

        return forms.run(call, tools)
    arguments = _arguments(handler.function, call.interaction, tools, leave=handler.own)
    answer = handler(*arguments, **call.arguments)
    if isinstance(answer, Opening) and not handler.instant:
        raise DefinitionError(
            f"{handler}: only an instant handler can open a form; return a Reply with a button of the modal"
        )
    return answer


def complete(handler: "Handler", interaction: Interaction, tools: "Tools") -> list[dict]:
    """Return at most 25 choices for the option that is being typed, or [] if the option offers none.

    Leaves out choices that would make Discord refuse the whole list. Raises what the author's function raises.
    """
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
    kind = next((option.kind for option in handler.options if option.name == name), str)
    choices = [{"name": str(shown).strip()[:100].rstrip(), "value": _value(kind, value)} for shown, value in pairs]
    return [choice for choice in choices if choice["name"] and choice["value"] is not None][:25]


def _state(interaction: Interaction, tools: "Tools | Desk") -> list[str]:
    """Return the state that the custom id carries, or that a table holds under the key in the custom id."""
    address = custom_id.parse(interaction.custom_id)
    if not address.stash:
        return list(address.values)
    values = tools.stash.get(address.stash)
    if values is None:
        raise UserError(_(FORM_EXPIRED if interaction.type == MODAL else EXPIRED))
    return values


def _value(kind: type, value: "Any") -> "Any":
    """Return `value` as a choice for an option of type `kind`, or None if it cannot be one."""
    try:
        value = kind(value)
    except (TypeError, ValueError):
        return None
    if kind is str:
        return value.strip()[:100].rstrip() or None
    return value if abs(value) <= LARGEST else None


def _arguments(function: "Any", interaction: Interaction, tools: "Tools | Desk", leave: int = 0) -> tuple:
    """Return the interaction, and the tools if the function takes a second positional parameter."""
    return (interaction, tools) if function.__code__.co_argcount - leave > 1 else (interaction,)
