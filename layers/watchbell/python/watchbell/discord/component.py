"""The base class of everything that a message is made of, and how components are put into rows or disabled.

The ingress imports this module in every cold start, so it stays small.
"""

from ..errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

ROW, BUTTON, TEXT, FILE = 1, 2, 10, 13
_SELECTS = (3, 5, 6, 7, 8)
_INTERACTIVE_STYLES = (1, 2, 3, 4)
_PER_ROW = 5


class Component:
    """A part of a message. An `id` other than 0 identifies it within its message."""

    __slots__ = ("id",)

    def __init__(self, id: int = 0) -> None:
        self.id = id

    def payload(self) -> dict:
        raise NotImplementedError

    def files(self) -> "Iterable[Any]":
        """The Files that this component shows. They must be sent with the message."""
        # The type is not Iterable[File] because a File is a Component too, so this module cannot import it.
        return ()

    def _with(self, kind: int, **parts: "Any") -> dict:
        """The payload: its type, its id, and every part that is not empty."""
        payload: dict = {"type": kind}
        if self.id:
            payload["id"] = self.id
        for key, value in parts.items():
            if value:
                payload[key] = value
        return payload


def laid_out(components: "Iterable[Component | str]") -> list[dict]:
    """The payloads of `components`, ready for a message or a container.

    Buttons outside of a row share rows of five, and a select outside of a row gets its own. A string becomes a Text.
    """
    laid = []
    row: list[dict] = []  # the row of buttons that the next button can join
    for component in components:
        if not isinstance(component, (Component, str)):
            raise DefinitionError(f"{component!r} is not a component; handlers make them with .button(…) or .select(…)")
        part = {"type": TEXT, "content": component} if isinstance(component, str) else component.payload()
        if part["type"] == BUTTON and 0 < len(row) < _PER_ROW:
            row.append(part)
            continue
        wrapped = [part]
        row = wrapped if part["type"] == BUTTON else []
        laid.append({"type": ROW, "components": wrapped} if part["type"] in (BUTTON, *_SELECTS) else part)
    return laid


def disabled(components: list[dict]) -> list[dict]:
    """A message's `components` with every button and select disabled, ready for an edit.

    The payloads can be our own or come from Discord. Link and premium buttons stay enabled: they change nothing.
    If there is layout among the components, the edit needs the flag 32768 too.
    """
    return [_disabled(component) for component in components]


def _disabled(component: dict) -> dict:
    component = dict(component)
    kind = component.get("type")
    if kind in _SELECTS or (kind == BUTTON and component.get("style") in _INTERACTIVE_STYLES):
        component["disabled"] = True
    elif kind == FILE and component.get("name"):  # Discord sends the file's URL, but an edit takes only its name
        component["file"] = {"url": f"attachment://{component['name']}"}
        component = {key: value for key, value in component.items() if key not in ("name", "size")}
    if isinstance(component.get("components"), list):
        component["components"] = disabled(component["components"])
    if isinstance(component.get("accessory"), dict):
        component["accessory"] = _disabled(component["accessory"])
    return component
