"""A form that is about to be shown.

This is not in `modal`, so that code can recognize an Opening without loading the modules for forms.
"""

from ..i18n import _
from .custom_id import OPENS, TO_ANYONE, Address
from .reply import Button

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .modal import Modal

BUTTON_SECONDS = 30 * 24 * 60 * 60
"""How many seconds a button that opens a form can be pressed. It is the same for other buttons."""


class Opening:
    """What an instant handler returns to show a form.

    `address` is the address of the handler that gets the submission. `kept` has the values to fill in, by field, as
    `modal.prefill` or `modal.keep` returns them.
    """

    __slots__ = ("address", "form", "kept")

    def __init__(self, form: "type[Modal]", address: Address, kept: "dict[str, Any]") -> None:
        self.form = form
        self.address = address
        self.kept = kept

    def payload(self) -> dict:
        """The data of a response of type 9. Its custom id is an Address that is sealed later."""
        components = [part.payload(name, self.kept.get(name)) for name, part in self.form._parts.items()]
        return {"custom_id": self.address, "title": _(self.form._title), "components": components}

    def button(
        self, label: str, /, *, seconds: int | None = BUTTON_SECONDS, bound: str = TO_ANYONE, **looks: "Any"
    ) -> Button:
        """A button that opens the form.

        The values to fill in are stored in its custom id, or in the table if they do not fit. `looks` are arguments of
        Button, such as `style`.
        """
        from .modal import packed

        address = self.address
        values = (*address.values, packed(self.form, self.kept)) if self.kept else address.values
        opens = Address(address.feature, address.handler + OPENS, values, seconds=seconds, bound=bound)
        return Button(label, custom_id=opens, **looks)
