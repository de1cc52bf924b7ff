"""Cold start of the worker: the time from starting a process until its first `/status` is in Discord.

The other contenders are the ingress, which queues the command, and a function that does nothing. The worker calls
DynamoDB, Parameter Store, a status source and Discord, each over TLS.
"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.bundle import Bundle, Bundles
from bench.cold import Start, interleaved, one_start, ratio, rows, timed, verdicts
from bench.instance import Instance
from bench.request import Discord
from bench.stubs import SqsStub, WebStub, WorkStub
from sandbox.aws.runtime_api import Outcome

GOALS: dict[str, tuple[str, float]] = {"worker_vs_ingress": ("at most", 6)}


@dataclass(frozen=True)
class Comparison:
    """The starts of each contender. Starts with the same index are from the same round."""

    noop: list[Start]
    ingress: list[Start]
    worker: list[Start]

    def figures(self) -> dict[str, float]:
        return {
            "worker_vs_noop": round(ratio(self.worker, self.noop), 2),
            "worker_vs_ingress": round(ratio(self.worker, self.ingress), 2),
            "init_ms": round(median(start.init for start in self.worker), 1),
            "first_invoke_ms": round(median(start.first_invoke for start in self.worker), 1),
        }

    def table(self) -> str:
        contenders = (("no-op", self.noop), ("ingress", self.ingress), ("worker", self.worker))
        lines = [
            f"The worker's cold start on Python {platform.python_version()}, "
            f"medians of {len(self.noop)} interleaved rounds, in ms",
            "",
            *rows(contenders),
            "",
            *verdicts(self.figures(), GOALS),
        ]
        return "\n".join(lines)


def measure(bundles: Bundles, *, rounds: int) -> Comparison:
    """Time cold starts of each contender. Raise WrongAnswer if one of them does not do its job."""
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        discord, sqs, web = Discord(), SqsStub(Path(folder)), WebStub(Path(folder))
        work = WorkStub(Path(folder), {"prod": web.source_url})
        shutil.copyfile(
            web.authorities, bundles.worker.layers / "certifi" / "cacert.pem"
        )  # the authorities that requests trusts
        try:
            starts = interleaved(
                {
                    "noop": lambda: one_start(bundles.noop, discord, sqs, queues=False),
                    "ingress": lambda: one_start(bundles.ingress, discord, sqs),
                    "worker": lambda: worker_start(bundles.worker, discord, work, web),
                },
                rounds,
            )
        finally:
            for stub in (sqs, work, web):
                stub.stop()
    return Comparison(**starts)


def worker_start(bundle: Bundle, discord: Discord, work: WorkStub, web: WebStub) -> Start:
    """Start the worker cold and let it answer `/status` several times. Raise WrongAnswer if an answer is wrong."""

    def ask(instance: Instance) -> Outcome:
        token, event = discord.queued_status()
        for seen in (work.writes, web.tokens, web.messages):
            seen.clear()
        outcome = instance.invoke(event)
        if wrong := fault(json.loads(outcome.payload), token, work, web):
            raise instance.wrong(wrong)
        return outcome

    return timed(bundle, {**work.environment, **web.environment, "WATCHBELL_STAGE": "bench"}, ask)


def fault(answer: dict, token: str, work: WorkStub, web: WebStub) -> str:
    """Return what is wrong with the worker's work, or an empty string."""
    if answer != {"batchItemFailures": []}:
        return f"answered {answer} instead of success"
    if web.tokens != [token]:
        return f"edited the answers of {web.tokens} instead of the answer of {token}"
    if "CPU" not in web.messages[0] or "custom_id" not in web.messages[0]:
        return f"showed {web.messages[0]} instead of a status with buttons"
    kinds = [key.partition("#")[0] for key in work.writes]
    if kinds != ["interaction", "quota", "interaction"] or work.writes[0] != work.writes[2]:
        return f"wrote the rows {work.writes} instead of taking one claim, counting a use and marking the claim done"
    return ""
