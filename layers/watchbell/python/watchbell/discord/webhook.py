"""Recognize the URL of a Discord webhook. People type it, so another URL must never receive our messages."""

import re

NONE = "none"
"""What the operator sets instead of a URL if nothing shall be sent. A missing URL is a mistake."""

_DISCORD = r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api(?:/v\d{1,2})?"
_REST = r"/webhooks/(\d{1,20})/([A-Za-z0-9_-]{1,200})/?"


def parse(url: str, base_url: str) -> tuple[str, str] | None:
    """Return the webhook's id and token, or None if the URL is not a webhook of Discord.

    Accepted are https URLs at discord.com, discordapp.com and their subdomains ptb. and canary., with or without an API
    version. The caller always uses `base_url` for the call. URLs below `base_url` are accepted too, for the sandbox.
    """
    ours = re.escape(re.sub(r"/v\d{1,2}$", "", base_url)) + r"(?:/v\d{1,2})?"
    found = re.fullmatch(f"(?:{_DISCORD}|{ours}){_REST}", url.strip())
    return (found[1], found[2]) if found else None
