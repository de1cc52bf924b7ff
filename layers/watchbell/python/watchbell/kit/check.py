"""How a kind of check is declared. One file in `checks/` is one kind.

    check = Check("tcp", N_("TCP port"), target="host:port", operands=("CONNECTED",), example="shop.example:25")

    @check.run
    def tcp(monitor, net):
        connected = net.connect(*parse_host(monitor.target))
        return connected if isinstance(connected, Reason) else Found(ip=connected.ip)

The function asks by `net` and returns what it found. It raises nothing for a sick target. `Check.facts` judges the
conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

from ..discord.text import clip
from ..errors import DefinitionError, UserError
from ..i18n import N_, _
from ..status import condition, recheck, secret, targets
from ..status.answers import Answer, Connection, Records
from ..status.condition import Condition
from ..status.facts import Facts
from ..status.found import Found
from ..status.monitor import Monitor
from ..status.reason import Reason
from .annotations import Annotated, Range
from .options import Option, options_of

TARGETS = {
    "url": "https://shop.example/health",
    "host": "shop.example",
    "host:port": "shop.example:5432",
    "": "",
}
"""The kinds of targets, each with an example. "": the kind is not asked, or its target is a word of another service."""

CONDITIONS = 10
"""The most conditions of a monitor."""

LENGTH = 2000
"""The most characters of a target."""

SECONDS = 10
"""The longest time limit of a check."""

OURS = ("not_asked_in_time", "not_measured", "secret_missing", "asked_too_often")
"""Reasons that say nothing about the target: the outcome is unknown."""

CLOSED = ("timeout", "unreachable", "connection_refused", "name_not_found", "tls_failed")
"""Reasons for which there is no connection. `[CONNECTED] == false` expects one of them."""

PING = "ping"
"""The option of a heartbeat that holds the UUID in its URL. People do not write it."""


def _of_every_kind(
    monitor: Any,
    net: Any,
    *,
    slow: Annotated[int, Range(1, 10_000)] = 10_000,
    recheck: Annotated[int, Range(1, recheck.MOST)] = 1,
) -> None:
    """The options of every kind.

    slow: Milliseconds after which an answer is slow, so that the monitor is degraded
    recheck: Seconds after which a monitor that was up and fails is checked once more
    """


SLOW, RECHECK = SHARED = options_of(_of_every_kind)
"""The option of every kind that can read `[RESPONSE_TIME]`, and that of every kind that asks a target."""

_FAULTS = {
    "character": N_(
        "An address has no spaces, and special characters are percent-encoded. Write for example `{example}`."
    ),
    "scheme": N_("I cannot check an address of this type. Write for example `{example}`."),
    "login": N_("Leave the user name and the password out of the address. Put them in a header, as a secret."),
    "port": N_("A port is a number from 1 to 65535 after the host. Write for example `{example}`."),
    "address": N_("This is not an IP address in its usual form. Write for example `192.0.2.1` or `[2001:db8::1]`."),
    "lookalike": N_("This host name can be mistaken for another one. Write it in Punycode (`xn--…`)."),
    "host": N_("This is not a host name. Write for example `{example}`."),
}


class Net(Protocol):
    """The outside world for one check. Each call ends within the monitor's time limit and raises nothing.

    A Reason says why there is no answer. Private addresses, Discord and the bot's own API are refused.
    """

    def request(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str = ""
    ) -> Answer | Reason:
        """Make an HTTP request and follow at most 3 redirects. `{{secret:name}}` stands for a secret.

        It can be in the query of the URL, in a header and in the body.
        """

    def connect(self, host: str, port: int, *, tls: bool = False) -> Connection | Reason:
        """Connect, check the certificate if `tls`, and close the connection."""

    def resolve(self, name: str, type: str, server: str = "") -> Records | Reason:
        """Ask a name server for the records of that type. `server` is an IP address. "" is the system's server."""


class Check:
    """A kind of check. Its function gets the monitor, the `net`, and its options as keyword-only parameters.

    `name`: of the file, and what a monitor's `kind` holds. `label`: for people, in English, inside `N_()`. `target`:
    one of TARGETS. `operands`: what its conditions can read, of `status.condition.OPERANDS`. `conditions`: they hold
    for a monitor too, unless one of the monitor's own conditions reads the same operands. `example`: a target, for the
    docs. `presets`: words that stand for a target. `secrets`: its target and options can contain `{{secret:name}}`.
    `several`: options whose value has several lines; people type each line as an option of its own. `row`: the results
    come from outside; it returns the key of the row in the table `state` that has them.

    Raises DefinitionError if a value is not allowed.
    """

    __slots__ = (
        "conditions",
        "described",
        "example",
        "find_target",
        "function",
        "label",
        "name",
        "operands",
        "options",
        "presets",
        "row",
        "secrets",
        "several",
        "target",
        "validate",
    )

    def __init__(
        self,
        name: str,
        label: str,
        *,
        target: str = "",
        operands: Collection[str] = (),
        conditions: Collection[str] = (),
        example: str = "",
        presets: Mapping[str, str] | None = None,
        secrets: bool = False,
        several: Collection[str] = (),
        row: Callable[[Monitor], dict] | None = None,
    ) -> None:
        self.row = row
        self.name, self.label, self.target, self.example = name, label, target, example
        self.operands, self.conditions = frozenset(operands), tuple(conditions)
        self.presets, self.secrets, self.several = dict(presets or {}), secrets, frozenset(several)
        self.function: Callable[..., Any] | None = None
        self.validate: Callable[..., None] | None = None
        self.find_target: Callable[[str], str] | None = None
        self.described: Callable[..., list[str]] | None = None
        self.options: tuple[Option, ...] = ()
        if target not in TARGETS:
            raise DefinitionError(f"{name}: target must be one of {', '.join(map(repr, TARGETS))}, not {target!r}")
        if unknown := sorted(self.operands - {*condition.OPERANDS}):
            raise DefinitionError(
                f"{name}: conditions cannot read {unknown[0]!r}; operands are {', '.join(condition.OPERANDS)}"
            )
        if self.runs and not example:
            raise DefinitionError(f'{name}: write a target for the docs, such as example="{TARGETS[target] or "…"}"')
        if not self.runs and (operands or conditions):
            raise DefinitionError(f"{name}: a kind with row= has no conditions; drop operands= and conditions=")
        for text in self.conditions:
            try:
                self._parsed(text)
            except UserError as error:
                raise DefinitionError(f"{name}: the condition {text!r} cannot work: {error}") from error

    @property
    def runs(self) -> bool:
        """Whether the kind asks its target. Otherwise its results come from outside."""
        return self.row is None

    def run(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function that checks: `function(monitor, net, *, options…)` returns a Found or a Reason."""
        if not self.runs:
            raise DefinitionError(f"{self.name}: a kind with row= does not ask; write `@check.fed`, or drop row=")
        if function.__code__.co_argcount != 2:
            raise DefinitionError(f"{self.name}: write `def {function.__name__}(monitor, net, *, options…)`")
        self.function = function
        self.options = options_of(function)
        for shared in (SLOW, RECHECK) if "RESPONSE_TIME" in self.operands else (RECHECK,):
            if any(option.name == shared.name for option in self.options):
                raise DefinitionError(f"{self.name}: the option {shared.name} is there already; drop yours")
            self.options += (shared,)
        return function

    def fed(self, function: Callable[..., list[Facts]]) -> Callable[..., list[Facts]]:
        """The function that reads the row: `function(monitor, row, before, at, *, options…)` returns a list of Facts.

        `row` is an item of DynamoDB's API, {} if there is none. `before` is when the last judged state began, and `at`
        is now, both in epoch seconds. The Facts are judged in their order. An empty list means that nothing is known.
        """
        if self.runs:
            raise DefinitionError(f"{self.name}: a kind without row= has no row to read; write `@check.run`")
        if function.__code__.co_argcount != 4:
            raise DefinitionError(f"{self.name}: write `def {function.__name__}(monitor, row, before, at, *, …)`")
        self.function = function
        self.options = options_of(function)
        return function

    def read(self, monitor: Monitor, row: dict, before: int, at: int) -> list[Facts]:
        """The results in the row of a monitor; see `fed`."""
        assert self.function is not None, self.name
        found: list[Facts] = self.function(monitor, row, before, at, **self.arguments(monitor.options))
        return found or [Facts("unknown")]

    def describe(self, function: Callable[..., list[str]]) -> Callable[..., list[str]]:
        """The function that explains a monitor with `row=` on its card: `function(monitor, row, at, *, options…)`.

        It returns lines in the reader's language. `row` and `at` are as in `fed`.
        """
        if self.runs:
            raise DefinitionError(f"{self.name}: a kind without row= has no row to describe; drop describe")
        self.described = function
        return function

    def description(self, monitor: Monitor, row: dict, at: float) -> list[str]:
        """The lines that explain a monitor on its card; see `describe`."""
        if self.described is None:
            return []
        try:
            return self.described(monitor, row, at, **self.arguments(monitor.options))
        except UserError:  # an option that an earlier version allowed; the card is where people correct it
            return []

    def validate_options(self, function: Callable[..., None]) -> Callable[..., None]:
        """A function that gets the options like `run`'s, when a monitor is defined. It raises UserError."""
        self.validate = function
        return function

    def validate_target(self, function: Callable[[str], str]) -> Callable[[str], str]:
        """A function for a kind with target="", when a monitor is defined: `function(text)` returns the normal form.

        It raises UserError.
        """
        if self.target:
            raise DefinitionError(f"{self.name}: target={self.target!r} is validated already; drop validate_target")
        self.find_target = function
        return function

    def define(self, monitor: Monitor, *, refused: Collection[str] = ()) -> Monitor:
        """The monitor with its target, options and conditions in their normal form.

        `refused` are hosts that may not be checked, with all names below them. Raises UserError with a sentence that
        says what to change.
        """
        if not 0 < monitor.seconds <= SECONDS:
            raise UserError(_("The time limit of a check is at most {n} seconds.", n=SECONDS))
        if len(monitor.conditions) > CONDITIONS:
            raise UserError(_("A monitor has at most {n} conditions.", n=CONDITIONS))
        conditions = tuple(self._parsed(text).text for text in monitor.conditions)
        arguments = self.arguments(monitor.options)
        target = self._target(monitor.target.strip(), monitor.private, refused)
        if self.validate:
            shared = {option.name for option in SHARED}
            self.validate(**{name: value for name, value in arguments.items() if name not in shared})
        return replace(monitor, kind=self.name, target=target, conditions=conditions)

    @property
    def defaults(self) -> dict[str, str]:
        """All options with their defaults as people type them, "" for an option without one."""
        values = getattr(self.function, "__kwdefaults__", None) or {}
        return {option.name: str(values.get(option.name, "")) for option in self.options}

    def changed(self, options: Mapping[str, str]) -> dict[str, str]:
        """The options without those that are empty or have their default."""
        known = self.defaults
        return {name: value for name, value in options.items() if name not in known or value not in ("", known[name])}

    def arguments(self, options: Mapping[str, str]) -> dict[str, Any]:
        """The values of the options. Raises UserError if one is unknown, missing, or breaks its rules."""
        known = {option.name: option for option in self.options}
        options = {name: value for name, value in options.items() if name != PING}
        for name in options:
            if name not in known:
                raise UserError(
                    _(
                        "A check of the type {kind} has no option `{name}`. Its options: {options}.",
                        kind=_(self.label),
                        name=name[:50],
                        options=", ".join(f"`{each}`" for each in known) or "-",
                    )
                )
        for name, option in known.items():
            if option.required and name not in options:
                raise UserError(
                    _("A check of the type {kind} needs the option `{name}`.", kind=_(self.label), name=name)
                )
        return {name: known[name].parse(text) for name, text in options.items()}

    def facts(self, monitor: Monitor, net: Net) -> Facts:
        """Run the check. Raises only for a bug."""
        assert self.function is not None, self.name
        arguments = self.arguments(monitor.options)
        slow = arguments.pop(SLOW.name, None) if SLOW in self.options else None
        arguments.pop(RECHECK.name, None)
        found = self.function(monitor, net, **arguments)
        if isinstance(found, Reason):
            outcome: Any = "unknown" if found.code in OURS else "down"
            found = Found(connected=False, outcome=outcome, reason=found)
        conditions = self.conditions_of(monitor)
        if not found.connected:
            # No connection is a failure, whatever the other conditions say.
            expected = any("CONNECTED" in each.reads for each in conditions)
            if not expected or found.reason is None or found.reason.code not in CLOSED:
                return Facts(found.outcome, found.reason, found.latency_ms, found.values)
            found = replace(found, outcome="up", reason=None)
        hidden = self.secrets and _has_secrets(monitor)
        failed = next(filter(None, (_failed(each, found, hidden) for each in conditions)), None)
        if failed and found.outcome in ("up", "degraded"):
            return Facts("down", failed, found.latency_ms, found.values)
        if found.outcome == "up" and slow is not None and (found.latency_ms or 0) > slow:
            reason = Reason("slow", {"ms": found.latency_ms or 0, "limit": slow})
            return Facts("degraded", reason, found.latency_ms, found.values)
        return Facts(found.outcome, found.reason, found.latency_ms, found.values)

    def conditions_of(self, monitor: Monitor) -> list[Condition]:
        """The monitor's conditions, and those of the kind whose operands the monitor's own do not read."""
        own = [condition.parse(text) for text in monitor.conditions]
        read = {operand for each in own for operand in each.reads}
        return own + [each for each in map(condition.parse, self.conditions) if not each.reads & read]

    def _parsed(self, text: str) -> Condition:
        found = condition.parse(text)
        for name in sorted(found.reads - self.operands):
            raise UserError(condition.unreadable(name, self.operands))
        return found

    def _target(self, text: str, private: bool, refused: Collection[str]) -> str:
        text = self.presets.get(text.lower(), text)
        if len(text) > LENGTH:
            raise UserError(_("An address has at most {n} characters.", n=LENGTH))
        if not self.target:
            return self.find_target(text) if self.find_target else text
        example = self.example or TARGETS[self.target]
        try:
            host, found = self._read_target(text)
        except targets.NotAUrl as error:
            raise UserError(_(_FAULTS[error.fault], example=example)) from None
        if targets.is_among(host, refused):
            raise UserError(_("I may not check {host}.", host=host))
        if targets.is_address(host) and not targets.is_allowed(host, private=private):
            raise UserError(_("I may not check {host}: it is not a public address.", host=host))
        if targets.is_loopback(host) and not private:
            raise UserError(_("I may not check {host}: it is not a public address.", host=host))
        if not (private or "." in host or targets.is_address(host)):  # nobody on the internet has such a name
            raise UserError(
                _("{host} has no dot, so it is no address on the internet. Did you mean `{host}.com`?", host=host)
            )
        return found

    def _read_target(self, text: str) -> tuple[str, str]:
        """The host, and the target in its normal form. Raises NotAUrl."""
        if self.target == "url":
            text = text if "://" in text else f"https://{text}"
            names = secret.names(text) if self.secrets else []
            plain, _question, query = text.partition("?")
            query = secret.fill(query, lambda name: f"__secret_{names.index(name)}__") if names else query
            url = targets.parse_url(f"{plain}{_question}{query}")
            found = str(url)
            for number, name in enumerate(names):
                found = found.replace(f"__secret_{number}__", f"{{{{secret:{name}}}}}")
            return url.host, found
        text = text.removeprefix(f"{self.name}://").removesuffix("/")
        if "://" in text:
            raise targets.NotAUrl(f"{text!r} has another scheme than {self.name}", "scheme")
        host, port = targets.parse_host(text)
        if self.target == "host:port" and port is None:
            raise targets.NotAUrl(f"{text!r} has no port", "port")
        shown = f"[{host}]" if ":" in host else host
        return host, shown if port is None else f"{shown}:{port}"


def reads(monitor: Monitor, operand: str) -> bool:
    """Whether one of the monitor's own conditions reads that operand."""
    return any(operand in condition.parse(text).reads for text in monitor.conditions)


def _has_secrets(monitor: Monitor) -> bool:
    return bool(secret.wanted(monitor))


def _failed(each: Condition, found: Found, hidden: bool) -> Reason | None:
    """The reason why the condition does not hold. `hidden`: the answer could repeat a secret, so it is not shown."""
    holds, got = each.evaluate(found)
    if holds:
        return None
    text = clip(each.text, 200)
    if got is None:
        return Reason("condition_missing", {"condition": text})
    shown = "" if hidden and each.left.name in ("BODY", "HEADER") and each.left.function != "len" else got
    return Reason("condition", {"condition": text, "got": shown})
