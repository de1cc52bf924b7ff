"""Who is in a server, what the bot may not do in its channels, and who must change what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..discord.interaction import Interaction
from ..discord.lacks import OVERWRITE, ROLE, Lack, lacks
from ..discord.permissions import bits, in_server, listed
from ..discord.reply import Embed
from ..errors import DiscordError
from ..i18n import _
from ..kit.server import status_channel
from ..kit.setting import Setting
from .toolbox import Tools

NOT_THERE = (10004, 10007, 50001)
"""Discord's codes if the bot is no member of the server: it was added without the scope `bot`."""

NO_MEMBER = (10007, 10013)
"""Discord's codes for a person who is not in the server, and for one who no longer exists."""


def is_member(guild: str, user: str, tools: Tools) -> bool:
    """Whether a person is in a server. Raises DiscordError if Discord does not tell."""
    try:
        tools.discord.member(guild, user)
    except DiscordError as error:
        if error.code not in NO_MEMBER:
            raise
        return False
    return True


def checklist(places: Mapping[Setting, str], interaction: Interaction, tools: Tools) -> Embed:
    """What the bot may not do in the channels that `places` names, by setting, and what to change."""
    embed = Embed(_("My permissions"))
    if not places:
        embed.description = _("No channel is chosen, so there is nothing to check.")
        return embed
    discord, guild = tools.discord, interaction.guild_id
    try:
        server, member = discord.server(guild), discord.member(guild, discord.me())
        channels = {channel["id"]: channel for channel in discord.channels(guild)}
    except DiscordError as error:
        if not error.permanent or error.code not in NOT_THERE:
            raise
        needed = bits(*(name for setting in places for name in setting.needs))
        embed.description = _(
            "I am not a member of this server. [Add me with my permissions]({link}).",
            link=grant(interaction, needed),
        )
        return embed
    for setting, id in places.items():
        if id in channels:
            found = lacks(setting.needs, server, member, channels[id], tools.now())
            link = grant(interaction, in_server(server, member) | bits(*setting.needs))
            lines = [*told(found, channels[id], server, link)]
            fine = _("✅ Everything that I need in {channel} is allowed.", channel=f"<#{id}>")
            embed.field(_(setting.label), "\n".join(lines) or fine)
        else:
            embed.field(_(setting.label), _("❌ This channel no longer exists. Choose another one."))
    return embed


def missing(found: Collection[Lack], channel: str, interaction: Interaction, tools: Tools) -> list[str]:
    """A line for each thing that somebody must change in the channel with this id. Asks Discord if something lacks."""
    if not found:
        return []
    discord, guild = tools.discord, interaction.guild_id
    return lines(found, channel, discord.server(guild), discord.member(guild, discord.me()), interaction)


def lines(
    found: Collection[Lack], channel: str, server: dict[str, Any], member: dict[str, Any], interaction: Interaction
) -> list[str]:
    """The same lines, for the server and the bot's member as Discord shows them."""
    link = grant(interaction, in_server(server, member) | bits(*(lack.name for lack in found)))
    return list(told(found, {"id": channel}, server, link))


def told(found: Collection[Lack], channel: dict[str, Any], server: dict[str, Any], link: str) -> Iterator[str]:
    """Yield a line for each thing to change, with the permissions that it is about."""
    for reason, target in dict.fromkeys((lack.reason, lack.target) for lack in found):
        names = tuple(lack.name for lack in found if (lack.reason, lack.target) == (reason, target))
        values = {"permissions": listed(names)}
        if reason == ROLE:
            yield _("❌ **{permissions}**: my role lacks this. [Grant it]({link}).", link=link, **values)
        elif reason == OVERWRITE:
            values |= {"channel": f"<#{channel['id']}>", "who": mention(target, server)}
            yield _(
                "❌ **{permissions}**: {channel} denies this to {who}. Edit that channel's permissions and allow it.",
                **values,
            )
        else:
            yield _("❌ **{permissions}**: I am timed out. A moderator must end the timeout.", **values)


def mention(target: str, server: dict[str, Any]) -> str:
    if target == server["id"]:
        return "@everyone"
    return f"<@&{target}>" if any(role["id"] == target for role in server["roles"]) else f"<@{target}>"


def grant(interaction: Interaction, permissions: int) -> str:
    """The link with which somebody who manages the server gives the bot's role these permissions."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={interaction.application_id}&scope=bot+applications.commands"
        f"&permissions={permissions}&guild_id={interaction.guild_id}&disable_guild_select=true"
    )


def writable(ids: Collection[str], guild_id: str, tools: Tools) -> set[str]:
    """Those of the channels of a server in which the bot may post alerts, none if Discord does not say."""
    discord, needs = tools.discord, status_channel.needs
    try:
        found = [channel for channel in discord.channels(guild_id) if channel["id"] in ids] if ids else []
        if not found:
            return set()
        server, member = discord.server(guild_id), discord.member(guild_id, discord.me())
        return {channel["id"] for channel in found if not lacks(needs, server, member, channel, tools.now())}
    except DiscordError:
        return set()
