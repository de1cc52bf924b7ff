"""Selects, and the layout components of Components V2."""

from ..discord.components import (
    ChannelSelect,
    Container,
    Gallery,
    Media,
    MentionableSelect,
    Option,
    RoleSelect,
    Row,
    Section,
    Separator,
    StringSelect,
    Text,
    Thumbnail,
    UserSelect,
)

__all__ = [
    "ChannelSelect",
    "Container",
    "Gallery",
    "Media",
    "MentionableSelect",
    "Option",
    "RoleSelect",
    "Row",
    "Section",
    "Separator",
    "StringSelect",
    "Text",
    "Thumbnail",
    "UserSelect",
]
