"""Cold start: the time from starting a process to its first answer.

The contenders are the ingress, a function that does nothing, and a function that does the ingress's job with boto3.
Milliseconds depend on the machine. Ratios hold on other machines too, so the goals are ratios.
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.bundle import Bundle, Bundles
from bench.instance import Instance
from bench.request import Discord
from bench.stubs import AwsStub, SqsStub
from sandbox.aws.runtime_api import Outcome

WARM_INVOCATIONS = 20
GOALS: dict[str, tuple[str, float]] = {
    "ingress_vs_noop": ("at most", 1.55),
    "boto3_vs_ingress": ("at least", 3.5),
    "zip_bytes": ("at most", 1_400_000),
}


@dataclass(frozen=True)
class Start:
    """One cold start. All times are in milliseconds.

    `init`: from starting the process until it asks for its first event.
    `first_invoke`: from that event to its answer.
    `whole`: from starting the process to that answer.
    `warm`: the median time of the answers afterwards.
    """

    init: float
    first_invoke: float
    whole: float
    warm: float


@dataclass(frozen=True)
class Comparison:
    """The starts of each contender. Starts with the same index are from the same round."""

    noop: list[Start]
    ingress: list[Start]
    boto3: list[Start]
    zip_bytes: int

    def figures(self) -> dict[str, float]:
        return {
            "ingress_vs_noop": round(ratio(self.ingress, self.noop), 2),
            "boto3_vs_ingress": round(ratio(self.boto3, self.ingress), 2),
            "init_ms": round(median(start.init for start in self.ingress), 1),
            "first_invoke_ms": round(median(start.first_invoke for start in self.ingress), 1),
            "warm_p50_ms": round(median(start.warm for start in self.ingress), 2),
            "zip_bytes": self.zip_bytes,
        }

    def table(self) -> str:
        contenders = (("no-op", self.noop), ("Watchbell's ingress", self.ingress), ("with boto3", self.boto3))
        lines = [
            f"Cold start on Python {platform.python_version()}, medians of {len(self.noop)} interleaved rounds, in ms",
            "",
            *rows(contenders),
            "",
            *verdicts(self.figures(), GOALS),
        ]
        return "\n".join(lines)


def rows(contenders: Iterable[tuple[str, list[Start]]]) -> list[str]:
    lines = [f"{'':28}{'init':>8}{'1st answer':>12}{'together':>10}{'warm':>8}"]
    for name, starts in contenders:
        init, first, whole, warm = (
            median(getattr(start, part) for start in starts) for part in ("init", "first_invoke", "whole", "warm")
        )
        lines.append(f"{name:28}{init:8.1f}{first:12.1f}{whole:10.1f}{warm:8.2f}")
    return lines


def verdicts(figures: dict[str, float], goals: dict[str, tuple[str, float]]) -> list[str]:
    lines = [f"{'':28}{'figure':>12}  goal"]
    for name, (bound, goal) in goals.items():
        met = figures[name] <= goal if bound == "at most" else figures[name] >= goal
        lines.append(f"{name:28}{figures[name]:12,}  {bound} {goal:,}: {'met' if met else 'MISSED'}")
    return lines


def ratio(these: list[Start], those: list[Start]) -> float:
    """Return the median of the ratios of each round. If the machine is slow for a while, it slows both sides."""
    return median(this.whole / that.whole for this, that in zip(these, those, strict=True))


def measure(bundles: Bundles, *, rounds: int) -> Comparison:
    """Time cold starts of each contender. Raise WrongAnswer if one of them does not do its job."""
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        discord, sqs = Discord(), SqsStub(Path(folder))
        try:
            starts = interleaved(
                {
                    "noop": lambda: one_start(bundles.noop, discord, sqs, queues=False),
                    "ingress": lambda: one_start(bundles.ingress, discord, sqs),
                    "boto3": lambda: one_start(bundles.boto3, discord, sqs),
                },
                rounds,
            )
        finally:
            sqs.stop()
    return Comparison(**starts, zip_bytes=bundles.deployed_bytes())


def interleaved(contenders: Mapping[str, Callable[[], Start]], rounds: int) -> dict[str, list[Start]]:
    """Return the starts of `rounds` rounds. Each round starts every contender once; the order alternates.

    An additional first round is not counted.
    """
    starts: dict[str, list[Start]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name in sorted(contenders, reverse=number % 2 == 1):
            start = contenders[name]()
            if number:
                starts[name].append(start)
    return starts


def one_start(bundle: Bundle, discord: Discord, stub: AwsStub, *, queues: bool = True) -> Start:
    """Start `bundle` cold and send it `/status` several times. Raise WrongAnswer if an answer is wrong.

    If `queues`, each `/status` must also arrive at `stub`.
    """

    def ask(instance: Instance) -> Outcome:
        id, event = discord.status_command()
        stub.messages.clear()
        outcome = instance.invoke(event)
        wrong = fault(json.loads(outcome.payload))
        if not wrong and queues and stub.interaction_ids() != [id]:
            wrong = f"queued {stub.messages} instead of the interaction {id}"
        if wrong:
            raise instance.wrong(wrong)
        return outcome

    return timed(bundle, environment(discord, stub), ask)


def timed(bundle: Bundle, environment: Mapping[str, str], ask: Callable[[Instance], Outcome]) -> Start:
    """Start `bundle` cold with `environment`, call `ask` several times, and return the times."""
    with Instance(bundle, environment) as instance:
        first = ask(instance)
        whole = time.perf_counter() - instance.started
        warm = median(ask(instance).seconds for _ in range(WARM_INVOCATIONS))
    return Start(instance.init_seconds * 1000, first.seconds * 1000, whole * 1000, warm * 1000)


def environment(discord: Discord, stub: AwsStub) -> dict[str, str]:
    """Return the environment of every contender. The public key is there under each name that one of them reads."""
    return {
        **stub.environment,
        "DISCORD_PUBLIC_KEY": discord.public_key,
        "DISCORD_PUBLIC_KEYS": discord.public_key,
        "WATCHBELL_STAGE": "bench",
    }


def fault(answer: dict) -> str:
    """Return what is wrong with a deferral, or an empty string. It may be private."""
    if answer.get("statusCode") != 200 or (json.loads(answer.get("body") or "null") or {}).get("type") != 5:
        return f"answered {answer} instead of a deferral"
    return ""
