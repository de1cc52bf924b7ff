"""What nearly every feature uses."""

from ..discord.reply import Button, Delete, Embed, Reply
from ..errors import FieldError, FormError, UserError
from ..i18n import N_, _, ngettext, pgettext
from ..kit.command import Command, MessageCommand, UserCommand
from ..kit.policy import anyone, operator, owner, permission, role

__all__ = [
    "N_",
    "Button",
    "Command",
    "Delete",
    "Embed",
    "FieldError",
    "FormError",
    "MessageCommand",
    "Reply",
    "UserCommand",
    "UserError",
    "_",
    "anyone",
    "ngettext",
    "operator",
    "owner",
    "permission",
    "pgettext",
    "role",
]
