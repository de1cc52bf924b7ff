"""Runs the timed job that EventBridge Scheduler names, if it is due."""

import os

from watchbell.adapters import logs
from watchbell.doors.scheduler import occur
from watchbell.tools.toolbox import Tools

tools = Tools("scheduler", os.environ)


@logs.guarded
def handler(event, context):
    """Take `{"schedule": name, "at": ISO time}`, and return whether it ran and for which date or slot."""
    return occur(event, tools, getattr(context, "aws_request_id", ""))
