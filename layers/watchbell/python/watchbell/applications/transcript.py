"""The transcript of a channel: Markdown that a person can read in ten years, without Discord."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .application import Application

_MENTION = re.compile(r"<@!?([0-9]{1,20})>")

MOST = 1_000
"""How many messages a transcript has. A channel with more is locked instead of deleted."""

MOST_BYTES = 8_000_000
"""Discord: a file of a bot has at most 10 MiB."""


PARTS = ("embeds", "components", "poll", "sticker_items", "message_snapshots")
"""The parts of a message that hold texts, besides its content and its files. A snapshot is a forwarded message."""

TEXTS = ("title", "description", "name", "value", "text", "content", "filename", "url")
"""The names of the texts in these parts. The labels of buttons are none of them."""

UNSEEN = (
    *("id", "channel_id", "guild_id", "type", "author", "member", "timestamp", "edited_timestamp", "flags", "tts"),
    *("pinned", "nonce", "position", "webhook_id", "application_id", "application", "resolved", "channel_type"),
    *("mentions", "mention_roles", "mention_channels", "mention_everyone", "message_reference", "referenced_message"),
    *("interaction", "interaction_metadata", "reactions", "shared_client_theme"),
)
"""The fields of a message that a transcript leaves out. An answer's other message has a line of its own."""


def written(application: Application, channel: str, messages: list[dict[str, Any]]) -> bytes:
    """Return the transcript. `messages` are as Discord sends them, the oldest first."""
    lines = [
        f"# {channel}",
        "",
        f"- user: {_line(application.name)} ({application.user})",
        f"- status: {application.status}",
    ]
    lines += [f"- result: {application.result}"] if application.result else []
    lines += [f"- by: <@{application.by}>"] if application.by else []
    lines += [f"- {_line(question)}: {_line(answer)}" for question, answer in application.answers]
    for message in messages:
        author = message.get("author") or {}
        who = _line(str(author.get("global_name") or author.get("username") or author.get("id")))
        lines += ["", f"**{who}** ({author.get('id')}), {str(message.get('timestamp'))[:19].replace('T', ' ')} UTC", ""]
        lines += [f"> {line}" for line in str(message.get("content") or "").splitlines()]
        lines += [f"> {line}" for part in PARTS for text in _texts(message.get(part)) for line in text.splitlines()]
        lines += [
            f"> [{_line(str(file.get('filename')))}]({file.get('url')})" for file in message.get("attachments") or ()
        ]
    names = _names(application, messages)
    text = _MENTION.sub(lambda found: names.get(found[1], found[0]), "\n".join([*lines, ""]))
    return text.encode("utf-8", "replace")


def _names(application: Application, messages: list[dict[str, Any]]) -> dict[str, str]:
    """Return how the people are called whom the messages show, by their ids, with an @."""
    people = [
        each for message in messages for each in (message.get("author"), *(message.get("mentions") or ())) if each
    ]
    names = {str(each.get("id")): str(each.get("global_name") or each.get("username") or "") for each in people}
    named = {application.user: application.name, **names}
    return {id: f"@{_line(name)}" for id, name in named.items() if name}


def tells_all_of(messages: list[dict[str, Any]]) -> bool:
    """Whether a transcript has everything that people see of the messages."""
    known = {"content", "attachments", *PARTS, *UNSEEN}
    return all(not value or name in known for message in messages for name, value in message.items())


def _texts(part: Any) -> Iterator[str]:
    """Yield the texts in a part of a message, as they are read. A part is JSON."""
    for name, inner in part.items() if isinstance(part, dict) else ():
        if name in TEXTS and isinstance(inner, str):
            yield inner
        else:
            yield from _texts(inner)
    for inner in part if isinstance(part, list) else ():
        yield from _texts(inner)


def _line(text: str) -> str:
    return " ".join(text.split())
