"""A form about to be shown. Apart from `modal`, so that an answer can be known for a form without loading forms."""

from ..i18n import _
from .custom_id import OPENS, TO_ANYONE, Address
from .reply import Button

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .modal import Modal

BUTTON_SECONDS = 30 * 24 * 60 * 60
"""How long a button that opens a form can be pressed, like any other button."""


class Opening:
    """What an instant handler returns to show a form. `address` is where the submission leads. `kept` are the values to
    fill in, by field, as `modal.prefill` or `modal.keep` gives them."""

    __slots__ = ("address", "form", "kept")

    def __init__(self, form: "type[Modal]", address: Address, kept: "dict[str, Any]") -> None:
        self.form = form
        self.address = address
        self.kept = kept

    def payload(self) -> dict:
        """The data of a response of type 9. Its custom id is yet to be sealed."""
        components = [part.payload(name, self.kept.get(name)) for name, part in self.form._parts.items()]
        return {"custom_id": self.address, "title": _(self.form._title), "components": components}

    def button(
        self, label: str, /, *, seconds: int | None = BUTTON_SECONDS, bound: str = TO_ANYONE, **looks: "Any"
    ) -> Button:
        """A button that opens the form. The values to fill in travel in its custom id, or in the table if they are too
        long for it."""
        from .modal import packed

        address = self.address
        values = (*address.values, packed(self.form, self.kept)) if self.kept else address.values
        opens = Address(address.feature, address.handler + OPENS, values, seconds=seconds, bound=bound)
        return Button(label, custom_id=opens, **looks)
