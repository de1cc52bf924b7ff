"""moto's server, with the one thing mended that it lacks: DynamoDB's conditional writes are atomic.

moto judges the condition and writes in two steps, and its threads get between them: two callers both win a claim.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

_dynamodb = threading.Lock()
_moto = DomainDispatcherApplication(create_backend_app)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
        with _dynamodb:
            return list(_moto(environ, start_response))
    answer: Iterable[bytes] = _moto(environ, start_response)
    return answer


def live_by(file: str) -> None:
    """Has the queues' visibility timeouts and delays pass by the sandbox's clock, whose offset `file` holds."""
    from moto.sqs import models

    clock = os.open(file, os.O_RDONLY)

    def turned() -> float:
        return time.time() + float(os.pread(clock, 32, 0))

    wait = models.Queue.wait_for_messages
    models.Queue.wait_for_messages = lambda queue, seconds: wait(queue, min(seconds, 0.05))  # lest it miss a turn
    models.unix_time = turned
    models.unix_time_millis = lambda: turned() * 1000


if __name__ == "__main__":
    if "SANDBOX_CLOCK" in os.environ:
        live_by(os.environ["SANDBOX_CLOCK"])
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
