"""Discord's own schema as a judge of every payload that the suite sends, where the file is at hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_FILE = Path(__file__).parents[2] / "shared/discord_schema.py"
AVAILABLE = _FILE.exists()

if AVAILABLE:
    _spec = importlib.util.spec_from_file_location("discord_schema", _FILE)
    assert _spec
    assert _spec.loader
    _schema = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(_schema)


def approve(kind: str, payload: dict) -> None:
    """Fails where Discord's schema finds a fault; `kind`: callback, followup, edit, command, message or dm."""
    if AVAILABLE:
        assert _schema.faults(kind, payload) == [], f"{kind}: {payload}"
