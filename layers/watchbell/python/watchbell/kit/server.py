"""The settings of a server that belong to no single feature."""

from ..i18n import language as translated
from .setting import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

status_channel = Setting(
    "status_channel",
    "channel",
    label="Status channel",
    about="I post alerts here, and everybody who sees the channel reads them.",
    needs=("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS"),
)
"""Where `tools.notify` posts."""

viewer_roles = Setting(
    "viewer_roles",
    "roles",
    label="Viewer roles",
    about="The lowest rank. The commands that I come with do not ask for it, others may.",
)
responder_roles = Setting(
    "responder_roles",
    "roles",
    label="Responder roles",
    about="Their members may acknowledge alerts, and test, pause and resume monitors.",
)
admin_roles = Setting(
    "admin_roles",
    "roles",
    label="Admin roles",
    about="Their members may change all that I do here, but not these settings.",
)
"""The roles with a rank. The policy `role("responder")` reads them by their names."""

mention_roles = Setting(
    "mention_roles",
    "roles",
    label="Roles that I may mention",
    about="I ping only these roles, in alerts, reminders and announcements.",
)
"""Nobody else is mentioned by what the bot says by itself."""

zone = Setting(
    "zone",
    "zone",
    label="Time zone",
    about="For the times of digests, reminders and maintenance that you set from now on.",
)
language = Setting(
    "language",
    "language",
    label="Language",
    about="For what I post by myself. My answers come in each person's own language.",
)
"""The language of what the bot posts by itself. People are answered in the language of their own app."""

SETTINGS = (status_channel, viewer_roles, responder_roles, admin_roles, mention_roles, zone, language)
"""In the order in which `/setup` shows them."""

discord_language = Setting("discord_language", "language", label="Language in Discord")
"""The language that the server has in Discord, "" before `learn_language` has heard of it. Nobody chooses it here."""


def spoken(chosen: "Any") -> str:
    """The language of what the bot posts by itself: the chosen one, or else the one that the server has in Discord.

    `chosen` is what `tools.server_settings.of` returned.
    """
    return chosen[language] or chosen[discord_language]


def learn_language(guild_id: str, locale: str, tools: "Any") -> None:
    """Remember the language of a server, whose locale in Discord is `locale`, such as `pt-BR`.

    Alerts need it, and come without an interaction that names it. Raises Unavailable if it cannot be stored.
    """
    known = translated(locale)
    if guild_id and locale and known != tools.server_settings.of(guild_id)[discord_language]:
        tools.change_setting(guild_id, discord_language, known)
