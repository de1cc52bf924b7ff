"""Check the payloads that the tests send against Discord's own schema, if its file is available."""

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
    _schema._KINDS |= {
        "channel-edit": "UpdateGuildChannelRequestPartial",
        "thread": "CreateTextThreadWithoutMessageRequest",
        "thread-at-message": "CreateTextThreadWithMessageRequest",
        "thread-edit": "UpdateThreadRequestPartial",
        "overwrite": "ChannelPermissionOverwriteRequest",
    }


def approve(kind: str, payload: dict) -> None:
    """Fail if Discord's schema finds a fault.

    `kind` is callback, followup, edit, command, message or dm; or channel, channel-edit, overwrite, thread,
    thread-at-message or thread-edit.
    """
    if AVAILABLE:
        assert _schema.faults(kind, payload) == [], f"{kind}: {payload}"
