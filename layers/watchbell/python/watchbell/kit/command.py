"""What a feature declares: a command with its buttons, selects and forms, all in one file."""

from ..errors import DefinitionError
from .buttons import FORM_SECONDS, ComponentHandler, FormHandler
from .handler import Declaration, Handler, decorator, quotas
from .policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Unpack

    from .buttons import ComponentRules
    from .handler import Rules
    from .quota import Quota


class Group:
    """Subcommands under one name, as in `/config source add`. They are right under the command if `name` is empty."""

    __slots__ = ("_command", "description", "name")

    def __init__(self, command: "Command", name: str, description: str) -> None:
        self._command = command
        self.name = name
        self.description = description

    @decorator
    def subcommand(self, function: "Callable[..., Any]", *, name: str = "", **rules: "Unpack[Rules]") -> Handler:
        """A subcommand called `name`, or like its function. The first line of the docstring is its description."""
        path = " ".join(filter(None, [self.name, name or function.__name__.replace("_", "-")]))
        handler = Handler(self._command, path, function, **rules)
        if path in self._command.runs:
            raise DefinitionError(f"{handler}: two subcommands have this name")
        self._command.runs[path] = handler
        return handler


class Command(Declaration):
    """A slash command. `name`: 1-32 lower-case characters, the same as the file's name; `description`: 1-100.

    `who`: who may use it; see `policy`. `instant`: its handlers run in the ingress and must be quick, without table,
    queue or network. Other handlers are deferred: acknowledged at once and run by the worker. `private`: only the
    person who asked sees the answers. `user_installs`: it also works where only the person installed the bot, who need
    not belong to the server; off by default, because it shows them what the bot knows. `contexts`: guild, bot_dm,
    private; None for all. `quota` (a Quota or several) or `cooldown` (seconds between two uses by one person): how
    often all deferred handlers may be used together; see `quota`. `flag`: the command exists only in servers where that
    feature flag is on; see `flags`.
    """

    __slots__ = ("components", "contexts", "description", "groups", "modals", "nsfw", "runs")

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
        quota: "Quota | tuple[Quota, ...] | None" = None,
        cooldown: int | None = None,
        flag: str = "",
    ) -> None:
        counted = quotas(quota, cooldown)
        super().__init__(
            name, who=who, instant=instant, private=private, user_installs=user_installs, flag=flag, quotas=counted
        )
        self.description = description
        self.contexts = contexts
        self.nsfw = nsfw
        self.runs: dict[str, Handler] = {}
        self.components: dict[str, ComponentHandler] = {}
        self.modals: dict[str, FormHandler] = {}
        self.groups: dict[str, Group] = {}

    @decorator
    def run(self, function: "Callable[..., Any]", **rules: "Unpack[Rules]") -> Handler:
        """The command itself. The keyword-only parameters are its options; the docstring describes each: `name: text`.

        `lock`, here and for every other handler: a template such as `apply:{guild}:{user}`. Only one interaction at a
        time may run for the same filled-in template; the second person is told so. The template may name guild, user,
        channel, message, target and the handler's parameters. `tools.fence` is the fencing token. `quota`, `cooldown`:
        instead of the command's."""
        self.runs[""] = Handler(self, "", function, **rules)
        return self.runs[""]

    @decorator
    def subcommand(self, function: "Callable[..., Any]", *, name: str = "", **rules: "Unpack[Rules]") -> Handler:
        """A subcommand right under the command; see Group.subcommand."""
        return Group(self, "", "").subcommand(name=name, **rules)(function)

    def group(self, name: str, description: str) -> Group:
        """A group of subcommands."""
        self.groups[name] = Group(self, name, description)
        return self.groups[name]

    @decorator
    def button(self, function: "Callable[..., Any]", **rules: "Unpack[ComponentRules]") -> ComponentHandler:
        """A button or select of this command.

        Its keyword-only parameters are the state that its custom id carries. Do not change the function's name or the
        order of the parameters while old messages can still be used. `updates`: it edits the message that carries it
        instead of sending one. `expires`: seconds until it cannot be used any more, None for never. `bound`: "user",
        only for the person whom the message was made for; "guild", only in that server. `instant`, `private`, `who`,
        `quota`, `cooldown`: the command's if not given; a quota of its own is counted separately. `lock`: see `run`.
        """
        handler = ComponentHandler(self, function.__name__, function, **rules)
        self.components[handler.name] = handler
        return handler

    select = button

    @decorator
    def modal(
        self, function: "Callable[..., Any]", *, expires: int | None = FORM_SECONDS, **rules: "Any"
    ) -> FormHandler:
        """What gets a submitted form: `def submit(interaction, tools, form: Apply, *, server: str)`.

        `Apply` is the Modal. `form` is an `Apply` with what the person typed, all of it valid. The keyword-only
        parameters are state: it comes from `submit.open(server=…)`, which an instant handler returns, or from
        `submit.button("Apply", server=…)` in any message. Raise FieldError or UserError for what the person can
        correct: they can open the form again with what they typed. `expires`: seconds from opening the form until a
        submission is too late. `updates`: it edits the message with the button that opened the form, and sends a new
        message if a command opened it. The other rules are those of a button.
        """
        handler = FormHandler(self, function.__name__, function, expires=expires, **rules)
        self.modals[handler.name] = handler
        return handler

    @property
    def handlers(self) -> list[Handler]:
        """All handlers of the command."""
        return [*self.runs.values(), *self.components.values(), *self.modals.values()]


class UserCommand(Command):
    """An entry in the context menu of a user. `name`: 1-32 characters; spaces and capitals are allowed. The file has
    the name in lower case with `_`. The user is `interaction.target`."""

    __slots__ = ()
    type = 2

    def __init__(self, name: str, **options: "Any") -> None:
        super().__init__(name, "", **options)


class MessageCommand(UserCommand):
    """An entry in the context menu of a message. The message is `interaction.target`, with its content, even if the bot
    may not read the channel."""

    __slots__ = ()
    type = 3
