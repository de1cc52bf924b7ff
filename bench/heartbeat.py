"""Cold start of the heartbeat function beside a function that does nothing, and how long a warm ping takes.

A ping is one call to DynamoDB over TLS, and a warm ping includes the time of the stub.
"""

from __future__ import annotations

import json
import platform
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from bench.bundle import Bundle, Bundles
from bench.cold import Start, interleaved, one_start, ratio, rows, timed, verdicts
from bench.instance import Instance
from bench.request import Discord
from bench.stubs import PingStub, SqsStub
from sandbox.aws.runtime_api import Outcome

GOALS: dict[str, tuple[str, float]] = {"heartbeat_vs_noop": ("at most", 1.6)}

UUID = "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314"


@dataclass(frozen=True)
class Comparison:
    """The starts of each contender. Starts with the same index are from the same round."""

    noop: list[Start]
    heartbeat: list[Start]

    def figures(self) -> dict[str, float]:
        return {
            "heartbeat_vs_noop": round(ratio(self.heartbeat, self.noop), 3),
            "warm_p50_us": round(median(start.warm for start in self.heartbeat) * 1000, 1),
        }

    def table(self) -> str:
        lines = [
            f"The heartbeat function on Python {platform.python_version()}, "
            f"medians of {len(self.noop)} interleaved rounds, in ms",
            "",
            *rows((("no-op", self.noop), ("heartbeat", self.heartbeat))),
            "",
            *verdicts(self.figures(), GOALS),
        ]
        return "\n".join(lines)


def measure(bundles: Bundles, *, rounds: int) -> Comparison:
    """Time cold starts of each contender. Raise WrongAnswer if one of them does not do its job."""
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        discord, sqs, table = Discord(), SqsStub(Path(folder)), PingStub(Path(folder))
        try:
            starts = interleaved(
                {
                    "noop": lambda: one_start(bundles.noop, discord, sqs, queues=False),
                    "heartbeat": lambda: heartbeat_start(bundles.heartbeat, table),
                },
                rounds,
            )
        finally:
            for stub in (sqs, table):
                stub.stop()
    return Comparison(**starts)


def heartbeat_start(bundle: Bundle, table: PingStub) -> Start:
    """Start the function cold and ping it several times. Raise WrongAnswer if an answer is wrong."""
    exit_statuses = count(1)

    def ask(instance: Instance) -> Outcome:
        exit_status = next(exit_statuses)
        table.messages.clear()
        outcome = instance.invoke(json.dumps(event(exit_status)).encode())
        if wrong := fault(json.loads(outcome.payload), exit_status, table.messages):
            raise instance.wrong(wrong)
        return outcome

    return timed(bundle, {**table.environment, "WATCHBELL_STAGE": "bench"}, ask)


def event(exit_status: int) -> dict[str, Any]:
    path = f"/ping/{UUID}/{exit_status}"
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"user-agent": "curl/8.9.1", "accept": "*/*"},
        "requestContext": {"http": {"method": "GET", "path": path}, "timeEpoch": 1_700_000_000_000},
        "isBase64Encoded": False,
    }


def fault(answer: dict, exit_status: int, written: list[str]) -> str:
    """Return what is wrong with an answer to a ping, or an empty string."""
    if (answer.get("statusCode"), answer.get("body")) != (200, "OK"):
        return f"answered {answer} instead of OK"
    if [text.split(" ")[1:] for text in written] != [[str(exit_status)]]:
        return f"wrote {written} instead of the exit status {exit_status}"
    return ""
