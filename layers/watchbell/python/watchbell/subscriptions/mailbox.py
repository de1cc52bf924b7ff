"""What one recipient has been told, and what is still to be sent to them. Pure.

`fold` adds an edition, and `due` lists the alerts of which something is to be sent or edited. The sender takes the
mailbox for a lease. A later sender looks for what an earlier one may have sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..status.flip import Flip
from ..status.roster import Entry
from .edition import Edition
from .subscription import Heard

JOIN_SECONDS: Final = 60
"""For so long after an alert, further outages are added to its message."""

AGAIN: Final = ("reminder", "escalated")
"""News that says that nothing has changed."""

REMEMBERED: Final = 100
"""How many editions are remembered, so that none is told twice."""


@dataclass
class Outage:
    """An outage that the recipient has been told of.

    `ended` is None while it goes on. Its state is "new" if the monitor is no longer watched.
    """

    entry: Entry
    opened: Flip
    latest: Flip
    ended: Flip | None = None
    on_it: bool = False


@dataclass
class Answer:
    """A message that answers an alert, with one line for each flip.

    `ring` is false for one that is silent. `mentions` are roles.
    """

    edition: str
    news: list[tuple[str, Flip]] = field(default_factory=list)
    ring: bool = True
    mentions: tuple[str, ...] = ()


@dataclass
class Alert:
    """One message with outages that began together.

    `message` is its id in Discord, "" before it is sent. `stale` says that it has to be edited. `wording` is what its
    messages begin with, "" for the usual words.
    """

    id: str
    at: int
    outages: list[Outage] = field(default_factory=list)
    mentions: tuple[str, ...] = ()
    silent: bool = False
    recoveries: str = "told"
    test: bool = False
    message: str = ""
    stale: bool = False
    answers: list[Answer] = field(default_factory=list)
    wording: str = ""

    @property
    def is_over(self) -> bool:
        return all(outage.ended for outage in self.outages)

    @property
    def is_due(self) -> bool:
        """Whether something is to be sent or edited."""
        return not self.message or self.stale or bool(self.answers)


@dataclass
class Mailbox:
    """What a recipient has been told, and what is to be sent.

    `read` are the ids of the editions that have been added. `channel` is where a person's direct messages go.
    `owner` and `until` are the lease of the sender that works on it, and `tries` counts its senders since it was clean.
    `locale` is the language of a person, "" if it is not known. `member_at` is when the person was last seen to be in
    the server, in epoch seconds.
    """

    alerts: list[Alert] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    channel: str = ""
    owner: str = ""
    until: float = 0.0
    tries: int = 0
    locale: str = ""
    member_at: float = 0.0

    @property
    def due(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.is_due]

    def outage(self, monitor: str) -> tuple[Alert, Outage] | None:
        """The outage of a monitor that goes on, with its alert."""
        found = ((alert, each) for alert in reversed(self.alerts) if not alert.test for each in alert.outages)
        return next(((alert, each) for alert, each in found if each.entry.id == monitor and not each.ended), None)

    def fold(self, edition: Edition, heard: Mapping[str, Heard]) -> None:
        """Add an edition. `heard` says how the recipient hears of an outage, by monitor; of the others they do not.

        An edition that has been added before changes nothing. The recipient hears of the end of an outage if they have
        heard of the outage.
        """
        if edition.id in self.read:
            return
        self.read = [*self.read, edition.id][-REMEMBERED:]
        self.locale = next((each.locale for each in heard.values() if each.locale), self.locale)
        for entry, flip in edition.news:
            if edition.also and entry.id not in heard:
                continue
            found = None if edition.test else self.outage(entry.id)
            if found is None:
                if entry.id in heard and flip.news != "reminder" and not (flip.new == "up" and flip.news != "flapping"):
                    self._open(edition, entry, flip, heard[entry.id])
                continue
            self._go_on(edition, *found, entry, flip, heard.get(entry.id))
        for monitor in edition.on_it:
            found = self.outage(monitor)
            if found is not None:
                found[0].stale = found[1].on_it = True
        for monitor, paused in edition.paused.items():
            found = self.outage(monitor)
            if found is not None:
                alert, outage = found
                outage.entry = outage.entry.but(paused=paused)
                alert.stale = bool(alert.message)
        for monitor in edition.gone:
            found = self.outage(monitor)
            if found is not None:
                alert, outage = found
                outage.ended = Flip(monitor, edition.at, edition.at, outage.latest.new, "new")
                alert.stale = bool(alert.message)

    def _open(self, edition: Edition, entry: Entry, flip: Flip, heard: Heard) -> None:
        alert = next((each for each in self.alerts if self._can_join(each, edition, heard)), None)
        if alert is None:
            number = sum(each.id.startswith(edition.id) for each in self.alerts)
            id = f"{edition.id}-{number}" if number else edition.id
            alert = Alert(id, edition.at, test=edition.test, silent=heard.silent, recoveries=heard.recoveries)
            alert.wording = heard.wording
            self.alerts.append(alert)
        alert.outages.append(Outage(entry, flip, flip))
        if not alert.message:
            alert.mentions = tuple(dict.fromkeys([*alert.mentions, *heard.mentions]))
        alert.stale = bool(alert.message)

    def _can_join(self, alert: Alert, edition: Edition, heard: Heard) -> bool:
        """Whether another outage can be added to the message: an edit rings nobody."""
        rings = not alert.message or set(heard.mentions) <= set(alert.mentions)
        return (
            rings
            and not alert.is_over
            and alert.test == edition.test
            and (alert.silent, alert.recoveries, alert.wording) == (heard.silent, heard.recoveries, heard.wording)
            and edition.at < alert.at + JOIN_SECONDS
        )

    def _go_on(
        self, edition: Edition, alert: Alert, outage: Outage, entry: Entry, flip: Flip, heard: Heard | None
    ) -> None:
        outage.entry = entry
        if flip.new == "up" and flip.news != "flapping":
            outage.ended = flip
        elif flip.news not in AGAIN:
            outage.latest = flip
        rings = tuple[str, ...]()
        if heard and alert.silent and not heard.silent and (flip.new, flip.news) == ("down", "changed"):
            alert.silent, rings = False, heard.mentions  # it was told silently, and is worse now
        if not alert.message:  # what nobody has read yet says it by itself
            alert.mentions = tuple(dict.fromkeys([*alert.mentions, *rings]))
            return
        alert.stale = alert.stale or flip.news not in AGAIN
        if outage.ended and alert.recoveries == "shown":
            return
        if not alert.answers or alert.answers[-1].edition != edition.id:
            alert.answers.append(Answer(edition.id, ring=not (outage.ended and alert.recoveries == "silent")))
        alert.answers[-1].news.append((entry.id, flip))
        answer = alert.answers[-1]
        told = heard.mentions if edition.also and heard else rings
        answer.mentions = tuple(dict.fromkeys([*answer.mentions, *told]))

    def clean(self) -> None:
        """Forget the alerts of which nothing more can be told."""
        self.alerts = [alert for alert in self.alerts if alert.is_due or not (alert.test or alert.is_over)]

    def value(self) -> dict[str, Any]:
        """The mailbox as JSON. `parse` reads it."""
        return {
            "alerts": json.dumps([_row(alert) for alert in self.alerts], ensure_ascii=False),
            "read": self.read,
            "channel": self.channel,
            "owner": self.owner,
            "until": self.until,
            "tries": self.tries,
            "locale": self.locale,
            "member_at": self.member_at,
        }

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Mailbox:
        """Read what `value` returned. Fields that were never stored get their defaults."""
        return cls(
            [_alert(*row) for row in json.loads(value.get("alerts") or "[]")],
            list(value.get("read") or ()),
            value.get("channel") or "",
            value.get("owner") or "",
            float(value.get("until") or 0),
            int(value.get("tries") or 0),
            value.get("locale") or "",
            float(value.get("member_at") or 0),
        )


def _row(alert: Alert) -> list[Any]:
    outages = [
        [each.entry.values(), each.opened.text(), _other(each.latest, each.opened), _other(each.ended), each.on_it]
        for each in alert.outages
    ]
    answers = [
        [each.edition, [[id, flip.text()] for id, flip in each.news], each.ring, each.mentions]
        for each in alert.answers
    ]
    values = [alert.id, alert.at, alert.mentions, alert.silent, alert.recoveries, alert.test, alert.message]
    return [*values, alert.stale, outages, answers, alert.wording]


def _other(flip: Flip | None, first: Flip | None = None) -> str:
    """The flip as a text, "" if there is none, or if it is the first one once more."""
    return flip.text() if flip and flip != first else ""


def _alert(
    id: str,
    at: int,
    mentions: list[str],
    silent: bool,
    recoveries: str,
    test: bool,
    message: str,
    stale: bool,
    outages: list[Any],
    answers: list[Any],
    wording: str = "",
) -> Alert:
    return Alert(
        id,
        at,
        [
            Outage(
                Entry(*entry),
                Flip.parse(opened),
                Flip.parse(latest or opened),
                Flip.parse(ended) if ended else None,
                on_it,
            )
            for entry, opened, latest, ended, on_it in outages
        ],
        tuple(mentions),
        silent,
        recoveries,
        test,
        message,
        stale,
        [
            Answer(edition, [(id, Flip.parse(flip)) for id, flip in news], ring, tuple(mentions))
            for edition, news, ring, mentions in answers
        ],
        wording,
    )


def lines(alert: Alert, answer: Answer) -> Iterator[tuple[Outage, Flip]]:
    """The outages that an answer is about, each with the flip that it tells."""
    for monitor, flip in answer.news:
        yield next(each for each in reversed(alert.outages) if each.entry.id == monitor), flip
