"""Discord's door: verify, answer now or say "thinking", hand on. Its cold start is inside Discord's 3 seconds."""

import os
import time

from watchbell.adapters import api_gateway
from watchbell.adapters.aws_json import within
from watchbell.discord.signature import public_keys
from watchbell.doors.ingress import Doorkeeper
from watchbell.tools.toolbox import Tools

AWS_SECONDS = 2.0
"""What all calls of one acknowledgement may take together, of Discord's 3 seconds."""

tools = Tools("ingress", os.environ)
doorkeeper = Doorkeeper(public_keys(os.environ["DISCORD_PUBLIC_KEYS"]), tools.work_queue, tools, time.time)


def handler(event, context):
    """An API Gateway proxy event in, the HTTP answer out."""
    with within(AWS_SECONDS):
        answer = doorkeeper.answer(*api_gateway.read(event))
    return api_gateway.respond(answer.status, answer.payload)
