"""Opens forms, reads submissions, and offers to open a form again with what was typed if something must be corrected.

Imported only for a handler with a form, so that no other interaction pays for it.
"""

from types import GeneratorType

from ..discord import custom_id, modal
from ..discord.fields import Files
from ..discord.interaction import MODAL
from ..discord.opening import BUTTON_SECONDS, Opening
from ..discord.reply import Reply
from ..discord.text import clip, escape
from ..errors import DefinitionError, FormError, UserError
from ..i18n import N_, _
from ..kit.buttons import FormHandler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ..tools.toolbox import Desk, Tools
    from .call import Call

AGAIN = N_("Open the form again")
WRONG = N_("Nothing has been done yet. Please correct this:")
FILES = N_("Discord does not keep files, so please choose yours again.")
READY = N_("Your form is ready.")


def read(call: "Call", tools: "Tools | Desk") -> None:
    """Read the submitted form into `call.form`. Raises UserError if it is wrong; its reply opens the form again."""
    if call.interaction.type != MODAL:
        return
    try:
        if call.handler.is_secret:
            call.answers = tools.seals.reveal(call.interaction)
        assert call.form_class
        call.form = modal.read(call.form_class, call.answers, call.interaction.resolved)
    except UserError as error:
        error.reply = correction(call, error)
        raise


def run(call: "Call", tools: "Tools | Desk") -> "Any":
    """Return the form to open, or what the author's function returns for a submission."""
    if call.opens_form:
        return _opened(call)
    handler = call.handler
    try:
        arguments = (call.interaction, tools) if handler.function.__code__.co_argcount == 3 else (call.interaction,)
        answer = handler.function(*arguments, call.form, **call.arguments)
    except UserError as error:
        error.reply = correction(call, error) if call.form else error.reply
        raise
    if isinstance(answer, Opening):
        raise DefinitionError(
            f"{handler}: a submission cannot open a form; return a Reply with a button of the other modal"
        )
    return _watched(answer, call) if isinstance(answer, GeneratorType) else answer


def correction(call: "Call", error: UserError) -> Reply:
    """Return a reply that says what is wrong, with a button to open the form again, filled in as it was."""
    form = call.form_class
    assert form
    fields = modal.fields(form)
    text = clip(str(error), 1800)
    if isinstance(error, FormError):
        lines = [
            f"- **{escape(_(fields[name].label))}**: {clip(fault, 300)}" if name in fields else f"- {clip(fault, 300)}"
            for name, fault in error.faults.items()
        ]
        text = clip("\n".join([_(WRONG), *lines]), 1800)
    if any(isinstance(field, Files) for field in fields.values()):
        text += f"\n{_(FILES)}"
    kept = modal.keep(form, call.answers, call.interaction.resolved)
    return Reply(text, buttons=[_reopener(Opening(form, _address(call), kept), _(AGAIN))])


def later(opening: Opening) -> UserError:
    """Return an error that shows a button to open the form. The worker raises it, because it cannot open a form."""
    error = UserError(_(READY))
    error.reply = Reply(_(READY), buttons=[_reopener(opening, _("Open the form"))])
    return error


def _opened(call: "Call") -> Opening:
    address = _address(call)
    stored = custom_id.parse(call.interaction.custom_id).stash
    if stored and len(str(address)) > custom_id.ROOM:  # a table holds the state already
        address.values, address.stash = (), stored
    assert call.form_class
    kept = modal.unpacked(call.form_class, call.prefilled) if call.prefilled else {}
    return Opening(call.form_class, address, kept)


def _address(call: "Call") -> custom_id.Address:
    """Return the address that the form is submitted to. Only the person who opened the form can submit it."""
    handler = call.handler
    assert isinstance(handler, FormHandler)
    return custom_id.Address(
        handler.command.address, handler.name, call.state, seconds=handler.expires, bound=custom_id.TO_USER
    )


def _reopener(opening: Opening, label: str) -> "Any":
    seconds = opening.address.seconds or BUTTON_SECONDS  # state in a table must expire
    return opening.button(label, seconds=seconds, bound=custom_id.TO_USER, style="primary")


def _watched(steps: "Generator[Any, Any, Any]", call: "Call") -> "Generator[Any, Any, Any]":
    """Run `steps`, and add the correction to a UserError that they raise after some progress was shown."""
    try:
        return (yield from steps)
    except UserError as error:
        error.reply = correction(call, error) if call.form else error.reply
        raise
