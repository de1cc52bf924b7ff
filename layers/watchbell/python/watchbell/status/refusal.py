"""A recipient of alerts that Discord refuses: what is kept of it, and the text that says what to change. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ..discord.permissions import listed
from ..discord.reply import Embed, Reply
from ..discord.text import clip, escape
from ..i18n import _
from .states import COLOURS

UNKNOWN_CHANNEL = 10003
RETIRED = (10015, 50027)
"""Discord's codes for a webhook that no longer exists. No other answer says so."""
FORUM_WANTS_TAG, FORUM_WANTS_POST, NO_FORUM = 40067, 220001, 220003
OF_PERMISSIONS = (50001, 50013)
"""Discord's codes if the bot may not see a channel, or lacks a permission there."""


class Refusal(NamedTuple):
    """Discord refuses messages to a recipient such as `channel:` and an id, or `webhook:` and a name.

    `status` and `code` are those of the latest refusal, and `since` is when the first one came, in epoch seconds.
    `lacks` are the names of the permissions that the bot does not have there.
    """

    recipient: str
    status: int
    code: int
    since: int
    lacks: tuple[str, ...] = ()


def told(refusal: Refusal, *, alerts: bool = True) -> str:
    """The sentence that says since when, why, and what to change.

    Without `alerts`, what a channel refuses are digests or reminders.
    """
    kind, _colon, id = refusal.recipient.partition(":")
    if kind == "webhook":
        return f"{_by_webhook(refusal, id)} {_advice(refusal.code)}"
    values = {"channel": f"<#{id}>", "time": f"<t:{refusal.since}:f>"}
    if refusal.code == UNKNOWN_CHANNEL and not alerts:
        return _(
            "⚠️ I have not been able to post in {channel} since {time}: the channel is gone. "
            "Choose another one with /digest or /remind.",
            **values,
        )
    if refusal.code == UNKNOWN_CHANNEL:
        return _(
            "⚠️ I have not been able to post in {channel} since {time}: the channel is gone. "
            "Choose another one with /setup.",
            **values,
        )
    if refusal.lacks:
        values["permissions"] = listed(refusal.lacks)
        return _(
            "⚠️ I have not been able to post in {channel} since {time}: I lack **{permissions}** there. "
            "Allow that in the channel's permissions.",
            **values,
        )
    if refusal.code in OF_PERMISSIONS:
        return _(
            "⚠️ I have not been able to post in {channel} since {time}: Discord does not let me. "
            "/setup shows what to change.",
            **values,
        )
    return _(
        "⚠️ I have not been able to post in {channel} since {time}: Discord refuses my messages (error {code}).",
        code=refusal.code,
        **values,
    )


def _by_webhook(refusal: Refusal, name: str) -> str:
    values = {"name": f"`{name}`", "time": f"<t:{refusal.since}:f>"}
    if refusal.code in RETIRED:
        return _("⚠️ Discord has not known the webhook {name} since {time}: somebody has deleted it.", **values)
    return _(
        "⚠️ Discord has refused my messages by the webhook {name} since {time} (error {code}).",
        code=refusal.code,
        **values,
    )


def _advice(code: int) -> str:
    """What to do about a webhook."""
    if code in RETIRED:
        return _("Make a new one in the settings of its channel, and set its URL with `/webhook add`.")
    if code == UNKNOWN_CHANNEL:
        return _("Its thread is gone. Name another one with `/webhook add`.")
    if code in (FORUM_WANTS_POST, FORUM_WANTS_TAG):
        return _("It belongs to a forum. With `/webhook add`, name its posts or one of its threads.")
    if code == NO_FORUM:
        return _("It belongs to no forum. Set it with `/webhook add`, and name no posts.")
    return _("Set it again with `/webhook add`, or remove it with `/webhook remove`.")


def to_owner(refusal: Refusal, server: str, delivery: str, *, alerts: bool = True) -> Reply:
    """The direct message to the owner of the server called `server`."""
    name = clip(escape(server), 100)
    content = (
        _("Alerts of your server **{server}** do not arrive.", server=name)
        if alerts
        else _("Digests or reminders of your server **{server}** do not arrive.", server=name)
    )
    embed = Embed(description=told(refusal, alerts=alerts), colour=COLOURS["down"], footer=delivery)
    return Reply(content, embeds=[embed])
