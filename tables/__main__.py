"""`python -m tables` generates the tables in README.md and docs/ from the code.

It fails if a row has no description. With `--check` it writes nothing, and also fails if a document would change.
"""

import argparse
import sys
from pathlib import Path

from tables.documents import documents, rewritten, unwritten

ROOT = Path(__file__).parent.parent


def main(arguments: list[str], root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="python -m tables", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if a document would change")
    check = parser.parse_args(arguments).check
    failed = False
    for document in documents(root):
        name = document.relative_to(root)
        before = document.read_text()
        after = rewritten(before)
        for row in unwritten(after):
            failed = True
            print(f"{name}: replace … in the row {row} with a description")
        if after != before and check:
            failed = True
            print(f"{name} is out of date: run `make docs`")
        elif after != before:
            document.write_text(after)
            print(f"{name} is updated")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
