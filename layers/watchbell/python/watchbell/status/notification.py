"""What a system of the account puts on the bus: a text, and where it is posted. Features send the same. Pure.

    {"source": "backup", "detail-type": "notification", "detail": {"content": "The backup has failed."}}

Nothing in an event is trusted: who may put events on the bus is not who may ping a server.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ..discord.mentions import Mentions
from ..discord.reply import Embed, Reply
from ..discord.text import clip, undirected
from ..errors import DefinitionError

TYPE = "notification"
"""The `detail-type` of the events."""

MOST = 2000
"""Discord: the most characters of a message."""

MOST_ROLES = 25
LONGEST_KEY = 256
LONGEST_SOURCE = 80
LONGEST_LETTER = 50_000

SEVERITIES = {
    "info": ("ℹ️", 0x3498DB),
    "warning": ("⚠️", 0xF1C40F),
    "error": ("🔴", 0xE74C3C),
    "critical": ("🚨", 0x992D22),
}
"""How a severity is shown: the glyph before the text, and the colour. Nothing is shown without a severity."""

FIELDS = ("content", "guild", "channel", "webhook", "severity", "mention", "dedupe_key")

REASONS = {
    "no_source": "the event has no source",
    "no_id": "the event has no id",
    "no_detail": "`detail` is not an object",
    "unknown_field": f"`detail` has an unknown field, {{value}}; the fields are {', '.join(FIELDS)}",
    "no_content": "`content` must be a text that is not blank",
    "bad_id": "`{value}` must be an id: digits, written as a text",
    "two_targets": "give `webhook` or `channel`, but not both",
    "webhook_is_a_url": "`webhook` must be the name of a parameter below webhooks/, and never a URL",
    "bad_webhook": "`webhook` must be the name of a parameter below webhooks/: letters, digits and _ . -",
    "bad_severity": f"`severity` must be one of {', '.join(SEVERITIES)}",
    "bad_mention": f"`mention` must be the id of a role, or a list of at most {MOST_ROLES} ids, written as texts",
    "bad_dedupe_key": f"`dedupe_key` must be a text of 1 to {LONGEST_KEY} characters",
    "no_status_channel": "the server `guild` has no status channel; somebody must choose one with /setup",
    "unknown_channel": "`channel` does not exist, or the bot may not see it",
    "no_server_channel": "`channel` is not in a server",
    "other_server": "`channel` is not in the server `guild`",
    "no_text_channel": "nobody can post messages in `channel`: it is a category or a forum",
    "no_default_webhook": "there is no target, and no default webhook; set the parameter webhooks/default",
    "no_server_webhook": "the server `guild` has no webhook with this name; somebody must set it with /webhook",
    "webhook_missing": "the parameter of the webhook is not set",
    "webhook_invalid": "the parameter of the webhook holds no URL of a Discord webhook",
    "webhook_retired": "Discord no longer knows the webhook; set its parameter again",
    "refused": "Discord refused the message, and would refuse it again: {value}",
}
"""Why a notification is not posted, as the operator reads it in the dead letters."""


class Refused(ValueError):
    """A notification that nobody can post as it is. `code` is a key of REASONS, and the text is its sentence."""

    def __init__(self, code: str, value: object = "") -> None:
        super().__init__(REASONS[code].format(value=value))
        self.code = code


@dataclass(frozen=True)
class Notification:
    """A notification that was checked. `key` is the same for each delivery of what must be posted once.

    `guild`, `channel` and `webhook` are "" if they are not given. `mention` holds ids of roles. `time` is when it was
    put on the bus, as ISO 8601, "" if that is not known.
    """

    key: str
    source: str
    content: str
    guild: str = ""
    channel: str = ""
    webhook: str = ""
    severity: str = ""
    mention: tuple[str, ...] = ()
    time: str = ""


def read(event: dict[str, Any]) -> Notification:
    """The notification in an event of EventBridge. Raises Refused."""
    source, id, detail = event.get("source"), event.get("id"), event.get("detail")
    if not isinstance(source, str) or not source:
        raise Refused("no_source")
    if not isinstance(id, str) or not id:
        raise Refused("no_id")
    if not isinstance(detail, dict):
        raise Refused("no_detail")
    given = {name: value for name, value in detail.items() if value is not None}
    for name in given:
        if name not in FIELDS:
            raise Refused("unknown_field", f"{name[:40]!a}")
    content = _content(given.get("content"))
    guild, channel = _id(given, "guild"), _id(given, "channel")
    webhook = _webhook(given["webhook"]) if "webhook" in given else ""
    if webhook and channel:
        raise Refused("two_targets")
    severity = given.get("severity", "")
    if "severity" in given and (not isinstance(severity, str) or severity not in SEVERITIES):
        raise Refused("bad_severity")
    return Notification(
        key=_key(source, id, given.get("dedupe_key"), guild, channel, webhook),
        source=source,
        content=content,
        guild=guild,
        channel=channel,
        webhook=webhook,
        severity=severity,
        mention=_mention(given.get("mention", [])),
        time=_time(event.get("time")),
    )


def of_feature(content: str, mention: str | Iterable[str], given: dict[str, str], now: float) -> dict[str, Any]:
    """The message for the send queue with the notification of a feature. `now` is in epoch seconds.

    `given` are the other fields; those that are "" are left out. Raises DefinitionError for what nobody can post.
    """
    detail: dict[str, Any] = {"content": content, **{name: value for name, value in given.items() if value}}
    if mention:
        detail["mention"] = [mention] if isinstance(mention, str) else list(mention)
    time = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    event = {"source": "watchbell", "id": str(uuid4()), "time": time, "detail-type": TYPE, "detail": detail}
    try:
        read(event)
    except Refused as reason:
        raise DefinitionError(f"tools.notify: {reason}") from None
    return {"kind": "notification", **event}


def reply(notification: Notification, roles: Iterable[str], reference: str) -> Reply:
    """The message. It pings `roles`, and nobody else that its text mentions.

    What must ring is in the content: the push notification shows nothing else. The embed says who sends it and when,
    and `reference` is how a second try finds the message.
    """
    glyph, colour = SEVERITIES.get(notification.severity, ("", None))
    roles = list(roles)
    head = " ".join([*(f"<@&{id}>" for id in roles), *([glyph] if glyph else [])])
    head += " " * bool(head)
    footer = f"{clip(undirected(notification.source), LONGEST_SOURCE)} · {reference}"
    embed = Embed(colour=colour, footer=footer, timestamp=notification.time)
    return Reply(head + clip(notification.content, MOST - len(head)), embeds=[embed], mentions=Mentions(roles=roles))


def letter(event: dict[str, Any]) -> dict[str, Any]:
    """The event as it lies in the dead letters: without tokens of webhooks, and cut if it is very long."""
    text = re.sub(r"(webhooks/+\d+/+)[\w-]+", r"\1***", json.dumps(event), flags=re.ASCII)
    if len(text) <= LONGEST_LETTER:
        whole: dict[str, Any] = json.loads(text)
        return whole
    return {"cut": text[:LONGEST_LETTER]}


def _content(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("no_content")
    text = value.replace("\0", "").encode("utf-8", "replace").decode()
    if not text.strip():
        raise Refused("no_content")
    return text


def _id(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    # A number is refused: many systems round numbers with more than 15 digits, so it would be the id of another one.
    if not _is_id(value):
        raise Refused("bad_id", name)
    return str(value)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9]{1,20}", value) is not None


def _webhook(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", value):
        return value
    is_url = isinstance(value, str) and ("/" in value or ":" in value)
    raise Refused("webhook_is_a_url" if is_url else "bad_webhook")


def _mention(value: Any) -> tuple[str, ...]:
    ids = value if isinstance(value, list) else [value]
    if len(ids) > MOST_ROLES or not all(map(_is_id, ids)):
        raise Refused("bad_mention")
    return tuple(dict.fromkeys(ids))


def _key(source: str, id: str, dedupe_key: Any, *target: str) -> str:
    """Name what is posted once: the event, or all events with the same source, dedupe key and target."""
    if dedupe_key is not None and not (isinstance(dedupe_key, str) and 1 <= len(dedupe_key) <= LONGEST_KEY):
        raise Refused("bad_dedupe_key")
    named = ["id", id] if dedupe_key is None else ["key", source, dedupe_key, *target]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]


def _time(value: Any) -> str:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return ""
    return time.isoformat() if time and time.tzinfo else ""
