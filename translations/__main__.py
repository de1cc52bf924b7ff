"""`python -m translations` updates the translations from the code and lists the missing ones.

With `--check` it writes nothing. It fails if a file is out of date or a translation is missing.
"""

import argparse
import sys

from translations.texts import FOLDER, REMEDY, refresh, shortcomings, template


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m translations", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if something is missing")
    return check() if parser.parse_args(arguments).check else write()


def check() -> int:
    found = shortcomings(template())
    for shortcoming in found:
        print(f"{FOLDER.name}/ {shortcoming}")
    if found:
        print(REMEDY)
    return 1 if found else 0


def write() -> int:
    left = refresh()
    for language, messages in left.items():
        if messages:
            print(f"{FOLDER.name}/{language}.po has {len(messages)} texts without a translation:")
        for message in messages:
            print(f"  {message.id!r}" + (f" (as {message.context})" if message.context else ""))
    if not any(left.values()):
        print("All texts are translated.")
    return 1 if any(left.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
