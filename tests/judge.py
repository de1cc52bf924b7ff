"""Check payloads and answers against Discord's own schema, if its file is available."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from pathlib import Path

from jsonschema import Draft202012Validator

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
        "post": "CreateForumThreadRequest",
        "overwrite": "ChannelPermissionOverwriteRequest",
    }


def approve(kind: str, payload: dict) -> None:
    """Fail if Discord's schema finds a fault.

    `kind` is callback, followup, edit, command, message or dm; or channel, channel-edit, overwrite, thread,
    thread-at-message, thread-edit or post.
    """
    if AVAILABLE:
        assert _schema.faults(kind, payload) == [], f"{kind}: {payload}"


def approve_answer(method: str, path: str, status: int, answer: object) -> None:
    """Fail if Discord's schema finds a fault in a response with status 2xx. `path` is below the base of the API."""
    if AVAILABLE and 200 <= status < 300 and (validator := _of_answer(method, path.split("?")[0], str(status))):
        assert [f"{fault.json_path}: {fault.message[:300]}" for fault in validator.iter_errors(answer)] == []


@functools.cache
def routes() -> dict[str, dict]:
    """Discord's routes: the shape of each path, such as "/channels/{}", and its operations by method."""
    found: dict[str, dict] = {}
    for path, operations in json.loads(_schema._FILE.read_text("utf-8"))["paths"].items():
        named = {method.upper(): each for method, each in operations.items() if method != "parameters"}
        found.setdefault(re.sub(r"\{\w+\}", "{}", path), {}).update(named)
    return dict(sorted(found.items(), key=lambda route: route[0].count("{}")))


@functools.cache
def _of_answer(method: str, path: str, status: str) -> Draft202012Validator | None:
    for shape, operations in routes().items():
        if re.fullmatch(re.escape(shape).replace(r"\{\}", "[^/]+"), path):
            answers = operations[method]["responses"]
            assert status in answers, f"{method} {shape} never answers {status}"
            content = answers[status].get("content")
            schema = content["application/json"]["schema"] if content else {"type": "null"}
            return Draft202012Validator({"components": {"schemas": _schema._patched()}, **schema})
    raise AssertionError(f"Discord has no route {path}")
