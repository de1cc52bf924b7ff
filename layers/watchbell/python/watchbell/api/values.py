"""Annotations of options, the types of their values, and what a reply can contain besides text."""

from ..discord.files import File
from ..discord.mentions import Mentions
from ..discord.poll import Poll
from ..discord.resolved import Attachment, Channel, Mentionable, Message, Role, User
from ..kit.annotations import Annotated, Choice, FileTypes, Kinds, Length, Range
from ..kit.quota import Quota

__all__ = [
    "Annotated",
    "Attachment",
    "Channel",
    "Choice",
    "File",
    "FileTypes",
    "Kinds",
    "Length",
    "Mentionable",
    "Mentions",
    "Message",
    "Poll",
    "Quota",
    "Range",
    "Role",
    "User",
]
