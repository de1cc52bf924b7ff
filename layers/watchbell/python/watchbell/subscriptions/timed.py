"""What is posted by the clock, a digest or a reminder, and when it comes. Pure.

An expression such as `@1798797600` comes once, at that epoch second. Any other one is of cron.

An expression with one fixed minute and one fixed hour comes once for each matching local date. It comes at the end of
the gap if the clock skips its time, and the first time if the clock shows it twice. A date that a zone skips as a whole
is left out. Any other expression comes whenever `status.cron` says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from ..errors import UserError
from ..i18n import _
from ..status import cron
from ..status.tally import DAY, HOUR
from ..status.uptime import Span

Cadence = Literal["daily", "weekly", "monthly"]

MOST, MOST_OF_PEOPLE = 50, 500
"""How many digests and reminders a server can have in its channels, and how many digests its people."""

LONGEST: Final = 2000
"""Discord: the most characters of a message."""

ONCE: Final = "@"
"""What an expression begins with that comes once."""

OFTEN: Final = HOUR
"""The shortest time between two reminders, in seconds."""

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_LOOK_BACK = timedelta(days=70)
"""The turn before one of a month is found from here."""


class Turn(NamedTuple):
    """One time that something comes. `subject` tells it from all others: a local date, or epoch seconds as a text.

    `due` is in epoch seconds.
    """

    subject: str
    due: int


@dataclass(frozen=True)
class Timed:
    """A digest, or a reminder if it has a `text`.

    `to` is `channel:` or `user:` and an id, or `webhook:` and a name. It comes whenever `cron` does in the IANA `zone`,
    see `turns`.
    `due` is the next time, and `told` the `mark` of the last turn that is over. `cadence` is that of a digest.
    `locale` is Discord's locale of a person who reads it by direct messages.
    `totals` are those of the last digest, see `digest.Totals`. `quiet` says that people have been told that nothing is
    monitored. `refused` is Discord's code if the last message was refused.
    """

    id: str
    to: str
    cron: str
    zone: str = "UTC"
    due: int = 0
    told: str = ""
    cadence: Cadence = "daily"
    text: str = ""
    locale: str = ""
    totals: Mapping[str, Any] | None = None
    quiet: bool = False
    refused: int = 0

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Timed:
        """The digest or reminder in an item that `item` made. A field that was never stored has its default."""
        return cls(**{each.name: item[each.name] for each in fields(cls) if item.get(each.name) is not None})

    def item(self) -> dict[str, Any]:
        """What is stored. `person` is the id of a person who gets it by direct messages, "" for nobody."""
        whose, _colon, id = self.to.partition(":")
        return {**asdict(self), "person": id if whose == "user" else ""}

    def next(self, now: float) -> Turn | None:
        """The first turn after `now`, without one that is over already. None if it came once and is over."""
        found = turns(self.cron, self.zone, now)
        return next((turn for turn in found if turn.due > now and self.mark(turn) != self.told), None)

    def mark(self, turn: Turn) -> str:
        """What tells a turn from all others, also after the zone has changed: another zone has other local dates."""
        return f"{turn.subject}@{self.zone}"

    def latest(self, now: float) -> Turn | None:
        """The last turn from `due` to `now`: after an outage the others are left out. None if the zone has changed."""
        found = None
        for turn in turns(self.cron, self.zone, self.due - 1):
            if turn.due > now:
                break
            found = turn if turn.due >= self.due else found
        return found

    def period(self, turn: Turn) -> Span:
        """What the digest of a turn is about: from the turn before to this one.

        A daily digest covers whole hours, and the others whole days in UTC, so no hour is missing between two digests.
        If its times were changed, it begins at the end of the last one, unless several have been left out.
        """
        since = datetime.fromtimestamp(turn.due, _clock(self.zone)) - _LOOK_BACK
        before = turn.due - DAY
        for each in turns(self.cron, self.zone, since.timestamp()):
            if each.due >= turn.due:
                break
            before = each.due
        regular = _whole(before, turn.due, self.cadence)
        last = self.totals["end"] if self.totals else regular.start
        length = regular.end - regular.start
        return Span(last, regular.end) if regular.start - length < last < regular.end else regular


def turns(expression: str, zone: str, after: float) -> Iterator[Turn]:
    """The turns of an expression in the order of time. The first ones may be up to three days earlier than `after`."""
    if expression.startswith(ONCE):
        yield Turn(expression[1:], int(expression[1:]))
        return
    clock = _clock(zone)
    at = _time_of(expression)
    if at is None:
        moment = after
        while True:
            moment = cron.next_after(expression, clock.key, moment)
            yield Turn(str(int(moment)), int(moment))
    for day in cron.dates(expression, datetime.fromtimestamp(after, clock).date() - timedelta(days=2)):
        if _exists(day, clock):
            yield Turn(day.isoformat(), int(cron.moment(datetime.combine(day, at), clock)))


def last_period(cadence: Cadence, now: float) -> Span:
    """What a digest would be about that came now: a day, 7 days or 30 days."""
    return _whole(int(now) - {"daily": 1, "weekly": 7, "monthly": 30}[cadence] * DAY, int(now), cadence)


def _whole(start: int, end: int, cadence: Cadence) -> Span:
    unit = HOUR if cadence == "daily" else DAY
    return Span(start // unit * unit, end // unit * unit)


def _time_of(expression: str) -> time | None:
    """The time of the day of an expression that comes once a day at most, None for another one."""
    minute, hour = expression.split()[:2]
    return time(int(hour), int(minute)) if minute.isdigit() and hour.isdigit() else None


def _exists(day: date, clock: ZoneInfo) -> bool:
    """Whether the zone has this date. A few have skipped one, to change the side of the date line."""
    noon = datetime.combine(day, time(12), clock)
    return noon.astimezone(UTC).astimezone(clock).date() == day


def _clock(zone: str) -> ZoneInfo:
    """The clock of a zone, or that of UTC if the zone no longer exists."""
    try:
        return cron.zone_of(zone)
    except UserError:
        return ZoneInfo("UTC")


def expression(cadence: Cadence, at: str, weekday: str = "monday", day: int = 1) -> str:
    """The cron expression of a digest at a time such as `08:00`. Raises UserError, which says what to write."""
    found = re.fullmatch(r"\s*([0-9]{1,2}):([0-9]{2})\s*", at)
    hour, minute = (int(each) for each in found.groups()) if found else (99, 0)
    if hour > 23 or minute > 59:
        raise UserError(_("Write the time as hours and minutes, such as `08:00` or `17:30`."))
    on = {"daily": "* * *", "weekly": f"* * {(DAYS.index(weekday) + 1) % 7}", "monthly": f"{day} * *"}[cadence]
    return f"{minute} {hour} {on}"


def once(text: str, zone: str, now: float) -> str:
    """The expression of `2026-12-01 09:00`, `today 18:00` or `tomorrow 09:00`, "" for another text.

    Raises UserError if there is no such time, or if it is over.
    """
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2}|today|tomorrow)[ t]([0-9]{1,2}:[0-9]{2})", text)
    if found is None:
        return ""
    clock = _clock(zone)
    today = datetime.fromtimestamp(now, clock).date()
    days = {"today": today, "tomorrow": today + timedelta(days=1)}
    try:
        day = days.get(found[1]) or date.fromisoformat(found[1])
        due = int(cron.moment(datetime.combine(day, datetime.strptime(found[2], "%H:%M").time()), clock))
    except (ValueError, OverflowError):
        raise UserError(_("There is no such date or time.")) from None
    if due <= now:
        raise UserError(_("This time is over already."))
    return f"{ONCE}{due}"


def check_often(expression: str) -> None:
    """Raise UserError if an expression comes more than once an hour."""
    found = turns(expression, "UTC", 1_800_000_000)
    before = next(found).due
    for _number in range(60):
        turn = next(found, None)
        if turn is None:
            return
        if turn.due - before < OFTEN:
            raise UserError(_("A reminder comes at most once an hour."))
        before = turn.due


def check_text(text: str) -> str:
    """The text of a reminder, as it is posted. Raises UserError if nobody can post it."""
    text = text.replace("\0", "").encode("utf-8", "replace").decode().strip()
    if not text:
        raise UserError(_("A reminder needs a text."))
    if len(text) > LONGEST:
        raise UserError(
            _("This text has {n} characters. A message of Discord has at most {most}.", n=len(text), most=LONGEST)
        )
    if re.search(r"@(?:everyone|here)\b", text):
        raise UserError(_("I never mention everybody. Leave out `@everyone` and `@here`, or mention a role."))
    return text


def roles_in(text: str) -> list[str]:
    """The ids of the roles that a text mentions, each once."""
    return list(dict.fromkeys(re.findall(r"<@&([0-9]{1,20})>", text)))


def id_of(*parts: str) -> str:
    """The id of a digest or a reminder. The same parts give the same id."""
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:8]
