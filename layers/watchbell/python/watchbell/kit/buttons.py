"""Handlers of the buttons, selects and forms in messages, and the addresses in their custom ids."""

from ..discord.custom_id import TO_ANYONE, TO_GUILD, TO_USER, Address
from ..discord.opening import BUTTON_SECONDS, Opening
from ..discord.reply import Button
from ..errors import DefinitionError
from .handler import Declaration, Handler
from .policy import owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Unpack

    from ..discord.components import Select
    from .handler import Rules

    class ComponentRules(Rules, total=False):
        """The additional arguments of the decorators for components and forms."""

        updates: bool
        expires: int | None
        bound: str


DAY = 24 * 60 * 60
FORM_SECONDS = 15 * 60
_BOUND = {"nobody": TO_ANYONE, "user": TO_USER, "guild": TO_GUILD}
_LOOKS = ("style", "emoji", "disabled")
"""Arguments of `button` for the look of the button. State cannot have these names."""


class ComponentHandler(Handler):
    """A function that runs when a button is pressed or a select is used. Its parameters are the state in the custom id.

    `updates`: the answer edits the message that carries the component. `expires`: seconds until the component stops
    working, None for never. `bound`: who can use it: "nobody" (bound to nobody, so everybody can), "user" (only the
    person the message is for) or "guild" (only in the same server).
    """

    __slots__ = ("bound", "expires", "updates")
    kind = "component"

    def __init__(
        self,
        command: Declaration,
        name: str,
        function: "Callable[..., Any]",
        *,
        updates: bool = False,
        expires: int | None = 30 * DAY,
        bound: str = "nobody",
        **rules: "Unpack[Rules]",
    ) -> None:
        self.updates = updates
        self.expires = expires
        self.bound = _BOUND.get(bound, "")
        super().__init__(command, name, function, **rules)
        if not self.bound:
            raise DefinitionError(f"{self}: bound={bound!r} is unknown; write {', '.join(_BOUND)}")
        if self.who is owner and bound == "nobody":
            self.bound = TO_USER
        if updates and self.private and not command.private and self.form is None:
            raise DefinitionError(
                f"{self}: updates=True edits a message that others may see; instead of private=True here, put it on a "
                "Reply, or drop updates=True"
            )
        self._check_names(self.parameters)

    def address(self, state: "dict[str, Any]") -> Address:
        """The address of this handler with `state`, for the custom id of a component.

        Raises DefinitionError if the names in `state` are not exactly those of the keyword-only parameters, or if a
        parameter cannot have its value.
        """
        names = self.parameters
        if len(names) != len(state) or any(name not in state for name in names):
            raise DefinitionError(f"{self} takes {', '.join(names) or 'no state'}, not {', '.join(state) or 'nothing'}")
        for option in self.options if names else ():
            if not option.fits(state[option.name]):
                raise DefinitionError(f"{self}: {option.name} cannot be {state[option.name]!r}")
        values = [str(int(state[name])) if isinstance(state[name], bool) else str(state[name]) for name in names]
        return Address(self.command.address, self.name, tuple(values), seconds=self.expires, bound=self.bound)

    def button(
        self, label: str = "", /, *, style: str = "secondary", emoji: str = "", disabled: bool = False, **state: "Any"
    ) -> Button:
        """A button that runs this handler with `state`, which must name all of its keyword-only parameters."""
        return Button(label, custom_id=self.address(state), style=style, emoji=emoji, disabled=disabled)

    def select(self, component: "Select", /, **state: "Any") -> "Select":
        """`component`, one of the five selects, changed so that it runs this handler with `state`.

        What the person chose arrives in `interaction.values`: texts, or Users, Roles and Channels.
        """
        component.custom_id = self.address(state)
        return component

    def _check_names(self, names: "tuple[str, ...]") -> None:
        for name in names:
            if name in _LOOKS:
                raise DefinitionError(
                    f"{self}: {name} is reserved for the look of a button; rename the parameter or field"
                )


class FormHandler(ComponentHandler):
    """A function that runs when a form is submitted. Its last positional parameter is annotated with the form."""

    __slots__ = ("button_expires", "form", "is_secret", "makes_form")
    kind = "modal"
    own = 1

    def __init__(
        self,
        command: Declaration,
        name: str,
        function: "Callable[..., Any]",
        *,
        form: "Callable[..., Any] | None" = None,
        button_expires: int | None = BUTTON_SECONDS,
        **rules: "Any",
    ) -> None:
        from ..discord.modal import Modal, fields, has_secret

        self.makes_form, self.button_expires = form, button_expires
        self.form = _form_of(function, f"/{command.name} {name}") if form is None else Modal
        super().__init__(command, name, function, **rules)

        known = fields(self.form)
        self.is_secret = has_secret(self.form)
        for parameter in self.parameters:
            if parameter in known:
                raise DefinitionError(
                    f"{self}: {parameter} is both state and a field of {self.form.__name__}; rename one of them"
                )
        self._check_names(tuple(known))

    def button(
        self, label: str = "", /, *, style: str = "secondary", emoji: str = "", disabled: bool = False, **values: "Any"
    ) -> Button:
        """A button that opens the form. `values` are the state, and the values to prefill fields with, by name."""
        looks: dict[str, Any] = {"style": style, "emoji": emoji, "disabled": disabled}
        return self.open(**values).button(label, bound=self.bound, seconds=self.button_expires, **looks)

    def open(self, **values: "Any") -> "Opening":
        """The form, for an instant handler of a command or button to return. Discord shows it at once.

        `values` are the state that the submission brings back, and the values to prefill fields with, by name. The
        state must name all of this handler's keyword-only parameters.
        """
        from ..discord.modal import prefill

        names = self.parameters
        address = self.address({name: value for name, value in values.items() if name in names})
        address.seconds, address.bound = self.expires, TO_USER  # only the person who opened it can submit it
        fill_in = {name: value for name, value in values.items() if name not in names}
        return Opening(self.form, address, prefill(self.form, fill_in))


def _form_of(function: "Callable[..., Any]", place: str) -> "Any":
    from ..discord.modal import Modal
    from .annotations import annotation_of

    code = function.__code__
    last = code.co_varnames[code.co_argcount - 1] if code.co_argcount in (2, 3) else ""
    try:
        form = annotation_of(function, last) if last in function.__annotations__ else None
    except NameError:  # a quoted annotation, and the form is declared further down
        form = None
    if not isinstance(form, type) or not issubclass(form, Modal):
        raise DefinitionError(
            f"{place}: write a form's handler as `def {function.__name__}(interaction, tools, form: Form)` and "
            "declare the Modal above it"
        )
    return form
