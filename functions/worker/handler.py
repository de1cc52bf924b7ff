"""Does the work that the ingress queued: deferred interactions, and Discord's webhook events."""

import os

from watchbell.adapters import batch, logs
from watchbell.adapters.queue import Queue
from watchbell.doors import worker as followup
from watchbell.tools.toolbox import Tools

tools = Tools("worker", os.environ)
queue = Queue(os.environ["WORK_QUEUE_URL"])
max_receives = int(os.environ["WORK_MAX_RECEIVES"])

for part in ("claims", "discord", "parameters", "seals"):
    getattr(tools, part)  # open it now, while Lambda gives the function a whole processor


@logs.guarded
def handler(event, context):
    """Take a batch of SQS messages, and return the failed ones."""
    return batch.process(event, context, queue, max_receives, lambda delivery: followup.measured(delivery, tools))
