"""Features for Discord webhook events. Each is one file in `events/`, named after the event's type in lower case."""

from .data import is_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def user_of(data: dict) -> str:
    """The id of the user whom the data of an event names, "" if it names none."""
    user = data.get("user")
    user_id = user.get("id") if isinstance(user, dict) else None
    return user_id if user_id and is_id(user_id) else ""


class Event:
    """A webhook event. `type` is Discord's name for it, such as APPLICATION_AUTHORIZED.

    The function gets the event's `data` and the tools. If it takes a third parameter, it gets the time of the event in
    epoch seconds too: Discord can deliver events in another order. An event that comes several times is handled once,
    but a function that fails runs again, so it must be idempotent.

    `switch`: the operator can switch the feature off; see `flags`. An event that comes meanwhile is only logged, and
    given to the function that is declared with `always`.
    """

    __slots__ = ("first", "function", "switch", "type")

    def __init__(self, type: str, *, switch: str = "") -> None:
        self.type = type
        self.switch = switch
        self.first: Callable[..., None] | None = None
        self.function: Callable[..., None]

    def happen(self, data: dict, tools: "Any", at: float, *, off: bool = False) -> None:
        """Call the functions. `at` is the time of the event, in epoch seconds. `off`: the feature is switched off."""
        for function in (self.first, None if off else self.function):
            if function is not None:
                function(*(data, tools, at)[: function.__code__.co_argcount])

    def always(self, function: "Callable[..., None]") -> "Callable[..., None]":
        """Declare a function that is called before the other one, even if the feature is switched off."""
        self.first = function
        return function

    def run(self, function: "Callable[..., None]") -> "Callable[..., None]":
        self.function = function
        return function
