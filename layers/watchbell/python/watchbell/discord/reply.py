"""What a feature answers with.

These are plain classes, because the ingress imports them in every cold start. What few replies need (selects and
layout, files, polls, splitting) is in modules of its own, which are imported when they are used.
"""

from ..errors import DefinitionError
from .component import BUTTON, ROW, TEXT, Component, disabled, laid_out
from .interaction import PRIVATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .files import File
    from .mentions import Mentions
    from .poll import Poll

SUPPRESS_EMBEDS, SILENT, COMPONENTS_V2 = 4, 4096, 32768
"""Message flags, besides PRIVATE: links show no preview; nobody's device makes a sound; the new components."""

_STYLES = {"primary": 1, "secondary": 2, "success": 3, "danger": 4}
_LINK, _PREMIUM = 5, 6


class Button(Component):
    """A button: `custom_id` is pressed, `url` is followed (at most 512 characters), `sku_id` is bought.

    It has a label of at most 80 characters or an emoji ("🎲" or "<:name:id>") or both; one with `sku_id` has neither.
    `style` is primary, secondary, success or danger. `custom_id` is 1-100 characters, or an address yet to be sealed.
    """

    __slots__ = ("custom_id", "disabled", "emoji", "label", "sku_id", "style", "url")

    def __init__(
        self,
        label: str = "",
        *,
        custom_id: "Any" = "",
        url: str = "",
        sku_id: str = "",
        style: str = "secondary",
        emoji: str = "",
        disabled: bool = False,
        id: int = 0,
    ) -> None:
        super().__init__(id)
        if style not in _STYLES:
            raise DefinitionError(f"a button's style is {', '.join(_STYLES)}, not {style!r}")
        self.label = label
        self.custom_id = custom_id
        self.url = url
        self.sku_id = sku_id
        self.style = style
        self.emoji = emoji
        self.disabled = disabled

    def payload(self) -> dict:
        emoji = None
        if self.emoji:
            from .emoji import to_payload

            emoji = to_payload(self.emoji)
        style = _LINK if self.url else _PREMIUM if self.sku_id else _STYLES[self.style]
        return self._with(
            BUTTON,
            style=style,
            label=self.label,
            emoji=emoji,
            custom_id=self.custom_id,
            url=self.url,
            sku_id=self.sku_id,
            disabled=self.disabled,
        )


class Embed:
    """A card in a message. Limits: title 256, description 4,096, 25 fields (name 256, value 1,024), footer 2,048,
    author 256; 6,000 over all embeds of one message. `colour` is 0xRRGGBB, `timestamp` ISO 8601.

    `url` and `author_url` are links of at most 2,048 characters. `image`, `thumbnail` and the icons are such a URL
    or a File (jpg, jpeg, png, webp or gif), which is then sent with the reply.
    """

    __slots__ = (
        "author",
        "author_icon",
        "author_url",
        "colour",
        "description",
        "fields",
        "footer",
        "footer_icon",
        "image",
        "thumbnail",
        "timestamp",
        "title",
        "url",
    )

    def __init__(
        self,
        title: str = "",
        description: str = "",
        *,
        url: str = "",
        colour: int | None = None,
        author: str = "",
        author_url: str = "",
        author_icon: "str | File" = "",
        image: "str | File" = "",
        thumbnail: "str | File" = "",
        footer: str = "",
        footer_icon: "str | File" = "",
        timestamp: str = "",
    ) -> None:
        self.title = title
        self.description = description
        self.url = url
        self.colour = colour
        self.author = author
        self.author_url = author_url
        self.author_icon = author_icon
        self.image = image
        self.thumbnail = thumbnail
        self.footer = footer
        self.footer_icon = footer_icon
        self.timestamp = timestamp
        self.fields: list[dict] = []

    def field(self, name: str, value: str, *, inline: bool = False) -> None:
        self.fields.append({"name": name, "value": value, "inline": inline})

    def __len__(self) -> int:
        """The characters that count towards the 6,000."""
        words = [self.title, self.description, self.footer, self.author]
        words += [text for field in self.fields for text in (field["name"], field["value"])]
        return sum(map(len, words))

    def payload(self) -> dict:
        parts = {
            "title": self.title,
            "description": self.description,
            "url": self.url,
            "author": _some(name=self.author, url=self.author_url, icon_url=address(self.author_icon)),
            "image": _some(url=address(self.image)),
            "thumbnail": _some(url=address(self.thumbnail)),
            "fields": self.fields,
            "footer": _some(text=self.footer, icon_url=address(self.footer_icon)),
            "timestamp": self.timestamp,
        }
        payload: dict = {key: value for key, value in parts.items() if value}
        if self.colour is not None:
            payload["color"] = self.colour
        return payload

    def files(self) -> "Iterable[File]":
        shown = (self.author_icon, self.image, self.thumbnail, self.footer_icon)
        return [picture for picture in shown if not isinstance(picture, str)]


class Reply:
    """A message. It has at most 2,000 characters of `content`, 10 `embeds`, 25 `buttons` and 10 files.

    `components` are rows, buttons, selects and layout, see `components`; loose buttons share rows of five, a loose
    select gets a row of its own, a bare text is a Text, and `buttons` come last. With any layout among them this is a
    reply of Components V2, which takes no content, embeds or poll: at most 40 components with the nested ones, and
    4,000 characters of text.

    `files` are shown below; a File that an embed or a component shows need not be named there. Mentions in the text
    notify nobody but those of `mentions`. A `silent` message makes no sound; `suppress_embeds` hides link previews.
    A `private` one is seen only by the person who asked, where those of its handler are not all so anyway: it is then a
    message of its own, and a public "thinking" gives way to it.
    """

    __slots__ = (
        "_disabled",
        "buttons",
        "components",
        "content",
        "embeds",
        "files",
        "mentions",
        "poll",
        "private",
        "silent",
        "suppress_embeds",
    )

    def __init__(
        self,
        content: str = "",
        *,
        embeds: "Iterable[Embed]" = (),
        buttons: "Iterable[Button]" = (),
        components: "Iterable[Component | str]" = (),
        files: "Iterable[File]" = (),
        poll: "Poll | None" = None,
        mentions: "Mentions | None" = None,
        private: bool = False,
        silent: bool = False,
        suppress_embeds: bool = False,
    ) -> None:
        self.content = content
        self.embeds = list(embeds)
        self.buttons = list(buttons)
        self.components = list(components)
        self.files = list(files)
        self.poll = poll
        self.mentions = mentions
        self.private = private
        self.silent = silent
        self.suppress_embeds = suppress_embeds
        self._disabled = False

    def __repr__(self) -> str:
        told = {name: getattr(self, name) for name in ("embeds", "components", "buttons", "files", "poll", "private")}
        counted = (
            f"{name}={len(value) if isinstance(value, list) else value}" for name, value in told.items() if value
        )
        return f"Reply({', '.join([repr(self.content), *counted])})"

    def message(self, *, private: bool = False) -> dict:
        """A new message as Discord takes it in an interaction response, a follow-up, a webhook or a channel; the last
        two know no `private` ones."""
        components = self._laid_out()
        parts = {
            "content": self.content,
            "embeds": [embed.payload() for embed in self.embeds],
            "components": components,
            "attachments": self._attachments(),
            "poll": self.poll.payload() if self.poll else None,
            "flags": self._flags(components) | SILENT * self.silent | PRIVATE * private,
        }
        return {"allowed_mentions": self._mentions(), **{key: value for key, value in parts.items() if value}}

    def edit(self, *, v2: bool = False) -> dict:
        """The same as an edit: what this reply does not have, the edited message loses, its files too.

        An edit changes neither who sees a message nor whether it was silent, and can bring a poll only where it ends a
        deferral. `v2`: the edited message is one of Components V2, and stays one, so content becomes a Text;
        DefinitionError for embeds or a poll.
        """
        components, content = self._laid_out(), self.content
        flags = self._flags(components)
        if v2 and not flags & COMPONENTS_V2:
            if self.embeds or self.poll:
                raise DefinitionError("a message of Components V2 stays one, and takes neither embeds nor a poll")
            text = [{"type": TEXT, "content": content}] if content else []
            components, content = [*text, *components, *(file.payload() for file in self.files)], ""
            flags |= COMPONENTS_V2
        edit: dict = {
            "content": content or None if flags & COMPONENTS_V2 else content,
            "embeds": [embed.payload() for embed in self.embeds],
            "components": components,
            "attachments": self._attachments(),
            "allowed_mentions": self._mentions(),
        }
        if flags:
            edit["flags"] = flags
        if self.poll:
            edit["poll"] = self.poll.payload()
        return edit

    @property
    def is_v2(self) -> bool:
        """Whether it makes a message of Components V2."""
        return bool(self._flags(self._laid_out()) & COMPONENTS_V2)

    def uploads(self) -> "list[File]":
        """The files to be sent with it: `files`, then those that only an embed or a component shows, each once."""
        found: list[File] = []
        shown = [part.files() for part in (*self.embeds, *self.components) if not isinstance(part, str)]
        for files in (self.files, *shown):
            found += [file for file in files if file not in found]
        return found

    def disabled(self) -> "Reply":
        """The same reply with its buttons and selects out of use; links and offers, which end nothing, stay."""
        reply = self._copy()
        reply._disabled = True
        return reply

    def split(self) -> "list[Reply]":
        """Replies with at most 2,000 characters of content each, of which the last has all that is not content.

        It is split between lines, else between words, else anywhere; a code block is closed and opened again.
        """
        from .split import pieces

        *firsts, last = pieces(self.content, 2000)
        kept = {name: getattr(self, name) for name in ("mentions", "private", "silent", "suppress_embeds")}
        replies = [Reply(text, **kept) for text in firsts]
        rest = self._copy()
        rest.content = last
        return [*replies, rest]

    def _copy(self) -> "Reply":
        from copy import copy

        return copy(self)

    def _laid_out(self) -> list[dict]:
        laid = laid_out((*self.components, *self.buttons))
        return disabled(laid) if self._disabled else laid

    def _attachments(self) -> list[dict]:
        return [file.attachment(number) for number, file in enumerate(self.uploads())]

    def _mentions(self) -> dict:
        return self.mentions.payload() if self.mentions else {"parse": []}  # Discord's default is users, or everybody

    def _flags(self, components: list[dict]) -> int:
        v2 = any(component["type"] != ROW for component in components)
        return COMPONENTS_V2 * v2 | SUPPRESS_EMBEDS * self.suppress_embeds


class Delete:
    """In place of the first reply of a deferred handler: the message with the button is deleted, or nothing takes the
    place of "thinking". What follows in a list, `[Delete(), Reply("Done.")]`, are messages as ever."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Delete()"


def address(media: "str | File") -> str:
    """The URL of a picture. For a File it is the URL by which its own message refers to it."""
    return media if isinstance(media, str) else media.url


def _some(**parts: str) -> dict[str, str]:
    return {key: value for key, value in parts.items() if value}
