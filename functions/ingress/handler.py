"""Answers Discord's requests at once, or queues the work. Its cold start is within Discord's 3 seconds."""

import os
import time

from watchbell.tools.toolbox import Tools

tools = Tools("ingress", os.environ)
queue = tools.work_queue  # connects in the background while the rest of the code loads: a twentieth of a cold start

from watchbell.adapters import api_gateway, logs  # noqa: E402
from watchbell.adapters.aws_json import within  # noqa: E402
from watchbell.discord.signature import public_keys  # noqa: E402
from watchbell.doors.ingress import Doorkeeper  # noqa: E402

AWS_SECONDS, LEAST_SECONDS = 2.0, 0.5
"""The time limit, of Discord's 3 seconds, for all AWS calls of one acknowledgement together, cold start included. The
calls get the second number in any case."""

doorkeeper = Doorkeeper(public_keys(os.environ["DISCORD_PUBLIC_KEYS"]), queue, tools, time.time)


@logs.guarded
def handler(event, context):
    """Take an API Gateway proxy event, and return the HTTP response."""
    begun = time.monotonic()
    spent = api_gateway.age(event, time.time())
    with within(max(LEAST_SECONDS, AWS_SECONDS - spent)):
        answer = doorkeeper.answer(*api_gateway.read(event), spent)
    if answer.account:
        taken = {"AckMs": round((spent + time.monotonic() - begun) * 1000, 1)}
        logs.measured("acknowledged", taken, "Milliseconds", **answer.account)
    return api_gateway.respond(answer.status, answer.payload)
