"""How names become logical ids."""

from __future__ import annotations

import re


def logical_id(name: str) -> str:
    """`work-dead` or `daily_digest`, as people read it, to `WorkDead` or `DailyDigest`."""
    return "".join(word.capitalize() for word in re.split("[-_]", name))
