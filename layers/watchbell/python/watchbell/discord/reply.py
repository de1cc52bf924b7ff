"""What a feature answers with.

The ingress imports this module in every cold start, so it has only plain classes. The parts that few replies need
(selects and layout, files, polls, splitting) are in other modules, which are imported when they are used.
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
"""Message flags besides PRIVATE: hide link previews, send no push or desktop notification, use Components V2."""

_STYLES = {"primary": 1, "secondary": 2, "success": 3, "danger": 4}
_LINK, _PREMIUM = 5, 6


class Button(Component):
    """A button to press with a `custom_id`, a link with a `url`, or an offer to buy with a `sku_id`.

    It needs a label of at most 80 characters, an emoji ("🎲" or "<:name:id>"), or both. With a `sku_id` it has
    neither. `custom_id` has 1-100 characters, or is an Address that is sealed later. `url` has at most 512 characters.
    `style` is primary, secondary, success or danger. It has no effect on links and offers.
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
        self.id = id
        if style not in _STYLES:
            raise DefinitionError(f"a button has no style {style!r}; use one of {', '.join(_STYLES)}")
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
    """A card in a message.

    Limits in characters: title 256, description 4,096, footer 2,048, author 256, name of a field 256, value of a field
    1,024. An embed has at most 25 fields. All embeds of a message have at most 6,000 characters together.

    `colour` is 0xRRGGBB and `timestamp` is ISO 8601. `url` and `author_url` have at most 2,048 characters. `image`,
    `thumbnail` and the icons are a URL of at most 2,048 characters, or a File (jpg, jpeg, png, webp or gif) that is
    sent with the reply.
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
        """Add a field. Fields that are `inline` can share a line."""
        self.fields.append({"name": name, "value": value, "inline": inline})

    def __len__(self) -> int:
        """The number of characters that count towards the limit of 6,000."""
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
    """A message with at most 2,000 characters of `content`, 10 `embeds`, 25 `buttons` and 10 files.

    `components` are rows, buttons, selects and layout; see the module `components`. Buttons outside of a row share rows
    of five, and a select outside of a row gets its own. A string becomes a Text. `buttons` come after `components`.

    If there is layout among the components, the message uses Components V2. It then has at most 40 components,
    including nested ones, and 4,000 characters of text. It cannot have content, embeds or a poll.

    `files` are shown below the message. Leave out files that an embed or a component shows; they are sent anyway.
    Mentions in the text notify only the people and roles in `mentions`. A `silent` message sends no push or desktop
    notification. `suppress_embeds` hides link previews. `late_in` is the id of a channel that only the person and those
    who may know the answer see: if the token has expired, the answer is posted there.

    Only the person who asked sees a `private` reply, and everybody sees one with `private=False`. None means that the
    handler decides. A reply that differs from its handler becomes a separate message, and "thinking" is removed. The
    edit of a message cannot make it public.
    """

    __slots__ = (
        "_disabled",
        "buttons",
        "components",
        "content",
        "embeds",
        "files",
        "late_in",
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
        private: bool | None = None,
        silent: bool = False,
        suppress_embeds: bool = False,
        late_in: str = "",
    ) -> None:
        self.content = content
        self.late_in = late_in
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
        """The payload of a new message for an interaction response, a follow-up, a webhook or a channel.

        Messages of webhooks and in channels cannot be `private`.
        """
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
        """The payload of an edit that replaces the whole message, including its files.

        An edit cannot change who sees a message or whether it was silent. It can add a poll only if it completes a
        deferral.

        Set `v2` if the edited message uses Components V2, because a message cannot stop using it. The content then
        becomes a Text. Raises DefinitionError if this reply has embeds or a poll.
        """
        components, content = self._laid_out(), self.content
        flags = self._flags(components)
        if v2 and not flags & COMPONENTS_V2:
            if self.embeds or self.poll:
                raise DefinitionError(
                    "the edited message uses Components V2, so it cannot show embeds or a poll; use components instead"
                )
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
        """Whether the message uses Components V2."""
        return bool(self._flags(self._laid_out()) & COMPONENTS_V2)

    def uploads(self) -> "list[File]":
        """The files to send, each once: `files`, then the ones that only an embed or a component shows."""
        found: list[File] = []
        if not (self.files or self.embeds or self.components):
            return found
        shown = [part.files() for part in (*self.embeds, *self.components) if not isinstance(part, str)]
        for files in (self.files, *shown):
            found += [file for file in files if file not in found]
        return found

    def disabled(self) -> "Reply":
        """A copy with all buttons and selects disabled. Link and premium buttons stay enabled: they change nothing."""
        reply = self._copy()
        reply._disabled = True
        return reply

    def split(self) -> "list[Reply]":
        """Replies with at most 2,000 characters of content each. The last one has everything that is not content.

        The content is split between lines if possible, otherwise between words, otherwise anywhere. A code block that
        is split is closed and opened again.
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
        # Without it, Discord notifies all mentioned users, and in a channel also roles and everybody.
        return self.mentions.payload() if self.mentions else {"parse": []}

    def _flags(self, components: list[dict]) -> int:
        v2 = any(component["type"] != ROW for component in components)
        return COMPONENTS_V2 * v2 | SUPPRESS_EMBEDS * self.suppress_embeds


class Delete:
    """Delete a message instead of sending the first reply of a deferred handler.

    This deletes the message with the pressed button, or the "thinking" of a command. Replies that follow in a list are
    sent as usual: `[Delete(), Reply("Done.")]`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "Delete()"


def address(media: "str | File") -> str:
    """The URL of a picture. The URL of a File works only inside its own message."""
    return media if isinstance(media, str) else media.url


def _some(**parts: str) -> dict[str, str]:
    return {key: value for key, value in parts.items() if value}
