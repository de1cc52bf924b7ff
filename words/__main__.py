"""`python -m words`: takes the texts out of the code, brings the translations up to date, says which are missing."""

import sys

from words.texts import FOLDER, refresh


def main() -> int:
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
    sys.exit(main())
