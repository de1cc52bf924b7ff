"""Sends the messages in the send queue to Discord, at the pace that Discord allows."""

import os

from watchbell.adapters import batch, logs
from watchbell.adapters.queue import Queue
from watchbell.doors import sender as delivery
from watchbell.tools.toolbox import Tools

tools = Tools("sender", os.environ)
queue = Queue(os.environ["SEND_QUEUE_URL"])
max_receives = int(os.environ["SEND_MAX_RECEIVES"])


@logs.guarded
def handler(event, context):
    """Take a batch of SQS messages, and return the failed ones."""
    return batch.process(
        event,
        context,
        queue,
        max_receives,
        lambda message: delivery.deliver(message, tools),
        at_once=delivery.IN_FLIGHT,
        lane=delivery.lane,
    )
