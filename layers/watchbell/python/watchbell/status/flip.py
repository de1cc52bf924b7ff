"""A change of a monitor's state. Flips are the history, what alerts tell, and the source of downtime figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .reason import Reason

State = Literal["new", "up", "degraded", "down"]
"""`new`: no known result yet, or not enough of them. A monitor that is paused or edited is new again."""

News = Literal["", "opened", "changed", "recovered", "flapping", "settled", "reminder", "escalated"]
"""What a flip tells people, which is how `new` differs from what they were told last.

"": nothing. "opened": it was up, or they never heard of it. "changed": from degraded to down, or back. "recovered": it
is up again. "flapping": the results change too often, so its outages are held back. "settled": no longer, and it is now
`new`. "reminder": it is still so. The state does not change. "escalated": it is still so, and nobody is on
it. The judgement never says that.
"""


@dataclass(frozen=True)
class Flip:
    """The monitor with the id `monitor` went from state `old` to `new`, or `old` is `new` and there is only news.

    `at` is when that was decided and `since` when `new` began, which is the first result of the streak that decided it.
    Both are in epoch seconds. `reason` and `values` are those of the latest result that was not up; there are none if
    `new` is "up" or "new".
    """

    monitor: str
    at: int
    since: int
    old: State
    new: State
    news: News = ""
    reason: Reason | None = None
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def text(self) -> str:
        """The flip as JSON. `parse` reads it."""
        reason = [self.reason.code, dict(self.reason.values)] if self.reason else None
        row = [self.monitor, self.at, self.since, self.old, self.new, self.news, reason, dict(self.values)]
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Flip:
        monitor, at, since, old, new, news, reason, values = json.loads(text)
        return cls(monitor, at, since, old, new, news, Reason(*reason) if reason else None, values)
