"""An application of one person, and what may be done with it. `decide` is the whole state machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

PENDING, OPEN, ACCEPTED, DECLINED, WITHDRAWN, CLOSED = (
    *("pending", "open", "accepted", "declined"),
    *("withdrawn", "closed"),
)
"""The values of `status`. A pending one has no channel yet."""

STATUSES = (PENDING, OPEN, ACCEPTED, DECLINED, WITHDRAWN, CLOSED)
LIVE = (PENDING, OPEN, ACCEPTED, DECLINED)
"""The person cannot apply again before the application is over."""

JUDGED = (ACCEPTED, DECLINED)
HAVE_A_CHANNEL = (OPEN, ACCEPTED, DECLINED)

ACCEPT, DECLINE, CLOSE, WITHDRAW, OPENED, FAILED, LOST = (
    *("accept", "decline", "close", "withdraw"),
    *("opened", "failed", "lost"),
)
"""Inputs: what staff and the person do, and what has happened: the channel is there, it cannot be made, it is gone."""

SAY, SHOW, TELL, ARCHIVE, FINISH = "say", "show", "tell", "archive", "finish"
"""Effects: say in the channel what happened, show the state in the welcome message, tell the staff, post a transcript,
and lock or delete the channel."""

_BECOMES = {
    OPENED: (OPEN, (PENDING, OPEN), ()),
    FAILED: (PENDING, (PENDING,), ()),
    ACCEPT: (ACCEPTED, (OPEN,), (SAY, SHOW)),
    DECLINE: (DECLINED, (OPEN,), (SAY, SHOW)),
    CLOSE: (CLOSED, LIVE, (SAY, SHOW, ARCHIVE, FINISH)),
    WITHDRAW: (WITHDRAWN, LIVE, (SAY, SHOW, TELL, ARCHIVE, FINISH)),
    LOST: (CLOSED, HAVE_A_CHANNEL, ()),
}
"""For each input: what the application becomes, from which states, and the effects that follow."""


class NotNow(Exception):
    """The application is over, or in a state in which this cannot be done. `status` is "" if there is none."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Application:
    """The application of `user` under the configuration `config`.

    `channel` and `message` are the ids of its channel and of the welcome message. `notice` is the id of the message in
    the channel `notice_in` that tells the staff why it waits. `answers` are pairs of question and answer. `reason` is
    the code why it is pending, `note` what staff wrote as they declined it, and `by` the id of who did the last thing.
    `result` is how it was judged, once its status is another one. `finished` says whether the channel of an application
    that is over is locked or deleted. `applied` and `changed` are epoch seconds, and `number` counts the applications
    of the person.
    """

    config: str
    user: str
    name: str = ""
    status: str = PENDING
    channel: str = ""
    message: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    note: str = ""
    by: str = ""
    finished: bool = False
    applied: int = 0
    changed: int = 0
    number: int = 1
    notice: str = ""
    notice_in: str = ""
    result: str = ""
    version: str = ""

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def ended(self) -> int:
        """When the application was over, in epoch seconds, 0 if it is not.

        A channel that was made earlier is not that of the person's next application.
        """
        return 0 if self.live else self.changed

    @property
    def judged(self) -> str:
        """Whether it was accepted or declined, also after it is over. "" if it was not judged."""
        return self.status if self.status in JUDGED else self.result

    @property
    def item(self) -> dict[str, Any]:
        """The item that stores the application."""
        return {**asdict(self), "answers": [list(pair) for pair in self.answers], "by": self.by or None}


FIELDS = tuple(name for name in Application.__dataclass_fields__ if name not in ("config", "user", "version"))
"""The fields of the item, besides its key and its version."""


def read(item: dict[str, Any] | None) -> Application | None:
    """Return the application that an item stores, None for None. A field that was never stored has its default."""
    if item is None:
        return None
    given = {name: value for name, value in item.items() if value is not None}
    pairs = tuple((question, answer) for question, answer in given.get("answers", ()))
    return Application(**{**given, "answers": pairs})


def begun(
    before: Application | None, config: str, user: str, name: str, answers: tuple[tuple[str, str], ...], now: int
) -> Application:
    """Return the application that a press begins, or the pending one that it goes on with."""
    if before and before.status == PENDING:
        return replace(before, answers=answers or before.answers, name=name or before.name)
    number, version = (before.number + 1, before.version) if before else (1, "")
    more = {"applied": now, "changed": now, "number": number, "version": version}
    return Application(config, user, name, answers=answers, **more)  # type: ignore[arg-type]


def decide(
    before: Application | None, what: str, *, by: str = "", now: int, **more: Any
) -> tuple[Application, tuple[str, ...]]:
    """Return the application after `what`, and the effects. Raises NotNow if it cannot be done now.

    `more` are fields that change too. An application without a channel has no effects.
    """
    status, allowed, effects = _BECOMES[what]
    if before is None or before.status not in allowed:
        raise NotNow(before.status if before else "")
    after = replace(before, status=status, by=by, changed=now, result=before.judged, **more)
    return after, effects if after.channel else ()


def effects_of(what: str, after: Application) -> tuple[str, ...]:
    """Return the effects that follow `what`, for a try that finds it stored already."""
    return _BECOMES[what][2] if after.channel else ()


def is_done(before: Application | None, what: str, by: str) -> bool:
    """Whether `before` shows that this person has done `what`: an earlier try stored it, and its answer was lost."""
    return before is not None and before.status == _BECOMES[what][0] and before.by == by
