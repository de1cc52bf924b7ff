"""moto's server, with two fixes: DynamoDB's conditional writes are atomic, and SQS refuses a delay that is too long.

moto checks a condition and writes in two steps. Between them another thread can run, so two callers both win a claim.
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


def refuse_long_delays() -> None:
    """Make SendMessage take only the delays that SQS takes: 0 to 900 seconds."""
    from moto.sqs import exceptions, models

    send = models.SQSBackend.send_message

    def send_message(*given: Any, delay_seconds: Any = None, **more: Any) -> Any:
        if delay_seconds is not None and not 0 <= int(delay_seconds) <= 900:
            raise exceptions.InvalidParameterValue(f"Value {delay_seconds} for parameter DelaySeconds is invalid.")
        return send(*given, delay_seconds=delay_seconds, **more)

    models.SQSBackend.send_message = send_message


def follow_clock(file: str) -> None:
    """Make visibility timeouts and delays follow the sandbox's clock. `file` holds the clock's offset."""
    from moto.sqs import models

    clock = os.open(file, os.O_RDONLY)

    def turned() -> float:
        return time.time() + float(os.pread(clock, 32, 0))

    wait = models.Queue.wait_for_messages
    # Wait for short times only, so that a turn of the clock is noticed.
    models.Queue.wait_for_messages = lambda queue, seconds: wait(queue, min(seconds, 0.05))
    models.unix_time = turned
    models.unix_time_millis = lambda: turned() * 1000


if __name__ == "__main__":
    refuse_long_delays()
    if "SANDBOX_CLOCK" in os.environ:
        follow_clock(os.environ["SANDBOX_CLOCK"])
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
