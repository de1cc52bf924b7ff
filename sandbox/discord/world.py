"""The simulated world: users, guilds, roles, channels, webhooks, messages and files."""

from __future__ import annotations

import copy
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.discord import files, messages, objects, permissions
from sandbox.discord.permissions import (
    BOT_PERMISSIONS,
    DM_PERMISSIONS,
    MEMBER,
    MEMBER_PERMISSIONS,
    MENTION_EVERYONE,
    VIEW_CHANNEL,
    Overwrite,
)
from sandbox.discord.upload import Upload
from sandbox.discord.validation import Json, Refusal

EPOCH_MS = 1420070400000  # 2015-01-01, where snowflakes start
GUILD_TEXT, DM, GUILD_VOICE, GUILD_CATEGORY, GUILD_STAGE, GUILD_FORUM = 0, 1, 2, 4, 13, 15
ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 10, 11, 12
THREADS = (ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)
MAX_CHANNELS, MAX_IN_CATEGORY = 500, 50

REQUIRE_TAG = 1 << 4
"""The flag of a forum in which each post must have a tag."""

NONCE_SECONDS = 300.0  # "the past few minutes" of enforce_nonce


@dataclass
class Account:
    """A person's account: the public user object, and what only Discord knows about it."""

    user: Json
    locale: str = "en-US"
    takes_dms: bool = True
    installed_app: bool = False


@dataclass(repr=False)
class Role:
    """A role. `held_by` holds user ids. A member can only give the roles that are below their own."""

    id: str
    name: str
    held_by: set[str] = field(default_factory=set)
    permissions: int = 0
    position: int = 1
    managed: bool = False

    def __str__(self) -> str:
        return f"@&{self.name}"

    __repr__ = __str__

    def shown(self) -> Json:
        more: Json = {"color": 0, "hoist": False, "position": self.position, "flags": 0}
        more |= {"permissions": str(self.permissions), "managed": self.managed}
        colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
        return {"id": self.id, "name": self.name, **more, "mentionable": True, "icon": None, "colors": colours}


@dataclass
class Guild:
    """A server. Every member has the permissions of `everyone` and of their roles, the bot those of `bot_role`.

    A person also has those in `members`, as if by a role that is not listed.
    """

    id: str
    name: str
    bot_role: Role
    owner_id: str
    has_bot: bool = True
    members: dict[str, int] = field(default_factory=dict)  # user id -> further permissions
    roles: dict[str, Role] = field(default_factory=dict)  # those that somebody made
    timeouts: dict[str, float] = field(default_factory=dict)  # user id -> epoch seconds of its end
    locale: str = "en-US"

    def __post_init__(self) -> None:
        self.everyone = Role(self.id, "@everyone", permissions=MEMBER_PERMISSIONS, position=0)

    def role(self, id: str) -> Role | None:
        return next((role for role in self.all_roles() if role.id == id), None)

    def all_roles(self) -> list[Role]:
        return [self.everyone, *([self.bot_role] if self.has_bot else []), *self.roles.values()]

    def held(self, user_id: str) -> list[str]:
        """The ids of the roles that a member holds, without @everyone."""
        return [role.id for role in self.all_roles() if user_id in role.held_by]

    def partial(self) -> Json:
        return {"id": self.id, "features": [], "locale": self.locale}

    def full(self) -> Json:
        return self.partial() | {"name": self.name, "icon": None, "description": None, "preferred_locale": self.locale}


@dataclass(repr=False)
class Channel:
    id: str
    kind: int
    name: str = ""
    guild_id: str | None = None
    recipient_id: str | None = None
    nsfw: bool = False
    parent_id: str | None = None  # the channel of a thread, or the category of a channel
    topic: str | None = None
    slowmode: int = 0
    overwrites: dict[str, Overwrite] = field(default_factory=dict)  # by the id of the role or the member
    members: set[str] = field(default_factory=set)  # of a thread: user ids
    owner_id: str | None = None  # of a thread
    archived: bool = False
    locked: bool = False
    auto_archive: int = 4320  # minutes without a message after which a thread is archived
    active_at: float = 0.0  # of a thread: when its last message came, or when somebody opened it
    last_message_id: str | None = None  # of the last message, even if it is gone
    total_sent: int = 0  # messages, even those that are gone
    tags: list[Json] = field(default_factory=list)  # of a forum: tag objects
    needs_tag: bool = False  # of a forum: whether each post must have a tag
    applied_tags: list[str] = field(default_factory=list)  # of a post in a forum: the ids of its tags

    def __str__(self) -> str:
        return f"#{self.name}" if self.name else "the DM with the bot"

    __repr__ = __str__


@dataclass
class Webhook:
    id: str
    token: str
    name: str
    channel_id: str

    def user(self) -> Json:
        return objects.user(self.id, self.name) | {"discriminator": "0000", "bot": True}


class World:
    """Everything that exists, behind one lock. `changed` is notified of every change to messages and interactions.

    `clock` gives epoch seconds. It dates messages and ids.
    """

    def __init__(self, application_id: str, bot_name: str, clock: Callable[[], float]) -> None:
        self.application_id, self.clock = application_id, clock
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.bot = objects.user(application_id, bot_name) | {"bot": True}
        self.accounts: dict[str, Account] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.messages: dict[str, Json] = {}
        self.files: dict[str, Upload] = {}  # by the id of the attachment
        self.cdn = ""  # the base of their URLs: http://127.0.0.1:PORT
        self.private_to: dict[str, str] = {}  # ephemeral message id -> id of the only user who sees it
        self.audit_log: list[Json] = []  # what the bot did, oldest first: action, target_id, reason
        self.message_content = False
        """Whether the application has the Message Content intent."""
        self._nonces: dict[str, tuple[str, float]] = {}
        self._last_id = 0

    def snowflake(self) -> str:
        """A new id that contains the clock's time. Ids always increase, even if the clock goes back."""
        with self.lock:
            self._last_id = max(self._last_id + 1, int(self.clock() * 1000) - EPOCH_MS << 22)
            return str(self._last_id)

    def now(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()

    def moment(self, seconds: float | None) -> str | None:
        """Epoch seconds as Discord writes a time."""
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()

    # ---- people and places

    def account(self, name: str, locale: str) -> Account:
        with self.lock:
            for account in self.accounts.values():
                if account.user["username"] == name:
                    return account
            account = Account(objects.user(self.snowflake(), name), locale)
            self.accounts[account.user["id"]] = account
            return account

    def add_guild(self, name: str, has_bot: bool = True, guild_id: str | None = None) -> Guild:
        """A new guild with one text channel, "general", and an owner who does nothing. `guild_id` fixes its id."""
        with self.lock:
            bot_role = Role(self.snowflake(), self.bot["username"], {self.application_id}, BOT_PERMISSIONS, 100, True)
            owner = self.account(f"owner of {name}", "en-US").user["id"]
            guild = Guild(guild_id or self.snowflake(), name, bot_role, owner, has_bot)
            self.guilds[guild.id] = guild
            self.add_channel("general", guild.id)
            return guild

    def add_role(self, name: str, guild: Guild, held_by: Iterable[str] = (), granted: int = 0) -> Role:
        with self.lock:
            role = Role(self.snowflake(), name, set(held_by), granted)
            guild.roles[role.id] = role
            return role

    def add_channel(self, name: str, guild_id: str, kind: int = GUILD_TEXT, parent: Channel | None = None) -> Channel:
        """A new channel. It gets the overwrites of its category."""
        with self.lock:
            channel = Channel(self.snowflake(), kind, name, guild_id, parent_id=parent.id if parent else None)
            channel.overwrites = copy.deepcopy(parent.overwrites) if parent else {}
            self.channels[channel.id] = channel
            return channel

    def tag(self, name: str, *, moderated: bool = False) -> Json:
        """A new tag for a forum. Only who may manage threads can give a `moderated` one to a post."""
        return {"id": self.snowflake(), "name": name, "moderated": moderated, "emoji_id": None, "emoji_name": None}

    def add_thread(self, name: str, parent: Channel, kind: int = PUBLIC_THREAD, id: str = "") -> Channel:
        """A new thread in `parent`. In a forum, its first message gets the same id; at a message it has that id."""
        with self.lock:
            thread = Channel(id or self.snowflake(), kind, name, parent.guild_id, parent_id=parent.id)
            thread.active_at = self.clock()
            self.channels[thread.id] = thread
            return thread

    def is_archived(self, channel: Channel) -> bool:
        """Whether it is a thread that somebody archived, or in which nobody wrote for as long as it stays open."""
        idle = self.clock() - channel.active_at >= channel.auto_archive * 60
        return channel.kind in THREADS and (channel.archived or idle)

    def open_thread(self, thread: Channel) -> None:
        thread.archived, thread.active_at = False, self.clock()

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel with its messages, threads and webhooks. The channels of a category stay."""
        with self.changed:
            del self.channels[channel.id]
            for other in [each for each in self.channels.values() if each.parent_id == channel.id]:
                if other.kind in THREADS:
                    self.remove_channel(other)
                else:
                    other.parent_id = None
            for message in [each for each in self.messages.values() if each["channel_id"] == channel.id]:
                self.remove(message["id"])
            for webhook in [each for each in self.webhooks.values() if each.channel_id == channel.id]:
                del self.webhooks[webhook.id]
            self.changed.notify_all()

    def dm(self, user_id: str) -> Channel:
        """The bot's DM channel with this user. It is opened on first use."""
        with self.lock:
            for channel in self.channels.values():
                if channel.recipient_id == user_id:
                    return channel
            channel = Channel(self.snowflake(), DM, recipient_id=user_id)
            self.channels[channel.id] = channel
            return channel

    def shares_a_guild(self, user_id: str) -> bool:
        return any(guild.has_bot and user_id in (*guild.members, guild.owner_id) for guild in self.guilds.values())

    def channel_object(self, channel: Channel) -> Json:
        shown: Json = {"id": channel.id, "type": channel.kind, "flags": 0}
        shown["last_message_id"] = channel.last_message_id
        if channel.recipient_id:
            return shown | {"recipients": [self.accounts[channel.recipient_id].user]}
        shown |= {"name": channel.name, "guild_id": channel.guild_id, "parent_id": channel.parent_id}
        shown["rate_limit_per_user"] = channel.slowmode
        if channel.kind in THREADS:
            state: Json = {"archived": self.is_archived(channel), "locked": channel.locked}
            state |= {"auto_archive_duration": channel.auto_archive, "archive_timestamp": self.now()}
            state |= {"invitable": True} if channel.kind == PRIVATE_THREAD else {}
            shown |= {"owner_id": channel.owner_id or self.application_id, "thread_metadata": state}
            shown |= {"applied_tags": channel.applied_tags} if channel.applied_tags else {}
            left = sum(each["channel_id"] == channel.id != each["id"] for each in self.messages.values())
            shown |= {"message_count": left, "total_message_sent": channel.total_sent}
            return shown | {"member_count": len(channel.members)}
        overwrites = [each.shown() for each in channel.overwrites.values()]
        shown |= {"topic": channel.topic, "permission_overwrites": overwrites}
        if channel.kind == GUILD_FORUM:
            shown |= {"available_tags": copy.deepcopy(channel.tags), "flags": REQUIRE_TAG * channel.needs_tag}
        return shown | {"nsfw": channel.nsfw, "position": 0}

    def add_webhook(self, name: str, channel_id: str) -> Webhook:
        with self.lock:
            webhook = Webhook(self.snowflake(), secrets.token_urlsafe(51), name, channel_id)
            self.webhooks[webhook.id] = webhook
            return webhook

    # ---- who may do what

    def permissions(self, user_id: str, channel: Channel) -> int:
        """What a user may do in a channel. 0 if they cannot see it."""
        if channel.guild_id is None:
            return DM_PERMISSIONS if user_id in (channel.recipient_id, self.application_id) else 0
        guild = self.guilds[channel.guild_id]
        place, thread = channel, channel.kind in THREADS
        if thread:
            place = self.channels[channel.parent_id or ""]
        roles = set(guild.held(user_id))
        base = self.in_guild(user_id, guild)
        if not (guild.has_bot if user_id == self.application_id else user_id in guild.members):
            return 0
        granted = permissions.in_channel(base, place.overwrites.values(), guild.id, user_id, roles, thread=thread)
        if channel.kind == PRIVATE_THREAD and user_id not in channel.members:
            granted = granted if granted & permissions.MANAGE_THREADS else 0
        timed_out = guild.timeouts.get(user_id, 0.0) > self.clock()
        voice = place.kind in (GUILD_VOICE, GUILD_STAGE)
        return permissions.usable(granted, voice=voice, timed_out=timed_out)

    def in_guild(self, user_id: str, guild: Guild) -> int:
        """What a user may do in a guild, before the overwrites of a channel. 0 if they are no member."""
        bot = user_id == self.application_id
        if not (guild.has_bot if bot else user_id in guild.members):
            return 0
        granted = guild.everyone.permissions | guild.members.get(user_id, 0)
        for role in guild.all_roles():
            granted |= role.permissions if user_id in role.held_by else 0
        return permissions.ALL_PERMISSIONS if granted & permissions.ADMINISTRATOR else granted

    def sees(self, user_id: str, channel_id: str) -> bool:
        channel = self.channels.get(channel_id)
        return channel is not None and (channel.guild_id is None or bool(self.permissions(user_id, channel)))

    def guild_for_bot(self, guild_id: str, permission: int = 0) -> Guild:
        """The guild. Raises 10004 if the bot is not in it, 50013 if the bot lacks the permission there."""
        guild = self.guilds.get(guild_id)
        if guild is None or not guild.has_bot:
            raise Refusal(404, 10004, "Unknown Guild")
        if permission & ~self.in_guild(self.application_id, guild):
            raise Refusal(403, 50013, "Missing Permissions")
        return guild

    def channel_for_bot(self, channel_id: str, permission: int) -> Channel:
        """The channel, if the bot has `permission` in it.

        Raises 10003 if there is no such channel, 50001 if the bot cannot see it, 50013 if it lacks the permission.
        """
        channel = self.channels.get(channel_id)
        if channel is None:
            raise Refusal(404, 10003, "Unknown Channel")
        if channel.recipient_id is None:
            held = self.permissions(self.application_id, channel)
            if not held & VIEW_CHANNEL:
                raise Refusal(403, 50001, "Missing Access")
            if permission & ~held:
                raise Refusal(403, 50013, "Missing Permissions")
        return channel

    def close_to_bot(self, channel: Channel, left: int) -> None:
        """Leave the bot only the permissions in `left`, whatever its roles grant."""
        every = permissions.ALL_PERMISSIONS
        channel.overwrites[self.application_id] = Overwrite(self.application_id, MEMBER, left, every & ~left)

    def reachable(self, channel: Channel) -> None:
        """Raises 50007 if a DM's recipient accepts no DMs, 50278 if they share no guild with the bot."""
        if channel.recipient_id is None:
            return
        account = self.accounts[channel.recipient_id]
        if not account.takes_dms:
            raise Refusal(403, 50007, "Cannot send messages to this user")
        if not (self.shares_a_guild(channel.recipient_id) or account.installed_app):
            raise Refusal(403, 50278, "Cannot send messages to this user due to having no mutual guilds")

    # ---- messages

    def post(self, channel_id: str, author: Json, fields: Json, private_to: str | None = None, **more: Any) -> Json:
        """Add a checked message to a channel. `more` holds further keys of the message object."""
        with self.changed:
            message: Json = {"id": self.snowflake(), "channel_id": channel_id, "type": 0, "author": author}
            message |= {"timestamp": self.now(), "edited_timestamp": None, "pinned": False, "attachments": []}
            message |= self._shown(fields, message) | more
            self.messages[message["id"]] = message
            if private_to:
                self.private_to[message["id"]] = private_to
            elif channel := self.channels.get(channel_id):
                channel.last_message_id = message["id"]
                channel.total_sent += message["id"] != channel.id
                if channel.kind in THREADS:  # Discord: a new message opens an archived thread
                    self.open_thread(channel)
            self.changed.notify_all()
            return self._copied(message)

    def change(self, message_id: str, fields: Json, edited: bool = True) -> Json:
        with self.changed:
            message = self.messages[message_id]
            message |= self._shown(fields, message)
            if edited:
                message["edited_timestamp"] = self.now()
            self.changed.notify_all()
            return self._copied(message)

    def keep(self, upload: Upload, more: Json | None = None) -> Json:
        """Store a file and return its attachment object. The file can be fetched at its `url`."""
        with self.lock:
            kept = files.attachment(self.snowflake(), self.cdn, upload, more or {})
            self.files[kept["id"]] = upload
            return kept

    def remove(self, message_id: str) -> None:
        with self.changed:
            self.message(message_id)
            del self.messages[message_id]
            self.private_to.pop(message_id, None)
            self.changed.notify_all()

    def message(self, message_id: str | None) -> Json:
        """The message as it is now. Raises 404/10008 if it does not exist."""
        with self.lock:
            if message_id is None or message_id not in self.messages:
                raise Refusal(404, 10008, "Unknown Message")
            return self._copied(self.messages[message_id])

    def in_channel(self, channel_id: str, seen_by: str | None = None) -> Iterator[Json]:
        """The channel's messages, oldest first: the public ones, and the ephemeral ones that user `seen_by` sees.

        There are none if `seen_by` cannot see the channel.
        """
        with self.lock:
            if seen_by is not None and not self.sees(seen_by, channel_id):
                return
            for message in list(self.messages.values()):
                if message["channel_id"] == channel_id and self.private_to.get(message["id"], seen_by) == seen_by:
                    yield self._copied(message)

    def _copied(self, message: Json) -> Json:
        """A copy of the message. If it is an answer, it has the message that it answers, or None if that is deleted."""
        copied = copy.deepcopy(message)
        if "message_reference" in message:
            answered = self.messages.get(message["message_reference"]["message_id"])
            copied["referenced_message"] = answered and {**copy.deepcopy(answered), "referenced_message": None}
        return copied

    def said_before(self, nonce: str) -> Json | None:
        """The bot's message of the past few minutes with this nonce, or None. For `enforce_nonce`.

        As Discord documents it, a nonce is unique per author, not per channel.
        """
        message_id, when = self._nonces.get(nonce, ("", 0.0))
        recent = message_id in self.messages and self.clock() - when < NONCE_SECONDS
        return self._copied(self.messages[message_id]) if recent else None

    def remember(self, nonce: str, message_id: str) -> None:
        self._nonces[nonce] = (message_id, self.clock())

    def as_the_bot_sees(self, message: Json) -> Json:
        """The message. Without the Message Content intent, it is empty if somebody else wrote it.

        Messages in direct messages, and those that mention the bot, are not.
        """
        own = message["author"]["id"] == self.application_id
        mentioned = re.search(rf"<@!?{self.application_id}>", message["content"])
        if self.message_content or own or mentioned or self.channels[message["channel_id"]].kind == DM:
            return message
        return message | {"content": "", "embeds": [], "attachments": [], "components": []}

    def _shown(self, fields: Json, message: Json) -> Json:
        users, roles, everyone = messages.pings(fields)
        channel = self.channels.get(message["channel_id"])
        if channel and message["author"]["id"] == self.application_id:
            # Discord: without MENTION_EVERYONE, @everyone and @here are only text.
            everyone = everyone and bool(self.permissions(self.application_id, channel) & MENTION_EVERYONE)
        shown = {key: value for key, value in fields.items() if key != "pinged"}
        kept = fields.get("attachments", [])
        shown["attachments"] = [self.keep(each["upload"], each) if "upload" in each else each for each in kept]
        if "poll" in fields:
            expiry = datetime.fromtimestamp(self.clock() + fields["poll"]["duration"] * 3600, UTC).isoformat()
            shown["poll"] = {key: value for key, value in fields["poll"].items() if key != "duration"}
            shown["poll"] |= {"expiry": expiry, "results": {"is_finalized": False, "answer_counts": []}}
        objects.complete(shown)
        known = [self.accounts[user_id].user for user_id in sorted(users) if user_id in self.accounts]
        return shown | {"mentions": known, "mention_roles": sorted(roles), "mention_everyone": everyone}
