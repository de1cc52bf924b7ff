"""What a member may do in a channel. See "Permissions" in Discord's documentation.

This does not use the bot's own computation, so each can show a mistake of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.discord.validation import Json

ALL_PERMISSIONS = 8866461766385663
ADMINISTRATOR, MANAGE_CHANNELS = 1 << 3, 1 << 4
VIEW_CHANNEL, SEND_MESSAGES, SEND_TTS, MANAGE_MESSAGES = 1 << 10, 1 << 11, 1 << 12, 1 << 13
EMBED_LINKS, ATTACH_FILES, READ_MESSAGE_HISTORY, MENTION_EVERYONE = 1 << 14, 1 << 15, 1 << 16, 1 << 17
CONNECT, MANAGE_ROLES, MANAGE_THREADS, SEND_POLLS = 1 << 20, 1 << 28, 1 << 34, 1 << 49
USE_APPLICATION_COMMANDS, USE_EXTERNAL_APPS = 1 << 31, 1 << 50
CREATE_PUBLIC_THREADS, CREATE_PRIVATE_THREADS, SEND_IN_THREADS = 1 << 35, 1 << 36, 1 << 38
# What a new member has: view, send, embed, attach, history, react, external emoji, commands, external apps, threads.
MEMBER_PERMISSIONS = (
    VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY | 64 | 1 << 18
) | (USE_APPLICATION_COMMANDS | USE_EXTERNAL_APPS | SEND_IN_THREADS)
BOT_PERMISSIONS = 274878024704  # the typical invite of a command bot that posts
DM_PERMISSIONS = 442368  # attach files, embed links, mention everyone, external emoji

ROLE, MEMBER = 0, 1


@dataclass
class Overwrite:
    id: str
    kind: int
    allow: int = 0
    deny: int = 0

    def shown(self) -> Json:
        return {"id": self.id, "type": self.kind, "allow": str(self.allow), "deny": str(self.deny)}


def in_channel(
    base: int, overwrites: Iterable[Overwrite], guild_id: str, user_id: str, roles: set[str], *, thread: bool
) -> int:
    """The permissions that are left of `base` in a channel or a thread in it, before a timeout."""
    if base & ADMINISTRATOR:
        return ALL_PERMISSIONS
    for who in ({guild_id}, roles - {guild_id}, {user_id}):
        fitting = [each for each in overwrites if each.id in who]
        for each in fitting:
            base &= ~each.deny
        for each in fitting:
            base |= each.allow
    if thread:
        base = base | SEND_MESSAGES if base & SEND_IN_THREADS else base & ~SEND_MESSAGES
    return base


def usable(granted: int, *, voice: bool, timed_out: bool) -> int:
    """What of the permissions has an effect: some do nothing without another one."""
    if granted & ADMINISTRATOR:
        return ALL_PERMISSIONS
    if timed_out:
        granted &= VIEW_CHANNEL | READ_MESSAGE_HISTORY
    if not granted & VIEW_CHANNEL:
        return 0
    if voice and not granted & CONNECT:
        return VIEW_CHANNEL
    if not granted & SEND_MESSAGES:
        granted &= ~(SEND_TTS | EMBED_LINKS | ATTACH_FILES | MENTION_EVERYONE)
    return granted
