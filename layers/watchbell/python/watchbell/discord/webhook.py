"""Is this the URL of a Discord webhook? Somebody typed it, and whatever it names gets our messages."""

import re

_DISCORD = r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api(?:/v\d{1,2})?"
_REST = r"/webhooks/(\d{1,20})/([A-Za-z0-9_-]{1,200})/?"


def parse(url: str, base_url: str) -> tuple[str, str] | None:
    """The webhook's id and token, None where the URL is none of Discord's.

    Discord's are https at discord.com, its ptb. and canary., and discordapp.com, with or without a version. Whichever
    it is, the call goes to `base_url`, the API that we use; a URL below that is taken too (the sandbox's are).
    """
    ours = re.escape(re.sub(r"/v\d{1,2}$", "", base_url)) + r"(?:/v\d{1,2})?"
    found = re.fullmatch(f"(?:{_DISCORD}|{ours}){_REST}", url.strip())
    return (found[1], found[2]) if found else None
