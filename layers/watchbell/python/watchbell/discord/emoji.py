"""Emoji as they are written in text, for the fields of Discord's that take an object."""


def to_payload(emoji: str) -> dict:
    """The object for "🎲", or for an emoji of a server or of the bot: "<:name:id>", animated "<a:name:id>"."""
    animated, _, rest = emoji.removeprefix("<").partition(":")
    name, _, number = rest.removesuffix(">").partition(":")
    if not number or not emoji.startswith("<"):
        return {"name": emoji}
    return {"name": name, "id": number, **({"animated": True} if animated == "a" else {})}
