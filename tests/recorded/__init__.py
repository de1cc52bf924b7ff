"""Recorded requests in Discord's and API Gateway's own shapes; ids and names are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def load(name: str, **changes: Any) -> dict:
    """A fresh copy of the recording `name`.json, with top-level fields changed."""
    return {**json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8")), **changes}


def all_of(prefix: str = "") -> dict[str, dict]:
    """Name -> recording, of those whose name starts so."""
    return {path.stem: load(path.stem) for path in sorted(Path(__file__).parent.glob(f"{prefix}*.json"))}
