"""Runs the checks of the shards in the check queue, judges their results and keeps what has changed. Hears of AWS."""

import os

from watchbell.adapters import batch, logs
from watchbell.adapters.queue import Queue
from watchbell.doors import monitor
from watchbell.tools.toolbox import Tools

tools = Tools("monitor", os.environ)
queue = Queue(os.environ["CHECK_QUEUE_URL"])
max_receives = int(os.environ["CHECK_MAX_RECEIVES"])

for part in ("shards", "monitors"):
    getattr(tools, part)  # open it now, while Lambda gives the function a whole processor


@logs.guarded
def handler(event, context):
    """Take a batch of SQS messages, and return the failed ones."""
    return batch.process(event, context, queue, max_receives, lambda delivery: monitor.take(delivery, tools))
