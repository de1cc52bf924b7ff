"""An interaction, parsed: one object that carries everything from the gate to the author's function."""

from ..discord.interaction import MODAL, Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..discord.modal import Modal
    from ..kit.handler import Handler


class Call:
    """An interaction, parsed once: what the author's function gets.

    `arguments` are its keyword arguments: the options of a command, or the state of a component or form. `state` are
    the same texts as they travel in a custom id, () for a command. `form` is the submitted form. `prefilled` are the
    values that a button fills into the form that it opens, as text.
    """

    __slots__ = ("arguments", "form", "handler", "interaction", "prefilled", "state")

    def __init__(
        self, handler: "Handler", interaction: Interaction, state: tuple[str, ...] = (), prefilled: str = ""
    ) -> None:
        self.handler = handler
        self.interaction = interaction
        self.state = state
        self.prefilled = prefilled
        self.arguments: dict[str, Any] = {}
        self.form: Modal | None = None

    @property
    def opens_form(self) -> bool:
        """Whether this is the press of a button that opens the handler's form."""
        return self.handler.form is not None and self.interaction.type != MODAL
