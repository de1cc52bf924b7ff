"""Reads what the outbox remembers of a server."""

from __future__ import annotations

from ..subscriptions.subscription import Subscription
from ..subscriptions.timed import Timed
from ..tools.toolbox import Tools
from .kinds import ON_IT, STEP, SUBSCRIPTION, TIMED


def subscriptions(guild_id: str, tools: Tools) -> list[Subscription]:
    """What channels, roles and people of a server hear of."""
    return [Subscription.parse(item) for item in tools.data(SUBSCRIPTION, guild_id).all()]


def timed(guild_id: str, tools: Tools) -> list[Timed]:
    """The digests and reminders of a server, the next one first."""
    found = [Timed.parse(item) for item in tools.data(TIMED, guild_id).all()]
    return sorted(found, key=lambda each: (each.due, each.id))


def steps(guild_id: str, tools: Tools) -> list[dict]:
    """The steps of a server's escalation, in their order."""
    return sorted(tools.data(STEP, guild_id).all(), key=lambda step: (step["minutes"], step["step"]))


def on_it(guild_id: str, tools: Tools) -> dict[str, str | None]:
    """The ids of those who take care of monitors, by the ids of the monitors. None is somebody who was erased."""
    return {item["monitor"]: item["person"] for item in tools.data(ON_IT, guild_id).all() if not item.get("ended")}
