"""The REST routes of a server: its roles, channels and members."""

from __future__ import annotations

from sandbox.discord.routes import Answer, Call, route
from sandbox.discord.validation import Json, Refusal
from sandbox.discord.world import ALL_PERMISSIONS, BOT_PERMISSIONS, DM, PUBLIC_THREAD, Guild


@route("GET /guilds/{guild}")
def read_guild(call: Call) -> Answer:
    guild = _guild(call)
    everyone = {"id": guild.id, "name": "@everyone", "permissions": "0", "position": 0, "managed": False}
    own = {"id": _role_of_the_bot(guild), "name": "bot", "permissions": str(BOT_PERMISSIONS), "managed": True}
    roles = [everyone, own, *(role.shown() for role in guild.roles.values())]
    return 200, guild.full() | {"owner_id": str(int(guild.id) + 2), "roles": roles}


@route("GET /guilds/{guild}/members/{user}")
def read_member(call: Call) -> Answer:
    guild, world, user_id = _guild(call), call.state.world, call.where["user"]
    if user_id == world.application_id:
        return 200, {"user": world.bot, "roles": [_role_of_the_bot(guild)], "communication_disabled_until": None}
    if user_id not in world.accounts or user_id not in guild.members:
        raise Refusal(404, 10007, "Unknown Member")
    roles = [role.id for role in guild.roles.values() if user_id in role.held_by]
    return 200, {"user": world.accounts[user_id].user, "roles": roles, "communication_disabled_until": None}


@route("GET /guilds/{guild}/channels")
def read_channels(call: Call) -> Answer:
    """The channels of the guild, even those that the bot cannot see. No threads."""
    guild, world, found = _guild(call), call.state.world, []
    for channel in world.channels.values():
        if channel.guild_id == guild.id and channel.kind not in (DM, PUBLIC_THREAD):
            own: Json = {"id": world.application_id, "type": 1, "allow": str(channel.bot_permissions)}
            own["deny"] = str(ALL_PERMISSIONS & ~channel.bot_permissions)
            overwrites = [] if channel.bot_permissions == BOT_PERMISSIONS else [own]
            found.append(world.channel_object(channel) | {"permission_overwrites": overwrites})
    return 200, found


def _guild(call: Call) -> Guild:
    """The guild in the path. Raises 10004 if the bot is not in it."""
    guild = call.state.world.guilds.get(call.where["guild"])
    if guild is None or not guild.has_bot:
        raise Refusal(404, 10004, "Unknown Guild")
    return guild


def _role_of_the_bot(guild: Guild) -> str:
    return str(int(guild.id) + 1)
