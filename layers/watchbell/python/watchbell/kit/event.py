"""Features for Discord webhook events. Each is one file in `events/`, named after the event's type in lower case."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Event:
    """A webhook event. `type` is Discord's name for it, such as APPLICATION_AUTHORIZED.

    The function gets the event's `data` and the tools. It must be idempotent: Discord can deliver an event several
    times within 10 minutes, and events have no id.

    `switch`: the operator can switch the feature off; see `flags`. An event that comes meanwhile is only logged.
    """

    __slots__ = ("function", "switch", "type")

    def __init__(self, type: str, *, switch: str = "") -> None:
        self.type = type
        self.switch = switch
        self.function: Callable[[dict, Any], None]

    def run(self, function: "Callable[[dict, Any], None]") -> "Callable[[dict, Any], None]":
        self.function = function
        return function
