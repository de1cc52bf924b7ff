"""The REST routes of a server: its channels, overwrites, threads, members and roles."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.discord import messages
from sandbox.discord.permissions import (
    ADMINISTRATOR,
    ALL_PERMISSIONS,
    CREATE_PRIVATE_THREADS,
    CREATE_PUBLIC_THREADS,
    MANAGE_CHANNELS,
    MANAGE_ROLES,
    MANAGE_THREADS,
    MEMBER,
    READ_MESSAGE_HISTORY,
    ROLE,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    Overwrite,
)
from sandbox.discord.routes import Answer, Call, check_contents, read_tags, route
from sandbox.discord.validation import Json, NotSimulated, Path, Refusal
from sandbox.discord.world import (
    ANNOUNCEMENT_THREAD,
    GUILD_CATEGORY,
    GUILD_FORUM,
    GUILD_TEXT,
    MAX_CHANNELS,
    MAX_IN_CATEGORY,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    THREADS,
    Channel,
    Guild,
    Role,
)

KINDS = (0, 2, 4, 5, 13, 14, 15)
MAX_OVERWRITES = 100
ARCHIVE_AFTER = (60, 1440, 4320, 10080)
_CHANNEL = ("name", "type", "topic", "parent_id", "permission_overwrites", "rate_limit_per_user", "nsfw", "position")
_NOT_YET = (
    *("bitrate", "user_limit", "rtc_region", "video_quality_mode", "default_auto_archive_duration", "flags"),
    *("default_reaction_emoji", "available_tags", "default_sort_order", "default_forum_layout"),
    "default_thread_rate_limit_per_user",
)
"""What real Discord can set of a channel besides."""
_THREAD = ("name", "archived", "locked", "rate_limit_per_user", "auto_archive_duration", "invitable")


# ---- the server


@route("GET /guilds/{guild}")
def read_guild(call: Call) -> Answer:
    guild = call.state.world.guild_for_bot(call.where["guild"])
    return 200, guild.full() | {"owner_id": guild.owner_id, "roles": [role.shown() for role in guild.all_roles()]}


@route("GET /guilds/{guild}/roles")
def read_roles(call: Call) -> Answer:
    return 200, [role.shown() for role in call.state.world.guild_for_bot(call.where["guild"]).all_roles()]


@route("GET /guilds/{guild}/members/{user}")
def read_member(call: Call) -> Answer:
    guild = call.state.world.guild_for_bot(call.where["guild"])
    return 200, _member(call, guild)


@route("PUT /guilds/{guild}/members/{user}/roles/{role}")
def give_role(call: Call) -> Answer:
    role = _role(call)
    role.held_by.add(call.where["user"])
    call.record("MEMBER_ROLE_UPDATE", call.where["user"])
    return 204, None


@route("DELETE /guilds/{guild}/members/{user}/roles/{role}")
def take_role(call: Call) -> Answer:
    role = _role(call)
    role.held_by.discard(call.where["user"])
    call.record("MEMBER_ROLE_UPDATE", call.where["user"])
    return 204, None


def _member(call: Call, guild: Guild) -> Json:
    """The member in the path. Raises 10013, 10007."""
    world, user_id = call.state.world, call.where["user"]
    if user_id == world.application_id:
        user = world.bot
    elif user_id not in world.accounts:
        raise Refusal(404, 10013, "Unknown User")
    elif user_id not in guild.members:
        raise Refusal(404, 10007, "Unknown Member")
    else:
        user = world.accounts[user_id].user
    until = guild.timeouts.get(user_id)
    shown: Json = {"user": user, "roles": guild.held(user_id), "nick": None, "avatar": None, "banner": None}
    shown |= {"joined_at": "2024-01-01T00:00:00.000000+00:00", "premium_since": None, "deaf": False, "mute": False}
    return shown | {"flags": 0, "pending": False, "communication_disabled_until": world.moment(until)}


def _role(call: Call) -> Role:
    """The role in the path, if the bot may give it. Raises 10011, 50028, 50013, and what `_member` raises."""
    guild = call.state.world.guild_for_bot(call.where["guild"], MANAGE_ROLES)
    _member(call, guild)
    role = guild.role(call.where["role"])
    if role is None:
        raise Refusal(404, 10011, "Unknown Role")
    if role.position >= guild.bot_role.position:
        raise Refusal(403, 50013, "Missing Permissions")
    if role is guild.everyone or role.managed:
        raise Refusal(400, 50028, "Invalid Role")
    return role


# ---- channels


@route("GET /guilds/{guild}/channels")
def read_channels(call: Call) -> Answer:
    """The channels of the guild, even those that the bot cannot see. No threads."""
    world = call.state.world
    guild = world.guild_for_bot(call.where["guild"])
    return 200, [world.channel_object(each) for each in _channels(call, guild) if each.kind not in THREADS]


@route("POST /guilds/{guild}/channels")
def create_channel(call: Call) -> Answer:
    world, form = call.state.world, call.form
    guild = world.guild_for_bot(call.where["guild"], MANAGE_CHANNELS)
    body = _channel_body(call)
    form.required((), body, "name")
    if body.get("type") is not None:
        form.one_of(("type",), body["type"], KINDS)
    made = Channel("", body.get("type") or GUILD_TEXT, guild_id=guild.id)
    parent = _apply(call, guild, made, body)
    form.refuse()
    if sum(each.kind not in THREADS for each in _channels(call, guild)) >= MAX_CHANNELS:
        raise Refusal(400, 30013, f"Maximum number of guild channels reached ({MAX_CHANNELS})")
    if parent:
        world.channel_for_bot(parent.id, MANAGE_CHANNELS)
    if body.get("permission_overwrites") is None and parent:
        made.overwrites = copy.deepcopy(parent.overwrites)
    made.id = world.snowflake()
    world.channels[made.id] = made
    call.record("CHANNEL_CREATE", made.id)
    return 201, world.channel_object(made)


@route("PATCH /channels/{channel}")
def edit_channel(call: Call) -> Answer:
    world, form = call.state.world, call.form
    channel = _of_a_guild(call, 0)
    guild = world.guilds[channel.guild_id or ""]
    if channel.kind in THREADS:
        body = form.object((), call.body, _THREAD)
        _apply_to_thread(call, channel, body)
        return 200, world.channel_object(channel)
    world.channel_for_bot(channel.id, MANAGE_CHANNELS)
    body = _channel_body(call)
    if body.get("permission_overwrites") is not None:
        world.channel_for_bot(channel.id, MANAGE_ROLES)
    changed = copy.deepcopy(channel)
    _apply(call, guild, changed, body)
    form.refuse()
    world.channels[channel.id].__dict__.update(changed.__dict__)  # people hold the object
    call.record("CHANNEL_UPDATE", channel.id)
    return 200, world.channel_object(channel)


@route("DELETE /channels/{channel}")
def delete_channel(call: Call) -> Answer:
    channel = _of_a_guild(call, 0)
    thread = channel.kind in THREADS
    call.state.world.channel_for_bot(channel.id, MANAGE_THREADS if thread else MANAGE_CHANNELS)
    shown = call.state.world.channel_object(channel)
    call.state.world.remove_channel(channel)
    call.record("THREAD_DELETE" if thread else "CHANNEL_DELETE", channel.id)
    return 200, shown


@route("PUT /channels/{channel}/permissions/{target}")
def set_overwrite(call: Call) -> Answer:
    channel = _of_a_guild(call, MANAGE_ROLES)
    if channel.kind in THREADS:
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    body = call.form.object((), call.body, ("allow", "deny", "type"))
    if call.form.required((), body, "type"):
        overwrite = _overwrite(call, channel, (), {**body, "id": call.where["target"]})
    call.form.refuse()
    channel.overwrites[overwrite.id] = overwrite
    call.record("CHANNEL_OVERWRITE_UPDATE", channel.id)
    return 204, None


@route("DELETE /channels/{channel}/permissions/{target}")
def delete_overwrite(call: Call) -> Answer:
    channel = _of_a_guild(call, MANAGE_ROLES)
    if channel.overwrites.pop(call.where["target"], None) is None:
        raise Refusal(404, 10009, "Unknown Overwrite")
    call.record("CHANNEL_OVERWRITE_DELETE", channel.id)
    return 204, None


def _channel_body(call: Call) -> Json:
    body = call.form.object((), call.body, (*_CHANNEL, *_NOT_YET))
    for key in _NOT_YET:
        if body.get(key) is not None:
            raise NotSimulated(f"{key} of a channel")
    return body


def _channels(call: Call, guild: Guild) -> list[Channel]:
    return [channel for channel in call.state.world.channels.values() if channel.guild_id == guild.id]


def _of_a_guild(call: Call, permission: int) -> Channel:
    channel = call.state.world.channel_for_bot(call.where["channel"], permission)
    if channel.guild_id is None:
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    return channel


def _apply(call: Call, guild: Guild, channel: Channel, body: Json) -> Channel | None:
    """Read the settings in `body` into `channel`, and return the category that it is put into."""
    form, parent = call.form, None
    if body.get("name") is not None:
        name = form.text(("name",), body["name"], 1, 100)
        channel.name = "-".join(name.lower().split()) if channel.kind in (GUILD_TEXT, 5, GUILD_FORUM) else name
    if "topic" in body:
        most = 4096 if channel.kind == GUILD_FORUM else 1024
        channel.topic = None if body["topic"] is None else form.text(("topic",), body["topic"], 0, most)
    if body.get("rate_limit_per_user") is not None:
        channel.slowmode = form.number(("rate_limit_per_user",), body["rate_limit_per_user"], 0, 21600)
    if body.get("nsfw") is not None:
        channel.nsfw = form.boolean(("nsfw",), body["nsfw"])
    if "parent_id" in body:
        parent = _category(call, guild, channel, body["parent_id"])
        channel.parent_id = parent.id if parent else None
    if body.get("permission_overwrites") is not None:
        at = ("permission_overwrites",)
        given = form.array(at, body["permission_overwrites"], 0, MAX_OVERWRITES)
        read = [_overwrite(call, channel, (*at, i), form.object((*at, i), each)) for i, each in enumerate(given)]
        channel.overwrites = {each.id: each for each in read}
    return parent


def _category(call: Call, guild: Guild, channel: Channel, given: Any) -> Channel | None:
    if given is None:
        return None
    parent = call.state.world.channels.get(call.form.snowflake(("parent_id",), given))
    if parent is None or parent.guild_id != guild.id or parent.kind != GUILD_CATEGORY:
        call.form.error(("parent_id",), "CHANNEL_PARENT_INVALID", "Category does not exist")
        return None
    inside = [each for each in _channels(call, guild) if each.parent_id == parent.id and each.id != channel.id]
    if len(inside) >= MAX_IN_CATEGORY:
        message = f"Maximum number of channels in category reached ({MAX_IN_CATEGORY})"
        call.form.error(("parent_id",), "CHANNEL_PARENT_MAX_CHANNELS", message)
    return parent


def _overwrite(call: Call, channel: Channel, path: Path, given: Json) -> Overwrite:
    """Read an overwrite. Raises 10009 for an unknown role or user, 50013 for what the bot may not do itself."""
    form, world = call.form, call.state.world
    guild = world.guilds[channel.guild_id or ""]
    id, kind = form.snowflake((*path, "id"), given.get("id")), given.get("type", ROLE)
    form.one_of((*path, "type"), kind, (ROLE, MEMBER))
    allow, deny = (_bits(call, (*path, side), given.get(side)) for side in ("allow", "deny"))
    form.refuse()
    known = guild.role(id) if kind == ROLE else id in world.accounts or id == world.application_id
    if not known:
        raise Refusal(404, 10009, "Unknown Overwrite")
    # The bot may only set what it has itself: in the guild, or in the channel if there is one.
    own = world.in_guild(world.application_id, guild)
    if channel.id:
        own |= world.permissions(world.application_id, channel)
    administrator = bool(own & ADMINISTRATOR)
    if (allow | deny) & ~own or ((allow | deny) & MANAGE_ROLES and not administrator):
        raise Refusal(403, 50013, "Missing Permissions")
    return Overwrite(id, kind, allow, deny)


def _bits(call: Call, path: Path, given: Any) -> int:
    """Permissions as a decimal string or an integer. Unknown bits are dropped."""
    if given is None:
        return 0
    if isinstance(given, str) and given.isascii() and given.isdigit():
        given = int(given)
    return int(call.form.number(path, given, 0, 2**64)) & ALL_PERMISSIONS


# ---- threads


@route("GET /guilds/{guild}/threads/active")
def read_threads(call: Call) -> Answer:
    """The threads that the bot sees and that are not archived."""
    world = call.state.world
    guild = world.guild_for_bot(call.where["guild"])
    found = [each for each in _channels(call, guild) if each.kind in THREADS and not world.is_archived(each)]
    seen = [each for each in found if world.sees(world.application_id, each.id)]
    return 200, {"threads": [world.channel_object(each) for each in seen], "members": []}


@route("GET /channels/{channel}/threads/archived/public")
def read_archived_threads(call: Call) -> Answer:
    return _archived(call, private=False)


@route("GET /channels/{channel}/threads/archived/private")
def read_archived_private_threads(call: Call) -> Answer:
    return _archived(call, private=True)


def _archived(call: Call, *, private: bool) -> Answer:
    """The archived threads of a channel, in one page. The private ones need MANAGE_THREADS."""
    world, channel = call.state.world, _of_a_guild(call, READ_MESSAGE_HISTORY | (MANAGE_THREADS if private else 0))
    here = [each for each in world.channels.values() if each.parent_id == channel.id and each.kind in THREADS]
    found = [each for each in here if world.is_archived(each) and (each.kind == PRIVATE_THREAD) == private]
    return 200, {"threads": [world.channel_object(each) for each in found], "members": [], "has_more": False}


@route("POST /channels/{channel}/threads")
def create_thread(call: Call) -> Answer:
    channel = _of_a_guild(call, 0)
    if channel.kind == GUILD_FORUM:
        return _new_post(call, channel)
    body = call.form.object(
        (), call.body, ("name", "type", "auto_archive_duration", "invitable", "rate_limit_per_user")
    )
    kind = PRIVATE_THREAD if body.get("type") is None else body["type"]
    call.form.one_of(("type",), kind, (PUBLIC_THREAD, PRIVATE_THREAD))
    needed = CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else CREATE_PUBLIC_THREADS
    return _new_thread(call, _of_a_guild(call, needed), body, kind)


@route("POST /channels/{channel}/messages/{message}/threads")
def create_thread_at_message(call: Call) -> Answer:
    world = call.state.world
    channel = _of_a_guild(call, CREATE_PUBLIC_THREADS)
    message = world.message(call.where["message"])
    if message["channel_id"] != channel.id or message["id"] in world.private_to:
        raise Refusal(404, 10008, "Unknown Message")
    if message["id"] in world.channels:
        raise Refusal(400, 160004, "A thread has already been created for this message")
    body = call.form.object((), call.body, ("name", "auto_archive_duration", "rate_limit_per_user"))
    return _new_thread(call, channel, body, PUBLIC_THREAD, message["id"])


@route("PUT /channels/{channel}/thread-members/{user}")
def add_to_thread(call: Call) -> Answer:
    thread = _thread(call)
    if not call.state.world.sees(call.where["user"], thread.parent_id or ""):
        raise Refusal(403, 50001, "Missing Access")
    thread.members.add(call.where["user"])
    return 204, None


@route("DELETE /channels/{channel}/thread-members/{user}")
def remove_from_thread(call: Call) -> Answer:
    thread = _thread(call)
    call.state.world.channel_for_bot(thread.id, MANAGE_THREADS)
    thread.members.discard(call.where["user"])
    return 204, None


def _thread(call: Call) -> Channel:
    """The thread in the path, if it can be changed. Raises 50024, 50083."""
    thread = call.state.world.channel_for_bot(call.where["channel"], SEND_IN_THREADS)
    if thread.kind not in THREADS:
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    if call.state.world.is_archived(thread):
        raise Refusal(400, 50083, "Thread is archived")
    _member(call, call.state.world.guilds[thread.guild_id or ""])
    return thread


def _new_thread(call: Call, channel: Channel, body: Json, kind: int, id: str = "") -> Answer:
    world, form = call.state.world, call.form
    if channel.kind not in (GUILD_TEXT, 5):
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    name = form.text(("name",), body["name"], 1, 100) if form.required((), body, "name") else ""
    minutes, slowmode = _thread_times(call, body)
    form.refuse()
    thread = world.add_thread(name, channel, ANNOUNCEMENT_THREAD if id and channel.kind == 5 else kind, id)
    thread.auto_archive, thread.slowmode = minutes, slowmode
    thread.members.add(world.application_id)
    thread.owner_id = world.application_id
    call.record("THREAD_CREATE", thread.id)
    return 201, world.channel_object(thread)


def _thread_times(call: Call, body: Json, thread: Channel | None = None) -> tuple[int, int]:
    """After how many idle minutes the thread is archived, and the seconds of its slow mode."""
    form, before = call.form, thread or Channel("", PUBLIC_THREAD)
    minutes, slowmode = body.get("auto_archive_duration"), body.get("rate_limit_per_user")
    if minutes is not None and not form.one_of(("auto_archive_duration",), minutes, ARCHIVE_AFTER):
        minutes = None
    slowmode = before.slowmode if slowmode is None else form.number(("rate_limit_per_user",), slowmode, 0, 21600)
    return before.auto_archive if minutes is None else minutes, slowmode


def _new_post(call: Call, forum: Channel) -> Answer:
    """A thread in a forum, with its first message, which has the same id."""
    world, form = call.state.world, call.form
    world.channel_for_bot(forum.id, SEND_MESSAGES)
    keys = ("name", "auto_archive_duration", "rate_limit_per_user", "applied_tags", "message")
    body = form.object((), call.body, keys)
    name = form.text(("name",), body["name"], 1, 100) if form.required((), body, "name") else ""
    minutes, slowmode = _thread_times(call, body)
    if not form.required((), body, "message"):
        form.refuse()
    fields = messages.read_message(form, ("message",), body["message"], messages.POST)
    check_contents(call, forum, fields)
    moderator = bool(world.permissions(world.application_id, forum) & MANAGE_THREADS)
    tags = read_tags(call, forum, body.get("applied_tags"), may_all=moderator)
    thread = world.add_thread(name, forum)
    thread.auto_archive, thread.slowmode = minutes, slowmode
    thread.members.add(world.application_id)
    thread.owner_id, thread.applied_tags = world.application_id, tags
    message = world.post(thread.id, world.bot, fields, application_id=world.application_id, id=thread.id)
    call.record("THREAD_CREATE", thread.id)
    call.state.transcript.show(message)
    return 201, world.channel_object(thread) | {"message": message}


def _apply_to_thread(call: Call, thread: Channel, body: Json) -> None:
    """Archive, lock or rename a thread. Raises 50013, 50083."""
    form, world = call.form, call.state.world
    own = thread.owner_id == world.application_id
    if not own or "locked" in body:
        world.channel_for_bot(thread.id, MANAGE_THREADS)
    before = world.is_archived(thread)
    archived = form.boolean(("archived",), body["archived"]) if body.get("archived") is not None else before
    locked = form.boolean(("locked",), body["locked"]) if body.get("locked") is not None else thread.locked
    name = form.text(("name",), body["name"], 1, 100) if body.get("name") is not None else thread.name
    minutes, slowmode = _thread_times(call, body, thread)
    form.refuse()
    if before and archived:
        raise Refusal(400, 50083, "Thread is archived")
    if before:
        world.open_thread(thread)
    thread.archived, thread.locked, thread.name = archived, locked, name
    thread.auto_archive, thread.slowmode = minutes, slowmode
    call.record("THREAD_UPDATE", thread.id)
