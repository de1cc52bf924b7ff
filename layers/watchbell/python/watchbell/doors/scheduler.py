"""Runs a timed job when it is due. Each date or slot is claimed, so the job runs once even if a tick comes twice."""

from __future__ import annotations

import logging
from datetime import datetime

from ..data.tables import SCHEDULE_START
from ..errors import Retry
from ..i18n import speaking
from ..kit import catalogue
from ..kit.schedule import chosen
from ..tools.toolbox import Tools

log = logging.getLogger(__name__)


def occur(event: dict, tools: Tools, request_id: str = "") -> dict:
    """Run the job that EventBridge Scheduler names, if it is due. The event is `{"schedule": name, "at": ISO time}`.

    `at` is the scheduled time. So a call that arrives late still runs the date or slot that it was made for.
    With `"run": "now"`, the current date or slot runs even if it is not due yet.

    `request_id` is Lambda's. If a run is killed, Lambda calls again with the same id, and that call gets the claim at
    once. Another tick that comes during a run does nothing.

    A job that is switched off is only logged, and nothing is claimed. So a tick after it is on again catches up.

    Returns `{"schedule", "date" or "slot", "ran"}`. Raises ValueError if the event names no schedule. An exception of
    the job is not caught, and a later tick tries the job again.
    """
    name, at = event.get("schedule"), event.get("at")
    schedule = catalogue.schedule(name) if isinstance(name, str) else None
    if schedule is None or not isinstance(at, str):
        raise ValueError(f"the event names no schedule: {str(event)[:200]}")
    now = datetime.fromisoformat(at).timestamp()
    cadence = schedule.cadence(tools.settings)
    by_hand = event.get("run") == "now"
    subject, due = cadence.current(now) if by_hand else cadence.latest(now)
    details = {"schedule": schedule.name, cadence.unit: subject.isoformat()}
    if not by_hand and due < int(tools.claims.first(SCHEDULE_START, schedule.name, str(int(now)))):
        return {**details, "ran": False}  # it was due before the first tick, when there was no bot yet
    if schedule.switch and tools.flags.switched_off(schedule.switch):
        log.info("switched off", extra={**details, "switch": schedule.switch})
        return {**details, "ran": False}
    try:
        # The lease is longer than the 60 seconds that the function may run.
        claim = tools.claims.take(cadence.row, schedule.name, subject.isoformat(), lease=90, owner=request_id)
    except Retry as held:
        log.info("left to the tick that is running: %s", held, extra=details)
        claim = None
    if claim is not None:
        with claim, speaking(chosen(schedule.language, tools.settings)):
            schedule.function(subject, tools)
            claim.done()
        log.info("ran", extra=details)
    return {**details, "ran": claim is not None}
