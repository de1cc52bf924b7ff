"""Plain calls on a feature, for its tests: no network, no AWS, and the checks that a real interaction meets.

    from watchbell.commands import dice
    from watchbell.testing import press, run

    reply = run(dice, sides=6)
    assert "🎲" in press(reply.buttons[0]).content

`run`, `press`, `choose` and `submit` make the interaction that Discord would send, ask the handler's policy, bind the
values to its signature, and answer what the feature answered: a Reply or a Delete; a list of them where it sends
several or shows progress; the Opening of a form. A UserError is raised as such. The command and whatever would be shown
are held to Discord's rules: DefinitionError and InvalidReply name the place. Who asks is given by keyword, see
`Somebody`; a keyword that the handler's signature has too is the handler's, and `by=Somebody(…)` says who then. Quotas,
locks and flags hold as in production, in memory, over all calls with the same FakeTools. This module is not shipped.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import count
from types import GeneratorType, ModuleType
from typing import Any, Protocol

from ..discord import check, custom_id
from ..discord.custom_id import OPENS
from ..discord.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction
from ..discord.opening import Opening
from ..discord.permissions import bits
from ..discord.reply import Delete, Reply
from ..discord.resolved import Attachment, Channel, Message, Resolved, Role, User
from ..discord.seals import Seals
from ..errors import FormError, UserError
from ..i18n import speaking
from ..interactions import dispatch, gate, responses
from ..interactions.limits import admit
from ..interactions.messages import replies
from ..kit import catalogue
from ..kit.buttons import ComponentHandler, FormHandler
from ..kit.command import Command
from ..kit.handler import Handler
from ..kit.options import TYPES
from ..kit.policy import RANKS
from ..registration.declare import declare
from ..tools import grants
from ..tools.toolbox import Desk
from .fakes import FakeFlags, FakeJournal, FakeLocks, FakeQuotas, FakeStash

USER, GUILD, CHANNEL = "1000000000000000101", "1000000000000000102", "1000000000000000103"
"""Who asks, and where, if a test does not say."""

_GROUPS = {User: "users", Role: "roles", Channel: "channels", Attachment: "attachments", Message: "messages"}
_SELECTS = {frozenset([User]): 5, frozenset([Role]): 6, frozenset([User, Role]): 7, frozenset([Channel]): 8}
_ids = count(1_000_000_000_000_001_000)


class Somebody:
    """Who asks, and where. `permissions` are bits, a permission's name or several; none where not given.

    `guild=""` is the direct message with the bot. `rank` (viewer, responder, admin) is what a role of theirs is mapped
    to there; `operator`: they run the bot. `asked_by` is the user whose message carries the button, themself if "".
    `id` is the interaction's, a new one each time if ""; with the same one twice, it is delivered again.
    """

    def __init__(
        self,
        *,
        user: str = USER,
        guild: str = GUILD,
        channel: str = CHANNEL,
        permissions: int | str | Iterable[str] = 0,
        locale: str = "en-US",
        guild_locale: str = "en-US",
        rank: str = "",
        operator: bool = False,
        asked_by: str = "",
        id: str = "",
    ) -> None:
        names = (permissions,) if isinstance(permissions, str) else permissions
        self.permissions = names if isinstance(names, int) else bits(*names)
        self.user, self.guild, self.channel = user, guild, channel
        self.locale, self.guild_locale = locale, guild_locale
        if rank not in ("", *RANKS):
            raise ValueError(f"{rank!r} is no rank; the ranks are {', '.join(RANKS)}")
        self.rank, self.operator, self.asked_by, self.id = rank, operator, asked_by, id

    def interaction(self, kind: int, data: dict) -> Interaction:
        """The interaction of theirs with this data, as Discord would send it."""
        user = {"id": self.user, "username": "ada", "global_name": "Ada"}
        raw: dict = {"id": self.id or str(next(_ids)), "type": kind, "data": data, "token": "t", "version": 1}
        raw |= {"application_id": "1000000000000000100", "channel_id": self.channel, "locale": self.locale}
        raw["authorizing_integration_owners"] = {"0": self.guild or "0"}
        if kind == COMPONENT:
            asked = {"user": {"id": self.asked_by or self.user}}
            raw["message"] = {"id": str(next(_ids)), "interaction_metadata": asked}
        if not self.guild:
            return Interaction({**raw, "context": 1, "user": user})
        member = {"user": user, "permissions": str(self.permissions), "roles": ["1"] if self.rank else []}
        where = {"context": 0, "guild_id": self.guild, "guild_locale": self.guild_locale}
        return Interaction({**raw, **where, "member": member})


class FakeTools:
    """Stands in for `tools`: has the parts that a test gives it, by keyword or assigned, and of its own a clock, the
    seals, and in memory what lies in tables: quotas, locks, large state and a journal. `counted` are the metrics.

    With the same FakeTools twice, what the first call has used is used, by the clock `now`, and the steps that it has
    done are done. `locks.take("apply:1", "somebody")` lets somebody else be at work. `flags={"beta": "off"}` are all
    that are set, written as for `ops flags`, so one that is not among them is off. Without `flags` every flag is on,
    since a test is about what its feature does: where it is off there is nothing to see but a refusal.
    """

    def __init__(self, *, flags: dict[str, str] | None = None, **parts: Any) -> None:
        self.settings: dict[str, str] = {}
        self.counted: list[str] = []
        self.flags = FakeFlags(flags or {}, unset="on" if flags is None else "off")
        self.quotas = FakeQuotas(lambda: self.now())
        self.locks = FakeLocks(lambda: self.now())
        self.journal = FakeJournal()
        self.stash = FakeStash()
        self.now = time.time
        self.__dict__.update(parts)
        self.seals = parts.get("seals") or _seals(lambda: self.now(), self.stash)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the feature uses tools.{name}, so its test gives it one: FakeTools({name}=…)")

    def count(self, metric: str) -> None:
        self.counted.append(metric)

    def seconds_left(self) -> float:
        return 840.0


class Pressable(Protocol):
    """A button or a select of ours, out of a reply."""

    custom_id: Any
    disabled: bool


Feature = ModuleType | Command | Handler


# The five verbs. Options and state come as they are declared; a User, Role, Channel or Attachment as one.


def run(feature: Feature, path: str = "", /, **given: Any) -> Any:
    """What a command answers; `path` is its subcommand, "source add" or "config source add". `target`, for a context
    menu, is the User or Message that it is opened on."""
    handler = _command(feature, path)
    asked = _Asked(handler, given)
    data: dict = {"id": "1", "name": handler.command.name, "type": handler.command.type}
    if handler.command.type != 1:
        data["target_id"] = asked.value(asked.given.pop("target"))
    data["options"] = _options(handler, asked, None)
    return asked.answer(COMMAND, data)


def autocomplete(feature: Feature, option: str, typed: str = "", /, *, path: str = "", **given: Any) -> list:
    """What is offered for `option` when `typed` stands there and `given` in the others: the texts, and pairs of name
    and value where the two differ. Nothing where the person may not, or the feature is off."""
    handler = _command(feature, path)
    asked = _Asked(handler, {**given, option: typed})
    data: dict = {"id": "1", "name": handler.command.name, "type": 1, "options": _options(handler, asked, option)}
    try:
        interaction = asked.interaction(AUTOCOMPLETE, data)
    except UserError:
        return []
    with speaking(asked.by.locale, asked.by.guild_locale):
        tools: Any = _Handed(asked.tools, "ingress")
        choices = dispatch.complete(handler, interaction, tools)
    check.require("callback", {"type": 8, "data": {"choices": choices}})
    return [each["value"] if each["name"] == each["value"] else (each["name"], each["value"]) for each in choices]


def press(target: ComponentHandler | Pressable, /, **given: Any) -> Any:
    """What a button answers: a handler with its state, or a button out of a reply, which has it. That of a modal
    answers its Opening."""
    handler, address = _pressed(target)
    asked = _Asked(handler, given)
    address = address or handler.button("x", **asked.taken()).custom_id
    return asked.answer(COMPONENT, {"custom_id": asked.sealed(address), "component_type": 2})


def choose(target: ComponentHandler | Pressable, /, *values: Any, **given: Any) -> Any:
    """What a select answers when these are chosen: texts, or Users, Roles, Channels."""
    handler, address = _pressed(target)
    offered = [option.value for option in getattr(target, "options", ())] if target is not handler else []
    for value in values:
        if offered and value not in offered:
            raise ValueError(f"nobody can choose {value!r}: the select offers {', '.join(offered)}")
    asked = _Asked(handler, given)
    kind = _SELECTS.get(frozenset(type(value) for value in values), 3)
    address = address or handler.address(asked.taken())
    chosen = [asked.value(value) for value in values]
    return asked.answer(COMPONENT, {"custom_id": asked.sealed(address), "component_type": kind, "values": chosen})


def submit(handler: FormHandler, /, **given: Any) -> Any:
    """What a modal answers to its fields and its state, both by name; a field that is not given is not filled in.
    FormError has the faults by field, and its `reply` is the message that offers the form again."""
    from ..discord.modal import fields

    if not isinstance(handler, FormHandler):
        raise TypeError(f"{handler} is no modal")
    asked = _Asked(handler, given, fields(handler.form))
    known, taken = fields(handler.form), asked.taken()
    rows = []
    for name in [name for name in taken if name in known]:
        value, field = taken.pop(name), known[name]
        answer = [asked.value(each) for each in value] if isinstance(value, list | tuple) else asked.value(value)
        if field.key == "values" and not isinstance(answer, list):
            answer = [answer]
        rows.append({"type": 18, "component": {"type": field.kind, "custom_id": name, field.key: answer}})
    return asked.answer(MODAL, {"custom_id": asked.sealed(handler.address(taken), MODAL), "components": rows})


class _Asked:
    """One interaction in the making: who asks is taken out of `given`, the rest is the handler's."""

    def __init__(self, handler: Handler, given: dict[str, Any], more: Iterable[str] = ()) -> None:
        own = {*handler.parameters, *more}
        about = {*(Somebody.__init__.__kwdefaults__ or ())}
        who = {name: given[name] for name in about - own if name in given}
        rest = {name: value for name, value in given.items() if name not in who}
        self.by: Somebody = rest.pop("by") if "by" in rest and "by" not in own else Somebody(**who)
        assert isinstance(handler.command, Command)
        declare(handler.command)
        tools: Any = rest.pop("tools", None)
        self.tools: Any = FakeTools() if tools is None else tools
        self.handler, self.given = handler, rest
        self.resolved: dict[str, dict] = {}

    def taken(self) -> dict[str, Any]:
        return dict(self.given)

    def value(self, value: Any) -> Any:
        """`value` as it travels: what Discord knows by id goes as its id, its object along."""
        if not isinstance(value, Resolved):
            return value
        self.resolved.setdefault(_GROUPS[type(value)], {})[value.id] = value.raw
        if isinstance(value, User) and value.member:
            self.resolved.setdefault("members", {})[value.id] = value.member
        return value.id

    def sealed(self, address: Any, kind: int = COMPONENT) -> str:
        """The custom id as it stands in what the bot answered `asked_by` with, or in a form that the person opened."""
        asked = self.by.interaction(COMPONENT, {})
        if kind == COMPONENT and self.by.asked_by:
            asked = Somebody(user=self.by.asked_by, guild=self.by.guild).interaction(COMPONENT, {})
        return str(self.tools.seals.seal(address, asked))

    def interaction(self, kind: int, data: dict) -> Interaction:
        """The interaction, allowed: UserError where the person may not, or the feature is off there."""
        interaction = self.by.interaction(kind, {**data, "resolved": self.resolved} if self.resolved else data)
        tools: Any = _Known(self.tools, self.by)
        gate.check(self.handler, interaction, tools)
        gate.check_tables(self.handler, interaction, tools)
        return interaction

    def answer(self, kind: int, data: dict) -> Any:
        """What the feature answers, in the person's language, found to be what Discord would take."""
        with speaking(self.by.locale, self.by.guild_locale):
            return self._answer(kind, data)

    def _answer(self, kind: int, data: dict) -> Any:
        interaction = self.interaction(kind, data)
        desk: Any = _Handed(self.tools, "ingress")
        if not self.handler.answers_at_once(interaction):
            desk = Desk(_Handed(self.tools, "worker"), self.tools.journal, self.tools.seconds_left)  # type: ignore[arg-type]
        try:
            call = dispatch.parse(self.handler, interaction, desk)
            with admit(call, desk):
                answer = dispatch.run(call, desk)
                if isinstance(answer, GeneratorType):
                    answer = _watch(answer, self.handler)
        except UserError as error:
            self._check_fields(error)
            reply = error.reply or Reply(str(error))
            self._require("callback", {"type": 4, "data": reply.message(private=True)}, reply, interaction)
            raise
        if isinstance(answer, Opening):
            self._require("callback", {"type": 9, "data": answer.payload()}, None, interaction)
            return answer
        if self.handler.instant:
            self._require("callback", responses.response(self.handler, answer, interaction), answer, interaction)
        else:
            first, *rest = replies(answer, self.handler)
            if isinstance(first, Reply):
                responses.edits_with(self.handler, first, interaction)
            for reply in (first, *rest):
                self._judge(reply, interaction)
        return answer

    def _check_fields(self, error: UserError) -> None:
        """The fields that a handler names must be there; Discord's own answer about a form cannot name others."""
        from ..discord.modal import fields

        if isinstance(error, FormError) and self.handler.form:
            missing = error.faults.keys() - {"", *fields(self.handler.form)}
            if missing:
                raise LookupError(f"{self.handler.form.__name__} has no field {', '.join(sorted(missing))}") from error

    def _judge(self, reply: Reply | Delete, interaction: Interaction) -> None:
        """Where the work is deferred, every reply may be an edit or a message of its own."""
        if isinstance(reply, Reply):
            self._require("edit", reply.edit(), reply, interaction)
            private = self.handler.private or reply.private
            self._require("followup", reply.message(private=private), reply, interaction)

    def _require(self, kind: str, payload: dict, reply: Reply | None, interaction: Interaction) -> None:
        seals = _seals(self.tools.now, self.tools.stash)
        files = reply.uploads() if reply else ()
        check.require(kind, seals.seal(payload, interaction), files, whose=self.handler)


class _Handed:
    """What a feature is handed: the test's tools, without the parts that production does not give to `function`."""

    def __init__(self, tools: Any, function: str) -> None:
        self._tools, self._function = tools, function

    def __getattr__(self, name: str) -> Any:
        grants.require(self._function, name)
        return getattr(self._tools, name)


class _Known:
    """What policies read: the test's tools, and what `Somebody` says about the person."""

    def __init__(self, tools: Any, by: Somebody) -> None:
        self._tools, self._by = tools, by
        self.ranks = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tools, name)

    def operators(self) -> set[str]:
        return {self._by.user} if self._by.operator else set()

    def of(self, guild_id: str) -> dict[str, str]:
        return {"1": self._by.rank}


def _seals(now: Any, stash: Any) -> Seals:
    return Seals(lambda fresh: f"1:{'ab' * 32}", now, stash)


def _watch(steps: GeneratorType, handler: Handler) -> list[Reply | Delete]:
    """What a handler that yields has shown, the answer last."""
    shown: list[Reply | Delete] = []
    while True:
        try:
            shown += replies(next(steps), handler)
        except StopIteration as end:
            return shown if end.value is None else [*shown, *replies(end.value, handler)]


def _command(feature: Feature, path: str) -> Handler:
    if isinstance(feature, Handler):
        return feature
    command: Command = feature.command if isinstance(feature, ModuleType) else feature
    words = path.split()
    if words[:1] == [command.name] and " ".join(words) not in command.runs:
        words = words[1:]
    if " ".join(words) not in command.runs:
        known = ", ".join(" ".join([command.name, name]).strip() for name in command.runs)
        raise LookupError(f"/{command.name} has no {path or 'run of its own'!r}; there is: {known}")
    return command.runs[" ".join(words)]


def _pressed(target: ComponentHandler | Pressable) -> tuple[ComponentHandler, Any]:
    """The handler that a button or select leads to, and the address that it carries, None if `target` is the handler
    itself."""
    if isinstance(target, ComponentHandler):
        return target, None
    address = target.custom_id
    if target.disabled or not isinstance(address, custom_id.Address):
        raise ValueError("nobody can press that: it is disabled, a link, or not made by a handler of ours")
    command = catalogue.at(address.feature)
    name = address.handler
    found = command and (command.components.get(name) or command.modals.get(name.removesuffix(OPENS)))
    if not found:
        raise LookupError(f"no feature in the catalogue has {address}; press the handler instead")
    return found, address


def _options(handler: Handler, asked: _Asked, focused: str | None) -> list[dict]:
    """The options as Discord nests them: below the subcommand, below its group."""
    declared = handler.options
    names = [option.name for option in declared]
    left_out = {option.name for option in declared if option.required} - asked.given.keys()
    if focused is None and (left_out or asked.given.keys() - set(names)):
        raise TypeError(f"{handler} takes {', '.join(names) or 'no options'}, not {', '.join(asked.given) or 'none'}")
    kinds = {option.name: TYPES[option.kind] for option in declared}
    given = [
        {"name": name, "type": kinds.get(name, 3), "value": asked.value(value), "focused": name == focused}
        for name, value in asked.given.items()
    ]
    for depth, name in enumerate(reversed(handler.name.split())):
        given = [{"name": name, "type": 2 if depth else 1, "options": given}]
    return given
