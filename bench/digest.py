"""A monthly digest of 200 monitors: how many stored items it reads, and how long it takes without the database.

The real sender posts it, from rows that are packed as they are stored, in a table in memory that counts what is read.
Flips are not read, so a month with many outages costs as much as a quiet one.
"""

from __future__ import annotations

import platform
import random
import time
from base64 import b64encode
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from bench.cold import verdicts
from bench.instance import WrongAnswer
from watchbell.adapters.claims import Claims
from watchbell.adapters.monitors import Change, Monitors
from watchbell.adapters.records import Records
from watchbell.adapters.server_settings import Chosen
from watchbell.adapters.shards import Shards, Stored
from watchbell.data.tables import DAY_FIGURES
from watchbell.discord import check
from watchbell.kit.data import Data
from watchbell.outbox import timed
from watchbell.outbox.kinds import TIMED
from watchbell.status import judgement
from watchbell.status.facts import Facts
from watchbell.status.judgement import Judgement
from watchbell.status.later import Later
from watchbell.status.packing import pack_period
from watchbell.status.roster import Entry
from watchbell.status.shard import FULL
from watchbell.status.tally import DAY, Period, Tally, add
from watchbell.subscriptions.timed import Timed, Turn, expression
from watchbell.testing.table import FakeTable

MONITORS, DAYS = 200, 30
GUILD, CHANNEL = "1100000000000000001", "1100000000000000009"
DUE = 1_796_112_000
"""2026-12-01T08:00Z: the digest of November."""

GOALS: dict[str, tuple[str, float]] = {"items_read": ("at most", 400)}


@dataclass(frozen=True)
class Measured:
    """The items that one digest reads, and the milliseconds of each round."""

    items: float
    times: list[float]

    def figures(self) -> dict[str, float]:
        return {"items_read": self.items, "ms": round(median(self.times), 1)}

    def table(self) -> str:
        figures = self.figures()
        title = f"A monthly digest of {MONITORS} monitors on Python {platform.python_version()}, without the database"
        return "\n".join([title, "", f"{'ms':28}{figures['ms']:12}", "", *verdicts(figures, GOALS)])


def measure(*, rounds: int, monitors: int = MONITORS) -> Measured:
    """Post the digest again and again. Raise WrongAnswer if a result is not in it, or if Discord would refuse it."""
    server, times, items = Server(monitors), [], 0.0
    for _round in range(rounds):
        server.due()
        server.table.items.clear()
        started = time.perf_counter()
        timed.post(GUILD, Later(DUE, "timed", server.digest.id), server)  # type: ignore[arg-type]
        times.append((time.perf_counter() - started) * 1000)
        items = server.table.items["read"]
    server.check()
    return Measured(items, times)


class Server:
    """A server with full shards whose monitors were checked every minute of a month: what the sender needs of it."""

    def __init__(self, monitors: int) -> None:
        self.table = FakeTable()
        self.shards = Shards(self.table, self.now)  # type: ignore[arg-type]
        self.monitors = Monitors(self.table, ceiling=monitors, of_host=monitors)  # type: ignore[arg-type]
        self.claims = Claims({}, self.now)
        self.server_settings = self.discord = self
        self.sent: list[dict] = []
        self.digest = Timed("digest01", f"channel:{CHANNEL}", expression("monthly", "08:00"), cadence="monthly")
        self._ids = [f"{number:08}" for number in range(monitors)]
        entries = [
            Entry(id, f"Service {id}", "http", f"{number // FULL + 1:02}", 1) for number, id in enumerate(self._ids)
        ]
        for entry in entries:
            self.monitors.change(GUILD, lambda roster, entry=entry: Change(roster.with_(entry)))
        for shard in sorted({entry.shard for entry in entries}):
            self._fill(shard, [entry.id for entry in entries if entry.shard == shard])

    def now(self) -> float:
        return DUE + 5.0

    def data(self, kind: Data, owner: str) -> Records:
        return Records(self.table, kind, owner, self.now)  # type: ignore[arg-type]

    def of(self, guild_id: str) -> Chosen:
        return Chosen({})

    def send(self, channel_id: str, reply: Any, *, nonce: str, answers: str = "") -> dict:
        self.sent.append(reply.message())
        return {"id": str(len(self.sent))}

    def due(self) -> None:
        """Let the digest be due, as if it had never come."""
        self.data(TIMED, GUILD).put(replace(self.digest, due=DUE).item())
        ephemeral: Any = FakeTable()
        self.claims._tables = {"state": ephemeral, "ephemeral": ephemeral}

    def check(self) -> None:
        turn = Turn("2026-12-01", DUE)
        found = timed.of_server(GUILD, self.digest, turn, "", "", self)  # type: ignore[arg-type]
        if {each.uptime.whole for each in found.figures} != {DAYS * 24 * 60} or len(found.figures) != len(self._ids):
            raise WrongAnswer("digest: not every result of the month was counted")
        for message in self.sent:
            message["components"][0]["components"].pop()  # the buttons are not sealed here
            if faults := check.faults("message", message):
                raise WrongAnswer(f"digest: Discord would refuse it: {faults[0]}")

    def _fill(self, shard: str, ids: list[str]) -> None:
        """Store a month of days, and the state of today."""
        chance = random.Random(shard)
        kinds = [self._a_day(ids, chance) for _number in range(3)]
        today = DUE // DAY * DAY
        for number in range(DAYS + 5):
            start = today - (number + 1) * DAY
            value = {"B": b64encode(pack_period(Period(start, kinds[number % 3]))).decode()}
            self.table.put({**DAY_FIGURES.item_key(GUILD, shard, f"{start:010}"), "value": value})
        judged = [Judgement(id, "up", since=today, seen=DUE, results="0") for id in ids]
        hour = pack_period(Period(DUE, dict.fromkeys(ids, Tally(up=1))))
        self.shards.store(GUILD, shard, Stored(), Stored(DUE, judgement.pack(judged), hour))

    @staticmethod
    def _a_day(ids: list[str], chance: random.Random) -> dict[str, Tally]:
        hour = Tally()
        for _minute in range(60):
            outcome = "down" if chance.random() < 0.01 else "up"
            hour = add(hour, Facts(outcome, latency_ms=int(chance.lognormvariate(5, 0.7))), False)
        day = replace(sum([hour] * 24, Tally()), repaired=2, repair=600)
        return dict.fromkeys(ids, day)
