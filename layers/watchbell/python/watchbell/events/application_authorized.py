"""Greets each person who installs the bot with one direct message."""

import json
import logging

from watchbell import Button, Embed, Reply, _
from watchbell.data.tables import INTRODUCTION
from watchbell.errors import DiscordError
from watchbell.kit.event import Event

event = Event("APPLICATION_AUTHORIZED", switch="introduction")
log = logging.getLogger(__name__)

CANNOT_DM = {
    10003: "no_channel",
    10013: "no_user",
    50001: "no_access",
    50007: "dm_closed",
    50278: "no_shared_server",
}
"""Discord's error codes for a person whom the bot cannot send a message, and the outcome to store for each."""


@event.run
def introduce(data, tools):
    """Greet the user once, even if the event comes several times. A claim in the `state` table ensures this."""
    user = data.get("user")
    user_id = user.get("id") if isinstance(user, dict) else None
    if not isinstance(user_id, str) or not user_id.isdigit():
        log.warning("the event of an installation names no user, so nobody is greeted")
        return
    claim = tools.claims.take(INTRODUCTION, user_id)
    if claim is None:
        return
    with claim:
        outcome = write_to(user_id, tools, may_have_been_sent=claim.attempt > 1)
        claim.done(outcome)
    log.log(logging.INFO if outcome == "sent" else logging.WARNING, "introduction: %s", outcome)


def write_to(user_id, tools, *, may_have_been_sent: bool) -> str:
    """Send the introduction and return the outcome: `sent`, or a value of CANNOT_DM.

    An earlier try may have sent the message and crashed before it stored the outcome. For a few minutes, Discord drops
    a second message with the same nonce. After that, only the messages in the conversation show it.
    """
    try:
        channel = tools.discord.open_dm(user_id)
        if may_have_been_sent and already_there(channel, tools):
            return "sent"
        message = introduction(tools.settings.get("DOCUMENTATION_URL", "")).message()
        tools.discord.create_message(channel, tools.seals.seal(message), nonce=f"hello{user_id}")
    except DiscordError as error:
        if not error.permanent or error.code not in CANNOT_DM:
            raise
        return CANNOT_DM[error.code]
    return "sent"


def already_there(channel, tools) -> bool:
    ours = f'"custom_id": "{introduction().buttons[0].custom_id}~'
    return any(ours in json.dumps(message.get("components")) for message in tools.discord.recent_messages(channel))


def introduction(documentation: str = "") -> Reply:
    from watchbell.commands import help, status

    embed = Embed(
        _("Hello, I am Watchbell."),
        _(
            "I watch services and tell you how they are doing. Thank you for installing me!\n\n"
            "Press a button to try me here, or type `/status` or `/help` wherever I am installed."
        ),
        colour=0x3498DB,
    )
    buttons: list[Button] = [
        status.check.button(_("Check server status"), style="primary"),
        help.overview.button(_("View help")),
        *help.documentation(documentation),
    ]
    return Reply(embeds=[embed], buttons=buttons)
