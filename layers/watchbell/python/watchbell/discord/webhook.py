"""Recognize the URL of a Discord webhook. People type it, so another URL must never receive our messages."""

import re

NONE = "none"
"""What the operator sets instead of a URL if nothing shall be sent. A missing URL is a mistake."""

_DISCORD = r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api(?:/v\d{1,2})?"
_REST = r"/webhooks/(\d{1,20})/([A-Za-z0-9_-]{1,200})/?(?:\?thread_id=\d{1,20})?"

ADVICE = {
    40067: "the forum wants a tag for each post; send to one of its threads instead: add ?thread_id=… to the URL",
    220001: "the channel is a forum; set webhooks/NAME/thread-name, or add ?thread_id=… to the URL",
    220003: "the channel is no forum; delete the parameter webhooks/NAME/thread-name",
}
"""What the operator can do about a code that Discord refused a webhook's message with."""


def parse(url: str, base_url: str) -> tuple[str, str] | None:
    """Return the webhook's id and token, or None if the URL is not a webhook of Discord.

    Accepted are https URLs at discord.com, discordapp.com and their subdomains ptb. and canary., with or without an API
    version. `?thread_id=` and an id may follow. The caller always uses `base_url` for the call. URLs below `base_url`
    are accepted too, for the sandbox.
    """
    ours = re.escape(re.sub(r"/v\d{1,2}$", "", base_url)) + r"(?:/v\d{1,2})?"
    found = re.fullmatch(f"(?:{_DISCORD}|{ours}){_REST}", url.strip())
    return (found[1], found[2]) if found else None


def thread_id(url: str) -> str:
    """Return the id of the thread that a webhook's URL names after `?thread_id=`; "" if it names none."""
    return url.strip().partition("?thread_id=")[2]
