"""Decides whether an interaction may reach its handler.

There are two phases. `check` decides what the signed payload can decide: the seal, the flag, the installation and the
permissions. `check_switch` and `check_tables` decide what needs a call to AWS: the switch for a bad day, and the roles
that a server has chosen. The ingress runs `check`, and the worker runs the other two. So a switch costs the
acknowledgement of deferred work no time, and stops the work that is queued already. For a handler that answers at once,
`check` does all.
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

UNKNOWN = N_("That no longer works. /help lists what I can do.")
OFF = N_("That is not switched on here yet.")
SWITCHED_OFF = N_("That is switched off at the moment. Please try again later.")
NOT_INSTALLED = N_("This works only in a server that has added me. Ask somebody who manages the server to add me.")


def enter(interaction: Interaction, tools: "Tools") -> "Handler":
    """Return the handler of `interaction`. Raises UserError with the reason if the person may not use it."""
    handler = dispatch.find(interaction)
    if handler is None:
        # An old message can have a button that was removed since. Many such lines mean that it should come back.
        account = dispatch.account(interaction)
        log.warning("no handler for %s %r", account["kind"], account["handler"], extra=account)
        raise UserError(_(UNKNOWN))
    check(handler, interaction, tools)
    return handler


def check(handler: "Handler", interaction: Interaction, tools: "Tools") -> None:
    """Raise UserError if the signed payload forbids `handler`.

    Only for an autocomplete or a handler that answers at once, it also reads the switch, and a table if the payload
    does not decide.
    """
    at_once = interaction.type == AUTOCOMPLETE or handler.answers_at_once(interaction)
    if interaction.type in (COMPONENT, MODAL):
        tools.seals.check(interaction)
    flag = handler.command.flag
    if flag and not tools.flags.on(flag, interaction):
        raise UserError(_(OFF))
    if at_once:
        check_switch(handler, interaction, tools)
    if not interaction.installed_here and not handler.command.user_installs:
        _refuse(handler, interaction, "the bot in this server", _(NOT_INSTALLED))
    allowed = handler.who.decide(interaction, tools)
    if allowed is None and at_once:
        allowed = handler.who.ask(interaction, tools)
    if allowed is False:
        _refuse(handler, interaction, handler.who.name, handler.who.refusal())


def check_switch(handler: "Handler", interaction: Interaction, tools: "Tools") -> None:
    """Raise UserError if the operator has switched `handler` off. Reads nothing if it has no switch."""
    if handler.switch and tools.flags.switched_off(handler.switch, interaction.guild_id or interaction.user_id):
        raise UserError(_(SWITCHED_OFF))


def check_tables(handler: "Handler", interaction: Interaction, tools: "Tools") -> None:
    """Raise UserError if a table forbids `handler`. Reads no table if the payload decides."""
    who = handler.who
    if who.needs_table and who.decide(interaction, tools) is None and not who.ask(interaction, tools):
        _refuse(handler, interaction, handler.who.name, handler.who.refusal())


def _refuse(handler: "Handler", interaction: Interaction, needs: str, reason: str) -> None:
    if interaction.type != AUTOCOMPLETE:  # the person is still typing, and each key would add a line to the log
        details = {"interaction_id": interaction.id, "user_id": interaction.user_id, "guild_id": interaction.guild_id}
        log.warning("AUDIT refused %s: needs %s", handler, needs, extra=details)
    raise UserError(reason)
