"""A handler: one function of a feature, who may use it, and how often.

The ingress imports this module in every cold start, so it uses plain classes instead of `inspect`, `typing` and
`dataclasses`. Options are read from the function's signature when they are first needed.
"""

from ..discord.interaction import COMPONENT as PRESSED
from ..errors import DefinitionError
from .policy import Policy, owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, Generic, ParamSpec, TypedDict, TypeVar, overload

    from ..discord.interaction import Interaction
    from .options import Option
    from .quota import Quota

    Function = Callable[..., Any]

    class Rules(TypedDict, total=False):
        """The arguments of a decorator. Each defaults to the command's value."""

        who: Policy
        instant: bool
        private: bool
        quota: Quota | tuple[Quota, ...]
        cooldown: int
        lock: str
        flow: str
        job: str
        cancel: Policy
        audit: str
        switch: str

    Owner = TypeVar("Owner")
    Made = TypeVar("Made")
    Given = ParamSpec("Given")

    class Decorator(Generic[Given, Made]):
        @overload
        def __call__(self, function: Function, /) -> Made: ...  # type: ignore[overload-overlap]
        @overload
        def __call__(self, *args: Given.args, **rules: Given.kwargs) -> Callable[[Function], Made]: ...
        def __call__(self, *args: Any, **rules: Any) -> Any: ...

    class decorator(Generic[Owner, Given, Made]):
        def __init__(self, method: Callable[Concatenate[Owner, Function, Given], Made]) -> None: ...
        def __get__(self, owner: Owner, kind: type[Owner]) -> Decorator[Given, Made]: ...

else:

    def decorator(method):
        """Turn `method` into a decorator that works with and without arguments: `@command.run`, `@command.run(…)`."""

        def decorate(self, function=None, /, **rules):
            if function is None:
                return lambda function: method(self, function, **rules)
            return method(self, function, **rules)

        decorate.__doc__ = method.__doc__
        return decorate


LOCK_NAMES = ("guild", "user", "channel", "message", "target")
"""The placeholders of a lock's template, besides the handler's own parameters."""

YIELDS, _ASYNC = 0x20, 0x80 | 0x200
"""Bits of a function's `co_flags`, as `inspect` documents them."""


class Declaration:
    """What a command declares for all of its handlers. Command explains each value."""

    __slots__ = ("flag", "instant", "name", "private", "quotas", "switch", "user_installs", "who")
    type = 1

    def __init__(
        self,
        name: str,
        *,
        who: Policy,
        instant: bool,
        private: bool,
        user_installs: bool,
        flag: str,
        switch: str,
        quotas: "tuple[Quota, ...]",
    ) -> None:
        self.name = name
        self.who = who
        self.instant = instant
        self.private = private
        self.user_installs = user_installs
        self.flag = flag
        self.switch = switch
        self.quotas = quotas

    @property
    def address(self) -> str:
        """The name of the command in custom ids: the name of its file."""
        return self.name.lower().replace("-", "_").replace(" ", "_")


class Handler:
    """A function of a feature, with the rules for its use. Calling the handler calls the function.

    `who`, `instant`, `private` and `switch` are the command's if None. `quotas` are counted under the name
    `counted_as`. `lock` is a template such as `apply:{guild}:{user}`; a `flow` is a lock with a journal, and a `job` is
    a flow that may take long. `audit` is the code of an administrative action. See Command.run.
    Raises DefinitionError, which says what to write instead, if the rules contradict each other.
    """

    __slots__ = (
        *(
            "_options",
            "audit",
            "autocompletes",
            "cancel",
            "command",
            "counted_as",
            "function",
            "instant",
            "is_flow",
            "is_job",
            "lock",
            "may_cancel",
            "name",
            "parameters",
            "private",
        ),
        *("quotas", "switch", "when_busy", "when_unreached", "who"),
    )
    kind = "run"
    updates = False
    form: "Any" = None
    makes_form: "Any" = None
    is_secret = False
    """Whether the form has a secret field. If so, the answers are encrypted in the queue."""
    own = 0
    """How many positional parameters the function takes after the interaction and the tools."""

    def __init__(
        self,
        command: Declaration,
        name: str,
        function: "Function",
        *,
        who: Policy | None = None,
        instant: bool | None = None,
        private: bool | None = None,
        quota: "Quota | tuple[Quota, ...] | None" = None,
        cooldown: int | None = None,
        lock: str | None = None,
        flow: str | None = None,
        job: str | None = None,
        cancel: Policy | None = None,
        audit: str = "",
        switch: str | None = None,
    ) -> None:
        self.command = command
        self.name = name
        self.function = function
        code = function.__code__
        self.parameters: tuple[str, ...] = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
        """The names of the keyword-only parameters: the options of a command, or the state of a component or form."""
        self.who = command.who if who is None else who
        self.instant = command.instant if instant is None else instant
        self.private = command.private if private is None else private
        inherits = quota is None and cooldown is None
        self.quotas = command.quotas if inherits else quotas(quota, cooldown)
        self.counted_as = command.address if inherits else f"{command.address}:{self.kind}:{name}"
        templates = [template for template in (lock, flow, job) if template is not None]
        if len(templates) > 1:
            raise DefinitionError(f"{self}: a flow is a lock too, and a job is a flow; keep one of lock, flow and job")
        self.lock = templates[0] if templates else None
        self.is_job = job is not None
        self.is_flow = flow is not None or self.is_job
        self.may_cancel = cancel
        self.cancel: Any = None
        """The handler of the button that cancels this job. The command sets it."""
        self.audit = audit
        self.switch = command.switch if switch is None else switch
        self.autocompletes: dict[str, Function] = {}
        self.when_unreached: Function | None = None
        self.when_busy: Function | None = None
        self._options: tuple[Option, ...] | None = None
        self._check()

    def __str__(self) -> str:
        return f"/{self.command.name}" + (f" {self.name}" if self.name else "")

    def __call__(self, *arguments: "Any", **options: "Any") -> "Any":
        return self.function(*arguments, **options)

    @property
    def options(self) -> "tuple[Option, ...]":
        """The keyword-only parameters, read from their annotations.

        Raises DefinitionError if an annotation is not an option type.
        """
        if self._options is None:
            from .options import options_of

            self._options = options_of(self.function)
        return self._options

    def answers_at_once(self, interaction: "Interaction") -> bool:
        """Whether the ingress answers. True for an instant handler and for a button that opens a form."""
        return self.instant or (interaction.type == PRESSED and self.form is not None)

    def is_private(self, interaction: "Interaction | None" = None) -> bool:
        """Whether only the person sees the answer. An option called `private` decides, if the person has given it."""
        given = interaction.options.get("private") if interaction and "private" in self.parameters else None
        return given if isinstance(given, bool) and self.kind == "run" else self.private

    def edits(self, interaction: "Interaction | None" = None) -> bool:
        """Whether the answer edits the message with the component. False for a form that a command opened."""
        return self.updates and (self.form is None or interaction is None or bool(interaction.message))

    @decorator
    def autocomplete(self, function: "Function", *, option: str = "") -> "Function":
        """Offer choices while a person types an option: `option`, or the option with the function's name.

        The function gets the interaction, the tools if it takes three parameters, and the text so far. It returns a
        list of texts or of (name, value) pairs. Texts that do not contain the text so far are left out; pairs are never
        filtered. At most 25 choices are shown. The function runs in the ingress, within Discord's 3 seconds. A person
        can still send a value that is not among the choices.
        """
        if not 2 <= function.__code__.co_argcount <= 3 or function.__code__.co_flags & _ASYNC:
            name = function.__name__
            raise DefinitionError(
                f"{self}: write `def {name}(interaction, typed)` or `def {name}(interaction, tools, typed)`"
            )
        self.autocompletes[option or function.__name__] = function
        return function

    def unreached(self, function: "Function") -> "Function":
        """Call `function(interaction, tools)` if the answer of this handler cannot reach the person who asked.

        That is so if the token is dead, and the channel and their direct messages are closed to the bot. The function
        can tell somebody else with `tools.discord.send`. It returns nothing. Its texts are in the server's language. If
        it fails in a way that passes, the whole handler runs again, so send with a nonce.
        """
        if self.instant or function.__code__.co_argcount != 2:
            raise DefinitionError(
                f"{self}: only a deferred handler has @….unreached; write `def {function.__name__}(interaction, tools)`"
            )
        self.when_unreached = function
        return function

    def busy(self, function: "Function") -> "Function":
        """Call `function(interaction, tools, **state)` if somebody else holds the lock or the flow of this handler.

        It returns the text for the person who is refused. The keyword-only parameters are those of the handler.
        """
        if self.lock is None or function.__code__.co_argcount != 2:
            name = function.__name__
            raise DefinitionError(f"{self}: only a handler with a lock is busy; write `def {name}(interaction, tools)`")
        self.when_busy = function
        return function

    def _check(self) -> None:
        code = self.function.__code__
        if not isinstance(self.who, Policy):
            raise DefinitionError(
                f"{self}: who={self.who!r} is not a policy; write anyone, owner, operator, permission(…) or role(…)"
            )
        if self.who is owner and self.kind == "run":
            raise DefinitionError(
                f"{self}: who=owner is for buttons, selects and forms, because a command has no message yet; "
                "write another policy"
            )
        if code.co_flags & _ASYNC:
            raise DefinitionError(f"{self}: handlers are plain functions; write `def`, not `async def`")
        if code.co_flags & YIELDS and self.instant:
            raise DefinitionError(f"{self}: an instant handler cannot show progress; drop instant=True or the `yield`")
        if not 1 <= code.co_argcount - self.own <= 2:
            raise DefinitionError(
                f"{self}: write the interaction first, then the tools if it needs them, and everything else after `*`"
            )
        if self.instant and (self.quotas or self.lock or self.audit):
            raise DefinitionError(
                f"{self}: a quota, lock, flow or audit needs a table write, which an instant handler cannot do; "
                "drop instant=True, or write quota=() if the command's quota should not count here"
            )
        if self.audit and not self.audit.replace(".", "_").isidentifier():
            raise DefinitionError(f"{self}: audit={self.audit!r} is not a code; write one like `monitor.delete`")
        if self.is_job and not (code.co_flags & YIELDS and code.co_argcount - self.own == 2):
            raise DefinitionError(
                f"{self}: a job needs the tools, for its journal, and yields its progress; write "
                f"`def {self.function.__name__}(interaction, tools, …)` with a `yield Reply(…)` after each step"
            )
        if self.is_job and self.updates:
            raise DefinitionError(f"{self}: a job has a message of its own; drop updates=True")
        if self.may_cancel is not None and not self.is_job:
            raise DefinitionError(f"{self}: only a job can be cancelled; drop cancel=, or write job=")
        if self.lock is not None:
            self._check_lock(self.lock)

    def _check_lock(self, template: str) -> None:
        what = "job" if self.is_job else "flow" if self.is_flow else "lock"
        for name in self.parameters:
            if name in LOCK_NAMES and "{" + name in template:
                raise DefinitionError(
                    f"{self}: in the {what}, {{{name}}} could also mean its parameter; rename the parameter"
                )
        known = (*LOCK_NAMES, *self.parameters)
        try:
            filled = template.format_map(dict.fromkeys(known, ""))
        except KeyError as error:
            named, use = error.args[0], ", ".join(f"{{{name}}}" for name in known)
            raise DefinitionError(f"{self}: the {what} has the unknown placeholder {{{named}}}; use {use}") from None
        except (ValueError, IndexError, AttributeError, TypeError):
            fault = "is not a template; write one like `apply:{user}`"
            raise DefinitionError(f"{self}: the {what} {template!r} {fault}") from None
        if not filled.strip(":"):
            raise DefinitionError(f"{self}: the {what} {template!r} must start with fixed text, as in `apply:{{user}}`")


def quotas(quota: "Quota | tuple[Quota, ...] | None", cooldown: int | None) -> "tuple[Quota, ...]":
    """The quotas that `quota=` and `cooldown=` declare together."""
    given = () if quota is None else tuple(quota) if isinstance(quota, (tuple, list)) else (quota,)
    if cooldown is None:
        return given
    from .quota import Quota

    return (*given, Quota(1, per=cooldown))
