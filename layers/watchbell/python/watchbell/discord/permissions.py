"""Permission bits by name, and what a member may do in a channel. Source: docs/topics/permissions."""

import time

from ..errors import DefinitionError
from ..i18n import pgettext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ADMINISTRATOR = 1 << 3
"""The permission that includes all others."""

# In the order of their bits; bit 47 is not assigned.
_NAMES = """
    CREATE_INSTANT_INVITE KICK_MEMBERS BAN_MEMBERS ADMINISTRATOR MANAGE_CHANNELS MANAGE_GUILD ADD_REACTIONS
    VIEW_AUDIT_LOG PRIORITY_SPEAKER STREAM VIEW_CHANNEL SEND_MESSAGES SEND_TTS_MESSAGES MANAGE_MESSAGES
    EMBED_LINKS ATTACH_FILES READ_MESSAGE_HISTORY MENTION_EVERYONE USE_EXTERNAL_EMOJIS VIEW_GUILD_INSIGHTS
    CONNECT SPEAK MUTE_MEMBERS DEAFEN_MEMBERS MOVE_MEMBERS USE_VAD CHANGE_NICKNAME MANAGE_NICKNAMES
    MANAGE_ROLES MANAGE_WEBHOOKS MANAGE_GUILD_EXPRESSIONS USE_APPLICATION_COMMANDS REQUEST_TO_SPEAK
    MANAGE_EVENTS MANAGE_THREADS CREATE_PUBLIC_THREADS CREATE_PRIVATE_THREADS USE_EXTERNAL_STICKERS
    SEND_MESSAGES_IN_THREADS USE_EMBEDDED_ACTIVITIES MODERATE_MEMBERS VIEW_CREATOR_MONETIZATION_ANALYTICS
    USE_SOUNDBOARD CREATE_GUILD_EXPRESSIONS CREATE_EVENTS USE_EXTERNAL_SOUNDS SEND_VOICE_MESSAGES -
    SET_VOICE_CHANNEL_STATUS SEND_POLLS USE_EXTERNAL_APPS PIN_MESSAGES BYPASS_SLOWMODE
"""
BITS = {name: 1 << bit for bit, name in enumerate(_NAMES.split()) if name != "-"}

ALL = sum(BITS.values())
"""All permissions."""

VOICE, STAGE = 2, 13
"""The types of the channels in which nothing works without CONNECT."""


def bits(*names: str) -> int:
    """Return the bits of these permissions together. Raises DefinitionError for a name that Discord does not have."""
    together = 0
    for name in names:
        if name not in BITS:
            from difflib import get_close_matches

            near = get_close_matches(str(name).upper().replace("SERVER", "GUILD"), BITS)
            hint = f"did you mean {', '.join(near)}?" if near else "there is no similar name"
            raise DefinitionError(f"Discord has no permission {name!r}; {hint}")
        together |= BITS[name]
    return together


def spelt(names: tuple[str, ...]) -> list[str]:
    """Return the names as people read them in English, such as `Manage Server`."""
    return [name.replace("GUILD", "SERVER").replace("_", " ").title() for name in names]


def listed(names: tuple[str, ...]) -> str:
    """The names as people read them in their language, with commas between them."""
    return ", ".join(pgettext("permission", name) for name in spelt(names))


def names_of(permissions: int) -> list[str]:
    """Return the names of these bits, such as ["VIEW_CHANNEL"]. Bits that Discord has not named are left out."""
    return [name for name, bit in BITS.items() if permissions & bit]


def in_server(server: "dict[str, Any]", member: "dict[str, Any]") -> int:
    """Return the permissions that a member has in the server through roles, before the overwrites of a channel.

    `server` has `id`, `owner_id` and `roles`, as Discord returns a guild. `member` has `user` and `roles`.
    Discord: the owner and administrators have all permissions. The role @everyone has the server's id.
    """
    held = {server["id"], *member["roles"]}
    granted = 0
    for role in server["roles"]:
        if role["id"] in held:
            granted |= int(role["permissions"])
    return ALL if granted & ADMINISTRATOR or member["user"]["id"] == server["owner_id"] else granted


def in_channel(
    server: "dict[str, Any]", member: "dict[str, Any]", channel: "dict[str, Any]", now: float, *, thread: bool = False
) -> int:
    """Return the permissions that a member has in a channel, or with `thread` in a thread of that channel.

    `server` and `member` are as in `in_server`. `channel` has `permission_overwrites` and, for a voice channel, `type`.
    `now` is in epoch seconds: a member whose timeout (`communication_disabled_until`) is over may do everything again.
    In a thread, SEND_MESSAGES says whether the member may post there. Only its members see a private thread.

    Discord: the overwrites of @everyone come first, then those of all roles together, then the member's own. Each
    denies, then allows.
    """
    granted = in_server(server, member)
    if granted & ADMINISTRATOR:
        return granted
    everyone, roles, own = [0, 0], [0, 0], [0, 0]
    for overwrite in channel.get("permission_overwrites") or ():
        # A role and a member have different ids.
        if overwrite["id"] == server["id"]:
            changed = everyone
        elif overwrite["id"] == member["user"]["id"]:
            changed = own
        elif overwrite["id"] in member["roles"]:
            changed = roles
        else:
            continue
        changed[0] |= int(overwrite.get("deny") or 0)
        changed[1] |= int(overwrite.get("allow") or 0)
    for deny, allow in (everyone, roles, own):
        granted = granted & ~deny | allow
    if thread:
        granted = granted & ~_SEND | (_SEND if granted & BITS["SEND_MESSAGES_IN_THREADS"] else 0)
    return _without_implied_denials(granted, channel.get("type"), timed_out=is_timed_out(member, now))


def is_timed_out(member: "dict[str, Any]", now: float) -> bool:
    """Whether the member's timeout is not over. Discord: its end is an ISO 8601 time in UTC, null without a timeout."""
    until = member.get("communication_disabled_until")
    return isinstance(until, str) and until > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))


_SEND = BITS["SEND_MESSAGES"]
_VIEW = BITS["VIEW_CHANNEL"]
_WHILE_TIMED_OUT = bits("VIEW_CHANNEL", "READ_MESSAGE_HISTORY")
_NEED_SENDING = bits("MENTION_EVERYONE", "SEND_TTS_MESSAGES", "ATTACH_FILES", "EMBED_LINKS")


def _without_implied_denials(granted: int, kind: "Any", *, timed_out: bool) -> int:
    """Return `granted` without the permissions that do not work without another one, or in a timeout."""
    if timed_out:
        granted &= _WHILE_TIMED_OUT
    if not granted & _SEND:
        granted &= ~_NEED_SENDING
    if kind in (VOICE, STAGE) and not granted & BITS["CONNECT"]:
        granted &= _VIEW
    return granted if granted & _VIEW else 0
