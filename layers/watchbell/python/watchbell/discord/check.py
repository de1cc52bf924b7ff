"""Check messages, edits, modals and interaction responses against Discord's rules before they are sent.

Sources: Discord's reference and its OpenAPI file (specs/openapi.json, 2026-07-18). Some rules concern more than one
field and are not in that file: totals, duplicates, fields that exclude each other, and names of files that do not
exist.
"""

from ..errors import InvalidReply
from . import component_rules, rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .files import File
    from .rules import Look, Rule

FILE_BYTES = 10 * 1024 * 1024
"""The default limit of one file, in bytes (10 MiB). Nitro and boosts raise it; see `attachment_size_limit`."""

REQUEST_BYTES = 25 * 1024 * 1024
"""The limit of all files of a request together, in bytes (25 MiB)."""

_V2 = 1 << 15
_FLAGS = {
    1 << 2: "SUPPRESS_EMBEDS",
    1 << 6: "EPHEMERAL",
    1 << 12: "SUPPRESS_NOTIFICATIONS",
    1 << 13: "IS_VOICE_MESSAGE",
    1 << 15: "IS_COMPONENTS_V2",
}
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
_NAMED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."


def require(
    kind: str, payload: "Any", files: "Sequence[File]" = (), *, file_bytes: int = FILE_BYTES, whose: object = ""
) -> None:
    """Raise InvalidReply with everything that `faults` finds. The error says `whose` payload it is."""
    found = faults(kind, payload, files, file_bytes=file_bytes)
    if found:
        raise InvalidReply(kind, found, str(whose))


def faults(kind: str, payload: "Any", files: "Sequence[File]" = (), *, file_bytes: int = FILE_BYTES) -> list[str]:
    """Return what Discord would refuse in `payload`, one line for each fault, starting with its place.

    `kind` is one of:

    - message: Create Message
    - followup: a follow-up message to an interaction
    - webhook: a message through a channel's own webhook
    - edit: PATCH of a message
    - modal: the data of a modal
    - callback: a whole interaction response

    The custom ids in `payload` must be sealed already. `files` are sent with it. `file_bytes` is the limit of one file.
    """
    look = rules.Look(files)
    if not isinstance(payload, dict):
        return [f"{kind}: {rules.what(payload)}, not an object"]
    if kind == "callback":
        _callback(payload, look, file_bytes)
    elif kind == "modal":
        component_rules.MODAL(payload, "", look)
    else:
        _message(kind, payload, "", look, file_bytes)
    return look.faults


# Embeds.


def _embed_picture(value: "Any", place: str, look: "Look") -> None:
    rules.media_url(value, place, look)
    if isinstance(value, str) and value.startswith(rules.ATTACHMENT) and not value.lower().endswith(_PICTURES):
        look.fault(place, f"{rules.what(value)}; an embed can only show {rules.either(_PICTURES)}")


def _shows_something(embed: dict, place: str, look: "Look") -> None:
    shown = ("title", "description", "author", "footer", "fields", "image", "thumbnail", "timestamp")
    if not any(embed.get(key) for key in shown):
        look.fault(place, "empty")


_PICTURE = rules.object_of("url", url=_embed_picture)
_EMBED = rules.object_of(
    "",
    _shows_something,
    title=rules.text(0, 256),
    description=rules.text(0, 4096),
    url=rules.url(2048),
    color=rules.number(0, 0xFFFFFF),
    timestamp=rules.time,
    author=rules.object_of("name", name=rules.text(1, 256), url=rules.url(2048), icon_url=_embed_picture),
    footer=rules.object_of("text", text=rules.text(1, 2048), icon_url=_embed_picture),
    image=_PICTURE,
    thumbnail=_PICTURE,
    fields=rules.list_of(
        rules.object_of("name value", name=rules.text(1, 256), value=rules.text(1, 1024), inline=rules.flag), 0, 25
    ),
)
_EMBEDS = rules.list_of(_EMBED, 0, 10)


def _embeds(value: "Any", place: str, look: "Look") -> None:
    before = len(look.faults)
    _EMBEDS(value, place, look)
    if len(look.faults) == before and (total := sum(map(_weight, value))) > 6000:
        look.fault(place, f"{total} characters in total; at most 6000")


def _weight(embed: dict) -> int:
    words = [embed.get("title"), embed.get("description")]
    words += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    words += [text for field in embed.get("fields") or () for text in (field["name"], field["value"])]
    return sum(len(text) for text in words if text)


# Mentions, polls, attachments, choices.


def _excludes(allowed: dict, place: str, look: "Look") -> None:
    for group in ("users", "roles"):
        if allowed.get(group) and group in (allowed.get("parse") or ()):
            look.fault(rules.inside(place, group), f'has ids, but "{group}" is in parse too; use one or the other')


_MENTIONS = rules.object_of(
    "",
    _excludes,
    parse=rules.list_of(rules.one_of("users", "roles", "everyone"), 0, 3, unique=True),
    users=rules.list_of(rules.snowflake, 0, 100, unique=True),
    roles=rules.list_of(rules.snowflake, 0, 100, unique=True),
    replied_user=rules.flag,
)


def _id_or_name(emoji: dict, place: str, look: "Look") -> None:
    if bool(emoji.get("id")) == bool(emoji.get("name")):
        look.fault(place, "needs either an id or a name, not both")


_POLL_EMOJI = rules.object_of("", _id_or_name, id=rules.snowflake, name=rules.text(0, 32), animated=rules.flag)
_POLL = rules.object_of(
    "question answers",
    question=rules.object_of("text", text=rules.text(1, 300)),
    answers=rules.list_of(
        rules.object_of("poll_media", poll_media=rules.object_of("text", text=rules.text(1, 55), emoji=_POLL_EMOJI)),
        1,
        10,
    ),
    duration=rules.number(1, 768),
    allow_multiselect=rules.flag,
    layout_type=rules.one_of(1),
)


def _attachment_id(value: "Any", place: str, look: "Look") -> None:
    if not rules.is_snowflake(value) and not (type(value) is int and value >= 0):
        look.fault(place, f"{rules.what(value)}, not the number of a file or the id of an attachment")


_ATTACHMENTS = rules.list_of(
    rules.object_of(
        "id",
        id=_attachment_id,
        filename=rules.text(1, 1024),
        title=rules.text(0, 1024),
        description=rules.text(0, 1024),
        duration_secs=rules.real,
        waveform=rules.text(0, 400),
        is_spoiler=rules.flag,
        is_remix=rules.flag,
    ),
    0,
    10,
)


def _choice_value(value: "Any", place: str, look: "Look") -> None:
    if isinstance(value, str):
        rules.text(1, 100)(value, place, look)
    elif isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 2**53 - 1:
        look.fault(place, f"{rules.what(value)}, not a string or a number from -(2^53-1) to 2^53-1")


def _names(value: "Any", place: str, look: "Look") -> None:
    if not isinstance(value, dict):
        look.fault(place, f"{rules.what(value)}, not an object")
        return
    for locale, name in value.items():
        rules.text(1, 100)(name, rules.inside(place, locale), look)


def _one_type(data: dict, place: str, look: "Look") -> None:
    if len({isinstance(choice["value"], str) for choice in data["choices"]}) > 1:
        look.fault(rules.inside(place, "choices"), "has both strings and numbers; an option has one type")


_CHOICE = rules.object_of("name value", name=rules.text(1, 100), name_localizations=_names, value=_choice_value)
_CHOICES = rules.object_of("choices", _one_type, choices=rules.list_of(_CHOICE, 0, 25))


# Messages.

_EDITED: "dict[str, Rule]" = {
    "content": rules.text(0, 2000),
    "embeds": _embeds,
    "allowed_mentions": _MENTIONS,
    "components": component_rules.IN_MESSAGE,
    "attachments": _ATTACHMENTS,
    "flags": rules.number(0, 2**31 - 1),
}
_CREATED: "dict[str, Rule]" = {**_EDITED, "poll": _POLL, "tts": rules.flag}
_REFERENCE = rules.object_of(
    "message_id",
    message_id=rules.snowflake,
    channel_id=rules.snowflake,
    guild_id=rules.snowflake,
    fail_if_not_exists=rules.flag,
    type=rules.one_of(0),
)


def _nonce(value: "Any", place: str, look: "Look") -> None:
    (rules.text(0, 25) if isinstance(value, str) else rules.number(-(2**63), 2**63 - 1))(value, place, look)


# kind -> (rule for its fields, flags that can be set, whether it is an edit)
_KINDS: "dict[str, tuple[Rule, int, bool]]" = {
    "message": (
        rules.object_of(
            **_CREATED,
            nonce=_nonce,
            enforce_nonce=rules.flag,
            sticker_ids=rules.list_of(rules.snowflake, 0, 3),
            message_reference=_REFERENCE,
        ),
        4 | 4096 | 8192 | _V2,
        False,
    ),
    "followup": (rules.object_of(**_CREATED), 4 | 64 | 4096 | _V2, False),
    "webhook": (
        rules.object_of(
            **_CREATED,
            username=rules.text(1, 80),
            avatar_url=rules.url(2048),
            thread_name=rules.text(0, 100),
            applied_tags=rules.list_of(rules.snowflake, 0, 5),
        ),
        4 | 4096 | _V2,
        False,
    ),
    "edit": (rules.object_of(**_EDITED, poll=_POLL), 4 | _V2, True),
    "response": (rules.object_of(**_CREATED), 4 | 64 | 4096 | 8192 | _V2, False),
    "update": (rules.object_of(**_EDITED), 4 | _V2, True),
    "deferral": (rules.object_of(flags=rules.number(0, 2**31 - 1)), 64, True),
}


def _callback(response: dict, look: "Look", file_bytes: int) -> None:
    """Check a response. Types: 1 PONG, 4 message, 5 and 6 deferrals, 7 update, 8 choices, 9 modal, 12 activity."""
    kind, data = response.get("type"), response.get("data")
    if type(kind) is not int or kind not in (1, 4, 5, 6, 7, 8, 9, 12):
        look.fault("type", f"{rules.what(kind)} is not a type of interaction response")
        return
    for key in response:
        if key not in ("type", "data"):
            look.fault(key, "there is no such field, or it cannot be set here")
    if kind in (1, 6, 12) or (kind == 5 and data is None):
        if data is not None:
            look.fault("data", f"a response of type {kind} has no data")
    elif not isinstance(data, dict):
        look.fault("data", "missing" if data is None else f"{rules.what(data)}, not an object")
    elif kind == 8:
        _CHOICES(data, "data", look)
    elif kind == 9:
        component_rules.MODAL(data, "data", look)
    else:
        _message({4: "response", 5: "deferral", 7: "update"}[kind], data, "data", look, file_bytes)
    if look.files and kind not in (4, 7):
        look.fault("files", f"a response of type {kind} has no files")


def _message(kind: str, message: dict, place: str, look: "Look", file_bytes: int) -> None:
    rule, settable, edits = _KINDS[kind]
    before = len(look.faults)
    rule(message, place, look)
    if look.files:
        _files(look, file_bytes)
    if len(look.faults) > before:  # the checks below need fields of the right shape
        return
    flags = message.get("flags") or 0
    barred = flags & ~settable
    for bit in range(barred.bit_length()):
        if barred >> bit & 1:
            name = _FLAGS.get(1 << bit)
            look.fault(rules.inside(place, "flags"), f"{name or 'the flag'} ({1 << bit}) cannot be set here")
    v2 = bool(flags & _V2)
    components = message.get("components") or []
    if v2:
        _layout(message, place, look)
    elif look.v2:
        look.fault(look.v2, f"needs the flag IS_COMPONENTS_V2 ({_V2})")
    elif len(components) > 5:
        look.fault(rules.inside(place, "components"), f"{len(components)} rows; at most 5")
    if look.files or look.links or message.get("attachments") is not None:
        _attachments(message, place, look, edits, v2)
    if not _has_content(message, look, edits):
        look.fault(
            rules.inside(place, "content"), "empty; a message needs content, an embed, a component, a file or a poll"
        )


def _layout(message: dict, place: str, look: "Look") -> None:
    for key in ("content", "embeds", "poll", "sticker_ids"):
        if message.get(key):
            look.fault(rules.inside(place, key), "cannot be used with Components V2")
    if look.components > 40:
        look.fault(rules.inside(place, "components"), f"{look.components} including nested ones; at most 40")
    if look.text > 4000:
        look.fault(rules.inside(place, "components"), f"{look.text} characters of text in total; at most 4000")


def _has_content(message: dict, look: "Look", edits: bool) -> bool:
    """Whether the message shows anything.

    An edit keeps the fields that it does not name, so it is empty only if it clears them all.
    """
    if look.files or (message.get("content") or "").strip():
        return True
    if any(message.get(key) for key in ("embeds", "components", "attachments", "poll", "sticker_ids")):
        return True
    return edits and any(key not in message for key in ("content", "embeds", "components", "attachments"))


def _files(look: "Look", file_bytes: int) -> None:
    if len(look.files) > 10:
        look.fault("files", f"{len(look.files)}; at most 10")
    for number, file in enumerate(look.files):
        rules.text(1, 1024)(file.name, f"files[{number}].name", look)
        if file.name.encode("utf-8", "replace") != file.name.encode("utf-8", "surrogatepass"):
            look.fault(f"files[{number}].name", "has half of a surrogate pair, which cannot be sent")
        if len(file.content) > file_bytes:
            look.fault(f"files[{number}]", f"{len(file.content)} bytes; at most {file_bytes}")
    total = sum(len(file.content) for file in look.files)
    if total > REQUEST_BYTES:
        look.fault("files", f"{total} bytes in total; at most {REQUEST_BYTES}")


def _attachments(message: dict, place: str, look: "Look", edits: bool, v2: bool) -> None:
    """Check that new attachments and files match, and that each `attachment://name` names exactly one file."""
    listed = message.get("attachments")
    entries, at = listed or [], rules.inside(place, "attachments")
    numbers = [int(entry["id"]) for entry in entries]
    for number, entry in enumerate(numbers):
        if entry in numbers[:number]:
            look.fault(f"{at}[{number}].id", f"{entry} is used twice")
        elif entry >= len(look.files) and (not edits or entry < 2**22):  # greater: the id of an attachment to keep
            look.fault(f"{at}[{number}].id", f"there is no files[{entry}]")
    if listed is not None:
        for number in range(len(look.files)):
            if number not in numbers:
                look.fault(at, f"there is no entry for files[{number}]")
    names = [file.name for file in look.files]
    kept = edits and (listed is None or any(entry >= len(look.files) for entry in numbers))
    for where, name in look.links:
        if name.strip(_NAMED):
            look.fault(where, f"{rules.what(name)}; use only ASCII letters, digits and _-. in the name of a shown file")
        elif names.count(name) > 1:
            look.fault(where, f"{names.count(name)} files are named {rules.what(name)}")
        elif name not in names and not kept:
            look.fault(where, f"no file is named {rules.what(name)}")
    if v2:
        shown = {name for _, name in look.links}
        for number, name in enumerate(names):
            if name not in shown:
                look.fault(f"files[{number}]", f"no component shows {rules.what(name)}, so nobody would see it")
