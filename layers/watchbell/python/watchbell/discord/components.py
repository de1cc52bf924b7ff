"""The parts of a message besides text, embeds and buttons: selects, and the layout of Components V2.

Source of the limits: docs/components. A message has at most 5 rows. A message with layout has at most 40 components,
including nested ones, and 4,000 characters in all its texts together. Custom ids have 1-100 characters and must be
unique in their message.
"""

from .component import Component, laid_out
from .files import File
from .reply import Button, address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Row(Component):
    """A row of 1-5 buttons, or of one select."""

    __slots__ = ("components",)

    def __init__(self, *components: Component, id: int = 0) -> None:
        super().__init__(id)
        self.components = list(components)

    def payload(self) -> dict:
        return {**self._with(1), "components": [component.payload() for component in self.components]}


class Option:
    """One line of a StringSelect. `label`, `value` and `description` have at most 100 characters each.

    The handler gets the `value`, which is the label if you leave it out. With `default` it is selected at first.
    """

    __slots__ = ("default", "description", "emoji", "label", "value")

    def __init__(
        self, label: str, value: str = "", *, description: str = "", emoji: str = "", default: bool = False
    ) -> None:
        self.label = label
        self.value = value or label
        self.description = description
        self.emoji = emoji
        self.default = default

    def payload(self) -> dict:
        payload: dict = {"label": self.label, "value": self.value}
        if self.description:
            payload["description"] = self.description
        if self.emoji:
            from .emoji import to_payload

            payload["emoji"] = to_payload(self.emoji)
        if self.default:
            payload["default"] = True
        return payload


class Select(Component):
    """The base class of selects. People choose `min_values` (0-25) to `max_values` (1-25) things.

    `placeholder` has at most 150 characters and is shown while nothing is chosen. `required` has an effect only in a
    modal. There, a required select needs a `min_values` of 1 or more, and no select can be `disabled`.
    """

    __slots__ = ("custom_id", "disabled", "max_values", "min_values", "placeholder", "required")
    kind = 0

    def __init__(
        self,
        *,
        custom_id: "Any" = "",
        placeholder: str = "",
        min_values: int = 1,
        max_values: int = 1,
        required: bool = True,
        disabled: bool = False,
        id: int = 0,
    ) -> None:
        super().__init__(id)
        self.custom_id = custom_id
        self.placeholder = placeholder
        self.min_values = min_values
        self.max_values = max_values
        self.required = required
        self.disabled = disabled

    def payload(self) -> dict:
        payload = self._with(
            self.kind,
            custom_id=self.custom_id,
            placeholder=self.placeholder,
            disabled=self.disabled,
            default_values=self._defaults(),
        )
        payload |= {
            key: value
            for key, value in (("min_values", self.min_values), ("max_values", self.max_values))
            if value != 1
        }
        return payload if self.required else {**payload, "required": False}

    def _defaults(self) -> list[dict]:
        return []


class StringSelect(Select):
    """A choice of 1-25 options with different values. A string stands for an Option with that label and value."""

    __slots__ = ("options",)
    kind = 3

    def __init__(self, options: "Iterable[Option | str]", **common: "Any") -> None:
        super().__init__(**common)
        self.options = [Option(option) if isinstance(option, str) else option for option in options]

    def payload(self) -> dict:
        return {**super().payload(), "options": [option.payload() for option in self.options]}


class UserSelect(Select):
    """A choice of users. `default_users` are the ids of the users that are selected at first."""

    __slots__ = ("default_users",)
    kind = 5

    def __init__(self, *, default_users: "Iterable[str]" = (), **common: "Any") -> None:
        super().__init__(**common)
        self.default_users = list(default_users)

    def _defaults(self) -> list[dict]:
        return [{"id": user, "type": "user"} for user in self.default_users]


class RoleSelect(Select):
    """A choice of roles. `default_roles` are the ids of the roles that are selected at first."""

    __slots__ = ("default_roles",)
    kind = 6

    def __init__(self, *, default_roles: "Iterable[str]" = (), **common: "Any") -> None:
        super().__init__(**common)
        self.default_roles = list(default_roles)

    def _defaults(self) -> list[dict]:
        return [{"id": role, "type": "role"} for role in self.default_roles]


class MentionableSelect(Select):
    """A choice of users and roles. `default_users` and `default_roles` are the ids that are selected at first."""

    __slots__ = ("default_roles", "default_users")
    kind = 7

    def __init__(
        self, *, default_users: "Iterable[str]" = (), default_roles: "Iterable[str]" = (), **common: "Any"
    ) -> None:
        super().__init__(**common)
        self.default_users = list(default_users)
        self.default_roles = list(default_roles)

    def _defaults(self) -> list[dict]:
        users = [{"id": user, "type": "user"} for user in self.default_users]
        return users + [{"id": role, "type": "role"} for role in self.default_roles]


class ChannelSelect(Select):
    """A choice of channels. `default_channels` are the ids of the channels that are selected at first.

    `channel_types` limits the choice to these types: 0 text, 2 voice, 4 category, 5 announcements, 10-12 threads, 13
    stage, 15 forum, 16 media. Without it, all types can be chosen.
    """

    __slots__ = ("channel_types", "default_channels")
    kind = 8

    def __init__(
        self, *, channel_types: "Iterable[int]" = (), default_channels: "Iterable[str]" = (), **common: "Any"
    ) -> None:
        super().__init__(**common)
        self.channel_types = list(channel_types)
        self.default_channels = list(default_channels)

    def payload(self) -> dict:
        payload = super().payload()
        return {**payload, "channel_types": self.channel_types} if self.channel_types else payload

    def _defaults(self) -> list[dict]:
        return [{"id": channel, "type": "channel"} for channel in self.default_channels]


class Text(Component):
    """Markdown text of 1-4,000 characters. Mentions notify only the people and roles in the reply's `mentions`."""

    __slots__ = ("content",)

    def __init__(self, content: str, *, id: int = 0) -> None:
        super().__init__(id)
        self.content = content

    def payload(self) -> dict:
        return {**self._with(10), "content": self.content}


class Media:
    """A picture or video for a Gallery: a URL of at most 2,048 characters, or a File.

    `description` is the alternative text, at most 1,024 characters. By default, it and `spoiler` are those of the File.
    """

    __slots__ = ("description", "media", "spoiler")

    def __init__(self, media: "str | File", *, description: str = "", spoiler: bool = False) -> None:
        file = None if isinstance(media, str) else media
        self.media = media
        self.description = description or (file.description if file else "")
        self.spoiler = spoiler or bool(file and file.spoiler)

    def payload(self) -> dict:
        payload: dict = {"media": {"url": address(self.media)}}
        if self.description:
            payload["description"] = self.description
        if self.spoiler:
            payload["spoiler"] = True
        return payload

    def files(self) -> "Iterable[File]":
        return () if isinstance(self.media, str) else (self.media,)


class Thumbnail(Component):
    """A small picture beside a Section. It takes the same arguments as Media."""

    __slots__ = ("picture",)

    def __init__(self, media: "str | File", *, description: str = "", spoiler: bool = False, id: int = 0) -> None:
        super().__init__(id)
        self.picture = Media(media, description=description, spoiler=spoiler)

    def payload(self) -> dict:
        return self._with(11, **self.picture.payload())

    def files(self) -> "Iterable[File]":
        return self.picture.files()


class Section(Component):
    """1-3 texts with a Button or a Thumbnail beside them."""

    __slots__ = ("accessory", "texts")

    def __init__(self, *texts: Text | str, accessory: Button | Thumbnail, id: int = 0) -> None:
        super().__init__(id)
        self.texts = list(texts)
        self.accessory = accessory

    def payload(self) -> dict:
        return {**self._with(9), "components": laid_out(self.texts), "accessory": self.accessory.payload()}

    def files(self) -> "Iterable[File]":
        return self.accessory.files()


class Gallery(Component):
    """1-10 pictures or videos. Each is a URL, a File, or a Media with a description."""

    __slots__ = ("items",)

    def __init__(self, *items: "str | File | Media", id: int = 0) -> None:
        super().__init__(id)
        self.items = [item if isinstance(item, Media) else Media(item) for item in items]

    def payload(self) -> dict:
        return {**self._with(12), "items": [item.payload() for item in self.items]}

    def files(self) -> "Iterable[File]":
        return [file for item in self.items for file in item.files()]


class Separator(Component):
    """Space between two components. `line` draws a line in it, and `large` makes it taller."""

    __slots__ = ("large", "line")

    def __init__(self, *, line: bool = True, large: bool = False, id: int = 0) -> None:
        super().__init__(id)
        self.line = line
        self.large = large

    def payload(self) -> dict:
        payload = self._with(14, spacing=2 if self.large else None)
        return payload if self.line else {**payload, "divider": False}


class Container(Component):
    """A card around rows, texts, sections, galleries, separators and files. `colour` (0xRRGGBB) is its edge.

    Buttons and selects outside of a row get rows, as in a Reply.
    """

    __slots__ = ("colour", "components", "spoiler")

    def __init__(
        self, *components: Component | str, colour: int | None = None, spoiler: bool = False, id: int = 0
    ) -> None:
        super().__init__(id)
        self.components = list(components)
        self.colour = colour
        self.spoiler = spoiler

    def payload(self) -> dict:
        payload = {**self._with(17, spoiler=self.spoiler), "components": laid_out(self.components)}
        return payload if self.colour is None else {**payload, "accent_color": self.colour}

    def files(self) -> "Iterable[File]":
        return [file for part in self.components if not isinstance(part, str) for file in part.files()]
