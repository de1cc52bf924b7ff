"""Erases what is kept of people who removed the bot 30 days ago, and have not installed it again."""

import logging
from datetime import datetime

from watchbell import Schedule
from watchbell.tools.departures import departures
from watchbell.tools.toolbox import Tools

schedule = Schedule("removals", "Erases what is kept of people who removed the bot 30 days ago", every=1440)
log = logging.getLogger(__name__)

GRACE = 30 * 86_400
"""Seconds in which a person can install the bot again and find everything as it was."""


@schedule.run
def removals(slot: datetime, tools: Tools) -> None:
    erased = 0
    for each in tools.data(departures).all():
        if each["leaves"] and each["at"] + GRACE <= tools.now():
            tools.forget(each["user"], departures)
            erased += 1
    if erased:
        log.info("erased people who removed the bot", extra={"people": erased})
