"""A message as text, close to what a person sees: its text, its embeds, and [buttons] below."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.discord import components
from sandbox.discord.files import SPOILER
from sandbox.discord.messages import COMPONENTS_V2, EPHEMERAL, LOADING, SUPPRESS_EMBEDS
from sandbox.discord.validation import Json

_COLOURS = {
    "🟥": (0xDD, 0x2E, 0x44),
    "🟧": (0xF4, 0x90, 0x0C),
    "🟨": (0xFD, 0xCB, 0x58),
    "🟩": (0x57, 0xB3, 0x59),
    "🟦": (0x55, 0xAC, 0xEE),
    "🟪": (0xAA, 0x8E, 0xD6),
    "⬛": (0x31, 0x37, 0x3D),
    "⬜": (0xE6, 0xE7, 0xE8),
}


def render(message: Json) -> str:
    """The message as the person sees it, on several lines, without a trailing newline."""
    if message["flags"] & LOADING:
        return f"{message['author']['username']} is thinking…" + _only_you(message)
    lines = _answered(message) + (_text(message["content"]) if message["content"] else [])
    if not message["flags"] & SUPPRESS_EMBEDS:
        for number, embed in enumerate(message["embeds"]):
            lines += ([""] if number else []) + _embed(embed)
    for component in message["components"]:
        lines += _component(component)
    if not message["flags"] & COMPONENTS_V2:  # in a V2 message, components show the files
        lines += [_file(file["filename"], file, hidden=file["flags"] & SPOILER) for file in message["attachments"]]
    lines += _poll(message["poll"]) if message.get("poll") else []
    if message["flags"] & EPHEMERAL:
        lines.append("(only you can see this)")
    return "\n".join(lines)


def _answered(message: Json) -> list[str]:
    """The beginning of the message that this one answers, as Discord shows it above."""
    if "message_reference" not in message:
        return []
    answered = message["referenced_message"]
    return [f"↪ {next(iter(render(answered).splitlines()), '')}" if answered else "↪ (the message was deleted)"]


def _only_you(message: Json) -> str:
    return " (only you can see this)" if message["flags"] & EPHEMERAL else ""


def _text(text: str) -> list[str]:
    """The lines of a text, with times written out, and without bold marks and escaping backslashes."""
    text = re.sub(r"<t:(-?\d{1,11})(?::[tTdDfFRsS])?>", _moment, text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", re.sub(r"(?<!\\)\*\*", "", text)).splitlines()


def _moment(match: re.Match[str]) -> str:
    return datetime.fromtimestamp(int(match[1]), UTC).strftime("%Y-%m-%d %H:%M UTC")


def _embed(embed: Json) -> list[str]:
    square = f"{_square(embed['color'])} " if "color" in embed else ""
    inside: list[str] = _text(embed["author"]["name"]) if "author" in embed else []
    title = _text(embed.get("title", ""))
    if title or square:
        inside.append(square + " ".join(title))
    inside += _text(embed.get("description", ""))
    side_by_side: list[str] = []
    for field in embed.get("fields", []):
        if field["inline"] and "\n" not in field["value"]:
            side_by_side.append(f"{' '.join(_text(field['name']))}: {' '.join(_text(field['value']))}")
        else:
            inside += _beside(side_by_side)
            side_by_side = []
            inside += [f"{' '.join(_text(field['name']))}:", *(f"  {line}" for line in _text(field["value"]))]
    inside += _beside(side_by_side)
    footer = [embed["footer"]["text"]] if "footer" in embed else []
    if "timestamp" in embed:
        footer.append(f"{datetime.fromisoformat(embed['timestamp']).astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    inside += [" · ".join(footer)] if footer else []
    return [f"│ {line}".rstrip() for line in inside]


def _beside(texts: list[str]) -> list[str]:
    """Inline fields are shown three in a row."""
    return ["   ".join(texts[i : i + 3]) for i in range(0, len(texts), 3)]


def _square(colour: int) -> str:
    rgb = colour >> 16, colour >> 8 & 0xFF, colour & 0xFF
    return min(_COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(rgb, _COLOURS[name], strict=True)))


def _component(component: Json) -> list[str]:
    kind = component["type"]
    if kind == components.ROW:
        return [" ".join(part for inner in component["components"] for part in _component(inner))]
    if kind == components.BUTTON:
        return [_button(component)]
    if kind in components.SELECTS:
        return [f"[{component.get('placeholder') or 'Make a selection'} ▾]"]
    if kind == components.TEXT:
        return _text(component["content"])
    if kind == components.SEPARATOR:
        return ["─" * 24]
    if kind == components.GALLERY:
        return [_media(item) for item in component["items"]]
    if kind == components.THUMBNAIL:
        return [_media(component)]
    if kind == components.FILE:
        return [_file(_name(component["file"]["url"]), component, hidden=component.get("spoiler"))]
    inner = [line for each in component.get("components", []) for line in _component(each)]
    inner += _component(component["accessory"]) if component.get("accessory") else []
    return [f"│ {line}" for line in inner] if kind == components.CONTAINER else inner


def _media(media: Json) -> str:
    return _file(_name(media["media"]["url"]), media, hidden=media.get("spoiler"))


def _name(url: str) -> str:
    """The name of a file of the message, or the whole URL of a picture elsewhere."""
    return url.rsplit("/", 1)[-1] if "/attachments/" in url else url.removeprefix("attachment://")


def _file(name: str, file: Json, *, hidden: Any) -> str:
    """A file with its alternative text. A file that is hidden until somebody clicks it is put between bars."""
    shown = " ".join(filter(None, [name, file.get("description") and f"({file['description']})"]))
    return f"📎 ||{shown}||" if hidden else f"📎 {shown}"


def _poll(poll: Json) -> list[str]:
    box = "☐" if poll["allow_multiselect"] else "○"
    media = [answer["poll_media"] for answer in poll["answers"]]
    answers = [" ".join(filter(None, [(each.get("emoji") or {}).get("name"), each["text"]])) for each in media]
    return [f"📊 {poll['question']['text']}", *(f"  {box} {answer}" for answer in answers)]


def _button(button: Json) -> str:
    words = [(button.get("emoji") or {}).get("name"), button.get("label")]
    label = " ".join(filter(None, words))
    if button["style"] == components.LINK:
        label += " ↗"
    return f"[{label}: off]" if button.get("disabled") else f"[{label}]"
