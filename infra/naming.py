"""Names of resources."""

from __future__ import annotations

import re


def logical_id(name: str) -> str:
    """Turn a readable name, such as `work-dead` or `daily_digest`, into a logical id: `WorkDead`, `DailyDigest`."""
    return "".join(word.capitalize() for word in re.split("[-_]", name))
