"""Watchbell: a status bot for Discord that runs serverless. A feature file imports what it needs from here.

What nearly every feature uses is loaded at once. The groups in `api` are loaded when one of their names is first asked
for: all of them would cost every cold start about 3 ms, and the timed jobs 28 ms more (`python -X importtime`).
"""

from importlib import import_module

from .discord.reply import Button, Delete, Embed, Reply
from .errors import FieldError, FormError, UserError
from .i18n import N_, _, ngettext, pgettext
from .kit.command import Command, MessageCommand, UserCommand
from .kit.policy import anyone, operator, owner, permission, role

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

_LATER = ("options", "values", "layout", "data", "forms", "channels", "schedules")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api.channels import *  # noqa: F403
    from .api.data import *  # noqa: F403
    from .api.forms import *  # noqa: F403
    from .api.layout import *  # noqa: F403
    from .api.options import *  # noqa: F403
    from .api.schedules import *  # noqa: F403
    from .api.values import *  # noqa: F403


def __getattr__(name: str) -> object:
    """The name, from the first of the later groups that has it."""
    if not name.startswith("__"):
        for group in _LATER:
            module = import_module(f".api.{group}", __name__)
            if name in module.__all__:
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"watchbell has no {name}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    later = (import_module(f".api.{group}", __name__).__all__ for group in _LATER)
    return sorted([*__all__, *(name for names in later for name in names)])
