"""What a feature for a Discord webhook event is: one file in `events/`, named after the event's type in lower case."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Event:
    """`type` as Discord writes it, such as APPLICATION_AUTHORIZED. Its function gets the event's `data` and the tools.

    Discord delivers an event up to several times within 10 minutes, without an id, so the function must be idempotent.
    """

    __slots__ = ("function", "type")

    def __init__(self, type: str) -> None:
        self.type = type
        self.function: Callable[[dict, Any], None]

    def run(self, function: "Callable[[dict, Any], None]") -> "Callable[[dict, Any], None]":
        self.function = function
        return function
