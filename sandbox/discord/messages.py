"""Which messages Discord accepts: the fields, flags and limits of each way to send or edit one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.discord import components, files
from sandbox.discord.validation import Form, Json, NotSimulated, Path, Refusal

SUPPRESS_EMBEDS, EPHEMERAL, LOADING = 1 << 2, 1 << 6, 1 << 7
SUPPRESS_NOTIFICATIONS, COMPONENTS_V2 = 1 << 12, 1 << 15

_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
MAX_CONTENT, MAX_EMBEDS, MAX_EMBED_TEXT = 2000, 10, 6000
EMBED_KEYS = (
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "author",
    "fields",
)


@dataclass(frozen=True)
class MessageKind:
    """One way to send or edit a message: its fields, the flags that may be set, and who is pinged by default."""

    keys: frozenset[str]
    flags: int
    edits: bool = False
    pings_everything: bool = False


_COMMON = frozenset({"content", "embeds", "allowed_mentions", "components", "attachments", "flags"})
_NEW = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
_CREATE = _COMMON | {"tts", "poll", "nonce", "enforce_nonce", "message_reference", "sticker_ids"}

RESPONSE = MessageKind(_COMMON | {"tts", "poll"}, _NEW | EPHEMERAL)
UPDATE = MessageKind(_COMMON, SUPPRESS_EMBEDS | COMPONENTS_V2, edits=True)
FOLLOW_UP = RESPONSE
EDIT = MessageKind(_COMMON | {"poll"}, SUPPRESS_EMBEDS | COMPONENTS_V2, edits=True)
WEBHOOK = MessageKind(_COMMON | {"tts", "poll", "username", "avatar_url", "thread_name", "applied_tags"}, _NEW)
CREATE = MessageKind(_CREATE, _NEW, pings_everything=True)
POST = MessageKind(_COMMON | {"poll", "sticker_ids"}, _NEW, pings_everything=True)
"""The first message of a post in a forum."""
CHANNEL_EDIT = MessageKind(EDIT.keys, EDIT.flags, edits=True, pings_everything=True)


def read_message(form: Form, path: Path, body: Any, kind: MessageKind, before: Json | None = None) -> Json:
    """The message fields in `body`. For an edit, they are added to the fields of `before`.

    Raises Refusal 50035 with every error, 50006 if the message would be empty.
    """
    body = form.object(path, body, kind.keys)
    if body.get("sticker_ids") and "sticker_ids" in kind.keys:
        raise NotSimulated("stickers")
    fields: Json = {"content": "", "embeds": [], "components": [], "attachments": [], "flags": 0, "tts": False}
    if kind.edits and before:
        fields |= {key: before[key] for key in fields}
        if before.get("poll") or (body.get("poll") and not before["flags"] & LOADING):
            raise Refusal(400, 520003, "Cannot edit a poll message")
    if body.get("flags") is not None:
        fields["flags"] = _read_flags(form, (*path, "flags"), body["flags"], kind, fields["flags"])
    v2 = bool(fields["flags"] & COMPONENTS_V2)
    if "content" in body:
        content = body["content"]
        fields["content"] = "" if content is None else form.text((*path, "content"), content, 0, MAX_CONTENT)
    if "embeds" in body:
        fields["embeds"] = _read_embeds(form, (*path, "embeds"), body["embeds"] or [])
    if "components" in body:
        fields["components"] = components.read_message_components(
            form, (*path, "components"), body["components"] or [], v2
        )
    if body.get("tts") is not None:
        fields["tts"] = form.boolean((*path, "tts"), body["tts"])
    at = (*path, "attachments")
    fields["attachments"] = files.read_attachments(form, at, body.get("attachments"), fields["attachments"])
    _check_attached(form, fields["attachments"], shown_by_components="components" in body and v2)
    if body.get("poll") is not None:
        fields["poll"] = _read_poll(form, (*path, "poll"), body["poll"])
    pinged = _read_allowed_mentions(form, (*path, "allowed_mentions"), body.get("allowed_mentions"), kind)
    if v2:
        for key in ("content", "embeds", "poll"):
            if fields.get(key):
                message = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                form.error((*path, key), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    form.refuse()
    if not any(fields.get(key) for key in ("content", "embeds", "components", "attachments", "poll")):
        raise Refusal(400, 50006, "Cannot send an empty message")
    return fields | {"pinged": pinged}


def read_reference(form: Form, given: Any) -> Json | None:
    """What a new message answers: {"message_id", "channel_id", "fail_if_not_exists"}. None if it answers nothing."""
    if given is None:
        return None
    at = ("message_reference",)
    given = form.object(at, given, ("message_id", "channel_id", "guild_id", "type", "fail_if_not_exists"))
    if given.get("type"):
        raise NotSimulated("forwarded messages")
    read: Json = {"fail_if_not_exists": True}
    if form.required(at, given, "message_id"):
        read["message_id"] = form.snowflake((*at, "message_id"), given["message_id"])
    for key in ("channel_id", "guild_id"):
        if given.get(key) is not None:
            read[key] = form.snowflake((*at, key), given[key])
    if given.get("fail_if_not_exists") is not None:
        read["fail_if_not_exists"] = form.boolean((*at, "fail_if_not_exists"), given["fail_if_not_exists"])
    return read


def _check_attached(form: Form, attachments: list[Json], *, shown_by_components: bool) -> None:
    """Check that each `attachment://name` in the body is a file of the message, and in an embed a picture."""
    names = {each["filename"] for each in attachments}
    for path, name in form.attached:
        if "embeds" in path:
            if name not in names or not name.lower().endswith(_PICTURES):
                form.ignore(path, f"{name} is not a picture among the message's files, so nothing is shown")
        elif name not in names:
            message = f"There is no file called {name} in the message"
            form.error(path, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)
    if shown_by_components:
        for name in sorted(names - {name for _, name in form.attached}):
            form.ignore(("attachments",), f"{name} is not shown: no component refers to it")


def _read_poll(form: Form, path: Path, given: Any) -> Json:
    given = form.object(path, given, ("question", "answers", "duration", "allow_multiselect", "layout_type"))
    poll: Json = {"question": {"text": ""}, "answers": [], "layout_type": 1}
    if form.required(path, given, "question"):
        question = form.object((*path, "question"), given["question"], ("text",))
        poll["question"]["text"] = form.text((*path, "question", "text"), question.get("text"), 1, 300)
    for i, answer in enumerate(form.array((*path, "answers"), given.get("answers"), 1, 10)):
        at = (*path, "answers", i, "poll_media")
        media = form.object(at, form.object(at[:-1], answer, ("poll_media",)).get("poll_media"), ("text", "emoji"))
        shown: Json = {"text": form.text((*at, "text"), media.get("text"), 1, 55)}
        if media.get("emoji") is not None:
            emoji = form.object((*at, "emoji"), media["emoji"], ("id", "name"))
            shown["emoji"] = {key: value for key, value in emoji.items() if value is not None}
            if "id" in shown["emoji"]:
                shown["emoji"]["id"] = form.snowflake((*at, "emoji", "id"), shown["emoji"]["id"])
            if len(shown["emoji"]) != 1:
                form.error((*at, "emoji"), "POLL_INVALID_EMOJI", "An emoji of a poll has an id or a name")
        poll["answers"].append({"answer_id": i + 1, "poll_media": shown})
    poll["duration"] = form.number((*path, "duration"), given.get("duration", 24), 1, 768)
    poll["allow_multiselect"] = form.boolean((*path, "allow_multiselect"), given.get("allow_multiselect", False))
    form.one_of((*path, "layout_type"), given.get("layout_type", 1), (1,))
    return poll


def _read_flags(form: Form, path: Path, flags: Any, kind: MessageKind, before: int) -> int:
    flags = form.number(path, flags, 0, 2**53)
    unfit = flags & ~kind.flags
    if unfit:
        allowed = ", ".join(str(1 << bit) for bit in range(20) if kind.flags >> bit & 1)
        form.error(path, "BASE_TYPE_CHOICES", f"Flags {unfit} cannot be set here; only {allowed} can.")
    if before & COMPONENTS_V2 and not flags & COMPONENTS_V2:
        form.ignore(path, "IS_COMPONENTS_V2 can never be unset")
        flags |= COMPONENTS_V2
    return (before & ~SUPPRESS_EMBEDS) | flags if kind.edits else flags


def _read_embeds(form: Form, path: Path, embeds: Any) -> list[Json]:
    read = [_read_embed(form, (*path, i), embed) for i, embed in enumerate(form.array(path, embeds, 0, MAX_EMBEDS))]
    if sum(map(_embed_length, read)) > MAX_EMBED_TEXT:
        form.error(path, "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TEXT}")
    return read


def _embed_length(embed: Json) -> int:
    shown = [embed.get("title"), embed.get("description")]
    shown += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    shown += [text for field in embed.get("fields", []) for text in (field["name"], field["value"])]
    return sum(len(text or "") for text in shown)


def _read_embed(form: Form, path: Path, given: Any) -> Json:
    given = form.object(path, given, EMBED_KEYS)
    given = {key: value for key, value in given.items() if key in EMBED_KEYS and value is not None}
    embed: Json = {"type": "rich"}
    for key, most in (("title", 256), ("description", 4096)):
        if key in given and (text := form.text((*path, key), given[key], 0, most)):
            embed[key] = text
    if "url" in given:
        embed["url"] = form.url((*path, "url"), given["url"])
    if "timestamp" in given:
        embed["timestamp"] = form.timestamp((*path, "timestamp"), given["timestamp"])
    if "color" in given:
        embed["color"] = form.number((*path, "color"), given["color"], 0, 0xFFFFFF)
    for part, words, most in (("footer", "text", 2048), ("author", "name", 256)):
        if part in given:
            inner = form.object((*path, part), given[part], (words, "url", "icon_url", "proxy_icon_url"))
            if form.required((*path, part), inner, words):
                embed[part] = {words: form.text((*path, part, words), inner[words], 1, most)}
            for link in ("url", "icon_url"):
                if inner.get(link) is not None:
                    form.url((*path, part, link), inner[link], attachment=link == "icon_url")
                    embed.setdefault(part, {})[link] = inner[link]
    for part in ("image", "thumbnail"):
        if part in given:
            picture = form.object((*path, part), given[part], ("url", *components.MADE_BY_DISCORD))
            embed[part] = {"url": form.url((*path, part, "url"), picture.get("url"), attachment=True)}
    if "fields" in given:
        at = (*path, "fields")
        embed["fields"] = [_read_field(form, (*at, i), f) for i, f in enumerate(form.array(at, given["fields"], 0, 25))]
    if embed.keys() <= {"type", "color", "url"} or not any(embed.get(key, True) for key in embed if key != "type"):
        form.error((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")
    return embed


def _read_field(form: Form, path: Path, field: Any) -> Json:
    field = form.object(path, field, ("name", "value", "inline"))
    read: Json = {"name": "", "value": "", "inline": False}
    for key, most in (("name", 256), ("value", 1024)):
        if form.required(path, field, key):
            read[key] = form.text((*path, key), field[key], 1, most)
    if field.get("inline") is not None:
        read["inline"] = form.boolean((*path, "inline"), field["inline"])
    return read


def _read_allowed_mentions(form: Form, path: Path, allowed: Any, kind: MessageKind) -> Json:
    """Who may be pinged: {"parse": [...], "users": [...], "roles": [...]}.

    By default, ordinary messages ping everybody that they mention; interactions and webhooks ping only users.
    """
    if allowed is None:
        return {"parse": ["users", "roles", "everyone"] if kind.pings_everything else ["users"]}
    allowed = form.object(path, allowed, ("parse", "roles", "users", "replied_user"))
    read: Json = {"parse": form.array((*path, "parse"), allowed.get("parse") or [], 0, 3)}
    for i, what in enumerate(read["parse"]):
        form.one_of((*path, "parse", i), what, ("roles", "users", "everyone"))
    for key in ("users", "roles"):
        read[key] = form.array((*path, key), allowed.get(key) or [], 0, 100)
        read[key] = [form.snowflake((*path, key, i), one) for i, one in enumerate(read[key])]
        if read[key] and key in read["parse"]:
            message = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            form.error(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
    return read


def pings(fields: Json) -> tuple[set[str], set[str], bool]:
    """Whom a checked message pings: user ids, role ids, everyone. Mentions in embeds do not count."""
    allowed = fields["pinged"]
    texts = [fields["content"], *(c.get("content", "") for c in components.every(fields["components"]))]
    text = "\n".join(texts)
    users, roles = set(re.findall(r"<@!?(\d+)>", text)), set(re.findall(r"<@&(\d+)>", text))
    if "users" not in allowed["parse"]:
        users &= set(allowed.get("users", []))
    if "roles" not in allowed["parse"]:
        roles &= set(allowed.get("roles", []))
    return users, roles, "everyone" in allowed["parse"] and bool(re.search(r"@(everyone|here)\b", text))
