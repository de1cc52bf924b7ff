"""What arrives by options and selects, and what a reply can carry besides text."""

from ..discord.files import File
from ..discord.mentions import Mentions
from ..discord.poll import Poll
from ..discord.resolved import Attachment, Channel, Mentionable, Message, Role, User

__all__ = ["Attachment", "Channel", "File", "Mentionable", "Mentions", "Message", "Poll", "Role", "User"]
