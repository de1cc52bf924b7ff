"""`python -m bench [MEASURE] [--rounds N] [--json]`: measure, and print the figures beside their goals.

Without a measure, all of them are taken. A missed goal is only shown, because a busy machine must not break a build. A
wrong answer is a failure.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from bench import alert, checks, cold, digest, fanout, heartbeat, judge, scale, tick, uptime, warm, worker
from bench.bundle import Bundles
from bench.instance import WrongAnswer


class Measured(Protocol):
    """What a measure found."""

    def figures(self) -> dict[str, Any]: ...
    def table(self) -> str: ...


OF_BUNDLES: dict[str, Callable[..., Measured]] = {
    "cold": cold.measure,
    "worker": worker.measure,
    "warm": warm.measure,
    "heartbeat": heartbeat.measure,
}
"""The measures of built functions."""

IN_THIS_PROCESS: dict[str, Callable[..., Measured]] = {
    "checks": checks.measure,
    "judge": judge.measure,
    "uptime": uptime.measure,
    "tick": tick.measure,
    "scale": scale.measure,
    "alert": alert.measure,
    "digest": digest.measure,
    "fanout": fanout.measure,
}


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        bundles = None
        if set(options.which) & OF_BUNDLES.keys():
            print("Building the bundles ...", file=sys.stderr)
            bundles = Bundles(Path(folder))
        try:
            compared = [_measure(name, bundles, options.rounds) for name in options.which]
        except WrongAnswer as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps(together({name: each.figures() for name, each in zip(options.which, compared, strict=True)})))
    else:
        print("\n\n".join(each.table() for each in compared))
    return 0


def _measure(name: str, bundles: Bundles | None, rounds: int) -> Measured:
    if name in OF_BUNDLES:
        return OF_BUNDLES[name](bundles, rounds=rounds)
    return IN_THIS_PROCESS[name](rounds=rounds)


def together(figures: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of all measures in one object. Put the measure's name before a name that is already taken."""
    result: dict[str, Any] = {}
    for measure, its_figures in figures.items():
        result |= {f"{measure}_{name}" if name in result else name: figure for name, figure in its_figures.items()}
    return result


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = [*OF_BUNDLES, *IN_THIS_PROCESS]
    parser.add_argument("which", nargs="?", choices=known, help="what to measure (default: all)")
    parser.add_argument(
        "--rounds", type=_rounds, default=15, help="how many rounds to measure; odd for a true median (default: 15)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args()
    options.which = [options.which] if options.which else known
    return options


def _rounds(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
