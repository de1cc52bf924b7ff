"""The messages that a person gets when something went wrong, from the ingress or from the worker."""

from ..discord.reply import Reply
from ..errors import UserError
from ..i18n import N_, _

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..discord.interaction import Interaction

BROKEN = N_("Something went wrong on my side, and it has been logged. Reference: {reference}")


def sentence(error: UserError, interaction: "Interaction") -> str:
    """Return the text of `error`, cut to Discord's 2,000 characters, or BROKEN if the text is empty."""
    from ..discord.text import clip

    return clip(str(error), 2000) if str(error).strip() else _(BROKEN, reference=interaction.id)


def private(text: "str | Reply") -> dict:
    """Return the response that shows a text or a reply only to the person who asked."""
    reply = Reply(text) if isinstance(text, str) else text
    return {"type": 4, "data": reply.message(private=True)}
