"""Answers Discord's requests at once, or queues the work. Its cold start is within Discord's 3 seconds."""

import os
import time

from watchbell.adapters import api_gateway, logs
from watchbell.adapters.aws_json import within
from watchbell.discord.signature import public_keys
from watchbell.doors.ingress import Doorkeeper
from watchbell.tools.toolbox import Tools

AWS_SECONDS = 2.0
"""The time limit, of Discord's 3 seconds, for all AWS calls of one acknowledgement together."""

tools = Tools("ingress", os.environ)
doorkeeper = Doorkeeper(public_keys(os.environ["DISCORD_PUBLIC_KEYS"]), tools.work_queue, tools, time.time)


@logs.guarded
def handler(event, context):
    """Take an API Gateway proxy event, and return the HTTP response."""
    received_at = api_gateway.received_at(event, time.time())
    with within(AWS_SECONDS):
        answer = doorkeeper.answer(*api_gateway.read(event))
    if answer.account:
        taken = {"AckMs": round((time.time() - received_at) * 1000, 1)}
        logs.measured("acknowledged", taken, "Milliseconds", **answer.account)
    return api_gateway.respond(answer.status, answer.payload)
