"""Schedules that what is kept of a person who removes the bot is erased. `schedules.removals` erases it."""

import logging

from watchbell import Data
from watchbell.kit.event import Event, user_of

event = Event("APPLICATION_DEAUTHORIZED")
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


@event.run
def deauthorised(data, tools, at):
    note(data, at, tools, leaves=True)


def note(data, at, tools, *, leaves: bool) -> None:
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
