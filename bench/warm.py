"""Watchbell's ingress beside cordless (https://cordless.dev), the most similar Python framework.

This measures warm instant answers, warm deferrals and cold deferrals. Each side is the bundle that it would deploy, in
its own process, with the same commands. Each side passes deferred work on as in production, over a TLS connection that
it keeps: Watchbell to SQS, cordless to Lambda with boto3.

The warm figures time the call of the handler, without the runtime client. Both deferrals include the stub's time.
"""

from __future__ import annotations

import json
import platform
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench.bundle import Bundle, Bundles
from bench.cold import Start, environment, fault, one_start, ratio, rows, verdicts
from bench.instance import Contender
from bench.request import Discord
from bench.stubs import AwsStub, LambdaStub, SqsStub

BLOCK = 100
"""How many calls of one kind are made in a row.

That is enough to be warm, and few enough that a slow moment of the machine affects both sides.
"""

RUNNER = Path(__file__).with_name("warm_runner.py")

GOALS: dict[str, tuple[str, float]] = {
    "instant_vs_cordless": ("at most", 0.8),
    "deferred_vs_cordless": ("at most", 1),
    "cold_vs_cordless": ("at most", 1),
}


@dataclass(frozen=True)
class Times:
    """The times of one contender: each call in microseconds, and its cold starts."""

    instant: list[float]
    deferred: list[float]
    cold: list[Start]


@dataclass(frozen=True)
class Comparison:
    """The times of both sides. Cold starts with the same index are from the same round."""

    ingress: Times
    cordless: Times

    def figures(self) -> dict[str, float]:
        return {
            "instant_p50_us": percentile(self.ingress.instant, 50),
            "instant_p99_us": percentile(self.ingress.instant, 99),
            "deferred_p50_us": percentile(self.ingress.deferred, 50),
            "deferred_p99_us": percentile(self.ingress.deferred, 99),
            "cordless_instant_p50_us": percentile(self.cordless.instant, 50),
            "cordless_deferred_p50_us": percentile(self.cordless.deferred, 50),
            "cold_vs_cordless": round(ratio(self.ingress.cold, self.cordless.cold), 3),
        }

    def table(self) -> str:
        contenders = (("Watchbell's ingress", self.ingress), ("cordless", self.cordless))
        lines = [
            f"Warm calls on Python {platform.python_version()}, {len(self.ingress.instant)} of each kind, in µs",
            "",
            f"{'':28}{'instant p50':>12}{'p99':>8}{'deferred p50':>14}{'p99':>8}",
        ]
        for name, times in contenders:
            parts = [percentile(calls, percent) for calls in (times.instant, times.deferred) for percent in (50, 99)]
            lines.append("{:28}{:12,.0f}{:8,.0f}{:14,.0f}{:8,.0f}".format(name, *parts))
        lines += ["", f"Cold, medians of {len(self.ingress.cold)} interleaved rounds, in ms", ""]
        lines += [*rows((name, times.cold) for name, times in contenders), "", *verdicts(self._against(), GOALS)]
        return "\n".join(lines)

    def _against(self) -> dict[str, float]:
        figures = self.figures()
        return {
            "instant_vs_cordless": round(figures["instant_p50_us"] / figures["cordless_instant_p50_us"], 3),
            "deferred_vs_cordless": round(figures["deferred_p50_us"] / figures["cordless_deferred_p50_us"], 3),
            "cold_vs_cordless": figures["cold_vs_cordless"],
        }


def percentile(values: list[float], percent: int) -> float:
    return round(quantiles(values, n=100, method="inclusive")[percent - 1], 1)


def measure(bundles: Bundles, *, rounds: int) -> Comparison:
    """Time rounds of calls to both sides, then rounds of cold starts. Raise WrongAnswer if a side does not do its job.

    The order of the sides alternates. An additional first round of each is not counted.
    """
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        discord, sqs, invocations = Discord(), SqsStub(Path(folder)), LambdaStub(Path(folder))
        try:
            ingress, cordless = (bundles.ingress, sqs), (bundles.cordless, invocations)
            times = _calls(ingress, cordless, rounds=rounds)
            starts: tuple[list[Start], list[Start]] = ([], [])
            for number in range(rounds + 1):
                for side in _order(number):
                    start = one_start((ingress, cordless)[side][0], discord, (sqs, invocations)[side])
                    if number:
                        starts[side].append(start)
        finally:
            sqs.stop()
            invocations.stop()
    return Comparison(*(Times(*calls, start) for calls, start in zip(times, starts, strict=True)))


def _order(number: int) -> tuple[int, int]:
    return (1, 0) if number % 2 else (0, 1)


def _calls(*contenders: tuple[Bundle, AwsStub], rounds: int) -> list[tuple[list[float], list[float]]]:
    """Return the times of the instant and the deferred calls of each contender, in microseconds."""
    times: list[tuple[list[float], list[float]]] = [([], []) for _ in contenders]
    with Side(*contenders[0]) as first, Side(*contenders[1]) as second:
        for number in range(rounds + 1):
            for side in _order(number):
                instant, deferred = (first, second)[side].instant(), (first, second)[side].deferred()
                if number:
                    times[side][0].extend(instant)
                    times[side][1].extend(deferred)
    return times


class Side(Contender):
    """A warm process, started on entry. Its calls raise WrongAnswer if an answer is wrong."""

    def __init__(self, bundle: Bundle, stub: AwsStub) -> None:
        self._stub = stub
        self._discord = Discord()
        self._connections = stub.connections
        path = {"PYTHONPATH": f"{bundle.task}:{bundle.layers}"}
        super().__init__(bundle, {**environment(self._discord, stub), **path})

    def __enter__(self) -> Side:
        self._spawn("-s", "-P", str(RUNNER), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def instant(self) -> list[float]:
        """Make a block of instant calls, and return the microseconds of each call."""
        calls = [self._discord.ping_command() for _ in range(BLOCK)]
        microseconds, answers = self._call([event for _, event in calls])
        for answer in answers:
            if not is_pong(answer):
                raise self.wrong(f"answered {answer} instead of a pong in private with a button")
        if self._stub.messages:
            raise self.wrong(f"queued {self._stub.messages}")
        return microseconds

    def deferred(self) -> list[float]:
        """Make a block of deferred calls, and return the microseconds of each call."""
        calls = [self._discord.status_command() for _ in range(BLOCK)]
        microseconds, answers = self._call([event for _, event in calls])
        for answer in answers:
            if wrong := fault(answer):
                raise self.wrong(wrong)
        if self._stub.interaction_ids() != [id for id, _ in calls]:
            raise self.wrong(f"queued {self._stub.interaction_ids()} instead of the {BLOCK} interactions")
        if self._stub.connections - self._connections > 2:  # one for the messages, one for parameters
            raise self.wrong("did not reuse its connections")
        self._stub.messages.clear()
        return microseconds

    def _call(self, events: list[bytes]) -> tuple[list[float], list[dict]]:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(b"[" + b",".join(events) + b"]\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            raise self.wrong("ended early")
        result = json.loads(line)
        return [ns / 1000 for ns in result["ns"]], result["answers"]


def is_pong(answer: dict) -> bool:
    """Whether this is the complete answer to /ping: a text and a button that only the caller can see."""
    payload = json.loads(answer.get("body") or "null")
    if answer.get("statusCode") != 200 or not payload or payload.get("type") != 4:
        return False
    data = payload["data"]
    return "Pong!" in data["content"] and data["flags"] == 64 and data["components"][0]["components"][0]["type"] == 2
