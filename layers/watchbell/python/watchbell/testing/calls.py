"""Plain calls on a feature, for its tests: no network, no AWS, and the same checks as for a real interaction.

    from watchbell.commands import dice
    from watchbell.testing import press, run

    reply = run(dice, sides=6)
    assert "🎲" in press(reply.buttons[0]).content

`run`, `press`, `choose` and `submit` make the interaction that Discord would send. They ask the handler's policy, bind
the values to its signature, and return its answer:

- a Reply or a Delete,
- a list of them if the feature sends several messages or shows progress,
- an Opening if the feature opens a form.

A UserError is raised unchanged. The command and all payloads are checked against Discord's rules. DefinitionError and
InvalidReply name the place of a fault.

Keywords say who asks, see `Somebody`. A keyword that is also in the handler's signature goes to the handler. In that
case, use `by=Somebody(…)`. Quotas, locks and flags work as in production. They are kept in memory, and calls with the
same FakeTools share them. This module is not shipped.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import count
from types import GeneratorType, ModuleType
from typing import Any, Protocol

from ..adapters.erasure import Erasure
from ..adapters.monitors import Monitors
from ..adapters.parameters import Parameters
from ..adapters.records import Records
from ..adapters.rosters import Rosters
from ..adapters.secrets import Secrets
from ..adapters.server_settings import Chosen
from ..adapters.shards import Shards
from ..adapters.webhooks import ServerWebhooks
from ..discord import check, custom_id
from ..discord.custom_id import OPENS
from ..discord.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction
from ..discord.opening import Opening
from ..discord.permissions import bits
from ..discord.reply import Delete, Reply
from ..discord.resolved import Attachment, Channel, Message, Resolved, Role, User
from ..discord.seals import Seals
from ..errors import DefinitionError, FormError, UserError
from ..i18n import speaking
from ..interactions import dispatch, flow, gate, job, responses
from ..interactions.call import Call
from ..interactions.limits import admit
from ..interactions.messages import replies
from ..interactions.time_limit import SECONDS, TimeLimit, TooSlow
from ..kit import catalogue
from ..kit.buttons import ComponentHandler, FormHandler
from ..kit.command import Command
from ..kit.data import Data
from ..kit.handler import Handler
from ..kit.options import TYPES
from ..kit.policy import RANKS
from ..registration.declare import declare
from ..status.roster import Roster
from ..tools import grants
from ..tools.toolbox import MOST_MONITORS, MOST_OF_A_HOST, Desk, Tools
from .fakes import (
    FakeFlags,
    FakeJournal,
    FakeLocks,
    FakeQueue,
    FakeQuotas,
    FakeServerSettings,
    FakeStash,
    FakeStore,
    FakeTable,
)

USER, GUILD, CHANNEL = "1000000000000000101", "1000000000000000102", "1000000000000000103"
"""The ids of the user, the server and the channel if a test does not give them."""

RANKED = "1000000000000000104"
"""The id of the role that `rank` gives to a person."""

_GROUPS = {User: "users", Role: "roles", Channel: "channels", Attachment: "attachments", Message: "messages"}
_SELECTS = {frozenset([User]): 5, frozenset([Role]): 6, frozenset([User, Role]): 7, frozenset([Channel]): 8}
_ids = count(1_000_000_000_000_001_000)


class Somebody:
    """The person who asks, and the place where they ask.

    user, guild, channel: Ids. `guild=""` is the direct message with the bot.
    permissions: Bits, the name of a permission, or several names. The default is no permission.
    locale, guild_locale: Discord's locales of the person and of the server.
    roles: The ids of the person's roles in the server.
    rank: The rank of another role of the person: viewer, responder, admin, or "" for none.
    operator: Whether the person runs the bot.
    asked_by: The id of the user who owns the message with the button. If "", the person owns it.
    id: The id of the interaction. If "", each call gets a new one. The same id twice is a second delivery.

    An unknown rank raises ValueError.
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
        roles: Iterable[str] = (),
        rank: str = "",
        operator: bool = False,
        asked_by: str = "",
        id: str = "",
    ) -> None:
        names = (permissions,) if isinstance(permissions, str) else permissions
        self.permissions = names if isinstance(names, int) else bits(*names)
        self.user, self.guild, self.channel, self.roles = user, guild, channel, list(roles)
        self.locale, self.guild_locale = locale, guild_locale
        if rank not in ("", *RANKS):
            raise ValueError(f"{rank!r} is not a rank; use one of {', '.join(RANKS)}")
        self.roles = [*roles, RANKED] if rank else [*roles]
        self.rank, self.operator, self.asked_by, self.id = rank, operator, asked_by, id

    def interaction(self, kind: int, data: dict) -> Interaction:
        """Return an interaction of this person with `data`, as Discord would send it."""
        user = {"id": self.user, "username": "ada", "global_name": "Ada"}
        raw: dict = {"id": self.id or str(next(_ids)), "type": kind, "data": data, "token": "t", "version": 1}
        raw |= {"application_id": "1000000000000000100", "channel_id": self.channel, "locale": self.locale}
        raw["authorizing_integration_owners"] = {"0": self.guild or "0"}
        if kind == COMPONENT:
            asked = {"user": {"id": self.asked_by or self.user}}
            raw["message"] = {"id": str(next(_ids)), "interaction_metadata": asked}
        if not self.guild:
            return Interaction({**raw, "context": 1, "user": user})
        member = {"user": user, "permissions": str(self.permissions), "roles": self.roles}
        where = {"context": 0, "guild_id": self.guild, "guild_locale": self.guild_locale}
        return Interaction({**raw, **where, "member": member})


class FakeTools:
    """A stand-in for `tools`. A test gives it other parts by keyword or assigns them.

    FakeTools has a clock and seals. It keeps in memory what production keeps in tables: quotas, locks, large state, a
    journal, the settings of servers, and the data of features: `tools.data(notes, "1").put(…)`. `counted` lists the
    metrics that were counted, and `notified` what `tools.notify` was asked to post.

    Calls with the same FakeTools share what they use: a spent quota stays spent, by the clock `now`, and a step stays
    done for its interaction (give the same `id`). `locks.take("apply:1", "somebody")` makes somebody else hold the
    lock.

    `flags={"beta": "off"}` sets flags, written as for `ops flags`. A flag that is not among them is off. Without
    `flags`, every flag is on, because a feature whose flag is off only refuses. A switch is on unless `flags` has it.
    """

    def __init__(self, *, flags: dict[str, str] | None = None, **parts: Any) -> None:
        self.settings: dict[str, str] = {}
        self.counted: list[str] = []
        self.measured: list[tuple[str, dict[str, float]]] = []
        self.flags = FakeFlags(flags or {}, unset="on" if flags is None else "off")
        self.quotas = FakeQuotas(lambda: self.now())
        self.locks = FakeLocks(lambda: self.now())
        self.journal = FakeJournal()
        self.server_settings = FakeServerSettings()
        self.stash = FakeStash()
        self.state = FakeTable()
        self.store = FakeStore()
        self.send_queue = FakeQueue()
        self.now = time.time
        self.__dict__.update(parts)
        self.seals = parts.get("seals") or _seals(lambda: self.now(), self.stash)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the feature uses tools.{name}, which the test must give it: FakeTools({name}=…)")

    def in_bulk(self, yes: bool) -> None:
        """Nobody has to wait for Discord here."""

    def data(self, kind: Data, owner: str = "") -> Records:
        return Records(self.state, kind, owner, lambda: self.now())  # type: ignore[arg-type]

    @cached_property
    def monitors(self) -> Monitors:
        return Monitors(self.state, ceiling=MOST_MONITORS, of_host=MOST_OF_A_HOST)  # type: ignore[arg-type]

    @cached_property
    def shards(self) -> Shards:
        return Shards(self.state, lambda: self.now())  # type: ignore[arg-type]

    @cached_property
    def _secrets(self) -> Secrets:
        return Secrets(Parameters(lambda: self.now(), call=self.store), "/watchbell/test/servers", self.store)

    @cached_property
    def _server_webhooks(self) -> ServerWebhooks:
        parameters = Parameters(lambda: self.now(), call=self.store)
        return ServerWebhooks(parameters, "/watchbell/test/server-webhooks", self.store)

    def roster(self, guild_id: str) -> Roster:
        return Rosters(self.state).of(guild_id)  # type: ignore[arg-type]

    @property
    def notified(self) -> list[dict]:
        """What `tools.notify` was asked to post: a dict with `content`, the target and the rest of each."""
        return [each["detail"] for each in self.send_queue.messages if each.get("kind") == "notification"]

    def forget(self, user_id: str, last: Data) -> None:
        Erasure(self.state).forget(user_id, last)  # type: ignore[arg-type]

    def count(self, metric: str) -> None:
        self.counted.append(metric)

    def measure(self, message: str, unit: str = "Milliseconds", /, **metrics: float) -> None:
        self.measured.append((message, metrics))

    def seconds_left(self) -> float:
        return 840.0

    # The worker's own code, with the parts of this object.
    change_setting, notify = Tools.change_setting, Tools.notify
    secrets, set_secret, delete_secret = Tools.secrets, Tools.set_secret, Tools.delete_secret
    set_webhook, delete_webhook = Tools.set_webhook, Tools.delete_webhook
    define, _never_checked = Tools.define, Tools._never_checked
    function = "worker"


class Pressable(Protocol):
    """A button or a select from a reply of the bot."""

    custom_id: Any
    disabled: bool


Feature = ModuleType | Command | Handler


# The five verbs. Give options and state in their declared types, for example a User for a User.


def run(feature: Feature, path: str = "", /, **given: Any) -> Any:
    """Run a command and return its answer.

    `path` is the subcommand, with or without the command's name: "source add" or "config source add". A context menu
    takes `target`, the User or Message that it is opened on.

    LookupError if there is no such subcommand. TypeError if a required option is missing or an option is unknown.
    """
    handler = _command(feature, path)
    asked = _Asked(handler, given)
    data: dict = {"id": "1", "name": handler.command.name, "type": handler.command.type}
    if handler.command.type != 1:
        data["target_id"] = asked.value(asked.given.pop("target"))
    data["options"] = _options(handler, asked, None)
    return asked.answer(COMMAND, data)


def autocomplete(feature: Feature, option: str, typed: str = "", /, *, path: str = "", **given: Any) -> list:
    """Return what is offered for `option` after `typed` is typed into it. `given` are the other options.

    Each choice is a text, or a pair (name, value) if the two differ. The list is empty if the person may not use the
    command or the feature is off.
    """
    handler = _command(feature, path)
    asked = _Asked(handler, {**given, option: typed})
    data: dict = {"id": "1", "name": handler.command.name, "type": 1, "options": _options(handler, asked, option)}
    try:
        interaction = asked.interaction(AUTOCOMPLETE, data)
    except UserError:
        return []
    with speaking(asked.by.locale, asked.by.guild_locale):
        tools: Any = _Handed(asked.tools, "ingress")
        with _in_time(f"the autocomplete of {option} of {handler}", "make it faster"):
            choices = dispatch.complete(handler, interaction, tools)
    check.require("callback", {"type": 8, "data": {"choices": choices}})
    return [each["value"] if each["name"] == each["value"] else (each["name"], each["value"]) for each in choices]


def press(target: ComponentHandler | Pressable, /, **given: Any) -> Any:
    """Press a button and return its answer.

    `target` is a button from a reply, or a handler. A handler takes its state as keywords. A button that opens a modal
    returns an Opening. ValueError if nobody can press the button.
    """
    handler, address = _pressed(target)
    asked = _Asked(handler, given)
    address = address or handler.button("x", **asked.taken()).custom_id
    return asked.answer(COMPONENT, {"custom_id": asked.sealed(address), "component_type": 2})


def choose(target: ComponentHandler | Pressable, /, *values: Any, **given: Any) -> Any:
    """Choose `values` in a select and return its answer.

    `values` are texts, Users, Roles or Channels. `target` is a select from a reply, or a handler with its state as
    keywords. ValueError if the select does not offer a value.
    """
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
    """Submit a modal and return its answer.

    Fields and state are given by name. A field that is not given stays empty. A FormError has the faults by field, and
    its `reply` is the message that offers the form again. TypeError if `handler` is not a modal's.
    """
    from ..discord.modal import fields

    if not isinstance(handler, FormHandler):
        raise TypeError(f"{handler} is no modal; submit takes a handler that is declared with @command.modal")
    form = handler.form
    if handler.makes_form:
        asked = _Asked(handler, given)
        state = {name: given[name] for name in handler.parameters if name in given}
        form = handler.makes_form(asked.by.interaction(MODAL, {}), asked.tools, **state) or handler.form
    asked = _Asked(handler, given, fields(form))
    known, taken = fields(form), asked.taken()
    rows = []
    for name in [name for name in taken if name in known]:
        value, field = taken.pop(name), known[name]
        answer = [asked.value(each) for each in value] if isinstance(value, list | tuple) else asked.value(value)
        if field.key == "values" and not isinstance(answer, list):
            answer = [answer]
        rows.append({"type": 18, "component": {"type": field.kind, "custom_id": name, field.key: answer}})
    return asked.answer(MODAL, {"custom_id": asked.sealed(handler.address(taken), MODAL), "components": rows})


class _Asked:
    """An interaction that is being made. The keywords in `given` that say who asks are taken out of it.

    The other keywords are for the handler. `more` names keywords that are for the handler besides its parameters.
    """

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
        """Return `value` as Discord sends it: a User, Role and the like as an id, with the object in `resolved`."""
        if not isinstance(value, Resolved):
            return value
        self.resolved.setdefault(_GROUPS[type(value)], {})[value.id] = value.raw
        if isinstance(value, User) and value.member:
            self.resolved.setdefault("members", {})[value.id] = value.member
        return value.id

    def sealed(self, address: Any, kind: int = COMPONENT) -> str:
        """Return the custom id as the bot sent it: sealed for `asked_by`, or for the person if they opened a form."""
        asked = self.by.interaction(COMPONENT, {})
        if kind == COMPONENT and self.by.asked_by:
            asked = Somebody(user=self.by.asked_by, guild=self.by.guild).interaction(COMPONENT, {})
        return str(self.tools.seals.seal(address, asked))

    def interaction(self, kind: int, data: dict) -> Interaction:
        """Return the interaction. UserError if the person may not use the feature or it is off in this place."""
        interaction = self.by.interaction(kind, {**data, "resolved": self.resolved} if self.resolved else data)
        tools: Any = _Known(self.tools, self.by)
        if kind == MODAL and self.handler.is_secret and not self.handler.answers_at_once(interaction):
            interaction = Interaction(self.tools.seals.conceal(interaction))  # as it lies in the queue
        gate.check(self.handler, interaction, tools)
        gate.check_switch(self.handler, interaction, tools)
        gate.check_tables(self.handler, interaction, tools)
        return interaction

    def answer(self, kind: int, data: dict) -> Any:
        """Return the feature's answer in the person's language, after checking it against Discord's rules."""
        with speaking(self.by.locale, self.by.guild_locale):
            return self._answer(kind, data)

    def _answer(self, kind: int, data: dict) -> Any:
        interaction = self.interaction(kind, data)
        desk: Any = _Handed(self.tools, "ingress")
        if not self.handler.answers_at_once(interaction):
            desk = self._desk(interaction)
        try:
            call = dispatch.parse(self.handler, interaction, desk)
            if call.needs_worker and kind == COMPONENT:
                desk = self._desk(interaction)
                call = dispatch.parse(self.handler, interaction, desk)
            answer: Any = _finish(call, desk) if self.handler.is_job else self._run(call, desk)
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

    def _desk(self, interaction: Interaction) -> Desk:
        journal = self.tools.journal.of(interaction.id)
        desk = Desk(_Handed(self.tools, "worker"), journal, self.tools.seconds_left)  # type: ignore[arg-type]
        desk.sent_at = self.tools.now()
        desk.flow = partial(flow.other, interaction.id, desk)
        return desk

    def _run(self, call: Call, desk: Desk) -> Any:
        with admit(call, desk):
            if self.handler.answers_at_once(call.interaction) and not call.needs_worker:
                with _in_time(str(self.handler), "remove instant=True"):
                    return dispatch.run(call, desk)
            answer = dispatch.run(call, desk)
            return _watch(answer, self.handler) if isinstance(answer, GeneratorType) else answer

    def _check_fields(self, error: UserError) -> None:
        """Raise LookupError if the handler reports a fault in a field that the form does not have."""
        from ..discord.modal import fields

        if isinstance(error, FormError) and self.handler.form and not self.handler.makes_form:
            missing = error.faults.keys() - {"", *fields(self.handler.form)}
            if missing:
                raise LookupError(f"{self.handler.form.__name__} has no field {', '.join(sorted(missing))}") from error

    def _judge(self, reply: Reply | Delete, interaction: Interaction) -> None:
        """Check `reply` both as an edit and as a follow-up, because a deferred reply may become either."""
        if isinstance(reply, Reply):
            self._require("edit", reply.edit(), reply, interaction)
            private = self.handler.is_private(interaction) if reply.private is None else reply.private
            self._require("followup", reply.message(private=private), reply, interaction)

    def _require(self, kind: str, payload: dict, reply: Reply | None, interaction: Interaction) -> None:
        seals = _seals(self.tools.now, self.tools.stash)
        files = reply.uploads() if reply else ()
        check.require(kind, seals.seal(payload, interaction), files, whose=self.handler)


class _Handed:
    """The tools as a feature gets them: without the parts that production does not give to `function`."""

    def __init__(self, tools: Any, function: str) -> None:
        self._tools, self._function = tools, function

    def __getattr__(self, name: str) -> Any:
        grants.require(self._function, name)
        if name == "data" and self._function == "ingress":
            return lambda *given: grants.only_gets(self._tools.data(*given))
        return getattr(self._tools, name)


class _Known:
    """The tools as policies read them. Operators and the role with a rank come from `Somebody`."""

    def __init__(self, tools: Any, by: Somebody) -> None:
        self._tools, self._by = tools, by
        self.server_settings = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tools, name)

    def operators(self) -> set[str]:
        return {self._by.user} if self._by.operator else set()

    def of(self, guild_id: str) -> Chosen:
        stored = dict(self._tools.server_settings.of(guild_id).stored)
        if self._by.rank:
            stored[f"{self._by.rank}_roles"] = [*(stored.get(f"{self._by.rank}_roles") or ()), RANKED]
        return Chosen(stored)


@contextmanager
def _in_time(what: str, advice: str) -> Iterator[None]:
    """Stop what takes longer than the ingress allows. Raise DefinitionError, which gives the `advice`."""
    try:
        with TimeLimit():
            yield
    except TooSlow:
        raise DefinitionError(f"{what} took longer than {SECONDS} seconds; {advice}") from None


def _seals(now: Any, stash: Any) -> Seals:
    return Seals(lambda fresh: f"1:{'ab' * 32}", now, stash)


def _watch(steps: GeneratorType, handler: Handler) -> list[Reply | Delete]:
    """Run a handler that yields, and return everything that it showed, with its answer last."""
    shown: list[Reply | Delete] = []
    while True:
        try:
            shown += replies(next(steps), handler)
        except StopIteration as end:
            return shown if end.value is None else [*shown, *replies(end.value, handler)]


def _finish(call: Call, desk: Desk) -> list[Reply | Delete]:
    """Run a job to its end, and return everything that it showed, with its answer last.

    Each checkpoint after a new step begins the next slice. So a step that must not happen twice shows if it does.
    """
    shown: list[Reply | Delete] = []
    while True:
        with admit(call, desk):
            steps = job.run(dispatch.run(call, desk), call, desk, lambda: desk.journal.progressed)
            try:
                while True:
                    shown.append(next(steps))
            except job.SliceOver:
                continue
            except StopIteration as end:
                return [*shown, *replies(end.value, call.handler)]


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
    """Return the handler of a button or select, and its address. The address is None if `target` is a handler."""
    if isinstance(target, ComponentHandler):
        return target, None
    address = target.custom_id
    if target.disabled or not isinstance(address, custom_id.Address):
        raise ValueError("nobody can press that: it is disabled, a link, or not made by a handler of the bot")
    command = catalogue.at(address.feature)
    name = address.handler
    found = command and (command.components.get(name) or command.modals.get(name.removesuffix(OPENS)))
    if not found:
        raise LookupError(f"no feature in the catalogue has {address}; give the handler itself and its state instead")
    return found, address


def _options(handler: Handler, asked: _Asked, focused: str | None) -> list[dict]:
    """Return the options as Discord nests them: in the subcommand, and the subcommand in its group."""
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
