"""What a feature is: a command with its buttons, selects and modals, declared in one file.

Plain classes and no `inspect`, `typing` or `dataclasses`: the ingress imports this in every cold start. The option
schema is read from the signatures only when somebody needs it; see `options`.
"""

from .discord.custom_id import Address
from .discord.reply import Button
from .errors import DefinitionError
from .policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .discord.components import Select

DAY = 24 * 60 * 60
RUN, COMPONENT, MODAL = "run", "component", "modal"
_BOUND = {"nobody": "0", "user": "u", "guild": "g"}


class Handler:
    """One function of a feature, who may use it, and how its interaction is acknowledged. Calling it calls the
    function."""

    __slots__ = (
        *("autocompletes", "bound", "command", "expires", "form", "function", "instant", "kind", "name", "private"),
        *("updates", "who"),
    )

    def __init__(
        self,
        command: "Command",
        kind: str,
        name: str,
        function: "Callable[..., Any]",
        *,
        instant: bool | None = None,
        private: bool | None = None,
        who: Policy | None = None,
        updates: bool = False,
        expires: int | None = 30 * DAY,
        bound: str = "nobody",
    ) -> None:
        self.command = command
        self.kind = kind
        self.name = name
        self.function = function
        self.instant = command.instant if instant is None else instant
        self.private = command.private if private is None else private
        self.who = command.who if who is None else who
        self.updates = updates
        self.expires = expires
        self.bound = _BOUND[bound]
        self.form: Any = None
        self.autocompletes: dict[str, Callable[..., Any]] = {}
        if self.instant and self.who.reads:
            raise DefinitionError(f"{self}: `{self.who.name}` reads a table, which an instant handler cannot")

    def __str__(self) -> str:
        return f"/{self.command.name}" + (f" {self.name}" if self.name else "")

    def __call__(self, *arguments: "Any", **options: "Any") -> "Any":
        return self.function(*arguments, **options)

    def deferral(self) -> dict:
        """The acknowledgement that says "thinking": type 6 for a component that edits its own message, else type 5."""
        if self.updates:
            return {"type": 6}
        return {"type": 5, "data": {"flags": 64}} if self.private else {"type": 5}

    def autocomplete(self, function: "Callable[..., Any]") -> "Callable[..., Any]":
        """The choices to offer for the option that has the function's name, while it is typed: a list of texts (those
        that contain what is typed are shown, at most 25) or of (name, value) pairs (shown as they are).

        The function gets the interaction, the tools if it takes a second parameter, and the text so far. It runs in
        the ingress, within Discord's 3 seconds, and a person may send any other text all the same."""
        self.autocompletes[function.__name__] = function
        return function

    def address(self, state: "dict[str, Any]") -> Address:
        """Where a component that carries `state` leads; TypeError where that is not all of the keyword parameters."""
        code = self.function.__code__
        names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        if set(names) != set(state):
            raise TypeError(f"{self} takes {', '.join(names) or 'no state'}, not {', '.join(state) or 'none'}")
        values = (str(int(state[name])) if isinstance(state[name], bool) else str(state[name]) for name in names)
        return Address(self.command.address, self.name, tuple(values), seconds=self.expires, bound=self.bound)

    def button(
        self, label: str = "", /, *, style: str = "secondary", emoji: str = "", disabled: bool = False, **state: "Any"
    ) -> Button:
        """A button that runs this handler with `state`, which must be all of its keyword parameters."""
        return Button(label, custom_id=self.address(state), style=style, emoji=emoji, disabled=disabled)

    def select(self, component: "Select", /, **state: "Any") -> "Select":
        """`component`, any of the five selects, leading to this handler with `state`; what was chosen arrives in
        `interaction.values`."""
        component.custom_id = self.address(state)
        return component


class Group:
    """Subcommands under one name, `/config source add`, or right under the command where `name` is empty."""

    __slots__ = ("_command", "description", "name")

    def __init__(self, command: "Command", name: str, description: str) -> None:
        self._command = command
        self.name = name
        self.description = description

    def subcommand(self, function: "Callable[..., Any] | None" = None, **options: "Any") -> "Any":
        """A subcommand with the function's name; the first line of its docstring is its description."""

        def declare(function: "Callable[..., Any]") -> Handler:
            name = " ".join(filter(None, [self.name, function.__name__.replace("_", "-")]))
            handler = Handler(self._command, RUN, name, function, **options)
            self._command.runs[name] = handler
            return handler

        return declare if function is None else declare(function)


class Command:
    """A slash command. `name`: 1-32 lower-case characters, the same as the file's name; `description`: 1-100.

    `who` may use it: see `policy`. `instant` handlers run in the ingress and must be quick and need no table, queue or
    network; the others are deferred: acknowledged at once and run by the worker. `private` answers are seen only by the
    person who asked. `user_installs`: it also works where only the person installed the bot, who need not be of the
    server; off by default, since it shows them what the bot knows. `contexts`: guild, bot_dm, private; None for all.
    """

    __slots__ = (
        *("components", "contexts", "description", "groups", "instant", "modals", "name", "nsfw", "private", "runs"),
        *("user_installs", "who"),
    )
    type = 1

    def __init__(
        self,
        name: str,
        description: str,
        *,
        who: Policy,
        instant: bool = False,
        private: bool = False,
        user_installs: bool = False,
        contexts: tuple[str, ...] | None = None,
        nsfw: bool = False,
    ) -> None:
        self.name = name
        self.description = description
        self.who = who
        self.instant = instant
        self.private = private
        self.user_installs = user_installs
        self.contexts = contexts
        self.nsfw = nsfw
        self.runs: dict[str, Handler] = {}
        self.components: dict[str, Handler] = {}
        self.modals: dict[str, Handler] = {}
        self.groups: dict[str, Group] = {}

    def run(self, function: "Callable[..., Any]") -> Handler:
        """The command itself. Its keyword-only parameters are the options, described in its docstring: `name: text`."""
        handler = Handler(self, RUN, "", function)
        self.runs[""] = handler
        return handler

    def subcommand(self, function: "Callable[..., Any] | None" = None, **options: "Any") -> "Any":
        """A subcommand right under the command; see Group.subcommand."""
        return Group(self, "", "").subcommand(function, **options)

    def group(self, name: str, description: str) -> Group:
        """A group of subcommands."""
        self.groups[name] = Group(self, name, description)
        return self.groups[name]

    def button(self, function: "Callable[..., Any] | None" = None, **options: "Any") -> "Any":
        """A button or select of this command.

        Its keyword-only parameters are the state that its custom id carries, so the function's name and their order
        must not change while old messages stand. `updates`: it edits the message that carries it instead of sending
        one. `expires`: seconds until it cannot be used any more, None for never. `bound`: "user", only for whom the
        message was made; "guild", only in that server. `instant`, `private`, `who`: the command's where not given.
        """

        def declare(function: "Callable[..., Any]") -> Handler:
            handler = Handler(self, COMPONENT, function.__name__, function, **options)
            self.components[handler.name] = handler
            return handler

        return declare if function is None else declare(function)

    select = button

    @property
    def address(self) -> str:
        """The name that custom ids know it by: that of its file."""
        return self.name.lower().replace("-", "_").replace(" ", "_")

    @property
    def handlers(self) -> list[Handler]:
        """All of them."""
        return [*self.runs.values(), *self.components.values(), *self.modals.values()]


class UserCommand(Command):
    """An entry in the context menu of a user. `name`: 1-32 characters, spaces and capitals allowed; the file has it in
    lower case with `_`. The user is `interaction.target`."""

    __slots__ = ()
    type = 2

    def __init__(self, name: str, **options: "Any") -> None:
        super().__init__(name, "", **options)


class MessageCommand(UserCommand):
    """The same of a message, with its content, whether or not the bot may read the channel."""

    __slots__ = ()
    type = 3
