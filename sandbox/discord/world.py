"""The simulated world: users, guilds, roles, channels, webhooks, messages and files."""

from __future__ import annotations

import copy
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.discord import files, messages
from sandbox.discord.upload import Upload
from sandbox.discord.validation import Json, Refusal

EPOCH_MS = 1420070400000  # 2015-01-01, where snowflakes start
GUILD_TEXT, DM, PUBLIC_THREAD, GUILD_FORUM = 0, 1, 11, 15

VIEW_CHANNEL, SEND_MESSAGES, EMBED_LINKS, READ_MESSAGE_HISTORY = 1 << 10, 1 << 11, 1 << 14, 1 << 16
ATTACH_FILES, SEND_POLLS = 1 << 15, 1 << 49
ADMINISTRATOR, ALL_PERMISSIONS = 1 << 3, 8866461766385663
# What a new member has: view, send, embed, attach, history, react, external emoji, application commands.
MEMBER_PERMISSIONS = (
    VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY | 64 | 1 << 18 | 1 << 31
)
BOT_PERMISSIONS = 274878024704  # the typical invite of a command bot that posts
DM_PERMISSIONS = 442368  # attach files, embed links, mention everyone, external emoji
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
    """A role. `held_by` holds user ids. Roles grant nothing here: permissions belong to each member."""

    id: str
    name: str
    held_by: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return f"@&{self.name}"

    __repr__ = __str__

    def shown(self) -> Json:
        more: Json = {"color": 0, "hoist": False, "position": 1, "permissions": "0", "managed": False, "flags": 0}
        colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
        return {"id": self.id, "name": self.name, **more, "mentionable": True, "icon": None, "colors": colours}


@dataclass
class Guild:
    id: str
    name: str
    has_bot: bool = True
    members: dict[str, int] = field(default_factory=dict)  # user id -> permissions
    roles: dict[str, Role] = field(default_factory=dict)
    locale: str = "en-US"

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
    bot_permissions: int = BOT_PERMISSIONS
    nsfw: bool = False
    parent_id: str | None = None  # of a thread

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
        return {"id": self.id, "username": self.name, "avatar": None, "discriminator": "0000", "bot": True}


class World:
    """Everything that exists, behind one lock. `changed` is notified of every change to messages and interactions.

    `clock` gives epoch seconds. It dates messages and ids.
    """

    def __init__(self, application_id: str, bot_name: str, clock: Callable[[], float]) -> None:
        self.application_id, self.clock = application_id, clock
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.bot = user_object(application_id, bot_name) | {"bot": True}
        self.accounts: dict[str, Account] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.messages: dict[str, Json] = {}
        self.files: dict[str, Upload] = {}  # by the id of the attachment
        self.cdn = ""  # the base of their URLs: http://127.0.0.1:PORT
        self.private_to: dict[str, str] = {}  # ephemeral message id -> id of the only user who sees it
        self._nonces: dict[str, tuple[str, float]] = {}
        self._last_id = 0

    def snowflake(self) -> str:
        """A new id that contains the clock's time. Ids always increase, even if the clock goes back."""
        with self.lock:
            self._last_id = max(self._last_id + 1, int(self.clock() * 1000) - EPOCH_MS << 22)
            return str(self._last_id)

    def now(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()

    # ---- people and places

    def account(self, name: str, locale: str) -> Account:
        with self.lock:
            for account in self.accounts.values():
                if account.user["username"] == name:
                    return account
            account = Account(user_object(self.snowflake(), name), locale)
            self.accounts[account.user["id"]] = account
            return account

    def add_guild(self, name: str, has_bot: bool = True, guild_id: str | None = None) -> Guild:
        """A new guild with one text channel, "general". `guild_id` fixes its id."""
        with self.lock:
            guild = Guild(guild_id or self.snowflake(), name, has_bot)
            self.guilds[guild.id] = guild
            self.add_channel("general", guild.id)
            return guild

    def add_role(self, name: str, guild: Guild, held_by: Iterable[str] = ()) -> Role:
        with self.lock:
            role = Role(self.snowflake(), name, set(held_by))
            guild.roles[role.id] = role
            return role

    def add_channel(
        self, name: str, guild_id: str, bot_permissions: int = BOT_PERMISSIONS, kind: int = GUILD_TEXT
    ) -> Channel:
        with self.lock:
            channel = Channel(self.snowflake(), kind, name, guild_id, bot_permissions=bot_permissions)
            self.channels[channel.id] = channel
            return channel

    def add_thread(self, name: str, parent: Channel) -> Channel:
        """A new thread in `parent`. In a forum, its first message gets the same id."""
        with self.lock:
            thread = Channel(self.snowflake(), PUBLIC_THREAD, name, parent.guild_id, parent_id=parent.id)
            thread.bot_permissions = parent.bot_permissions
            self.channels[thread.id] = thread
            return thread

    def dm(self, user_id: str) -> Channel:
        """The bot's DM channel with this user. It is opened on first use."""
        with self.lock:
            for channel in self.channels.values():
                if channel.recipient_id == user_id:
                    return channel
            channel = Channel(self.snowflake(), DM, recipient_id=user_id, bot_permissions=DM_PERMISSIONS)
            self.channels[channel.id] = channel
            return channel

    def shares_a_guild(self, user_id: str) -> bool:
        return any(guild.has_bot and user_id in guild.members for guild in self.guilds.values())

    def channel_object(self, channel: Channel) -> Json:
        shown: Json = {"id": channel.id, "type": channel.kind, "flags": 0, "last_message_id": None}
        if channel.recipient_id:
            return shown | {"recipients": [self.accounts[channel.recipient_id].user]}
        shown |= {"parent_id": channel.parent_id} if channel.parent_id else {}
        return shown | {"name": channel.name, "guild_id": channel.guild_id, "nsfw": channel.nsfw, "position": 0}

    def add_webhook(self, name: str, channel_id: str) -> Webhook:
        with self.lock:
            webhook = Webhook(self.snowflake(), secrets.token_urlsafe(51), name, channel_id)
            self.webhooks[webhook.id] = webhook
            return webhook

    # ---- what the bot may do

    def channel_for_bot(self, channel_id: str, permission: int) -> Channel:
        """The channel, if the bot has `permission` in it.

        Raises 10003 if there is no such channel, 50001 if the bot cannot see it, 50013 if it lacks the permission.
        """
        channel = self.channels.get(channel_id)
        if channel is None:
            raise Refusal(404, 10003, "Unknown Channel")
        if channel.recipient_id is None:
            guild = self.guilds[channel.guild_id or ""]
            if not guild.has_bot or not channel.bot_permissions & VIEW_CHANNEL:
                raise Refusal(403, 50001, "Missing Access")
            if permission & ~channel.bot_permissions:
                raise Refusal(403, 50013, "Missing Permissions")
        return channel

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
            message |= self._shown(fields) | more
            self.messages[message["id"]] = message
            if private_to:
                self.private_to[message["id"]] = private_to
            self.changed.notify_all()
            return copy.deepcopy(message)

    def change(self, message_id: str, fields: Json, edited: bool = True) -> Json:
        with self.changed:
            message = self.messages[message_id]
            message |= self._shown(fields)
            if edited:
                message["edited_timestamp"] = self.now()
            self.changed.notify_all()
            return copy.deepcopy(message)

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
            return copy.deepcopy(self.messages[message_id])

    def in_channel(self, channel_id: str, seen_by: str | None = None) -> Iterator[Json]:
        """The channel's messages, oldest first: the public ones, and the ephemeral ones that user `seen_by` sees."""
        with self.lock:
            for message in list(self.messages.values()):
                if message["channel_id"] == channel_id and self.private_to.get(message["id"], seen_by) == seen_by:
                    yield copy.deepcopy(message)

    def said_before(self, nonce: str) -> Json | None:
        """The bot's message of the past few minutes with this nonce, or None. For `enforce_nonce`.

        As Discord documents it, a nonce is unique per author, not per channel.
        """
        message_id, when = self._nonces.get(nonce, ("", 0.0))
        recent = message_id in self.messages and self.clock() - when < NONCE_SECONDS
        return copy.deepcopy(self.messages[message_id]) if recent else None

    def remember(self, nonce: str, message_id: str) -> None:
        self._nonces[nonce] = (message_id, self.clock())

    def as_the_bot_sees(self, message: Json) -> Json:
        """The message without its content if somebody else wrote it outside a DM: the bot lacks the content intent."""
        others = message["author"]["id"] != self.application_id
        if others and self.channels[message["channel_id"]].kind != DM:
            return message | {"content": "", "embeds": [], "attachments": [], "components": []}
        return message

    def _shown(self, fields: Json) -> Json:
        users, roles, everyone = messages.pings(fields)
        shown = {key: value for key, value in fields.items() if key != "pinged"}
        kept = fields.get("attachments", [])
        shown["attachments"] = [self.keep(each["upload"], each) if "upload" in each else each for each in kept]
        if "poll" in fields:
            expiry = datetime.fromtimestamp(self.clock() + fields["poll"]["duration"] * 3600, UTC).isoformat()
            shown["poll"] = {key: value for key, value in fields["poll"].items() if key != "duration"}
            shown["poll"] |= {"expiry": expiry, "results": {"is_finalized": False, "answer_counts": []}}
        known = [self.accounts[user_id].user for user_id in sorted(users) if user_id in self.accounts]
        return shown | {"mentions": known, "mention_roles": sorted(roles), "mention_everyone": everyone}


def user_object(user_id: str, name: str) -> Json:
    shown: Json = {"id": user_id, "username": name, "discriminator": "0", "global_name": None, "avatar": None}
    return shown | {"public_flags": 0, "avatar_decoration_data": None, "collectibles": None, "primary_guild": None}
