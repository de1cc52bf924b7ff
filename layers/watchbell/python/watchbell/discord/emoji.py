"""Convert emoji from the way they are written in text to the objects that Discord's fields take."""


def to_payload(emoji: str) -> dict:
    """Return the object for an emoji.

    `emoji` is "🎲", or an emoji of a server or the bot: "<:name:id>", or "<a:name:id>" if it is animated.
    """
    animated, _, rest = emoji.removeprefix("<").partition(":")
    name, _, number = rest.removesuffix(">").partition(":")
    if not number or not emoji.startswith("<"):
        return {"name": emoji}
    return {"name": name, "id": number, **({"animated": True} if animated == "a" else {})}
