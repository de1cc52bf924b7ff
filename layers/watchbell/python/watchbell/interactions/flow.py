"""The journal of a flow. It has the name of the flow's lock, and every interaction that holds the lock continues it.

A flow is not tied to an interaction: what one person's click has done, the next click finds done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol

from ..discord.resolved import User
from ..errors import DiscordError, UserError
from ..kit.data import is_id
from ..kit.flow import FLOWS
from ..tools.toolbox import Desk, Tools
from .call import Call

USER_COMMAND = 2

OURS = "watchbell: "
"""The names of the kit's own steps begin with this. No feature gives its own steps such a name."""


class Items(Protocol):
    """The items of FLOWS, as `adapters.records` has them."""

    def get(self, *key: str) -> dict[str, Any] | None: ...
    def put(self, item: dict[str, Any], *, fence: int) -> dict[str, Any]: ...


class Step:
    """One step of a flow, for a `with` block. The step is recorded as done if the block raises no exception.

    `new` is true if the step is still to be done. `unsure` is true if an earlier try, or another interaction, began the
    step and may have done it: look for what it may have made before you make it again. `value` is any JSON, kept with
    the step. `nonce` is for `tools.discord.send`: it is the same in each try and for each interaction, until the flow
    ends.
    """

    def __init__(self, flow: Flow, name: str, before: dict[str, Any] | None, begun_by: str) -> None:
        self._flow, self._name, self._begun_by = flow, name, begun_by
        self.new = before is None or not before["done"]
        self.unsure = before is not None and self.new
        self.value: Any = None if before is None or self.new else before["value"]
        self.nonce = f"{flow.name} {name} {begun_by}"

    def __enter__(self) -> Step:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None and self.new:
            self._flow.keep(self._name, {"done": True, "value": self.value, "by": self._begun_by})


class Flow:
    """The steps of the flow called `name`, as a handler gets them in `tools.journal`.

    `holder` is the id of the interaction that works on it. `fence` is the fencing token of the flow's lock. A holder
    that has lost the lock gets Changed when it begins or ends a step. Methods raise Unavailable if the table cannot be
    reached.
    """

    def __init__(self, items: Items, name: str, holder: str, fence: int, people: set[str], servers: set[str]) -> None:
        self._items, self.holder, self._fence = items, holder, fence
        self.name = name
        item = items.get(name) or {"flow": name, "version": ""}
        if item.get("ended_by") not in (None, holder):
            item = {"flow": name, "version": item["version"]}
        # A later try of the interaction that ended the flow finds its steps done, and does nothing twice.
        self._item: dict[str, Any] = {"steps": {}, "ended_by": None, **item}
        self._before = self._done()
        for field, ids in (("people", people), ("servers", servers)):
            self._item[field] = sorted({*(item.get(field) or ()), *ids})

    def step(self, name: str) -> Step:
        """Return the step called `name`, and record that it has begun. Each step of a flow needs its own name."""
        before = self._item["steps"].get(name)
        begun_by = self.holder if before is None else before.get("by", "")
        if before is None:
            self.keep(name, {"done": False, "value": None, "by": begun_by})
        return Step(self, name, before, begun_by)

    def begun(self, name: str) -> bool:
        """Whether a step has begun: in this try, in an earlier one, or by another interaction."""
        return name in self._item["steps"]

    def end(self) -> None:
        """End the flow. The next interaction begins it again, with no step done.

        Call this after the last step. If this interaction is tried again, it still finds its steps done.
        """
        self._put({"ended_by": self.holder})

    @property
    def repeats(self) -> bool:
        """Whether the handler has only found steps that were done before it began."""
        return self._before > 0 and not self.progressed

    @property
    def progressed(self) -> bool:
        """Whether a step was done since the handler began."""
        return self._done() > self._before

    def value(self, name: str) -> Any:
        """Return what is kept with a step that is done, or None."""
        step = self._item["steps"].get(name)
        return step["value"] if step and step["done"] else None

    def _done(self) -> int:
        return sum(step["done"] and not name.startswith(OURS) for name, step in self._item["steps"].items())

    def keep(self, name: str, step: dict[str, Any]) -> None:
        self._put({"steps": {**self._item["steps"], name: step}})

    def _put(self, changes: dict[str, Any]) -> None:
        self._item = self._items.put({**self._item, **changes}, fence=self._fence)


def of(call: Call, desk: Desk, name: str) -> Flow:
    """Return the flow of a call, whose lock is held. `name` is the filled-in template."""
    interaction, template = call.interaction, call.handler.lock or ""
    named = {key: value for key, value in call.arguments.items() if f"{{{key}" in template}
    ids = [value.id if isinstance(value, User) else value for value in named.values()]
    # A text that looks like an id may be a person's. A pointer to the flow under another id does no harm.
    people = {id for id in ids if is_id(id) and len(id) >= 15}
    if "{user" in template:
        people.add(interaction.user_id)
    if "{target" in template and call.handler.command.type == USER_COMMAND:
        people.add(interaction.target_id)
    servers = {interaction.guild_id} if interaction.guild_id and "{guild" in template else set()
    return Flow(desk.data(FLOWS), name, interaction.id, desk.fence, people, servers)


@contextmanager
def other(
    holder: str, tools: Tools | Desk, name: str, *, people: Iterable[str] = (), servers: Iterable[str] = ()
) -> Iterator[Flow | None]:
    """Hold the flow called `name` besides the handler's own, for work that goes through many. This is `tools.flow`.

    None if another one holds it. `holder` is the id of the interaction, or a name for other work that stays the same in
    each try. `name` is a filled-in template, and `people` and `servers` are the ids in it. After an error that passes,
    the same holder still holds the flow in its next try.
    """
    lock = tools.locks.take(name, holder)
    if lock is None:
        yield None
        return
    try:
        yield Flow(tools.data(FLOWS), name, holder, lock.fence, {*people}, {*servers})
    except (UserError, DiscordError) as error:
        if isinstance(error, UserError) or error.permanent:
            lock.release()
        raise
    lock.release()
