"""What a feature is: a command with its buttons, declared in one file.

Plain classes and no `inspect`, `typing` or `dataclasses`: the ingress imports this in every cold start. The option
schema is read from the signature only when somebody needs it; see `options`.
"""

from .discord import custom_id
from .discord.reply import Button


class OneOf:
    """The choices of an option; feature files write `Choice["prod", "staging"]`."""

    __slots__ = ("values",)
    values: "tuple[Any, ...]"

    def __class_getitem__(cls, values: "Any") -> "OneOf":
        choice = cls()
        choice.values = values if isinstance(values, tuple) else (values,)
        return choice


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any
    from typing import Literal as Choice
else:
    Choice = OneOf


class Handler:
    """One function of a feature, and how its interaction is acknowledged. Calling it calls the function."""

    __slots__ = ("command", "function", "instant", "name", "private", "updates")

    def __init__(
        self, command: "Command", name: str, function: "Callable[..., Any]", instant: bool, private: bool, updates: bool
    ) -> None:
        self.command = command
        self.name = name
        self.function = function
        self.instant = instant
        self.private = private
        self.updates = updates

    def __call__(self, *arguments: "Any", **options: "Any") -> "Any":
        return self.function(*arguments, **options)

    def deferral(self) -> dict:
        """The acknowledgement that says "thinking": type 6 for a button that edits its own message, else type 5."""
        if self.updates:
            return {"type": 6}
        return {"type": 5, "data": {"flags": 64}} if self.private else {"type": 5}

    def button(self, label: str, /, *, style: str = "secondary", disabled: bool = False, **state: "Any") -> Button:
        """A button that runs this handler with `state`, which must be all of its keyword parameters."""
        code = self.function.__code__
        names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        if set(names) != set(state):
            raise TypeError(
                f"{self.command.name}:{self.name} takes {', '.join(names) or 'no state'}, not {', '.join(state)}"
            )
        values = [str(int(state[name])) if isinstance(state[name], bool) else str(state[name]) for name in names]
        return Button(
            label, custom_id=custom_id.encode(self.command.name, self.name, values), style=style, disabled=disabled
        )


class Command:
    """A slash command. `name`: 1-32 lower-case characters, the same as the file's name; `description`: 1-100.

    `instant` handlers run in the ingress and must be quick and need no table, queue or network; the others are
    deferred: acknowledged at once and run by the worker. `private` answers are seen only by the person who asked.
    """

    __slots__ = ("description", "handlers", "instant", "name", "private")

    def __init__(self, name: str, description: str, *, instant: bool = False, private: bool = False) -> None:
        self.name = name
        self.description = description
        self.instant = instant
        self.private = private
        self.handlers: dict[str, Handler] = {}

    def run(self, function: "Callable[..., Any]") -> Handler:
        """The command itself. Its keyword-only parameters are the options, described in its docstring: `name: text`."""
        handler = Handler(self, "", function, self.instant, self.private, False)
        self.handlers[""] = handler
        return handler

    def button(
        self,
        function: "Callable[..., Any] | None" = None,
        *,
        instant: bool | None = None,
        private: bool | None = None,
        updates: bool = False,
    ) -> "Any":
        """A button of this command; `updates` where it edits the message that carries it instead of sending one.

        Its keyword-only parameters are the state that its custom id carries, so the function's name and their order
        must not change while old messages stand. `instant` and `private` are the command's own where not given.
        """

        def declare(function: "Callable[..., Any]") -> Handler:
            handler = Handler(
                self,
                function.__name__,
                function,
                self.instant if instant is None else instant,
                self.private if private is None else private,
                updates,
            )
            self.handlers[handler.name] = handler
            return handler

        return declare if function is None else declare(function)
