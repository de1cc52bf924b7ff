"""Watchbell: a status bot for Discord that runs serverless. A feature file imports what it needs from here.

Each name is imported from its module when it is asked for, so that a feature pays in a cold start for what it uses.
"""

from importlib import import_module

_HOME = {
    **dict.fromkeys(("Command", "MessageCommand", "UserCommand"), "command"),
    **dict.fromkeys(("Annotated", "Choice", "FileTypes", "Kinds", "Length", "Range"), "kinds"),
    **dict.fromkeys(("anyone", "operator", "owner", "permission", "role"), "policy"),
    **dict.fromkeys(("Button", "Delete", "Embed", "Reply"), "discord.reply"),
    **dict.fromkeys(
        (
            *("ChannelSelect", "Container", "Gallery", "Media", "MentionableSelect", "Option", "RoleSelect", "Row"),
            *("Section", "Separator", "StringSelect", "Text", "Thumbnail", "UserSelect"),
        ),
        "discord.components",
    ),
    **{"File": "discord.files", "Mentions": "discord.mentions", "Poll": "discord.poll"},
    **dict.fromkeys(("Attachment", "Channel", "Mentionable", "Message", "Role", "User"), "discord.resolved"),
    "Quota": "quota",
    **dict.fromkeys(("Schedule", "choice"), "schedule"),
    **dict.fromkeys(("FieldError", "FormError", "UserError"), "errors"),
    **dict.fromkeys(("N_", "_", "ngettext", "pgettext"), "words"),
    **dict.fromkeys(
        (
            *("ChannelPick", "Checkbox", "Checkboxes", "Files", "MentionablePick", "Note", "OneOf", "Paragraph"),
            *("Radio", "RolePick", "Short", "SomeOf", "UserPick"),
        ),
        "discord.fields",
    ),
    "Modal": "discord.modal",
}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .command import Command as Command
    from .command import MessageCommand as MessageCommand
    from .command import UserCommand as UserCommand
    from .discord.components import ChannelSelect as ChannelSelect
    from .discord.components import Container as Container
    from .discord.components import Gallery as Gallery
    from .discord.components import Media as Media
    from .discord.components import MentionableSelect as MentionableSelect
    from .discord.components import Option as Option
    from .discord.components import RoleSelect as RoleSelect
    from .discord.components import Row as Row
    from .discord.components import Section as Section
    from .discord.components import Separator as Separator
    from .discord.components import StringSelect as StringSelect
    from .discord.components import Text as Text
    from .discord.components import Thumbnail as Thumbnail
    from .discord.components import UserSelect as UserSelect
    from .discord.fields import ChannelPick as ChannelPick
    from .discord.fields import Checkbox as Checkbox
    from .discord.fields import Checkboxes as Checkboxes
    from .discord.fields import Files as Files
    from .discord.fields import MentionablePick as MentionablePick
    from .discord.fields import Note as Note
    from .discord.fields import OneOf as OneOf
    from .discord.fields import Paragraph as Paragraph
    from .discord.fields import Radio as Radio
    from .discord.fields import RolePick as RolePick
    from .discord.fields import Short as Short
    from .discord.fields import SomeOf as SomeOf
    from .discord.fields import UserPick as UserPick
    from .discord.files import File as File
    from .discord.mentions import Mentions as Mentions
    from .discord.modal import Modal as Modal
    from .discord.poll import Poll as Poll
    from .discord.reply import Button as Button
    from .discord.reply import Delete as Delete
    from .discord.reply import Embed as Embed
    from .discord.reply import Reply as Reply
    from .discord.resolved import Attachment as Attachment
    from .discord.resolved import Channel as Channel
    from .discord.resolved import Mentionable as Mentionable
    from .discord.resolved import Message as Message
    from .discord.resolved import Role as Role
    from .discord.resolved import User as User
    from .errors import FieldError as FieldError
    from .errors import FormError as FormError
    from .errors import UserError as UserError
    from .kinds import Annotated as Annotated
    from .kinds import Choice as Choice
    from .kinds import FileTypes as FileTypes
    from .kinds import Kinds as Kinds
    from .kinds import Length as Length
    from .kinds import Range as Range
    from .policy import anyone as anyone
    from .policy import operator as operator
    from .policy import owner as owner
    from .policy import permission as permission
    from .policy import role as role
    from .quota import Quota as Quota
    from .schedule import Schedule as Schedule
    from .schedule import choice as choice
    from .words import N_ as N_
    from .words import _ as _
    from .words import ngettext as ngettext
    from .words import pgettext as pgettext


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"watchbell has no {name}; it has {', '.join(sorted(_HOME))}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
