"""The settings of a server that belong to no single feature."""

from .setting import Setting

status_channel = Setting(
    "status_channel",
    "channel",
    label="Status channel",
    needs=("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS"),
)
"""Where `tools.notify` posts."""

viewer_roles = Setting("viewer_roles", "roles", label="Viewer roles")
responder_roles = Setting("responder_roles", "roles", label="Responder roles")
admin_roles = Setting("admin_roles", "roles", label="Admin roles")
"""The roles with a rank. The policy `role("responder")` reads them by their names."""

mention_roles = Setting("mention_roles", "roles", label="Roles that I may mention")
"""Nobody else is mentioned by what the bot says by itself."""

zone = Setting("zone", "zone", label="Time zone")
language = Setting("language", "language", label="Language")
"""The language of what the bot posts by itself. People are answered in the language of their own app."""

SETTINGS = (status_channel, viewer_roles, responder_roles, admin_roles, mention_roles, zone, language)
"""In the order in which `/setup` shows them."""
