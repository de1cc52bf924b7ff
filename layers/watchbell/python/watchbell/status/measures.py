"""Uptime, durations and latencies in words, in the language of the person who reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ..i18n import _, ngettext, number
from .tally import Share

_HEIGHTS = ((10_000, "▇"), (9_990, "▆"), (9_900, "▅"), (9_500, "▃"), (0, "▁"))
"""From which uptime on a day has this height, in hundredths of a percent."""

NEAR = 20 * 3600
"""Within so many seconds of now, the time of the day tells a moment. Later it could be the one of another day."""


def share(found: Share, digits: int = 2) -> str:
    """An uptime or another share in percent, rounded down. Only a whole is 100 %. "–" if nothing was measured."""
    if not found.whole:
        return "–"
    if found.part == found.whole:
        return _whole(_("{number} %", number=number(100)))
    scale = 10**digits
    return _whole(_("{number} %", number=number(found.part * 100 * scale // found.whole / scale, digits)))


def measured(found: Share) -> str:
    """Say how much was measured, if that is less than 99 %. Otherwise ""."""
    if not found.part:
        return _("Nothing was measured.")
    if found.part * 100 >= found.whole * 99:
        return ""
    return _("Measured for {share} of the time; the rest counts neither way.", share=share(found, 1))


def duration(seconds: float) -> str:
    """A duration in at most two units, rounded down: 40 s, 32 min, 12 h 44 min, 3 d 2 h."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [
        (days, _("{n} d", n=number(days))),
        (hours, _("{n} h", n=hours)),
        (minutes, _("{n} min", n=minutes)),
        (rest, _("{n} s", n=rest)),
    ]
    first = next((place for place, (count, _text) in enumerate(parts) if count), len(parts) - 1)
    shown = [text for count, text in parts[first : first + 2] if count]
    return " ".join(map(_whole, shown or [parts[-1][1]]))


def often(seconds: float) -> str:
    """How often something happens: every minute, every 5 minutes, every hour, every 2 days, every 1 h 30 min."""
    minutes = int(seconds) // 60
    hours, days = minutes // 60, minutes // 1440
    if minutes == 1440 * days:
        return ngettext("every day", "every {n} days", days)
    if minutes == 60 * hours:
        return ngettext("every hour", "every {n} hours", hours)
    if minutes < 60:
        return ngettext("every minute", "every {n} minutes", minutes)
    return _("every {time}", time=duration(seconds))


def moment(at: float, now: float) -> str:
    """A moment as Discord shows it in the reader's time zone: with its date if it is more than 20 hours from now."""
    return f"<t:{int(at)}:f>" if abs(now - at) > NEAR else f"<t:{int(at)}:t> (<t:{int(at)}:R>)"


def latency(milliseconds: int | None) -> str:
    """A latency: 912 ms, from 1,000 ms on 1.8 s. "–" if nothing was measured."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return _whole(_("{n} ms", n=milliseconds))
    return _whole(_("{n} s", n=number(milliseconds / 1000, 1)))


def strip(days: Mapping[int, Share]) -> str:
    """The uptime of each day as a small picture of text, such as ▇▇▁▇. A day without measurements is "·".

    Show `strip_in_words` beside it, because a screen reader cannot read the picture. A line on a phone has room for 30
    days. `days` has the start of each UTC day in epoch seconds.
    """
    return "".join(_height(found) for found in days.values())


def strip_in_words(days: Mapping[int, Share]) -> str:
    """Say in a sentence or two what `strip` shows: how many days were flawless, and which was the worst."""
    known = {day: found for day, found in days.items() if found.whole}
    if not known:
        return _("Nothing was measured.")
    flawless = sum(found.part == found.whole for found in known.values())
    said = ngettext(
        "{all} on {flawless} of {n} measured day.",
        "{all} on {flawless} of {n} measured days.",
        len(known),
        flawless=flawless,
        all=share(Share(1, 1)),
    )
    if flawless == len(known):
        return said
    worst = min(known, key=lambda day: (known[day].part / known[day].whole, -day))
    date = datetime.fromtimestamp(worst, UTC).date().isoformat()
    return f"{said} " + _("The lowest was {share} on {date} (UTC).", share=share(known[worst]), date=date)


def _height(found: Share) -> str:
    if not found.whole:
        return "·"
    return next(sign for least, sign in _HEIGHTS if found.part * 10_000 >= found.whole * least)


def _whole(text: str) -> str:
    """Keep a number and its unit on one line."""
    return text.replace(" ", "\u00a0")
