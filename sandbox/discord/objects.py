"""Objects with every field that Discord fills in: users, and what a message shows."""

from __future__ import annotations

import copy

from sandbox.discord import components
from sandbox.discord.validation import Json


def user(id: str, name: str) -> Json:
    shown: Json = {"id": id, "username": name, "discriminator": "0", "global_name": None, "avatar": None}
    shown |= {"public_flags": 0, "flags": 0, "banner": None, "accent_color": None}
    return shown | {"avatar_decoration_data": None, "collectibles": None, "primary_guild": None}


def own_user(bot: Json) -> Json:
    """The bot's user as only the bot sees it."""
    return bot | {"bio": "", "mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def complete(message: Json) -> None:
    """Fill in what Discord fills in: defaults, the names of custom emoji, the URL of each `attachment://name`."""
    files = {each["filename"]: each for each in message["attachments"]}
    message |= {key: copy.deepcopy(message.get(key, [])) for key in ("embeds", "components")}
    for embed in message["embeds"]:
        for part in ("image", "thumbnail"):
            if part in embed:
                embed[part] = _media(embed[part], files, embedded=True)
        for part in ("author", "footer"):
            if "icon_url" in embed.get(part, {}):
                embed[part]["icon_url"] = _url(embed[part]["icon_url"], files)
                embed[part]["proxy_icon_url"] = embed[part]["icon_url"]
    for answer in (message.get("poll") or {"answers": []})["answers"]:
        if "emoji" in answer["poll_media"]:
            answer["poll_media"]["emoji"] = {"id": None, "name": "custom"} | answer["poll_media"]["emoji"]
    for component in components.every(message["components"]):
        _complete_component(component, files)


def _complete_component(component: Json, files: dict[str, Json]) -> None:
    kind = component["type"]
    for key, value in DEFAULTS.get(kind, {}).items():
        if component.get(key) is None:
            component[key] = value
    for holder in (component, *(component.get("options") or ())):
        if holder.get("emoji"):
            holder["emoji"] = _emoji(holder["emoji"])
    if kind == components.THUMBNAIL:
        component["media"] = _media(component["media"], files)
    for item in component["items"] if kind == components.GALLERY else ():
        item["media"] = _media(item["media"], files)
        item |= {"description": item.get("description"), "spoiler": bool(item.get("spoiler"))}
    if kind == components.FILE:
        named = files.get(_name(component["file"]["url"]), {})
        component["file"] = _media(component["file"], files)
        component |= {key: named[of] for key, of in (("name", "filename"), ("size", "size")) if of in named}


DEFAULTS: dict[int, Json] = {
    **{kind: {"min_values": 1, "max_values": 1, "disabled": False} for kind in components.SELECTS},
    components.THUMBNAIL: {"description": None, "spoiler": False},
    components.FILE: {"spoiler": False},
    components.SEPARATOR: {"spacing": 1, "divider": True},
    components.CONTAINER: {"accent_color": None, "spoiler": False},
}
"""Kind of component -> the fields that Discord fills in if they are missing or null."""


def _emoji(emoji: Json) -> Json:
    """Discord knows the name of a custom emoji, and shows no `id` for the others."""
    return {key: value for key, value in {"name": "custom", **emoji}.items() if value is not None}


def _name(url: str) -> str:
    return url.removeprefix("attachment://")


def _url(url: str, files: dict[str, Json]) -> str:
    file = files.get(_name(url)) if url.startswith("attachment://") else None
    return file["url"] if file else url


def _media(media: Json, files: dict[str, Json], *, embedded: bool = False) -> Json:
    """A picture or a file with its real URL. One that Discord has seen before stays as it is."""
    file = files.get(_name(media["url"])) if media["url"].startswith("attachment://") else None
    url = _url(media["url"], files)
    shown: Json = {"url": url, "proxy_url": url, "width": 0, "height": 0}
    if embedded:
        return shown
    shown |= {"id": file["id"] if file else media.get("id", "0"), "content_type": None}
    return shown | ({"attachment_id": file["id"], "content_type": file["content_type"]} if file else media)
