"""Takes the pings of jobs. It can update their rows, and do nothing else."""

import os
import time

from watchbell.tools.toolbox import Tools

pings = Tools("heartbeat", os.environ).pings  # connects in the background while the rest of the code loads

from watchbell.adapters import api_gateway, logs  # noqa: E402
from watchbell.adapters.aws_json import within  # noqa: E402
from watchbell.doors.heartbeat import answer  # noqa: E402
from watchbell.status.ping import METHODS  # noqa: E402

AWS_SECONDS = 6
"""Less than the 10 seconds that jobs usually wait, and that the function may take."""


@logs.guarded
def handler(event, context):
    """Take an API Gateway proxy event, and return the HTTP response."""
    path, _, body = api_gateway.read(event)
    now = time.time()
    at = round((now - api_gateway.age(event, now)) * 1000)
    with within(AWS_SECONDS):
        status, text = answer(pings, api_gateway.method(event), path, api_gateway.parameter(event, "rid"), body, at)
    return api_gateway.respond_text(status, text, **({"allow": ", ".join(METHODS)} if status == 405 else {}))
