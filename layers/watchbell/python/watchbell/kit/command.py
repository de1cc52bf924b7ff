"""Commands, each declared in one file together with its buttons, selects and forms."""

from ..errors import DefinitionError
from .buttons import FORM_SECONDS, ComponentHandler, FormHandler
from .handler import Declaration, Handler, decorator, quotas
from .policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, Unpack

    from .buttons import ComponentRules
    from .handler import Rules
    from .pager import PagerHandler, PagerRules
    from .quota import Quota

    Made = TypeVar("Made", bound=Handler)


class Group:
    """Subcommands under one name, as in `/config source add`. If `name` is empty, they are not in a group."""

    __slots__ = ("_command", "description", "name")

    def __init__(self, command: "Command", name: str, description: str) -> None:
        self._command = command
        self.name = name
        self.description = description

    @decorator
    def subcommand(self, function: "Callable[..., Any]", *, name: str = "", **rules: "Unpack[Rules]") -> Handler:
        """A subcommand called `name`, or like its function if `name` is empty.

        The first line of the docstring is its description.
        """
        path = " ".join(filter(None, [self.name, name or function.__name__.replace("_", "-")]))
        handler = Handler(self._command, path, function, **rules)
        if path in self._command.runs:
            raise DefinitionError(f"{handler}: two subcommands have this name")
        self._command.runs[path] = self._command.with_cancel(handler)
        return handler


class Command(Declaration):
    """A slash command.

    `name`: 1-32 lower-case characters. The file has the same name, with `_` for `-`.
    `description`: 1-100 characters.
    `who`: who may use it; see `policy`.
    `instant`: its handlers run in the ingress. They must be quick and use no table, queue or network. Other handlers
        are deferred: the ingress acknowledges them at once and the worker runs them.
    `private`: only the person who used the command sees the answers. If the command has an option called `private`,
        what the person gives it decides.
    `user_installs`: it also works for people who installed the bot for themselves, in servers that have not installed
        it. Off by default, because it shows them what the bot knows.
    `contexts`: where it can be used: "guild", "bot_dm", "private". None for everywhere.
    `quota` (a Quota or a tuple of them), `cooldown` (seconds between two uses by one person): how often all deferred
        handlers together may be used; see `quota`.
    `flag`: the command exists only in servers where this feature flag is on. It is off unless it is set; see `flags`.
    `switch`: the operator can switch the command off, for example on a bad day. It is on unless it is set. People who
        use the command then read that it is switched off.
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
        switch: str = "",
    ) -> None:
        counted = quotas(quota, cooldown)
        super().__init__(
            name,
            who=who,
            instant=instant,
            private=private,
            user_installs=user_installs,
            flag=flag,
            switch=switch,
            quotas=counted,
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
        """The command itself. The keyword-only parameters are its options. Docstring lines `name: text` describe them.

        `lock`, for this and every other handler: a template such as `apply:{guild}:{user}`. Only one interaction at a
        time can hold the lock with the same filled-in template. A second one is refused, and its user is told why. The
        template can name guild, user, channel, message, target and the handler's parameters. `tools.fence` is the
        lock's fencing token.
        `flow`: a template like `lock`, for work that several interactions do in steps. It is a lock too, and
        `tools.journal` is the journal of that name: each interaction with the same filled-in template continues it.
        `job`: a template like `flow`, for a function that yields and takes longer than the worker's 30 seconds. It runs
        in slices; each slice begins the function again, and it finds the steps of its journal done.
        `cancel`: who may cancel the job besides the person who started it.
        `quota`, `cooldown`, `switch`: replace those of the command.
        `audit`: the code of an administrative action, such as `monitor.delete`. Who did it, and how it ended, is
        recorded in the audit of the server.
        """
        self.runs[""] = self.with_cancel(Handler(self, "", function, **rules))
        return self.runs[""]

    @decorator
    def subcommand(self, function: "Callable[..., Any]", *, name: str = "", **rules: "Unpack[Rules]") -> Handler:
        """A subcommand outside of any group; see Group.subcommand."""
        return Group(self, "", "").subcommand(name=name, **rules)(function)

    def group(self, name: str, description: str) -> Group:
        """A group of subcommands."""
        self.groups[name] = Group(self, name, description)
        return self.groups[name]

    @decorator
    def button(self, function: "Callable[..., Any]", **rules: "Unpack[ComponentRules]") -> ComponentHandler:
        """A button or select of this command.

        Its keyword-only parameters are the state that its custom id carries. Do not change the function's name or the
        order of the parameters while old messages can still be used.

        `updates`: the answer edits the message with the component instead of sending a new one.
        `expires`: seconds until the component stops working, None for never.
        `bound`: "user" for the person the message is for, "guild" for that server, "nobody" for everybody.
        `instant`, `private`, `who`, `quota`, `cooldown`: default to the command's. A quota given here is counted
            separately.
        `lock`, `flow`, `job`, `cancel`, `audit`, `switch`: see `run`.
        """
        handler = ComponentHandler(self, function.__name__, function, **rules)
        self.components[handler.name] = self.with_cancel(handler)
        return handler

    select = button

    @decorator
    def pager(
        self, function: "Callable[..., Any]", *, per_page: int = 10, **rules: "Unpack[PagerRules]"
    ) -> "PagerHandler":
        """A long list: `def books(interaction, page, *, author: str)` returns the Reply for one page of it.

        `page` is a `Page`. `page.of(items)` returns the items of this page, at most `per_page`. Buttons to the
        previous and the next page are added below the message. To show the first page, return
        `books(interaction, author=…)` from any handler. If the function takes the tools, `page` comes after them, and
        that call needs them too. The keyword-only parameters and the other arguments are those of a button.
        """
        from .pager import PagerHandler

        handler = PagerHandler(self, function.__name__, function, per_page=per_page, **rules)
        self.components[handler.name] = handler
        return handler

    @decorator
    def modal(
        self, function: "Callable[..., Any]", *, expires: int | None = FORM_SECONDS, **rules: "Any"
    ) -> FormHandler:
        """The function that gets a submitted form: `def submit(interaction, tools, form: Apply, *, server: str)`.

        `Apply` is the Modal. `form` is an `Apply` with the values that the person entered, already validated. The
        keyword-only parameters are state. The state comes from `submit.open(server=…)`, which an instant handler
        returns, or from `submit.button("Apply", server=…)` in any message. Raise FieldError or UserError for what the
        person can correct. They can then open the form again with what they entered.

        `form`: a function that makes the form when it is opened and when it is submitted, for a form that depends on
            what is stored: `def questions(interaction, tools, *, server) -> type[Modal] | None`. It runs in the ingress
            too, where tools can only `get` an item. If it returns None, no form is opened, and the handler runs with
            None as its form. Make the fields of the same names each time, because a submission is read with them.
        `button_expires`: seconds until a button that opens the form stops working, None for never.
        `expires`: seconds from opening the form until a submission is too late.
        `updates`: the answer edits the message with the button that opened the form. If a command opened the form, the
            answer is a new message.
        The other arguments are those of a button.
        """
        handler = FormHandler(self, function.__name__, function, expires=expires, **rules)
        self.modals[handler.name] = self.with_cancel(handler)
        return handler

    def with_cancel(self, handler: "Made") -> "Made":
        """`handler`. If it is a job, the command gets the button that cancels it."""
        if handler.is_job:
            from .job import CancelHandler

            cancel = CancelHandler(handler)
            if cancel.name in self.components:
                raise DefinitionError(f"{handler}: two jobs have this function name; rename one")
            self.components[cancel.name] = handler.cancel = cancel
        return handler

    @property
    def handlers(self) -> list[Handler]:
        """All handlers of the command."""
        return [*self.runs.values(), *self.components.values(), *self.modals.values()]


class UserCommand(Command):
    """An entry in the context menu of a user. The user is `interaction.target`.

    `name`: 1-32 characters; spaces and capitals are allowed. The file has the name in lower case, with `_` for spaces.
    """

    __slots__ = ()
    type = 2

    def __init__(self, name: str, **options: "Any") -> None:
        super().__init__(name, "", **options)


class MessageCommand(UserCommand):
    """An entry in the context menu of a message. The message is `interaction.target`.

    The message has its content even if the bot may not read the channel.
    """

    __slots__ = ()
    type = 3
