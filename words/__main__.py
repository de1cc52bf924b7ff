"""`python -m words`: takes the texts out of the code, brings the translations up to date, says which are missing."""

import sys

from words.texts import FOLDER, refresh


def main() -> int:
    left = refresh()
    for language, messages in left.items():
        for message in messages:
            print(f"{FOLDER.name}/{language}.po has no translation of {message.id!r}")
    return 1 if any(left.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
