"""Runs what is due when EventBridge Scheduler calls."""

import os

from watchbell.doors.scheduler import occur
from watchbell.tools.toolbox import Tools

tools = Tools("scheduler", os.environ)


def handler(event, context):
    """`{"schedule": name, "at": ISO time}` in, whether it ran and for which date out."""
    return occur(event, tools)
