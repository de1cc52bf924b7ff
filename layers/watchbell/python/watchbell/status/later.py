"""What the sender has to do at a time that is still to come. The tick finds a row when it is due. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Later(NamedTuple):
    """Something that is due at `at`, in epoch seconds.

    `kind` is also the kind of the message for the send queue:

    - `step`: a step of an escalation. `id` is the edition, and `number` the step, counted from 1.
    - `maintenance`: a notice. `id` is the plan, and `number` when the maintenance begins, in epoch seconds.
    - `timed`: a digest or a reminder. `id` is its id.
    """

    at: int
    kind: str
    id: str
    number: int = 0

    def message(self, guild_id: str) -> dict[str, Any]:
        """The message for the send queue."""
        return {"guild": guild_id, **self._asdict()}

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Later:
        """What `message` returned this for."""
        return cls(*(message[name] for name in cls._fields))
