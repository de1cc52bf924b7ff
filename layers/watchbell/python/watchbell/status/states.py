"""How a state looks and what it is called. Every message about monitors uses these."""

from ..i18n import _, ngettext

RANK = ("up", "maintenance", "unknown", "degraded", "down")
"""From the best state to the worst, as messages order them."""

GLYPHS = {
    "up": "✅",
    "degraded": "⚠️",
    "down": "🔴",
    "maintenance": "🔧",
    "unknown": "❔",
    "paused": "⏸️",
    "new": "⏳",
}
COLOURS = {
    "up": 0x2FB67C,
    "degraded": 0xF7C04A,
    "down": 0xFF5C66,
    "maintenance": 0x6BA6FF,
    "unknown": 0x9098A5,
    "paused": 0x9098A5,
    "new": 0x9098A5,
}
OWN = 0x5E8BFF
"""The colour of lists, of `/setup` and of greetings."""


def counted(state: str, n: int) -> str:
    """How many monitors have a state, in the reader's language: `4 up`."""
    return {
        "up": ngettext("{n} up", "{n} up", n),
        "degraded": ngettext("{n} degraded", "{n} degraded", n),
        "down": ngettext("{n} down", "{n} down", n),
        "maintenance": _("{n} in maintenance", n=n),
        "unknown": _("{n} unknown", n=n),
        "paused": ngettext("{n} paused", "{n} paused", n),
        "new": ngettext("{n} not checked yet", "{n} not checked yet", n),
    }[state]


def worst(states: "list[str]") -> str:
    """The worst of these states, "unknown" if there are none. Paused and new monitors do not count."""
    counted = [state for state in states if state in RANK]
    return max(counted, key=RANK.index, default="unknown")
