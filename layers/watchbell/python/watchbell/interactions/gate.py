"""Who may pass: every check between a signed interaction and its handler.

There are two phases. `check` decides what the signed payload can decide: the seal, the flag, the installation and the
permissions. `check_tables` decides what only a table knows, such as the ranks of a server. The ingress runs `check`.
The worker runs `check_tables`. A handler that answers at once has only the ingress, so `check` runs both for it.
"""

import logging

from ..discord.interaction import AUTOCOMPLETE, COMPONENT, MODAL, Interaction
from ..errors import UserError
from ..i18n import N_, _
from . import dispatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..kit.handler import Handler
    from ..tools.toolbox import Tools

log = logging.getLogger(__name__)

UNKNOWN = N_("I do not know that one (any more). /help lists what I can do.")
OFF = N_("That is not switched on here yet.")
NOT_INSTALLED = N_("This works only where I am a part of the server. Ask somebody who manages it to add me.")


def enter(interaction: Interaction, tools: "Tools") -> "Handler":
    """The handler of `interaction`, if the person may use it. Raises UserError with the reason if not."""
    handler = dispatch.find(interaction)
    if handler is None:
        log.info("unknown interaction of type %d", interaction.type, extra={"interaction_id": interaction.id})
        raise UserError(_(UNKNOWN))
    check(handler, interaction, tools)
    return handler


def check(handler: "Handler", interaction: Interaction, tools: "Tools") -> None:
    """Raises UserError if the signed payload forbids `handler`. Reads a table only for a handler that answers at once,
    and only if the payload has not decided."""
    if interaction.type in (COMPONENT, MODAL):
        tools.seals.check(interaction)
    flag = handler.command.flag
    if flag and not tools.flags.on(flag, interaction):
        raise UserError(_(OFF))
    if not interaction.installed_here and not handler.command.user_installs:
        _refuse(handler, interaction, _(NOT_INSTALLED))
    allowed = handler.who.decide(interaction, tools)
    if allowed is None and (interaction.type == AUTOCOMPLETE or handler.answers_at_once(interaction)):
        allowed = handler.who.ask(interaction, tools)
    if allowed is False:
        _refuse(handler, interaction, handler.who.refusal())


def check_tables(handler: "Handler", interaction: Interaction, tools: "Tools") -> None:
    """Raises UserError if a table forbids `handler`. Asks nothing if the payload has decided in `check`."""
    if handler.who.decide(interaction, tools) is None and not handler.who.ask(interaction, tools):
        _refuse(handler, interaction, handler.who.refusal())


def _refuse(handler: "Handler", interaction: Interaction, reason: str) -> None:
    if interaction.type != AUTOCOMPLETE:  # nobody asked for anything yet, and each key stroke would add a line
        details = {"interaction_id": interaction.id, "user_id": interaction.user_id, "guild_id": interaction.guild_id}
        log.warning("AUDIT refused %s: needs %s", handler, handler.who.name, extra=details)
    raise UserError(reason)
