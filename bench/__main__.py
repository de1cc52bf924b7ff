"""`python -m bench [cold] [--rounds N] [--json]`: measure, and print the figures beside their goals.

A missed goal is shown and is no failure, since a busy machine must not break a build; a wrong answer is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench import cold
from bench.bundle import Bundles
from bench.instance import WrongAnswer


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        print("Building the bundles ...", file=sys.stderr)
        bundles = Bundles(Path(folder))
        try:
            comparison = cold.measure(bundles, rounds=options.rounds)
        except WrongAnswer as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    print(json.dumps(comparison.figures()) if options.json else comparison.table())
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("which", nargs="?", default="cold", choices=["cold"], help="what to measure (default: cold)")
    parser.add_argument(
        "--rounds", type=_rounds, default=15, help="measured rounds, odd for a true median (default: 15)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args()


def _rounds(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
