"""One parsed interaction, as it is passed from the gate to the author's function."""

from ..discord.interaction import MODAL, Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..discord.modal import Modal
    from ..kit.handler import Handler


class Call:
    """A parsed interaction.

    `arguments` are the keyword arguments of the author's function: the options of a command, or the state of a
    component or form. `state` is the same state as texts, as a custom id carries it; () for a command. `form` is the
    submitted form, or None. `form_class` is its class; None if the handler has no form, or makes none this time.
    `answers` is Discord's data of the form, decrypted if it was encrypted. `prefilled` has the
    values, packed as text, that a button fills into the form it opens.
    """

    __slots__ = ("answers", "arguments", "form", "form_class", "handler", "interaction", "prefilled", "state")

    def __init__(
        self, handler: "Handler", interaction: Interaction, state: tuple[str, ...] = (), prefilled: str = ""
    ) -> None:
        self.handler = handler
        self.interaction = interaction
        self.state = state
        self.prefilled = prefilled
        self.answers: dict[str, Any] = interaction.data
        self.arguments: dict[str, Any] = {}
        self.form: Modal | None = None
        self.form_class: type[Modal] | None = handler.form

    @property
    def opens_form(self) -> bool:
        """Whether the person pressed a button that opens the handler's form."""
        return self.form_class is not None and self.interaction.type != MODAL

    @property
    def needs_worker(self) -> bool:
        """Whether the person pressed a button that would open a form, and the feature wants none this time."""
        return self.form_class is None and self.handler.form is not None and not self.handler.instant
