"""A timed job when its time has come: claimed by its local date, so that none is lost and none is doubled."""

from __future__ import annotations

import logging
from datetime import datetime

from . import catalogue
from .rows import SCHEDULE, SCHEDULE_START
from .schedule import due_date, due_time, today
from .tools import Tools
from .words import speaking

log = logging.getLogger(__name__)


def occur(event: dict, tools: Tools) -> dict:
    """Runs the job that EventBridge Scheduler names, where one is due: `{"schedule": name, "at": ISO time}`.

    With `"run": "now"` in it, today's is run before its time has come. Answers `{"schedule", "date", "ran"}`. The time
    is that of the schedule, not of this call: late is not another date. Raises ValueError for an event that is no
    schedule's, and what the job raises: its next tick tries again.
    """
    name, at = event.get("schedule"), event.get("at")
    schedule = catalogue.schedule(name) if isinstance(name, str) else None
    if schedule is None or not isinstance(at, str):
        raise ValueError(f"no schedule of ours: {str(event)[:200]}")
    now = datetime.fromisoformat(at).timestamp()
    zone, time = tools.settings["DIGEST_ZONE"], tools.settings["DIGEST_TIME"]
    by_hand = event.get("run") == "now"
    day = today(now, zone) if by_hand else due_date(now, zone, time)
    details = {"schedule": schedule.name, "date": day.isoformat()}
    if not by_hand and due_time(day, zone, time) < int(
        tools.claims.first(SCHEDULE_START, schedule.name, str(int(now)))
    ):
        return {**details, "ran": False}  # it was due before there was a bot: nothing to catch up
    claim = tools.claims.take(SCHEDULE, schedule.name, day.isoformat(), lease=90)  # the function may run for 60 s
    if claim is not None:
        with claim, speaking(tools.settings["DIGEST_LANGUAGE"]):
            schedule.function(day, tools)
            claim.done()
        log.info("ran", extra=details)
    return {**details, "ran": claim is not None}
