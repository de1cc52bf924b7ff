"""Schedules that what is kept of a person who removes the bot is erased. `schedules.removals` erases it."""

from watchbell.kit.event import Event
from watchbell.tools.departures import note

event = Event("APPLICATION_DEAUTHORIZED")


@event.run
def deauthorised(data, tools, at):
    note(data, at, tools, leaves=True)
