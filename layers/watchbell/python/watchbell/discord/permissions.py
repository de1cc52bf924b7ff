"""Permission bits by name. Source: docs/topics/permissions."""

from ..errors import DefinitionError

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
