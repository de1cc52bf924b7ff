"""What lies in tables and parameters, in memory, for `testing`: it behaves as `adapters` does. Not shipped either."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..adapters.claims import LEASE_SECONDS
from ..data.tables import SPARE_USES
from ..discord.interaction import Interaction
from ..kit.flags import parse
from ..kit.quota import Quota

Clock = Callable[[], float]


class FakeQuotas:
    """The uses of each quota, the newest first: the millisecond and the interaction of each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.uses: dict[tuple[str, str, int, str], list[tuple[int, str]]] = {}

    def use(self, quota: Quota, feature: str, subject: str, interaction_id: str) -> float | None:
        """Counts a use; None where it may, else the epoch second from which on it may again."""
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
    """The newest lock on each name. A test that takes one has its feature told that somebody else is at work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.taken: dict[str, FakeLock] = {}

    def take(self, name: str, holder: str, lease: float = LEASE_SECONDS) -> FakeLock | None:
        """The lock on `name`; None while another `holder` has it. The same holder gets it anew, with a new fence."""
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
        """Frees the name, where nobody has taken it since."""
        self.lease_until = 0.0


class FakeFlags(dict[str, str]):
    """The flags as their parameters say: `{"beta": "off 1100000000000000001"}`. ValueError for what makes no sense.

    `unset` is what a flag says that is not among them."""

    def __init__(self, texts: dict[str, str], unset: str) -> None:
        super().__init__(texts)
        self._unset = unset

    def on(self, name: str, interaction: Interaction) -> bool:
        return parse(name, self.get(name, self._unset)).on(interaction.guild_id or interaction.user_id)


class FakeStash:
    """Large state."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {}

    def put(self, values: list[str], seconds: int) -> str:
        key = str(len(self.kept))
        self.kept[key] = values
        return key

    def get(self, key: str) -> list[str] | None:
        return self.kept.get(key)


class FakeJournal:
    """The steps of a flow by name; an exception inside one leaves it begun and not done."""

    def __init__(self) -> None:
        self.steps: dict[str, FakeStep] = {}

    def step(self, name: str) -> FakeStep:
        before = self.steps.get(name)
        self.steps[name] = FakeStep(before)
        return self.steps[name]


class FakeStep:
    def __init__(self, before: FakeStep | None) -> None:
        self.done: bool = before is not None and before.done
        self.new = not self.done
        self.unsure = before is not None and not before.done
        self.value: Any = before.value if before and before.done else None

    def __enter__(self) -> FakeStep:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        self.done = self.done or kind is None
