"""`python -m tables` writes the tables in README.md and docs/ from the code.

It fails if a row lacks its description. With `--check` it writes nothing, and fails if a document would change too.
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
            print(f"{name}: write what {row} is in place of …")
        if after != before and check:
            failed = True
            print(f"{name} is not up to date: run `make docs`")
        elif after != before:
            document.write_text(after)
            print(f"{name} is written")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
