"""Answers Discord's requests at once, or queues the work. Its cold start is within Discord's 3 seconds."""

import os
import time

from watchbell.adapters import api_gateway
from watchbell.adapters.aws_json import within
from watchbell.discord.signature import public_keys
from watchbell.doors.ingress import Doorkeeper
from watchbell.tools.toolbox import Tools

AWS_SECONDS, LEAST_SECONDS = 2.0, 0.5
"""The time limit, of Discord's 3 seconds, for all AWS calls of one acknowledgement together, cold start included. The
calls get the second number in any case."""

tools = Tools("ingress", os.environ)
doorkeeper = Doorkeeper(public_keys(os.environ["DISCORD_PUBLIC_KEYS"]), tools.work_queue, tools, time.time)


def handler(event, context):
    """Take an API Gateway proxy event, and return the HTTP response."""
    spent = api_gateway.age(event, time.time())
    with within(max(LEAST_SECONDS, AWS_SECONDS - spent)):
        answer = doorkeeper.answer(*api_gateway.read(event), spent)
    return api_gateway.respond(answer.status, answer.payload)
