"""Brings what is on the send queue to Discord, at Discord's pace."""

import os

from watchbell.adapters import batch
from watchbell.adapters.queue import Queue
from watchbell.doors import sender as delivery
from watchbell.tools.toolbox import Tools

tools = Tools("sender", os.environ)
queue = Queue(os.environ["SEND_QUEUE_URL"])
max_receives = int(os.environ["SEND_MAX_RECEIVES"])


def handler(event, context):
    """A batch of SQS messages in, the ones that failed out."""
    return batch.process(event, context, queue, max_receives, lambda message: delivery.deliver(message, tools))
