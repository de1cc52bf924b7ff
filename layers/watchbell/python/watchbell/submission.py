"""Forms on their way: opened by a button, submitted, and opened again, as they were filled in, to mend what was wrong.

Imported by whoever meets a form, so that nobody else pays for it.
"""

from . import seals
from .discord import custom_id, modal
from .discord.fields import Files
from .discord.interaction import Interaction
from .discord.modal import Opening
from .discord.reply import Reply
from .discord.text import clip, escape
from .errors import DefinitionError, FormError, UserError
from .words import N_, _

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from .command import Handler
    from .discord.modal import Modal
    from .tools import Desk, Tools

AGAIN = N_("Open the form again")
WRONG = N_("Nothing has been done yet. Please correct this:")
FILES = N_("Discord keeps no files, so choose yours again.")
READY = N_("Your form is ready.")
STALE = N_("That button is from an older version of me. Please run the command again.")


def opened(handler: "Handler", interaction: Interaction, tools: "Tools | Desk") -> Opening:
    """The form that a button of `handler` opens, with the state and the values that the button carries."""
    address = custom_id.parse(interaction.custom_id)
    state, kept = _carried(handler, seals.state(interaction, tools))
    leads = custom_id.Address(
        address.feature, handler.name, tuple(state), seconds=handler.expires, bound=custom_id.TO_USER
    )
    if address.stash and len(str(leads)) > custom_id.ROOM:  # it lies in the table already
        leads.values, leads.stash = (), address.stash
    opening = Opening(handler.form, leads)
    opening.kept = modal.unpacked(handler.form, kept[0]) if kept else {}
    return opening


def carried(handler: "Handler", interaction: Interaction, tools: "Tools | Desk") -> list[str]:
    """The state that the form brings back, as it lies in a custom id."""
    return _carried(handler, seals.state(interaction, tools))[0]


def filled(handler: "Handler", interaction: Interaction, values: list[str]) -> "Modal":
    """The form that was submitted. The UserError of one that is wrong carries a reply by which it is opened again, with
    `values` as its state."""
    try:
        return modal.read(handler.form, interaction.data, interaction.resolved)
    except UserError as error:
        error.reply = correction(handler, interaction, values, error)
        raise


def run(handler: "Handler", interaction: Interaction, tools: "Tools | Desk") -> "Any":
    """What the author's function answers to a submission. Its UserErrors, too, carry such a reply."""
    values = carried(handler, interaction, tools)
    form = filled(handler, interaction, values)
    state = {}
    if values:
        from .options import bind_state

        state = bind_state(handler.function, values)
    try:
        arguments = (interaction, tools) if handler.function.__code__.co_argcount == 3 else (interaction,)
        answer = handler.function(*arguments, form, **state)
    except UserError as error:
        error.reply = correction(handler, interaction, values, error)
        raise
    if getattr(answer, "is_modal", False):
        raise DefinitionError(f"{handler}: a submission cannot open a form; answer with a button of the other modal")
    return _watched(answer, handler, interaction, values) if hasattr(answer, "send") else answer


def correction(handler: "Handler", interaction: Interaction, values: list[str], error: UserError) -> Reply:
    """What is wrong, and the button that opens the form with all that was put in."""
    fields = modal.fields(handler.form)
    text = clip(str(error), 1800)
    if isinstance(error, FormError):
        lines = [
            f"- **{escape(_(fields[name].label))}**: {clip(fault, 300)}" if name in fields else f"- {clip(fault, 300)}"
            for name, fault in error.faults.items()
        ]
        text = clip("\n".join([_(WRONG), *lines]), 1800)
    if any(isinstance(field, Files) for field in fields.values()):
        text += f"\n{_(FILES)}"
    leads = custom_id.Address(
        handler.command.address, handler.name, tuple(values), seconds=handler.expires, bound=custom_id.TO_USER
    )
    opening = Opening(handler.form, leads)
    opening.kept = modal.keep(handler.form, interaction.data, interaction.resolved)
    return Reply(text, buttons=[_reopener(opening, _(AGAIN))])


def later(opening: Opening) -> UserError:
    """For the worker, which has the table but cannot open a form: a message with the button that does."""
    error = UserError(_(READY))
    error.reply = Reply(_(READY), buttons=[_reopener(opening, _("Open the form"))])
    return error


def _reopener(opening: Opening, label: str) -> "Any":
    seconds = opening.address.seconds or modal.BUTTON_SECONDS  # what lies in the table must end
    return opening.button(label, seconds=seconds, bound=custom_id.TO_USER, style="primary")


def _carried(handler: "Handler", values: list[str]) -> tuple[list[str], list[str]]:
    """The state among the `values` of a custom id, and the one value behind it where something is filled in."""
    count = handler.function.__code__.co_kwonlyargcount
    if not count <= len(values) <= count + 1:
        raise UserError(_(STALE))
    return values[:count], values[count:]


def _watched(
    steps: "Generator[Any, Any, Any]", handler: "Handler", interaction: Interaction, values: list[str]
) -> "Generator[Any, Any, Any]":
    """The same for a function that yields its progress."""
    try:
        return (yield from steps)
    except UserError as error:
        error.reply = correction(handler, interaction, values, error)
        raise
