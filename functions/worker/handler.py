"""Does what the ingress queued: deferred interactions, and Discord's webhook events."""

import os

from watchbell.adapters import batch
from watchbell.adapters.queue import Queue
from watchbell.doors import worker as followup
from watchbell.tools.toolbox import Tools

tools = Tools("worker", os.environ)
queue = Queue(os.environ["WORK_QUEUE_URL"])
max_receives = int(os.environ["WORK_MAX_RECEIVES"])

for part in ("claims", "discord", "parameters", "seals"):
    getattr(tools, part)  # opened now, while Lambda gives the function a whole processor


def handler(event, context):
    """A batch of SQS messages in, the ones that failed out."""
    return batch.process(event, context, queue, max_receives, lambda delivery: followup.work(delivery, tools))
