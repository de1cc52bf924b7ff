"""Forms and their fields."""

from ..discord.fields import (
    ChannelPick,
    Checkbox,
    Checkboxes,
    Files,
    MentionablePick,
    Note,
    OneOf,
    Paragraph,
    Radio,
    RolePick,
    Short,
    SomeOf,
    UserPick,
)
from ..discord.modal import Modal

__all__ = [
    "ChannelPick",
    "Checkbox",
    "Checkboxes",
    "Files",
    "MentionablePick",
    "Modal",
    "Note",
    "OneOf",
    "Paragraph",
    "Radio",
    "RolePick",
    "Short",
    "SomeOf",
    "UserPick",
]
