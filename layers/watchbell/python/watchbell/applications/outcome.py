"""How a press on the button ended, and what the person reads about it."""

from __future__ import annotations

from dataclasses import dataclass

from ..discord.reply import Button, Reply
from ..i18n import _
from . import figures, labels
from .application import Application
from .obstacles import Obstacle

GONE = "gone"
"""The `code` of a press that found its earlier channel gone. The other codes are in `figures`."""


@dataclass(frozen=True)
class Outcome:
    """How a press ended, with the application after it, and the names of the steps that were done."""

    code: str
    application: Application
    obstacle: Obstacle | None = None
    steps: tuple[str, ...] = ()


def told(outcome: Outcome, again: Button, withdraw: Button) -> Reply:
    """Return what the person reads. With `again` they can apply again, with `withdraw` they end what waits."""
    channel = outcome.application.channel
    if outcome.code == figures.CREATED:
        return Reply(_("✅ Your channel has been created: {channel}", channel=f"<#{channel}>"), late_in=channel)
    if outcome.code == figures.EXISTING:
        return Reply(_("You have applied already: {channel}", channel=f"<#{channel}>"))
    if outcome.obstacle is None:
        text = _("The channel of your application was deleted, so that application is over. You can apply again.")
        return Reply(text, buttons=[again])
    why = labels.obstacle(outcome.obstacle.code)
    text = _("{why}\nYour application is kept, and the staff have been told. You can also try again later.", why=why)
    return Reply(text, buttons=[withdraw])
