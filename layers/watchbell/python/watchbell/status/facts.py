"""What a check found out about a target: an outcome, a reason and measured values. It contains no sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .reason import Reason

Outcome = Literal["up", "degraded", "down", "unknown"]
"""`unknown`: Watchbell could not measure. An unknown result changes no state and counts nowhere."""


@dataclass(frozen=True)
class Facts:
    """The result of one check of one monitor.

    `reason` says why the outcome is not `up`. `latency_ms` is None if nothing answered. `values` are other measured
    values, such as `{"status": 503}`: short texts and numbers. `since` is when it became so, in epoch seconds, if that
    was before the check: a missed heartbeat is down since its deadline. None: since the check.
    """

    outcome: Outcome
    reason: Reason | None = None
    latency_ms: int | None = None
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    since: int | None = None
