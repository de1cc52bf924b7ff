"""Records which steps of a flow are done, so that a retry after a crash does not repeat them.

with tools.journal.step("order") as step:
    if step.new:
        step.value = tools.discord.send(channel, reply, nonce=step.nonce)["id"]
order = step.value
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..data.tables import STEP
from .dynamodb import Table


class Step:
    """One step of a flow, for a `with` block. The step is recorded as done if the block raises no exception.

    `new` is true if the step is still to be done. `unsure` is true if an earlier try began the step and may have done
    it: look for what that try may have made before you make it again. `value` is any JSON, kept with the step.
    `nonce` is for `tools.discord.send`: it is the same in each try.
    """

    def __init__(
        self, table: Table, key: dict, clock: Callable[[], float], new: bool, unsure: bool, value: Any
    ) -> None:
        self._table, self._key, self._clock = table, key, clock
        self.nonce = f"{key['pk']['S']} {key['sk']['S']}"
        self.new, self.unsure, self.value = new, unsure, value
        self._done = not new

    def again(self) -> Step:
        """Return the step as it is now, for a try that asks for it more than once."""
        return Step(
            self._table, self._key, self._clock, not self._done, not self._done, self.value if self._done else None
        )

    def __enter__(self) -> Step:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None and self.new:
            _put(self._table, self._key, self._clock, "done", self.value)
            self._done = True


class Journal:
    """The steps of one interaction, in the table `ephemeral`, next to its claim.

    `attempt` is the attempt of the claim. The first attempt has nothing to read.
    """

    def __init__(self, table: str, interaction_id: str, attempt: int, clock: Callable[[], float] = time.time) -> None:
        self._table, self._id, self._attempt, self._clock = Table(table), interaction_id, attempt, clock
        self._asked: dict[str, Step] = {}

    def step(self, name: str) -> Step:
        """Return the step called `name`, and record that it has begun. Each step of a flow needs its own name."""
        self._asked[name] = self._asked[name].again() if name in self._asked else self._begin(name)
        return self._asked[name]

    def _begin(self, name: str) -> Step:
        key = STEP.item_key(self._id, name)
        item: dict = {}
        if self._attempt > 1:
            item = self._table.get(key)
        if item.get("status", {}).get("S") == "done":
            return Step(self._table, key, self._clock, False, False, json.loads(item["value"]["S"]))
        if not item:
            _put(self._table, key, self._clock, "begun", None)
        return Step(self._table, key, self._clock, True, bool(item), None)


def _put(table: Table, key: dict, clock: Callable[[], float], status: str, value: Any) -> None:
    kept = {
        "status": {"S": status},
        "value": {"S": json.dumps(value)},
        "expires_at": {"N": str(int(clock()) + (STEP.keep or 0))},
    }
    table.put({**key, **kept})
