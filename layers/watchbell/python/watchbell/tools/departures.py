"""Remembers who has removed the bot, so that what is kept of them can be erased later."""

import logging
from typing import Any

from ..kit.data import Data
from ..kit.event import user_of

log = logging.getLogger(__name__)

departures = Data(
    "departure",
    of="own",
    key=("user",),
    fields=("at", "leaves"),
    about=("user",),
    keep=90,
    personal="a Discord user id",
)
"""The latest event of a person, at the time `at` in epoch seconds: they removed the bot (`leaves`), or installed it."""


def note(data: dict, at: int, tools: Any, *, leaves: bool) -> None:
    """Remember that a person has removed the bot, or has installed it, which cancels the removal of their data.

    Discord can deliver events in another order, so an event is left out if a later one is known. Raises Changed if
    another event of the person comes at the same time; then this one comes again.
    """
    user_id = user_of(data)
    if not user_id:
        log.warning("the event names no user, so nothing is scheduled")
        return
    known = tools.data(departures)
    before = known.get(user_id)
    if before and before["at"] >= at:
        return
    known.put({"user": user_id, "at": at, "leaves": leaves, "version": before["version"] if before else ""})
