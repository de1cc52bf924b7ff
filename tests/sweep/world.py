"""Watching and telling in one process: real code between a table, queues and a Discord that live in memory.

Every call that leaves a function can be the last thing that the function does: it is killed before or after the call.
Then SQS delivers its message again, at once or after the visibility timeout. A job whose ping has no answer repeats it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from watchbell.adapters.batch import Delivery
from watchbell.adapters.claims import Claims
from watchbell.adapters.monitors import Change, Monitors
from watchbell.adapters.pings import Pings
from watchbell.adapters.records import Records
from watchbell.adapters.server_settings import Chosen
from watchbell.adapters.shards import Shards
from watchbell.adapters.webhooks import Address
from watchbell.commands import notifications
from watchbell.doors import heartbeat, monitor, sender
from watchbell.errors import DiscordError, Retry, Unavailable
from watchbell.kit.data import Data
from watchbell.outbox.kinds import MAILBOX, SUBSCRIPTION, WEBHOOK
from watchbell.schedules.watch import watch
from watchbell.status import shard
from watchbell.status.facts import Facts
from watchbell.status.monitor import Monitor
from watchbell.status.reason import Reason
from watchbell.status.roster import Entry
from watchbell.subscriptions.mailbox import Mailbox
from watchbell.subscriptions.subscription import id_of
from watchbell.testing.table import FakeTable
from watchbell.tools import watching
from watchbell.tools.toolbox import DISCORD_URL

GUILD, CHANNEL = "1100000000000000001", "1100000000000000009"
ADA, BOB, ROLE = "1100000000000000011", "1100000000000000012", "1100000000000000013"
OWNER, DM = "1100000000000000005", "1100000000000000006"
"""The owner of the server, and the channel for direct messages with them."""
BEGUN = 1_795_334_400
NONCE_SECONDS = 120
AGAIN_SECONDS = 180


class Killed(BaseException):
    """The function ends here, as if Lambda had stopped it. No handler of exceptions sees it."""


class Killer:
    """Counts the calls that leave functions, and ends the function before or after one of them.

    `meanwhile` is a call, and what somebody else does just before it.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.at: tuple[int, str] | None = None
        self.meanwhile: tuple[int, Callable[[], None]] | None = None
        self.names: list[str] = []
        self.doubles = 0
        """How many messages by a webhook there are twice."""
        self._asleep = False

    def quietly(self, act: Callable[[], None]) -> None:
        """Do what somebody else does: its calls are not counted, and it is not killed."""
        self._asleep = True
        act()
        self._asleep = False

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        if self._asleep:
            return call()
        self.calls += 1
        if self.meanwhile and self.meanwhile[0] == self.calls:
            self.quietly(self.meanwhile[1])
        self.names.append(name)
        if self.at == (self.calls, "before"):
            raise Killed
        answer = call()
        if self.at == (self.calls, "after"):
            raise Killed
        return answer


class Watched:
    """`thing`, with the killer around each of its methods in `names`."""

    def __init__(self, thing: Any, killer: Killer, *names: str) -> None:
        self._thing, self._killer, self._names = thing, killer, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if name not in self._names:
            return found
        kind = type(self._thing).__name__
        return lambda *args, **more: self._killer.around(f"{kind}.{name}", lambda: found(*args, **more))


class FakeQueue:
    def __init__(self) -> None:
        self.messages: list[dict] = []

    def send(self, message: dict, wait: float = 0) -> None:
        self.messages.append(message)

    def send_many(self, messages: list[dict]) -> None:
        self.messages += messages


class FakeDiscord:
    """Keeps the messages of channels. A nonce is known in its channel for two minutes."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.messages: list[dict] = []
        self.down = False
        self.closed: set[str] = set()
        """The users whom the bot cannot send a message."""
        self.refuses: dict[str, tuple[int, int]] = {}
        """The status and the code with which a channel, or the webhook with an id, refuses new messages."""
        self.left: set[str] = set()
        """The users who are no longer in the server."""
        self.unreadable = False
        """Whether it answers to a webhook's message with HTML."""

    def send(self, channel_id: str, reply: Any, *, nonce: str, answers: str = "") -> dict:
        self._answer()
        if channel_id in self.refuses:
            raise DiscordError("POST /channels/{channel}/messages", *self.refuses[channel_id])
        for each in self.messages:
            if (each["channel"], each["nonce"]) == (channel_id, nonce) and self._now() - each["at"] < NONCE_SECONDS:
                return each
        written = reply.message()
        sent = {**written, "id": str(len(self.messages) + 1), "nonce": nonce, "at": self._now(), "answers": answers}
        self.messages.append({**sent, "channel": channel_id, "edits": 0})
        return self.messages[-1]

    def edit(self, channel_id: str, message_id: str, reply: Any) -> dict:
        self._answer()
        (found,) = [each for each in self.messages if each["id"] == message_id]
        found.update(reply.edit(), edits=found["edits"] + 1)
        return found

    def execute_webhook(self, webhook_id: str, token: str, message: dict, *, thread_id: str = "") -> dict:
        self._answer()
        for place in (webhook_id, thread_id):
            if place in self.refuses:
                raise DiscordError("POST /webhooks/{webhook}/{token}", *self.refuses[place])
        id = str(len(self.messages) + 1)
        post = id if "thread_name" in message else thread_id
        more = {"at": self._now(), "edits": 0, "thread": post, "nonce": f"webhook {id}", "answers": ""}
        self.messages.append({**message, "id": id, "channel": f"webhook {webhook_id}", **more})
        return {} if self.unreadable else self.messages[-1]

    def edit_webhook_message(
        self, webhook_id: str, token: str, message_id: str, message: dict, *, thread_id: str = ""
    ) -> dict:
        self._answer()
        if webhook_id in self.refuses:
            raise DiscordError("PATCH /webhooks/{webhook}/{token}/messages/{message}", *self.refuses[webhook_id])
        (found,) = [each for each in self.messages if each["id"] == message_id]
        assert (found["channel"], found["thread"]) == (f"webhook {webhook_id}", thread_id)
        found.update(message, edits=found["edits"] + 1)
        return found

    def server(self, server_id: str) -> dict:
        self._answer()
        return {"id": server_id, "name": "Shops", "owner_id": OWNER, "roles": []}

    def member(self, server_id: str, user_id: str) -> dict:
        self._answer()
        if user_id in self.left:
            raise DiscordError("GET /guilds/{server}/members/{user}", 404, 10007)
        return {"user": {"id": user_id}, "roles": []}

    def channels(self, server_id: str) -> list[dict]:
        self._answer()
        return []

    def open_dm(self, user_id: str) -> str:
        self._answer()
        if user_id in self.closed:
            raise DiscordError("POST /users/@me/channels", 403, 50007)
        return DM if user_id == OWNER else f"dm of {user_id}"

    def missing(self, channel_id: str, *names: str) -> list[str]:
        self._answer()
        return [name for name in names if name == "SEND_MESSAGES" and channel_id in self.refuses]

    def recent_messages(self, channel_id: str) -> list[dict]:
        self._answer()
        return [each for each in reversed(self.messages) if each["channel"] == channel_id][:50]

    def _answer(self) -> None:
        if self.down:
            raise DiscordError("POST /channels/{channel}/messages", 503)


class Checker:
    """Gives each monitor the facts that its script says."""

    def __init__(self) -> None:
        self.script: dict[str, Facts] = {}

    def run(self, monitors: list[Monitor]) -> dict[str, Facts]:
        asked = [each for each in monitors if each.kind != "heartbeat"]
        return {each.id: self.script.get(each.id, Facts("up", latency_ms=20)) for each in asked}


class Settings:
    def of(self, guild_id: str) -> Chosen:
        return Chosen({"status_channel": CHANNEL, "mention_roles": [ROLE]})


DOWN = Facts("down", Reason("http_status", {"status": 503}), 31)
UP = Facts("up", latency_ms=20)


class World:
    """A server with some monitors. `minute` runs one minute of everything, and `killer` says where a function ends.

    `jobs` are the pings that come in each minute, such as `/fail`, by the UUIDs of heartbeats. `ticks` is how often the
    tick comes in each minute, and `tick_is_late` by how many seconds.
    """

    def __init__(self, *monitors: Monitor) -> None:
        self.at = float(BEGUN)
        self.killer = Killer()
        table = Watched(
            FakeTable(),
            self.killer,
            *("get", "get_many", "put", "delete", "update", "query", "between", "transact"),
        )
        self.table, self._watched = table._thing, table
        self.checks, self.sends = FakeQueue(), FakeQueue()
        self.discord = FakeDiscord(self.now)
        self.checker = Checker()
        self.check = lambda guild_id, monitors, **_again: self.checker.run(monitors)
        self.tools: Any = self
        self.shards = Shards(table, self.now)  # type: ignore[arg-type]
        self.monitors = Monitors(table, ceiling=100, of_host=100)  # type: ignore[arg-type]
        self.claims = claims(table, self.now)
        self.pings = Pings.__new__(Pings)
        self.pings._table = table  # type: ignore[assignment]
        self.jobs: dict[str, list[str]] = {}
        self.ticks = 1
        self.tick_is_late = 0
        self.server_settings = Settings()
        self.check_queue = Watched(self.checks, self.killer, "send", "send_many")
        self.send_queue = Watched(self.sends, self.killer, "send", "send_many")
        self._discord = Watched(
            self.discord,
            self.killer,
            *("send", "edit", "recent_messages", "server", "member", "open_dm", "missing"),
            *("execute_webhook", "edit_webhook_message"),
        )
        self.webhooks: dict[str, Address] = {}
        """The URLs of the webhooks of the server."""
        self.discord_url = DISCORD_URL
        self.counted: list[str] = []
        self.lost = 0
        self.late = False
        self.tools = _Tools(self)
        for each in monitors:
            self.add(each)
        self.killer.calls = 0
        self.killer.names.clear()

    def now(self) -> float:
        return self.at

    def data(self, kind: Data, owner: str = "") -> Records:
        return Records(self._watched, kind, owner, self.now)

    def count(self, metric: str) -> None:
        self.counted.append(metric)

    def add(self, each: Monitor) -> None:
        def decide(roster: Any) -> Change:
            name = f"{shard.joined(roster.sizes):02}"
            entry = Entry(each.id, each.name, each.kind, name, each.every, each.group, each.tags)
            return Change(roster.with_(entry), put=(name, each), ping=each.options.get("ping", ""))

        self.monitors.change(GUILD, decide)

    def remove(self, id: str) -> None:
        entry = self._entry(id)
        self.monitors.change(GUILD, lambda roster: Change(roster.without(id), delete=(entry.shard, id)))

    def pause(self, id: str, paused: bool = True) -> None:
        """Do what `/monitor pause` or `resume` does."""
        watching.pause(self._entry(id), paused, GUILD, self.tools)

    def rotate(self, id: str, ping: str) -> None:
        """Give a heartbeat a new URL, as its button does."""
        entry = self._entry(id)
        before = self.monitors.get(GUILD, entry.shard, id)
        assert before
        after = replace(before, options={**before.options, "ping": ping})
        change = partial(Change, put=(entry.shard, after), ping=ping, gone=before.options["ping"])
        self.monitors.change(GUILD, lambda roster: change(roster))

    def subscribe(self, to: str, **more: Any) -> None:
        """Do what `/subscribe` does."""
        person = to.removeprefix("user:") if to.startswith("user:") else ""
        item = {"id": id_of(to, more.get("about", "")), "to": to, "person": person, **more}
        self.killer.quietly(lambda: self.data(SUBSCRIPTION, GUILD).put(item))

    def server_webhook(self, guild_id: str, name: str, *, fresh: bool = False) -> Address | None:
        return self.webhooks.get(name) if guild_id == GUILD else None

    def set_webhook(self, name: str, id: str, *, post: str = "", query: str = "") -> None:
        """Do what `/webhook add` does."""
        life = f"life {len(self.killer.names)}"
        self.webhooks[name] = Address(f"https://discord.com/api/webhooks/{id}/canary-token{query}", life)
        item = {"name": name, "life": life, "post": post, "retired": ""}
        self.killer.quietly(lambda: self.data(WEBHOOK, GUILD).put(item))
        self.killer.quietly(lambda: self.shards.accepted(GUILD, f"webhook:{name}", int(self.at)))

    def acknowledge(self, id: str, by: str) -> None:
        """Do what the button of an alert in the status channel does, again and again until it is done."""
        asks = SimpleNamespace(id=id, user_id=by)
        key = MAILBOX.item_key(GUILD, (f"channel:{CHANNEL}",))
        alert = Mailbox.parse(json.loads(self.table.rows[(key["pk"], key["sk"])]["value"]["S"])).alerts[0].id
        self._call(lambda: notifications.acknowledge(GUILD, f"channel:{CHANNEL}", alert, asks, self.tools))

    def _entry(self, id: str) -> Entry:
        return next(each for each in self.monitors.roster(GUILD).entries if each.id == id)

    def ping(self, uuid: str, what: str) -> tuple[int, str]:
        """Ping until there is an answer, as `curl --retry` does."""
        for _try in range(5):
            try:
                return heartbeat.answer(self.pings, "GET", f"/ping/{uuid}{what}", None, b"", int(self.at * 1000))
            except Killed:
                self.killer.at = None
        raise AssertionError("there is no answer to a ping")

    def minute(self) -> None:
        """Tick, check and tell. A function that is killed is called again, at once or late."""
        for uuid, pings in self.jobs.items():
            for what in pings:
                self.at += 1
                self.ping(uuid, what)
        slot = datetime.fromtimestamp(self.at // 60 * 60, UTC)
        begun = self.at // 60 * 60
        self.at += self.tick_is_late
        for _tick in range(self.ticks):
            self._call(lambda: watch(slot, self.tools))
        for queue, door in ((self.checks, monitor.run), (self.sends, sender.deliver)):
            for _turn in range(30):
                if not queue.messages:
                    break
                message = queue.messages.pop(0)
                self._call(lambda door=door, message=message: door(Delivery(message, 1, False), self.tools))
        self.at = max(begun, self.at // 60 * 60 - self.tick_is_late // 60 * 60) + 60

    def minutes(self, count: int) -> None:
        for _minute in range(count):
            self.minute()

    def _call(self, run: Callable[[], None]) -> None:
        for _try in range(10):
            try:
                run()
            except Killed:
                self.killer.at = None
                if self.late:
                    self.at += AGAIN_SECONDS
            except (Retry, DiscordError, Unavailable) as error:
                self.at += getattr(error, "wait", None) or 5
            else:
                return
        self.lost += 1

    def flips(self) -> list[str]:
        return sorted(sort for pk, sort in self.table.rows if pk == f"guild#{GUILD}" and sort.startswith("flip#"))


def claims(table: Any, now: Callable[[], float]) -> Claims:
    found = Claims({}, now)
    found._tables = {"state": table, "ephemeral": table}
    return found


class _Tools:
    def __init__(self, world: World) -> None:
        self._world = world
        self.discord = world._discord

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)
