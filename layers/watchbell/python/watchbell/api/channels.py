"""What `tools.discord` takes for a channel."""

from ..discord.channels import Overwrite

__all__ = ["Overwrite"]
