"""`python -m bench [cold|worker|warm|checks] [--rounds N] [--json]`: measure, and print the figures beside their goals.

A missed goal is only shown, because a busy machine must not break a build. A wrong answer is a failure.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import checks, cold, warm, worker
from bench.bundle import Bundles
from bench.instance import WrongAnswer

MEASURES: dict[str, Callable[..., cold.Comparison | warm.Comparison | worker.Comparison | checks.Comparison]] = {
    "cold": cold.measure,
    "worker": worker.measure,
    "warm": warm.measure,
    "checks": checks.measure,
}


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        bundles = None
        if options.which != ["checks"]:  # which runs in this process
            print("Building the bundles ...", file=sys.stderr)
            bundles = Bundles(Path(folder))
        try:
            compared = [MEASURES[name](bundles, rounds=options.rounds) for name in options.which]
        except WrongAnswer as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps(together({name: each.figures() for name, each in zip(options.which, compared, strict=True)})))
    else:
        print("\n\n".join(each.table() for each in compared))
    return 0


def together(figures: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the figures of all measures in one object. Put the measure's name before a name that is already taken."""
    result: dict[str, float] = {}
    for measure, its_figures in figures.items():
        result |= {f"{measure}_{name}" if name in result else name: figure for name, figure in its_figures.items()}
    return result


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("which", nargs="?", choices=list(MEASURES), help="what to measure (default: all)")
    parser.add_argument(
        "--rounds", type=_rounds, default=15, help="how many rounds to measure; odd for a true median (default: 15)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args()
    options.which = [options.which] if options.which else list(MEASURES)
    return options


def _rounds(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
