"""Somebody installed the bot: greet them once, by direct message."""

import logging

from watchbell import Button, Embed, Reply, _
from watchbell.errors import DiscordError
from watchbell.event import Event
from watchbell.rows import INTRODUCTION

event = Event("APPLICATION_AUTHORIZED")
log = logging.getLogger(__name__)

CANNOT_DM = {50007: "their direct messages are closed", 50278: "we share no server"}
"""Discord's codes for a person whom the bot may not write to, whatever it does."""


@event.run
def introduce(data, tools):
    """Once per user, however often and however concurrently the event comes: claimed in the `state` table."""
    user = data.get("user")
    user_id = user.get("id") if isinstance(user, dict) else None
    if not isinstance(user_id, str) or not user_id.isdigit():
        log.warning("an installation that names no user")
        return
    claim = tools.claims.take(INTRODUCTION, user_id)
    if claim is None:
        return
    with claim:
        outcome = write_to(user_id, tools, may_have_been_sent=claim.attempt > 1)
        claim.done(outcome)
    log.info("introduction: %s", outcome)


def write_to(user_id, tools, *, may_have_been_sent: bool) -> str:
    """Sends the introduction; the outcome in words. A crash may have come between an earlier send and its record:
    the nonce covers a few minutes of that, a look at the conversation the rest."""
    try:
        channel = tools.discord.open_dm(user_id)
        if may_have_been_sent and already_there(channel, tools):
            return "sent"
        tools.discord.create_message(channel, tools.seals.seal(introduction().message()), nonce=f"hello{user_id}")
    except DiscordError as error:
        if error.code not in CANNOT_DM:
            raise
        return f"not sent: {CANNOT_DM[error.code]}"
    return "sent"


def already_there(channel, tools) -> bool:
    ours = f"{introduction().buttons[0].custom_id}~"
    return any(
        str(component.get("custom_id")).startswith(ours)
        for message in tools.discord.recent_messages(channel)
        for row in message.get("components", ())
        for component in row.get("components", ())
    )


def introduction() -> Reply:
    from watchbell.commands import help, status

    embed = Embed(
        _("Hello, I am Watchbell."),
        _(
            "I watch services and tell you how they are. Thank you for installing me!\n\n"
            "Press a button to try me here, or type `/status` and `/help` wherever I am installed."
        ),
        colour=0x3498DB,
    )
    buttons: list[Button] = [
        status.check.button(_("Check server status"), style="primary"),
        help.overview.button(_("View help")),
    ]
    return Reply(embeds=[embed], buttons=buttons)
