"""The transcript of a channel: Markdown that a person can read in ten years, without Discord."""

from __future__ import annotations

from typing import Any

from .application import Application

MOST = 1_000
"""How many messages a transcript has. A channel with more is locked instead of deleted."""

MOST_BYTES = 8_000_000
"""Discord: a file of a bot has at most 10 MiB."""


def written(application: Application, channel: str, messages: list[dict[str, Any]]) -> bytes:
    """Return the transcript. `messages` are as Discord sends them, the oldest first."""
    lines = [f"# {channel}", "", f"- user: {application.user}", f"- status: {application.status}"]
    lines += [f"- result: {application.result}"] if application.result else []
    lines += [f"- {_line(question)}: {_line(answer)}" for question, answer in application.answers]
    for message in messages:
        author = message.get("author") or {}
        who = _line(str(author.get("global_name") or author.get("username") or author.get("id")))
        lines += ["", f"**{who}** ({author.get('id')}), {str(message.get('timestamp'))[:19].replace('T', ' ')} UTC", ""]
        lines += [f"> {line}" for line in str(message.get("content") or "").splitlines()]
        lines += [f"> {_line(str(part.get('description') or ''))}" for part in message.get("embeds") or ()]
        lines += [
            f"> [{_line(str(file.get('filename')))}]({file.get('url')})" for file in message.get("attachments") or ()
        ]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


def _line(text: str) -> str:
    return " ".join(text.split())
