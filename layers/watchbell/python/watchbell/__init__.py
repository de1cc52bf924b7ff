"""Watchbell: a status bot for Discord that runs serverless. A feature file imports what it needs from here."""

from .command import Choice, Command
from .discord.reply import Button, Embed, Reply
from .errors import UserError

__all__ = ["Button", "Choice", "Command", "Embed", "Reply", "UserError"]
