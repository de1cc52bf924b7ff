"""What a feature is: a command with its buttons, selects and modals, declared in one file.

Plain classes and no `inspect`, `typing` or `dataclasses`: the ingress imports this in every cold start. The option
schema is read from the signatures only when somebody needs it; see `options`.
"""

from .discord.custom_id import Address
from .discord.interaction import LARGEST
from .discord.reply import COMPONENTS_V2, Button, Reply
from .errors import DefinitionError
from .policy import Policy, owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .discord.components import Select
    from .discord.interaction import Interaction
    from .discord.modal import Opening
    from .quota import Quota

DAY = 24 * 60 * 60
FORM_SECONDS = 15 * 60
RUN, COMPONENT, MODAL = "run", "component", "modal"
_BOUND = {"nobody": "0", "user": "u", "guild": "g"}
_YIELDS, _ASYNC = 0x20, 0x80 | 0x200
"""Of a function's `co_flags`, as `inspect` documents them."""
LOCK_NAMES = ("guild", "user", "channel", "message", "target")
"""What every lock's template may name, besides the handler's own parameters."""


class Handler:
    """One function of a feature, who may use it, and how its interaction is acknowledged. Calling it calls the
    function."""

    __slots__ = (
        *("autocompletes", "bound", "command", "expires", "form", "function", "instant", "kind", "name", "private"),
        *("counted_as", "lock", "quotas", "updates", "who"),
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
        quota: "Quota | tuple[Quota, ...] | None" = None,
        cooldown: int | None = None,
        lock: str | None = None,
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
        self.bound = _BOUND.get("user" if self.who is owner and bound == "nobody" else bound, "")
        self._check_declared(bound)
        self.form: Any = None
        self.autocompletes: dict[str, Callable[..., Any]] = {}
        if kind == MODAL:
            self._read_form()
        if self.instant and self.who.reads:
            raise DefinitionError(f"{self}: `{self.who.name}` reads a table, which an instant handler cannot")
        inherits = quota is None and cooldown is None
        self.quotas = command.quotas if inherits else _quotas(quota, cooldown)
        self.counted_as = command.address if inherits else f"{command.address}:{kind}:{name}"
        self.lock = lock
        if self.instant and (self.quotas or lock):
            raise DefinitionError(
                f"{self}: a quota or a lock writes a table, which an instant handler cannot; have it deferred, or give "
                "it quota=() where it is not to have its command's"
            )
        if lock is not None:
            self._check_lock(lock)

    def __str__(self) -> str:
        return f"/{self.command.name}" + (f" {self.name}" if self.name else "")

    def __call__(self, *arguments: "Any", **options: "Any") -> "Any":
        return self.function(*arguments, **options)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the options, or of the state in the custom id."""
        code = self.function.__code__
        return code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]

    def _check_declared(self, bound: str) -> None:
        flags = self.function.__code__.co_flags
        if not isinstance(self.who, Policy):
            raise DefinitionError(
                f"{self}: who={self.who!r} is no policy; it is anyone, owner, operator, permission(…) or role(…)"
            )
        if self.who is owner and self.kind == RUN:
            raise DefinitionError(f"{self}: owner is for what stands in a message; a command has nobody's message yet")
        if not self.bound:
            raise DefinitionError(f"{self}: bound={bound!r}; it is {', '.join(_BOUND)}")
        if self.kind == COMPONENT and self.updates and self.private and not self.command.private:
            raise DefinitionError(
                f"{self}: it updates a message, whoever sees that; private=True is on a Reply, or without updates=True"
            )
        if flags & _ASYNC:
            raise DefinitionError(f"{self}: handlers are plain functions; write `def`, not `async def`")
        if flags & _YIELDS and self.instant:
            raise DefinitionError(f"{self}: an instant handler shows no progress; have it deferred, or let it return")
        if self.kind != MODAL and not 1 <= self.function.__code__.co_argcount <= 2:
            raise DefinitionError(
                f"{self}: it takes the interaction, and the tools if it likes; all else comes after `*`"
            )

    def _check_lock(self, template: str) -> None:
        for name in self.parameters:
            if name in LOCK_NAMES and "{" + name in template:
                raise DefinitionError(f"{self}: lock: {{{name}}} could be its parameter too; rename that")
        try:
            filled = template.format_map(dict.fromkeys((*LOCK_NAMES, *self.parameters), ""))
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            known = ", ".join((*LOCK_NAMES, *self.parameters))
            raise DefinitionError(f"{self}: lock {template!r} may name, each in {{}}: {known}") from None
        if not filled.strip(":"):
            raise DefinitionError(f"{self}: lock {template!r} begins with a word of its own, as in `apply:{{user}}`")

    def edits(self, interaction: "Interaction | None" = None) -> bool:
        """Whether it edits the message that carries the component: not where a modal was opened by a command."""
        return self.updates and (self.kind != MODAL or interaction is None or bool(interaction.message))

    def edits_with(self, reply: "Reply", interaction: "Interaction") -> bool:
        """Whether `reply` is such an edit, and not a private message of its own; DefinitionError where it would be one
        with a poll."""
        edits = self.edits(interaction) and not reply.private
        if edits and reply.poll:
            raise DefinitionError(f"{self} updates a message, and one that stands takes no poll")
        return edits

    def deferral(self, interaction: "Interaction | None" = None) -> dict:
        """The acknowledgement that says "thinking": type 6 for what edits a component's message, else type 5."""
        if self.edits(interaction):
            return {"type": 6}
        return {"type": 5, "data": {"flags": 64}} if self.private else {"type": 5}

    def response(self, reply: "Reply", interaction: "Interaction") -> dict:
        """What an instant handler answers with `reply`: type 7 for what edits a component's message, else type 4.
        Raises DefinitionError for what only a deferred one can answer."""
        if not isinstance(reply, Reply):
            raise DefinitionError(
                f"{self} answered {reply!r}; an instant handler answers a Reply or a form, a deferred one all the rest"
            )
        if reply.uploads():
            raise DefinitionError(f"{self} is instant, so it cannot send files; have it deferred")
        if self.edits_with(reply, interaction):
            return {"type": 7, "data": reply.edit(v2=bool(interaction.message_flags & COMPONENTS_V2))}
        return {"type": 4, "data": reply.message(private=self.private or reply.private)}

    def autocomplete(self, function: "Callable[..., Any] | None" = None, *, option: str = "") -> "Any":
        """The choices to offer for an option while it is typed, by default the one that has the function's name: a list
        of texts (those that contain what is typed are shown, at most 25) or of (name, value) pairs (shown as they are).

        The function gets the interaction, the tools if it takes a second parameter, and the text so far. It runs in
        the ingress, within Discord's 3 seconds, and a person may send any other text all the same."""

        def declare(function: "Callable[..., Any]") -> "Callable[..., Any]":
            if not 2 <= function.__code__.co_argcount <= 3 or function.__code__.co_flags & _ASYNC:
                name = function.__name__
                raise DefinitionError(
                    f"{self}: write `def {name}(interaction, typed)`, with `tools` between if it likes"
                )
            self.autocompletes[option or function.__name__] = function
            return function

        return declare if function is None else declare(function)

    def address(self, state: "dict[str, Any]") -> Address:
        """Where a component that carries `state` leads; DefinitionError where that is not all of the keyword
        parameters, or a value is none of theirs."""
        names = self.parameters
        if set(names) != set(state):
            raise DefinitionError(f"{self} takes {', '.join(names) or 'no state'}, not {', '.join(state) or 'none'}")
        for name in names:
            if not _fits(self.function.__annotations__.get(name), state[name]):
                raise DefinitionError(f"{self}: {name} cannot be {state[name]!r}")
        values = (str(int(state[name])) if isinstance(state[name], bool) else str(state[name]) for name in names)
        return Address(self.command.address, self.name, tuple(values), seconds=self.expires, bound=self.bound)

    def button(
        self, label: str = "", /, *, style: str = "secondary", emoji: str = "", disabled: bool = False, **state: "Any"
    ) -> Button:
        """A button that runs this handler with `state`, which must be all of its keyword parameters.

        That of a modal opens its form, with those of its fields filled in that `state` names too."""
        if self.kind == MODAL:
            opening = self.open(**state)
            return opening.button(label, bound=self.bound, style=style, emoji=emoji, disabled=disabled)
        return Button(label, custom_id=self.address(state), style=style, emoji=emoji, disabled=disabled)

    def select(self, component: "Select", /, **state: "Any") -> "Select":
        """`component`, any of the five selects, leading to this handler with `state`; what was chosen arrives in
        `interaction.values`: texts, or Users, Roles and Channels."""
        component.custom_id = self.address(state)
        return component

    def open(self, **values: "Any") -> "Opening":
        """The form of a modal, for an instant handler of a command or button to return: it is shown at once.

        `values` are the state that the submission brings back, all of this handler's keyword parameters, and what to
        fill in beforehand, by the names of the fields."""
        from .discord.modal import Opening

        names = self.parameters
        address = self.address({name: value for name, value in values.items() if name in names})
        address.seconds, address.bound = self.expires, _BOUND["user"]  # only who opened it can submit it
        return Opening(self.form, address, {name: value for name, value in values.items() if name not in names})

    def _read_form(self) -> None:
        """The form is the annotation of the last positional parameter."""
        from .discord.modal import Modal, fields

        code = self.function.__code__
        last = code.co_varnames[code.co_argcount - 1] if code.co_argcount in (2, 3) else ""
        form = self.function.__annotations__.get(last)
        if isinstance(form, str):  # the module has `from __future__ import annotations`
            form = self.function.__globals__.get(form)
        if not isinstance(form, type) or not issubclass(form, Modal):
            raise DefinitionError(
                f"{self}: a modal is declared as `def {self.name}(interaction, tools, form: Form)`, its Modal above it"
            )
        for name in self.parameters:
            if name in fields(form):
                raise DefinitionError(f"{self}: {name} is state and a field of {form.__name__}; rename one")
        self.form = form


class Group:
    """Subcommands under one name, `/config source add`, or right under the command where `name` is empty."""

    __slots__ = ("_command", "description", "name")

    def __init__(self, command: "Command", name: str, description: str) -> None:
        self._command = command
        self.name = name
        self.description = description

    def subcommand(self, function: "Callable[..., Any] | None" = None, *, name: str = "", **options: "Any") -> "Any":
        """A subcommand called `name`, or like its function. The first line of the docstring is its description."""

        def declare(function: "Callable[..., Any]") -> Handler:
            path = " ".join(filter(None, [self.name, name or function.__name__.replace("_", "-")]))
            handler = Handler(self._command, RUN, path, function, **options)
            if path in self._command.runs:
                raise DefinitionError(f"{handler}: two subcommands have this name")
            self._command.runs[path] = handler
            return handler

        return declare if function is None else declare(function)


class Command:
    """A slash command. `name`: 1-32 lower-case characters, the same as the file's name; `description`: 1-100.

    `who` may use it: see `policy`. `instant` handlers run in the ingress and must be quick and need no table, queue or
    network; the others are deferred: acknowledged at once and run by the worker. `private` answers are seen only by the
    person who asked. `user_installs`: it also works where only the person installed the bot, who need not be of the
    server; off by default, since it shows them what the bot knows. `contexts`: guild, bot_dm, private; None for all.
    `quota` (a Quota, or several) or `cooldown` (seconds between two uses by the same person): how often all that is
    deferred here may be used, together; see `quota`. `flag`: it exists only where that feature flag is on; see `flags`.
    """

    __slots__ = (
        *("components", "contexts", "description", "flag", "groups", "instant", "modals", "name", "nsfw", "private"),
        *("quotas", "runs", "user_installs", "who"),
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
        quota: "Quota | tuple[Quota, ...] | None" = None,
        cooldown: int | None = None,
        flag: str = "",
    ) -> None:
        self.name = name
        self.description = description
        self.who = who
        self.instant = instant
        self.private = private
        self.user_installs = user_installs
        self.contexts = contexts
        self.nsfw = nsfw
        self.quotas = _quotas(quota, cooldown)
        self.flag = flag
        self.runs: dict[str, Handler] = {}
        self.components: dict[str, Handler] = {}
        self.modals: dict[str, Handler] = {}
        self.groups: dict[str, Group] = {}

    def run(self, function: "Callable[..., Any] | None" = None, **options: "Any") -> "Any":
        """The command itself. Its keyword-only parameters are the options, described in its docstring: `name: text`.

        `lock`, here and for every other handler: one at a time for each filling of a template such as
        `apply:{guild}:{user}`, which may name guild, user, channel, message, target and the handler's parameters; who
        comes second is told so. `tools.fence` is the fencing token. `quota`, `cooldown`: instead of the command's."""

        def declare(function: "Callable[..., Any]") -> Handler:
            self.runs[""] = Handler(self, RUN, "", function, **options)
            return self.runs[""]

        return declare if function is None else declare(function)

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
        message was made; "guild", only in that server. `instant`, `private`, `who`, `quota`, `cooldown`: the command's
        where not given; with its own, it is counted by itself. `lock`: see `run`.
        """

        def declare(function: "Callable[..., Any]") -> Handler:
            handler = Handler(self, COMPONENT, function.__name__, function, **options)
            self.components[handler.name] = handler
            return handler

        return declare if function is None else declare(function)

    select = button

    def modal(
        self, function: "Callable[..., Any] | None" = None, *, expires: int | None = FORM_SECONDS, **options: "Any"
    ) -> "Any":
        """What gets a submitted form: `def submit(interaction, tools, form: Apply, *, server: str)`.

        `Apply` is its Modal, and `form` one with what the person put in, all of it valid. The keyword-only parameters
        are state from whoever opened it: an instant handler that returns `submit.open(server=…)`, or any message with
        `submit.button("Apply", server=…)`. Raise FieldError or UserError for what the person can mend: they can open
        the form again with what they had put in. `expires`: seconds from its opening until a submission is too late.
        `updates`: it edits the message with the button that opened it, and sends a new one where a command did. The
        rest is as for a button.
        """

        def declare(function: "Callable[..., Any]") -> Handler:
            handler = Handler(self, MODAL, function.__name__, function, expires=expires, **options)
            self.modals[handler.name] = handler
            return handler

        return declare if function is None else declare(function)

    @property
    def address(self) -> str:
        """The name that custom ids know it by: that of its file."""
        return self.name.lower().replace("-", "_").replace(" ", "_")

    @property
    def handlers(self) -> list[Handler]:
        """All of them."""
        return [*self.runs.values(), *self.components.values(), *self.modals.values()]


def _fits(annotation: "Any", value: "Any") -> bool:
    """Whether state can be `value`; what the annotation does not say at a glance is said when it comes back."""
    if not isinstance(value, (str, int, float)):
        return False
    for rule in getattr(annotation, "rules", ()):  # Annotated[int, Range(1, 9)]
        size = len(value) if isinstance(value, str) else value
        least, most = getattr(rule, "least", None), getattr(rule, "most", None)
        if (least is not None and size < least) or (most is not None and size > most):
            return False
    annotation = getattr(annotation, "type", annotation)
    if not isinstance(value, str) and not abs(value) <= LARGEST:  # what comes back is held to Discord's numbers
        return False
    if annotation is float:
        return isinstance(value, (int, float))
    if annotation in (str, int, bool):
        return isinstance(value, annotation)
    offered = getattr(annotation, "values", None)
    return any(type(value) is type(each) and value == each for each in offered) if isinstance(offered, tuple) else True


def _quotas(quota: "Quota | tuple[Quota, ...] | None", cooldown: int | None) -> "tuple[Quota, ...]":
    given = () if quota is None else tuple(quota) if isinstance(quota, (tuple, list)) else (quota,)
    if cooldown is None:
        return given
    from .quota import Quota

    return (*given, Quota(1, per=cooldown))


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
