"""Checks of a website: how many a second, how much of a processor each takes, and how that compares to http.client.

A server in another process answers over TLS. Each check makes a new connection, and all share one TLS context.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.cold import verdicts
from bench.instance import WrongAnswer
from bench.stubs import Stub
from sandbox.loopback import Request, Response, as_json
from watchbell.adapters.checker import Checker
from watchbell.adapters.sessions import tls_context
from watchbell.status.monitor import Monitor

GOALS: dict[str, tuple[str, float]] = {"cpu_ms_per_check": ("at most", 10), "check_vs_bare": ("at most", 5)}
TOGETHER = (1, 50, 500)
"""How many checks one run makes."""

CONDITIONS = ("[STATUS] == 200", "[BODY].status == normal", "[RESPONSE_TIME] < 5000")


@dataclass(frozen=True)
class Comparison:
    """The seconds of each run by its number of checks, of its processor, and of a bare GET. Rounds have one index."""

    runs: dict[int, list[float]]
    cpu: dict[int, list[float]]
    bare: list[float]

    def figures(self) -> dict[str, float]:
        rates = {f"checks_per_s_{count}": round(count / median(times), 1) for count, times in self.runs.items()}
        largest = max(self.cpu)
        return {
            **rates,
            "cpu_ms_per_check": round(median(self.cpu[largest]) / largest * 1000, 2),
            "check_vs_bare": round(median(one / bare for one, bare in zip(self.runs[1], self.bare, strict=True)), 2),
        }

    def table(self) -> str:
        figures = self.figures()
        lines = [f"Checks over TLS on Python {platform.python_version()}, medians of {len(self.bare)} rounds", ""]
        lines += [f"{name:28}{figure:12,}" for name, figure in figures.items() if name not in GOALS]
        return "\n".join([*lines, "", *verdicts(figures, GOALS)])


def measure(*, rounds: int) -> Comparison:
    """Time runs of the checker. Raise WrongAnswer if a check does not find its website well."""
    compared = Comparison({count: [] for count in TOGETHER}, {count: [] for count in TOGETHER}, [])
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder, server(Path(folder)) as (url, authorities):
        tls_context().load_verify_locations(authorities)
        for number in range(rounds + 1):
            bare = timed_get(url)
            for count in TOGETHER:
                spent, cpu = timed_run(url, count)
                if number:  # the first round only warms up
                    compared.runs[count].append(spent)
                    compared.cpu[count].append(cpu)
            if number:
                compared.bare.append(bare)
    return compared


def timed_run(url: str, count: int) -> tuple[float, float]:
    """The seconds that `count` checks take, and those of a processor."""
    monitors = [Monitor(str(n), "", "http", f"{url}/", conditions=CONDITIONS, private=True) for n in range(count)]
    checker = Checker()
    begun, cpu = time.perf_counter(), time.process_time()
    facts = checker.run(monitors, seconds=60)
    spent = time.perf_counter() - begun, time.process_time() - cpu
    unwell = [found for found in facts.values() if found.outcome != "up"]
    if len(facts) != count or unwell:
        raise WrongAnswer(f"{len(unwell)} of {count} checks failed: {unwell[:1]}")
    return spent


def timed_get(url: str) -> float:
    """The seconds of one GET with http.client and the same TLS context."""
    address = urlsplit(url)
    begun = time.perf_counter()
    connection = HTTPSConnection(address.hostname or "", address.port, context=tls_context())
    connection.request("GET", "/")
    body = connection.getresponse().read()
    connection.close()
    if json.loads(body) != {"status": "normal"}:
        raise WrongAnswer(f"the website answered {body!r}")
    return time.perf_counter() - begun


class Website(Stub):
    """Answers every request with a status."""

    name = "website"

    def _respond(self, request: Request) -> Response:
        return as_json(200, {"status": "normal"})


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, Path]]:
    """A Website in another process: its URL, and the file with its certificate authority."""
    command = [sys.executable, "-m", "bench.checks", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise WrongAnswer("the website did not start")
            yield url, folder / "website-authorities.pem"
        finally:
            process.stdin.close()


def serve(folder: Path) -> None:
    website = Website(folder)
    print(website.url, flush=True)
    sys.stdin.read()  # until the bench closes it
    website.stop()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
