"""In-memory fakes of tables and parameters, for `testing`. They behave like `adapters`. This module is not shipped."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..adapters.aws_json import Refused
from ..adapters.locks import LEASE_SECONDS
from ..adapters.server_settings import Chosen
from ..data.tables import SPARE_USES
from ..discord.interaction import Interaction
from ..kit.flags import parse
from ..kit.quota import Quota
from .table import FakeTable as FakeTable

Clock = Callable[[], float]


class FakeQuotas:
    """The uses of each quota, newest first. Each use is a pair: epoch milliseconds and the interaction's id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.uses: dict[tuple[str, str, int, str], list[tuple[int, str]]] = {}

    def use(self, quota: Quota, feature: str, subject: str, interaction_id: str) -> float | None:
        """Count a use and return None. If the quota is spent, return the epoch second when it is free again.

        A second delivery of the same interaction is not counted again.
        """
        now = int(self._clock() * 1000)
        uses = self.uses.setdefault((feature, quota.by, quota.per, subject), [])
        known = quota.count + SPARE_USES
        if any(interaction_id == before for _, before in uses[:known]):
            return None
        if len(uses) >= quota.count:
            oldest, _ = uses[quota.count - 1]
            if oldest > now - quota.per * 1000:
                return oldest / 1000 + quota.per
        uses[:] = [(now, interaction_id), *uses][:known]
        return None


class FakeLocks:
    """The newest lock on each name. If a test takes a lock, its feature finds somebody else at work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.taken: dict[str, FakeLock] = {}

    def take(self, name: str, holder: str, lease: float = LEASE_SECONDS) -> FakeLock | None:
        """Return the lock on `name`, or None while another holder has it.

        The same `holder` gets the lock again, with a new fence. `lease` is in seconds.
        """
        now = self._clock()
        before = self.taken.get(name)
        if before and before.lease_until > now and before.holder != holder:
            return None
        fence = (before.fence if before else int(now * 1000)) + 1
        self.taken[name] = FakeLock(holder, now + lease, fence)
        return self.taken[name]


class FakeLock:
    def __init__(self, holder: str, lease_until: float, fence: int) -> None:
        self.holder, self.lease_until, self.fence = holder, lease_until, fence

    def release(self) -> None:
        """Free the name. A lock that somebody else has taken since then is not affected."""
        self.lease_until = 0.0


class FakeQueue:
    """A queue that keeps its messages."""

    def __init__(self) -> None:
        self.messages: list[dict] = []

    def send(self, message: dict, wait: float = 0, attributes: dict[str, str] | None = None) -> None:
        self.messages.append(message)


class FakeFlags(dict[str, str]):
    """The texts of the flags' parameters by name, for example `{"beta": "off 1100000000000000001"}`.

    `unset` is the text of every other flag; other switches are on. `on` raises ValueError for a text that is not valid.
    """

    def __init__(self, texts: dict[str, str], unset: str) -> None:
        super().__init__(texts)
        self._unset = unset

    def on(self, name: str, interaction: Interaction) -> bool:
        return parse(name, self.get(name, self._unset)).on(interaction.guild_id or interaction.user_id)

    def switched_off(self, switch: str, place: str = "") -> bool:
        return switch in self and not parse(switch, self[switch]).on(place)


class FakeServerSettings:
    """What each server has chosen, by the names of the settings."""

    def __init__(self) -> None:
        self.servers: dict[str, dict[str, Any]] = {}

    def of(self, guild_id: str) -> Chosen:
        return Chosen(dict(self.servers.get(guild_id, {})))

    def change(self, guild_id: str, values: dict[str, Any]) -> None:
        """Store `values`. None deletes a value."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        kept = {**self.servers.get(guild_id, {}), **plain}
        self.servers[guild_id] = {name: value for name, value in kept.items() if value is not None}


class FakeStore:
    """Parameter Store: the texts of parameters by their full names. Call it with a target and a request of its API."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def __call__(self, target: str, request: dict) -> dict:
        match target.rpartition(".")[2]:
            case "GetParameter" if request["Name"] in self.values:
                return {"Parameter": self._parameter(request["Name"])}
            case "GetParametersByPath":
                below = [name for name in sorted(self.values) if name.rpartition("/")[0] == request["Path"]]
                first = int(request.get("NextToken", 0))
                page = [self._parameter(name) for name in below[first : first + request["MaxResults"]]]
                return {"Parameters": page, **({"NextToken": str(first + 10)} if below[first + 10 :] else {})}
            case "PutParameter" if request["Type"] == "SecureString" and len(request["Value"]) <= 4096:
                self.values[request["Name"]] = request["Value"]
                return {"Version": 1}
            case "DeleteParameter" if self.values.pop(request["Name"], ""):
                return {}
        raise Refused(target, 400, {"__type": "ParameterNotFound"})

    def _parameter(self, name: str) -> dict:
        return {"Name": name, "Value": self.values[name]}


class FakeStash:
    """State that is too large for a custom id, by key."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {}

    def put(self, values: list[str], seconds: int) -> str:
        key = str(len(self.kept))
        self.kept[key] = values
        return key

    def get(self, key: str) -> list[str] | None:
        return self.kept.get(key)


class FakeJournal:
    """The steps of all flows, by the key of the flow and the name of the step. `of` gives the journal of one flow.

    An exception inside a step leaves the step begun but not done. TypeError if the value of a step is not JSON.
    """

    def __init__(self, key: str = "", steps: dict[tuple[str, str], FakeStep] | None = None) -> None:
        self._key = key
        self.steps = {} if steps is None else steps

    def of(self, key: str) -> FakeJournal:
        """The journal of the flow `key`. An interaction's own journal has its id as the key."""
        return FakeJournal(key, self.steps)

    def step(self, name: str) -> FakeStep:
        step = FakeStep(self.steps.get((self._key, name)), f"{self._key} {name}")
        self.steps[self._key, name] = step
        return step


class FakeStep:
    def __init__(self, before: FakeStep | None, nonce: str = "") -> None:
        self.nonce = nonce
        self.kept: str = before.kept if before else ""
        """The value as JSON, as the table keeps it. It is "" until the step is done."""
        self.new = not self.kept
        self.unsure = before is not None and self.new
        self.value: Any = json.loads(self.kept) if self.kept else None

    def __enter__(self) -> FakeStep:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is None and self.new:
            self.kept = json.dumps(self.value)
