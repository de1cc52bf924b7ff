"""How fast a fleet of senders tells many people, beside what Discord's limits allow. Simulated, in virtual time.

The real client, with the real pace, sends 2,000 direct messages and 500 alerts in 50 channels to the simulated Discord.
The real batch of the queue treats what has to wait. Only time is virtual: a call of the table takes 10 ms, and Discord
answers after 100 ms. The table is in memory, and each of its calls is atomic.
"""

from __future__ import annotations

import heapq
import itertools
import json
import logging
import math
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from bench.cold import verdicts
from bench.instance import WrongAnswer
from sandbox.discord import limits
from sandbox.discord.rest import BASE, Rest
from sandbox.discord.state import State
from sandbox.discord.world import Account
from watchbell.adapters import batch
from watchbell.adapters.batch import Delivery
from watchbell.adapters.discord import DiscordClient
from watchbell.adapters.pace import Pace
from watchbell.doors.sender import unhurried
from watchbell.testing.table import FakeTable

SENDERS = (1, 8, 32)
IN_FLIGHT = 10
"""How many messages a sender sends at the same time."""
DMS, ALERTS, CHANNELS = 2_000, 500, 50
TABLE_SECONDS, DISCORD_SECONDS = 0.010, 0.100
BEGUN = 1_795_334_400.0
MOST_SECONDS = 3_600.0
TOKEN = "bot-token"
MAX_RECEIVES = 10

GOALS: dict[str, tuple[str, float]] = {
    "avoidable_429": ("at most", 0),
    "share_of_optimum": ("at least", 0.95),
}


@dataclass(frozen=True)
class Fleet:
    """What so many senders did. `seconds` are virtual. `refused` are the 429s, with those that were avoidable."""

    senders: int
    sent: int
    avoidable_429: int
    share_of_optimum: float
    refused: int
    seconds: float
    table_calls: int
    receives: int

    def figures(self) -> dict[str, float]:
        return {
            "senders": self.senders,
            "sent": self.sent,
            "avoidable_429": self.avoidable_429,
            "share_of_optimum": round(self.share_of_optimum, 3),
            "other_429": self.refused - self.avoidable_429,
            "seconds": round(self.seconds, 1),
            "table_calls": self.table_calls,
            "receives": self.receives,
        }


@dataclass(frozen=True)
class Measured:
    fleets: list[Fleet]

    def figures(self) -> dict[str, Any]:
        return {"fanout": [each.figures() for each in self.fleets]}

    def table(self) -> str:
        lines = [f"{DMS:,} direct messages and {ALERTS} alerts, simulated in virtual time", ""]
        for each in self.fleets:
            figures = each.figures()
            lines += [
                f"{each.senders} senders: {each.seconds:.1f} s, {each.table_calls:,} calls of the table, "
                f"{each.receives:,} deliveries, {figures['other_429']} unavoidable 429s",
                *verdicts(figures, GOALS),
                "",
            ]
        return "\n".join(lines[:-1])


def measure(*, rounds: int = 1) -> Measured:
    """Send with 1, 8 and 32 senders. The figures are the same in every round."""
    return Measured([fan_out(senders) for senders in SENDERS])


def fan_out(senders: int, dms: int = DMS, alerts: int = ALERTS, channels: int = CHANNELS) -> Fleet:
    """Let `senders` send all messages. Raise WrongAnswer if one is lost or sent twice."""
    logs = logging.getLogger("watchbell")
    before = logs.disabled, logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        return _Run(senders, dms, alerts, channels).result()
    finally:
        logging.disable(before[1])


def optimum(dms: int, alerts: int, channels: int) -> float:
    """The seconds that the limits allow at best, until the last answer."""
    bounds = (
        (2 * dms + alerts, limits.GLOBAL),
        (math.ceil(alerts / channels), limits.CREATE_MESSAGE),
        (dms, limits.OPEN_DMS),
    )
    windows = (max(0, math.ceil(calls / limit.requests) - 1) * limit.seconds for calls, limit in bounds)
    return max(windows) + DISCORD_SECONDS


class Time:
    """Virtual time for threads of which one runs at a time: the one that wakes first."""

    def __init__(self) -> None:
        self.now = BEGUN
        self._waiting: list[tuple[float, int, threading.Lock]] = []
        self._count = itertools.count()
        self._left = 0
        self._over = threading.Event()
        self._failure: BaseException | None = None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        gate = threading.Lock()
        gate.acquire()
        heapq.heappush(self._waiting, (self.now + max(0.0, seconds), next(self._count), gate))
        self._wake()
        gate.acquire()

    def run(self, tasks: list[Callable[[], None]]) -> None:
        """Run the tasks until all are over. Raises what one of them raises."""
        self._left = len(tasks)
        for task in tasks:
            gate = threading.Lock()
            gate.acquire()
            heapq.heappush(self._waiting, (self.now, next(self._count), gate))
            threading.Thread(target=self._follow, args=(task, gate), daemon=True).start()
        self._wake()
        self._over.wait()
        if self._failure:
            raise self._failure

    def _follow(self, task: Callable[[], None], gate: threading.Lock) -> None:
        gate.acquire()
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - `run` raises it
            self._failure = error
        self._left -= 1
        if self._failure or not self._left:
            self._over.set()
        else:
            self._wake()

    def _wake(self) -> None:
        self.now, _, gate = heapq.heappop(self._waiting)
        if self.now > BEGUN + MOST_SECONDS:
            raise WrongAnswer("fanout: the messages are not sent after an hour")
        gate.release()


class Queue:
    """The send queue: a message that was received is hidden until it comes back or is deleted."""

    def __init__(self, time: Time, messages: list[dict]) -> None:
        self._time = time
        self._count = itertools.count()
        self._visible: list[tuple[float, int, dict]] = []
        self.left = self.receives = 0
        for message in messages:
            self.send(message)

    def send(self, message: dict, wait: float = 0) -> None:
        record = {"body": json.dumps(message), "messageId": str(next(self._count)), "receives": 0}
        self.left += 1
        self._put(record, wait)

    def receive(self) -> dict | None:
        """Return the record of a message, None if all are deleted."""
        while self.left:
            if self._visible and self._visible[0][0] <= self._time.now:
                record = heapq.heappop(self._visible)[2]
                record["receives"] += 1
                self.receives += 1
                attributes = {"ApproximateReceiveCount": str(record["receives"])}
                return record | {"attributes": attributes, "receiptHandle": record}
            first = self._visible[0][0] - self._time.now if self._visible else 1.0
            self._time.sleep(min(first, 1.0))
        return None

    def come_back(self, receipt_handle: dict, wait: float) -> None:
        self._put(receipt_handle, wait)

    def delete(self) -> None:
        self.left -= 1

    def _put(self, record: dict, wait: float) -> None:
        heapq.heappush(self._visible, (self._time.now + math.ceil(wait), next(self._count), record))


class SlowTable(FakeTable):
    """The table in memory, as far away as DynamoDB."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time

    def get(self, *arguments: Any, **options: Any) -> dict:
        self._time.sleep(TABLE_SECONDS)
        return super().get(*arguments, **options)

    def update(self, *arguments: Any, **options: Any) -> dict:
        self._time.sleep(TABLE_SECONDS / 2)
        try:
            return super().update(*arguments, **options)
        finally:
            self._time.sleep(TABLE_SECONDS / 2)


class Answer:
    """What the client reads of a response."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status_code, self.headers, self._content = status, headers, content

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def iter_content(self, size: int) -> list[bytes]:
        return [self._content]


@dataclass
class Discord:
    """The simulated Discord, as far away as the real one. It keeps what was sent, and judges each 429."""

    time: Time
    headers: dict[str, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    avoidable: int = 0
    finished: float = BEGUN

    def __post_init__(self) -> None:
        self.state = State("1100000000000000001", TOKEN, "Watchbell", self.time, self.time)
        self.rest = Rest(self.state)
        self._known: set[str] = set()
        self._closed_until = 0.0

    def request(self, method: str, url: str, *, json: Any, headers: dict[str, str], **_more: Any) -> Answer:
        """Answer like `requests.Session.request`."""
        known, closed = set(self._known), self._closed_until > self.time.now
        self.time.sleep(DISCORD_SECONDS / 2)
        message = Message()
        for name, value in {**self.headers, **headers, "Content-Type": "application/json"}.items():
            message[name] = value
        found = self.rest.answer(method, BASE + url, message, _json(json))
        self.time.sleep(DISCORD_SECONDS / 2)
        assert found.status is not None
        self.answers[found.status] += 1
        self.finished = self.time.now
        bucket = found.headers.get("X-RateLimit-Bucket", "")
        if found.status == 429:
            hidden = isinstance(found.body, dict) and found.body.get("code")
            everywhere = found.headers.get("X-RateLimit-Scope") == "global"
            self.avoidable += closed if hidden else everywhere or bucket in known
            if hidden:
                self._closed_until = self.time.now + found.body["retry_after"]
        if bucket:
            self._known.add(bucket)
        return Answer(found.status, found.headers, _json(found.body))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


class _Run:
    def __init__(self, senders: int, dms: int, alerts: int, channels: int) -> None:
        self._senders, self._asked = senders, (dms, alerts, channels)
        self._time = Time()
        self._table = SlowTable(self._time)
        self._discord = Discord(self._time)
        world = self._discord.state.world
        home = world.add_guild("The Belfry")
        for number in range(dms):
            account = Account({**world.bot, "id": str(1_200_000_000_000_000_000 + number), "bot": False})
            world.accounts[account.user["id"]] = account
            home.members[account.user["id"]] = 0
        places = [world.add_channel(f"alerts-{number}", home.id).id for number in range(channels)]
        messages = [{"kind": "dm", "to": id} for id in list(world.accounts)[-dms:]] if dms else []
        messages += [{"kind": "alert", "to": places[number % channels]} for number in range(alerts)]
        mixed = sorted(enumerate(messages), key=lambda each: hash((each[0] * 7919) % len(messages)))
        self._queue = Queue(self._time, [{**message, "id": number} for number, message in mixed])
        self._sent: Counter[int] = Counter()

    def result(self) -> Fleet:
        self._time.run([task for _ in range(self._senders) for task in [self._sender()] * IN_FLIGHT])
        count = sum(self._asked[:2])
        if len(self._sent) != count or set(self._sent.values()) != {1}:
            raise WrongAnswer(f"fanout: {len(self._sent)} of {count} messages were sent, some twice")
        seconds = self._discord.finished - BEGUN
        return Fleet(
            self._senders,
            len(self._sent),
            self._discord.avoidable,
            optimum(*self._asked) / seconds,
            self._discord.answers[429],
            seconds,
            self._table.calls.total(),
            self._queue.receives,
        )

    def _sender(self) -> Callable[[], None]:
        """What each thread of a new sender does."""
        pace = Pace(self._table, bulk=True, now=self._time, sleep=self._time.sleep)  # type: ignore[arg-type]
        client = DiscordClient("", lambda fresh: TOKEN, now=self._time, pace=pace)
        self._discord.headers = dict(client._session.headers)  # type: ignore[arg-type]
        client._session = self._discord  # type: ignore[assignment]

        def handle(delivery: Delivery) -> None:
            unhurried(delivery, self._time.now, lambda: self._send(delivery.message, client))

        def work() -> None:
            while (record := self._queue.receive()) is not None:
                answer = batch.process({"Records": [record]}, None, self._queue, MAX_RECEIVES, handle)  # type: ignore[arg-type]
                if not answer["batchItemFailures"]:
                    self._queue.delete()

        return work

    def _send(self, message: dict, client: DiscordClient) -> None:
        channel = message["to"] if message["kind"] == "alert" else client.open_dm(message["to"])
        client.create_message(channel, {"content": f"🔴 Shop is down. {message['id']}"}, nonce=str(message["id"]))
        self._sent[message["id"]] += 1
