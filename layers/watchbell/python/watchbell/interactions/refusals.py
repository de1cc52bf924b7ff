"""What a person is told when Discord refuses something that people can change: what it is, and what to change."""

from __future__ import annotations

from ..discord.interaction import Interaction
from ..errors import DiscordError
from ..i18n import N_, _
from .apology import BROKEN

WORDS = {
    10003: N_("That channel no longer exists. Choose another one."),
    10004: N_("I am not in that server. Somebody who manages it must add me first."),
    10007: N_("That person is no longer in the server."),
    10011: N_("That role no longer exists. Choose another one."),
    30003: N_("Discord pins no more messages in that channel. Unpin one, then try again."),
    30005: N_("Discord allows no more roles in this server. Delete one, then try again."),
    30007: N_("Discord allows no more webhooks in that channel. Delete one, then try again."),
    30013: N_("Discord allows no more channels in this server. Delete one, then try again."),
    30058: N_("Discord allows no more webhooks in this server. Delete one, then try again."),
    30060: N_(
        "Discord allows no more permissions in that channel. Delete those of a role or a member, then try again."
    ),
    40058: N_("I cannot write into a forum itself. Choose one of its posts, or a text channel."),
    40067: N_("That forum wants a tag for each post, and I set none. A moderator must allow posts without a tag."),
    50001: N_("I cannot see that channel. A moderator must allow “View Channel” for me in the channel's permissions."),
    50007: N_(
        "I cannot send that person a direct message: they do not accept any from this server, or they have blocked me. "
        "They can allow it in the server's privacy settings."
    ),
    50013: N_(
        "I am missing a permission for that. A moderator must allow it for my role, in the server's settings or in the "
        "channel's permissions. To change a member or a role, my role must be above theirs."
    ),
    50083: N_("That thread is archived. Open it again, then try again."),
    50278: N_(
        "I cannot send that person a direct message, because we are in no server together. They can add me to their "
        "apps, or join a server that I am in."
    ),
    60003: N_("This server requires two-factor authentication. My owner must switch it on for their account."),
    160002: N_(
        "I cannot reply there. A moderator must allow “Read Message History” for me in the channel's permissions."
    ),
    160005: N_("That thread is locked. A moderator must unlock it first."),
    160006: N_("Discord allows no more active threads in this server. Archive one, then try again."),
    200000: N_(
        "AutoMod blocked my message. A moderator must allow its text, or exempt my role, in the AutoMod settings."
    ),
}
"""Discord's error codes for what people can change, each with the words for it."""

WORDS[240000] = WORDS[200000]  # a link that the server's filter blocks


def words(error: DiscordError, interaction: Interaction) -> str:
    """Return what to tell the person. For any other code it is BROKEN, with the reference of the interaction."""
    return _(WORDS[error.code]) if error.code in WORDS else _(BROKEN, reference=interaction.id)
