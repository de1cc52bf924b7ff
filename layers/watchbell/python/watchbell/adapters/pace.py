"""Keeps the pace that Discord allows, together with all other functions, in the table `ephemeral`.

The bulk, which nobody waits for, takes a place in one line. Calls for people never wait for the bulk: they only tell
it, once a second, to leave room. Both learn from what Discord answers, and tell the others what is new.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..data import pace
from ..data.pace import Bucket, Change, Rule, Shared, micros
from ..data.tables import BUCKET, PACE
from ..errors import DiscordError, Paced, Unavailable
from .aws_json import within
from .dynamodb import ConditionFailed, Table

ALONE_SECONDS = 10.0
"""If the table fails, the pace is kept alone for so long: one call a second, by what this process knows."""

SECONDS = 1.0
"""How long a call of the table may take."""

TRIES = 6
"""How often a write is tried if others change the row in between."""

KEPT = 1_000
"""How many full buckets a process remembers."""

log = logging.getLogger(__name__)


class Pace:
    """The pace of one process, for all of its threads. While it is `bulk`, its calls wait for the line.

    `stopped` is called if nobody may call Discord for a while: Cloudflare blocks the bot, too many answers were
    invalid, or Discord refuses the token. If the table fails, or takes more than `seconds`, calls go on slowly.
    """

    def __init__(
        self,
        table: Table,
        *,
        bulk: bool,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        stopped: Callable[[], None] = lambda: None,
        seconds: float = SECONDS,
    ) -> None:
        self._table, self.bulk = table, bulk
        self._clock, self._sleep, self._stopped, self._seconds = now, sleep, stopped, seconds
        self._lock = threading.Lock()  # never held during a call or a sleep
        self._seen = Shared()
        self._item: dict[str, Any] = {}
        self._spare: list[int] = []
        self._full: dict[tuple[str, str], int] = {}
        self._told_at = self._last_at = self._alone_until = 0

    def turn(self, route: str, names: Mapping[str, str], token: str = "", *, follows: bool = False) -> Turn:
        """Wait until the call may be made. `names` are what is in the places of the route template.

        Raises Paced if that takes longer than 2 seconds. For a person, raises DiscordError as Discord would answer.
        `follows`: it belongs to a delivery that has begun already.
        """
        digest = pace.digest(token)
        turn = Turn(route, names)
        deadline = self._now() + micros(pace.LONGEST_SECONDS)
        while True:
            now = self._now()
            until, why = pace.forbidden(self._seen, now, digest)
            if now > deadline and self.bulk:
                raise Paced(f"{route}: too many calls compete", 1.0)
            if until:
                self._wait_for(until, deadline, route, why)
            elif not self.bulk:
                if not self._tell_of_people(now):
                    return turn
            else:
                turn.bucket = self._bucket(route, names)
                until = self._full.get(turn.bucket[:2], 0)
                if until > now:
                    self._wait_for(until, deadline, route, "full")
                elif self._takes(turn, now, deadline, digest, follows=follows):
                    return turn

    def refuses(self, token: str) -> bool:
        """Whether it is known that Discord refuses this bot token."""
        return pace.forbidden(self._seen, self._now(), pace.digest(token))[1] == "refused"

    def refused(self, token: str) -> None:
        """Tell everybody that Discord has refused this bot token."""
        digest, now = pace.digest(token), self._now()
        with self._lock:
            self._seen = self._seen._replace(refused=digest, refused_until=now + micros(pace.REFUSED_SECONDS))
        self._tell(lambda: self._share(pace.refuse(digest, now)))

    def stops(self, what: str, *values: object) -> None:
        """Log that nobody may call Discord, and raise the alarm."""
        log.error(what, *values)
        self._stopped()

    # Taking a turn.

    def _takes(self, turn: Turn, now: int, deadline: int, token: str, *, follows: bool) -> bool:
        """Take a place in the line and in the bucket, and wait for it. Return False if there may be another way."""
        if now < self._alone_until:
            with self._lock:
                next_at = self._last_at + 1_000_000
                if next_at <= now:
                    self._last_at = now
                    return True
            self._wait_for(next_at, deadline, turn.route, "alone")
            return False
        try:
            at = self._place(now, turn.route, token, follows=follows)
            if at is None:
                return False
            bucket = turn.bucket = self._bucket(turn.route, turn.names)  # the row may have taught its limit
            at = max(at, self._now())
            try:
                turn.row = self._update(_key(bucket), pace.enter(bucket, at))
            except ConditionFailed as failed:
                with self._lock:
                    self._spare.append(at)
                self._note_full(bucket, pace.free_at(failed.item, bucket))
                return False
        except Unavailable as error:
            log.warning("keeping the pace alone for %d seconds: %s", ALONE_SECONDS, error)
            self._alone_until = now + micros(ALONE_SECONDS)
            return False
        self._last_at = at
        self._sleep_until(at)
        if pace.may_have_filled(turn.row) and self._has_filled(bucket):
            return False
        return not pace.forbidden(self._seen, self._now(), token)[0]  # another call may have learnt it meanwhile

    def _has_filled(self, bucket: Bucket) -> bool:
        try:
            until = pace.full_until(self._table.get(_key(bucket), self._seconds))
        except Unavailable:
            return False
        self._note_full(bucket, until)
        return until > self._now()

    def _place(self, now: int, route: str, token: str, *, follows: bool) -> int | None:
        """Take a place in the line. Return its time, None if nobody may call. Raises Paced if the line is too long."""
        with self._lock:
            self._spare = sorted(at for at in self._spare if at >= now)
            if self._spare:
                return self._spare.pop(0)
        within = pace.LONGEST_SECONDS if follows else pace.START_SECONDS
        for _try in range(TRIES):
            if self._seen.free_at > now + micros(within):
                raise Paced(f"{route}: too many calls wait for Discord", self._appointed(now + micros(within)))
            row = self._share(pace.reserve(self._seen, now, within, token))
            if row:
                return max(row.free_at - pace.SPACE, now)
            if pace.forbidden(self._seen, now, token)[0]:
                break
        return None

    def _appointed(self, earliest: int) -> float:
        """The seconds after which a message that found no room comes back. Each gets another time."""
        row = None
        try:
            row = self._until_shared(lambda: pace.appoint(self._seen, earliest))
        except Unavailable as error:
            log.info("a message comes back without an appointment: %s", error)
        later = max((row or self._seen).later_at, earliest)
        return min(later - self._now(), micros(pace.MOST_WAIT)) / 1_000_000

    def _wait_for(self, until: int, deadline: int, route: str, why: str) -> None:
        """Wait until then if that is before `deadline`. Otherwise raise what the caller understands."""
        now = self._now()
        if until <= deadline:
            self._sleep_until(until)
            return
        wait = min((until - now) / 1_000_000, pace.MOST_WAIT)
        if not self.bulk:
            text = f"not called, because it would be refused: {why}"
            status = 401 if why == "refused" else 429
            raise DiscordError(route, status, text=text, wait=None if status == 401 else wait, by_discord=status == 401)
        if why == "full":  # come early and wait here, because the queue counts whole seconds
            wait = max(wait - 1.0, 1.0)
        if why == "closed" and now >= self._alone_until:
            wait = self._appointed(until)
        raise Paced(f"{route}: Discord must not be called yet: {why}", wait)

    def _tell_of_people(self, now: int) -> bool:
        """Ask the bulk for room. Return whether the row was read, so that it may say that nobody can call."""
        with self._lock:
            if now - self._told_at < 1_000_000 or now < self._alone_until:
                return False
            self._told_at = now
        try:
            self._share(pace.for_people(now))
        except Unavailable as error:
            log.info("could not ask the bulk for room: %s", error)
            self._alone_until = now + micros(ALONE_SECONDS)
            return False
        return True

    def _sleep_until(self, at: int) -> None:
        if (seconds := (at - self._now()) / 1_000_000) > 0:
            self._sleep(seconds)

    # Learning.

    def learn(self, turn: Turn | None, status: int, headers: Mapping[str, str], refusal: DiscordError | None) -> None:
        """Keep what an answer says, and tell the others if they do not know it yet. Never raises.

        A call of an interaction has no `turn`, because it has limits of its own. Only a block counts for all.
        """
        wait, by_discord = (refusal.wait, refusal.by_discord) if refusal else (None, True)
        found, now = pace.lesson(status, headers, wait, by_discord=by_discord), self._now()
        if found.closed_for and (turn or found.blocked):
            until = now + micros(found.closed_for)
            with self._lock:
                self._seen = self._seen._replace(closed_until=max(until, self._seen.closed_until))
            if self._tell(lambda: self._share(pace.close(now, until))) and found.blocked:
                self.stops("CLOUDFLARE BLOCKS THE BOT: no calls to Discord for %d seconds", found.closed_for)
        if found.invalid:
            self._spend(now)
        if turn is None:
            return
        bucket = turn.bucket or self._bucket(turn.route, turn.names)
        if self.bulk and (rule := pace.learnt(bucket.rule, found)):
            self._teach({pace.template(turn.route): rule})
            bucket = self._bucket(turn.route, turn.names)
        if found.full_for:
            until = now + micros(found.full_for)
            expected = pace.free_at(turn.row, bucket) if turn.row else 0
            self._note_full(bucket, until)
            if until > expected:
                self._tell(lambda: self._update(_key(bucket), pace.fill(until, hidden=found.hidden)))

    def _spend(self, now: int) -> None:
        before = pace.forbidden(self._seen, now, "")[1]
        try:
            self._until_shared(lambda: pace.spend(self._seen, now))
        except Unavailable as error:
            log.info("could not count an invalid answer: %s", error)
        if before != "spent" and pace.forbidden(self._seen, now, "")[1] == "spent":
            self.stops("TOO MANY INVALID ANSWERS: calls to Discord stop until there are fewer")

    def _teach(self, rules: dict[str, Rule]) -> None:
        try:
            self._until_shared(lambda: pace.teach(self._item, rules))
        except Unavailable as error:
            log.info("could not tell a rate limit: %s", error)
        with self._lock:
            self._seen = self._seen._replace(rules={**self._seen.rules, **rules})

    def _tell(self, write: Callable[[], object]) -> bool:
        """Write what is new. Return False if others know it already."""
        try:
            return write() is not None
        except ConditionFailed:
            return False
        except Unavailable as error:
            log.info("could not tell what Discord answered: %s", error)
            return True

    # The rows.

    def _bucket(self, route: str, names: Mapping[str, str]) -> Bucket:
        return pace.bucket(route, names, self._seen.rules)

    def _note_full(self, bucket: Bucket, until: int) -> None:
        with self._lock:
            if len(self._full) >= KEPT:
                self._full = {key: each for key, each in self._full.items() if each > self._now()}
            self._full[bucket[:2]] = until

    def _share(self, change: Change) -> Shared | None:
        """Change the row for everybody, and return it as it is then. Return None if its condition does not hold."""
        try:
            return self._see(self._update(PACE.item_key(), change))
        except ConditionFailed as failed:
            self._see(failed.item)
            return None

    def _until_shared(self, change: Callable[[], Change]) -> Shared | None:
        """Make a change that depends on what is known of the row. It is tried again if others change the row first.

        Return the row after the change, None if it was not made.
        """
        for _try in range(TRIES):
            if (row := self._share(change())) is not None:
                return row
        return None

    def _see(self, item: dict[str, Any]) -> Shared:
        """Keep what is known of the row. An answer that comes late must not open what is closed."""
        row = pace.shared(item)
        with self._lock:
            self._item, self._seen = item, row._replace(closed_until=max(row.closed_until, self._seen.closed_until))
        return row

    def _update(self, key: dict, change: Change) -> dict[str, Any]:
        expires = int(self._clock()) + (PACE.keep or 0)
        with within(self._seconds):
            return self._table.update(
                key,
                f"{change.change}, expires_at=:expires",
                {**change.values, ":expires": {"N": str(expires)}},
                condition=change.condition,
                returns="ALL_NEW",
            )

    def _now(self) -> int:
        return micros(self._clock())


class Turn:
    """A call that may be made now. `bucket` and `row` are where it is noted, if it is."""

    __slots__ = ("bucket", "names", "route", "row")

    def __init__(self, route: str, names: Mapping[str, str]) -> None:
        self.route, self.names = route, names
        self.bucket: Bucket | None = None
        self.row: dict[str, Any] = {}


def _key(bucket: Bucket) -> dict[str, dict[str, str]]:
    return BUCKET.item_key(bucket.name, bucket.major)
