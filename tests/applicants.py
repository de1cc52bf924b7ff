"""Applications in one process and in virtual time: the real doors, between an atomic table and the simulated Discord.

A worker can be killed before or after each of its calls, Discord can fail, and the queue can deliver a message twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from sandbox.discord import Discord
from sandbox.discord.components import called
from sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from sandbox.discord.people import Person
from sandbox.discord.permissions import BOT_PERMISSIONS
from sandbox.discord.rest import BASE, Rest
from sandbox.discord.signing import encode
from sandbox.discord.validation import Form
from sandbox.discord.world import GUILD_TEXT, Guild
from tests.discord_side import SIGNING_KEYS
from tests.sweep.world import Killed, Killer, Watched, claims
from watchbell.adapters.audit import Audit
from watchbell.adapters.batch import Delivery
from watchbell.adapters.discord import DiscordClient
from watchbell.adapters.erasure import Erasure
from watchbell.adapters.journal import Journal
from watchbell.adapters.locks import Locks
from watchbell.adapters.records import Reader, Records
from watchbell.applications.configuration import ACTIVE, Configuration
from watchbell.commands import applications
from watchbell.discord.permissions import bits
from watchbell.discord.seals import Seals
from watchbell.doors import sender, worker
from watchbell.doors.ingress import Doorkeeper
from watchbell.errors import DiscordError, Retry, Unavailable
from watchbell.testing.fakes import FakeFlags, FakeQueue, FakeQuotas, FakeServerSettings, FakeStash
from watchbell.testing.table import FakeTable
from watchbell.tools import applying
from watchbell.tools.toolbox import Tools

BEGUN = 1_795_334_400.0
URL = "https://discord.test"
AGAIN_SECONDS = 180.0
NEEDED = ("MANAGE_CHANNELS", "MANAGE_ROLES", "VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS", "ATTACH_FILES")
TABLE = ("get", "get_many", "put", "delete", "update", "query", "transact")


class Reaper(Killer):
    """Ends the function before or after some of its calls, at random. `share` is the share of calls that it ends."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.share, self.killed, self._chance = 0.0, 0, chance

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        drawn = 1.0 if self._asleep or not self.share else self._chance.random()
        if drawn >= self.share:
            return super().around(name, call)
        self.killed += 1
        if drawn >= self.share / 2:
            call()
        raise Killed


class InProcess(BaseAdapter):
    """Gives the client's requests to the simulated Discord, without a socket. `around` may kill the caller."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def send(self, request: Any, **_more: Any) -> requests.Response:
        name = f"{request.method} {request.path_url.partition('?')[0]}"
        if self.world.before and name.startswith(self.world.before[0]):
            (_name, act), self.world.before = self.world.before, None
            act()
        return self.world.killer.around(name, lambda: self._send(request))  # type: ignore[no-any-return]

    def _send(self, request: Any) -> requests.Response:
        world, fails = self.world, self.world.random.random()
        if fails < world.unwell / 2:
            return _response(request, 503, b"")
        raw = request.body or b""
        raw = raw.encode() if isinstance(raw, str) else raw
        answer = world.rest.answer(request.method, request.path_url, request.headers, raw)
        if fails < world.unwell:
            raise requests.ConnectionError("the answer is lost")
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        return _response(request, answer.status or 500, body, answer.headers)

    def close(self) -> None:
        """There is nothing to close."""


def _response(request: Any, status: int, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, request.url
    response.headers = CaseInsensitiveDict({name: str(value) for name, value in (headers or {}).items()})
    response._content = body
    response._content_consumed = True
    return response


class World:
    """The bot, a Discord with servers and people, and a queue.

    `unwell` is the share of Discord's calls that fail, and `doubled` that of the messages that the queue delivers
    twice. After `again` seconds, the message of a worker that was killed comes again.
    """

    def __init__(self, seed: int = 7) -> None:
        self.at, self.keys = BEGUN, SIGNING_KEYS
        self.random = random.Random(seed)
        self.unwell, self.doubled, self.again = 0.0, 0.0, AGAIN_SECONDS
        self.killer = Reaper(self.random)
        self.before: tuple[str, Callable[[], None]] | None = None
        """The beginning of a call to Discord, and what somebody does just before it, once."""
        self.discord = Discord("1000", "token", clock=self.now, signing_clock=self.now)
        self.state, self.home = self.discord.state, self.discord.home
        self.rest = Rest(self.state)
        self.queue: list[tuple[float, int, dict, int]] = []
        self.dead: list[dict] = []
        self.raw_table = FakeTable()
        self.table: Any = Watched(self.raw_table, self.killer, *TABLE)
        self.measured: list[tuple[str, dict[str, float]]] = []
        self.settings, self.stash, self.sends = FakeServerSettings(), FakeStash(), FakeQueue()
        self.tools = self._tools("worker")
        self._count = 0
        self.acks: dict[str, dict] = {}
        """What the ingress answered, by the ids of the interactions."""
        ingress = self._tools("ingress")
        ingress.data = lambda kind, owner="": Reader(self.raw_table, kind, owner, self.now)  # type: ignore
        keys = (bytes.fromhex(self.discord.public_key),)
        self.door = Doorkeeper(keys, self._enqueue, ingress, self.now)
        self.failures: list[str] = []

    def now(self) -> float:
        return self.at

    def _tools(self, function: str) -> Tools:
        made: Any = Tools(function, {})
        made.now, made.flags = self.now, FakeFlags({}, unset="on")
        made.server_settings, made.stash = self.settings, self.stash
        made.seals = Seals(lambda fresh: self.keys, self.now, None if function == "ingress" else self.stash)
        if function == "ingress":
            return made
        made.discord = DiscordClient(f"{URL}{BASE}", lambda fresh: "token", made.seals.seal, self.now)
        made.discord._session.mount(URL, InProcess(self))
        made.data = lambda kind, owner="": Records(self.table, kind, owner, self.now)
        made.measure = lambda message, unit="", /, **metrics: self.measured.append((message, metrics))
        made.claims, made.quotas = claims(self.table, self.now), FakeQuotas(self.now)
        made.locks, made.audit = _on(Locks, self.table, self.now), _on(Audit, self.table, self.now)
        made.send_queue = self.sends
        made.journal_of = self._journal
        return made  # type: ignore[no-any-return]

    def _journal(self, interaction_id: str, attempt: int) -> Journal:
        journal = _on(Journal, self.table, self.now)
        journal._id, journal._attempt, journal._asked = interaction_id, attempt, {}
        return journal  # type: ignore[no-any-return]

    # ---- the scene

    def server(self, *, id: str = "0", guild: Guild | None = None, **changes: Any) -> Scene:
        return Scene(self, guild or self.home, id, changes)

    # ---- people

    def press(self, person: Person, message: dict, label: str) -> dict:
        """Press a button, and return the body of the interaction. What is deferred waits in the queue."""
        (found,) = called(self.state.world.message(message["id"])["components"], label)
        there = person.in_channel(self.state.world.channels[message["channel_id"]])
        body = there.interaction(COMPONENT, {"custom_id": found["custom_id"], "component_type": found["type"]})
        return self.send(body | {"message": self.state.world.message(message["id"])})

    def choose(self, person: Person, message: dict, custom: str, *values: Any) -> dict:
        found = next(each for each in _every(message["components"]) if custom in str(each.get("custom_id")))
        ids = [each if isinstance(each, str) else each.id for each in values]
        data = {"custom_id": found["custom_id"], "component_type": found["type"], "values": ids}
        shown = {each.id: self._object(each) for each in values if not isinstance(each, str)}
        data["resolved"] = {"roles" if found["type"] == 6 else "channels": shown}
        body = person.interaction(COMPONENT, data)
        return self.send(body | {"message": self.state.world.message(message["id"])})

    def _object(self, thing: Any) -> dict:
        return thing.shown() if hasattr(thing, "shown") else self.state.world.channel_object(thing)  # type: ignore

    def submit(self, person: Person, opened: dict, **answers: str) -> dict:
        """Submit the form that a press has opened."""
        modal, before = self.acks[opened["id"]]["data"], opened
        asked = [each["component"]["custom_id"] for each in modal["components"]]
        ids = {name: next(id for id in asked if id.split("_")[0] == name) for name in answers}
        rows = [
            {"type": 18, "component": {"type": 4, "custom_id": ids[name], "value": value}}
            for name, value in answers.items()
        ]
        there = person.in_channel(self.state.world.channels[before["channel_id"]])
        body = there.interaction(MODAL_SUBMIT, {"custom_id": modal["custom_id"], "components": rows})
        return self.send(body | ({"message": before["message"]} if "message" in before else {}))

    def run(self, person: Person, path: str, **options: Any) -> dict:
        given: list = [{"name": name, "type": 3, "value": value} for name, value in options.items()]
        given = [{"name": path, "type": 1, "options": given}]
        body = person.interaction(COMMAND, {"id": "1", "name": "applications", "type": 1, "options": given})
        return self.send(body)

    def send(self, body: dict) -> dict:
        """Send an interaction to the ingress, and apply what it answers."""
        opened = self.state.interactions.open(body)
        raw = encode(body)
        headers = {name.lower(): value for name, value in self.state.signer.headers(raw).items()}
        answer = self.door.answer("/interactions", headers, raw)
        if answer.status != 200:
            raise AssertionError(f"the ingress answered {answer.status}")
        if body["type"] != AUTOCOMPLETE:
            self.state.interactions.acknowledge(Form(), opened, answer.payload)
        self.acks[body["id"]] = answer.payload or {}
        return body

    def seen(self, body: dict) -> str:
        """What the person reads as the answer to their interaction, with its embeds and components."""
        shown = self.state.interactions.shown(self.state.interactions._by_token[body["token"]])
        return json.dumps(shown, ensure_ascii=False) if shown else ""

    def said(self, body: dict) -> str:
        shown = self.state.interactions.shown(self.state.interactions._by_token[body["token"]])
        return str(shown["content"]) if shown else ""

    # ---- the queue

    def _enqueue(self, text: str) -> None:
        for _copy in range(1 + (self.random.random() < self.doubled)):
            self._put(json.loads(text), 0.0, 1)

    def _put(self, message: dict, wait: float, attempt: int) -> None:
        self._count += 1
        message = {"sent_at": self.at, **message}
        self.queue.append((self.at + wait, self._count, message, attempt))

    def work(self, most: int = 0, until: float = float("inf")) -> World:
        """Deliver the messages, each when it is due, until none is left, or only the next `most`, or those due then."""
        for _delivery in range(most or 1_000_000):
            self.queue.sort(key=lambda each: each[:2])
            if not self.queue or self.queue[0][0] > until:
                break
            due, _number, message, attempt = self.queue.pop(0)
            self.at = max(self.at, due)
            self._deliver(message, attempt)
        return self

    def _deliver(self, message: dict, attempt: int) -> None:
        last = attempt >= 5
        sent_at = message.get("sent_at", self.at)
        body = {name: value for name, value in message.items() if name != "sent_at"}
        delivery = Delivery(body, attempt, last, lambda: 25.0, lambda text, wait: self._put(text, wait, 1), sent_at)
        try:
            worker.work(delivery, self.tools, self._sleep)
        except Killed:
            self.killer.at = None
            if last:
                self.dead.append(message)
            else:
                self._put(message, self.again, attempt + 1)
        except (Retry, DiscordError, Unavailable) as error:
            wait = getattr(error, "wait", None)
            if last:
                self.dead.append(message)
            else:
                self._put(message, 8.0 if wait is None else wait, attempt + 1)
        except Exception as error:  # noqa: BLE001 - a bug: the test says so
            self.failures.append(repr(error))
            self.dead.append(message)

    def _sleep(self, seconds: float) -> None:
        self.at += seconds

    def errands(self) -> None:
        """Let a day pass, and let the sender do what the daily check asks for."""
        from watchbell.schedules import applications_check

        applications_check.applications_check(None, self.tools)  # type: ignore[arg-type]
        for message in self.sends.messages:
            for _try in range(20):
                try:
                    sender.deliver(Delivery(message, 1, False), self.tools)
                    break
                except (Retry, DiscordError) as error:
                    self.at += getattr(error, "wait", None) or 5
        self.sends.messages.clear()

    def forget(self, user: str) -> None:
        Erasure(self.raw_table).forget(user, applications.APPLICATIONS)  # type: ignore[arg-type]


def _on(kind: Any, table: Any, clock: Any) -> Any:
    """An adapter on a table in memory. Its own constructor would open a connection to DynamoDB."""
    made = kind.__new__(kind)
    made._table, made._clock = table, clock
    return made


def _every(components: list[dict]) -> list[dict]:
    return [inner for each in components for inner in (each, *_every(each.get("components") or []))]


class Scene:
    """A server in which people can apply. `configuration` is stored, and `button` is the posted message."""

    def __init__(self, world: World, guild: Guild, id: str, changes: dict[str, Any]) -> None:
        self.world, self.guild = world, guild
        discord = world.discord
        guild.bot_role.permissions = BOT_PERMISSIONS | bits(*NEEDED)
        self.lobby = discord.channel("lobby", guild)
        self.office = discord.channel("office", guild)
        self.category = discord.category("Applications", guild)
        self.staff = discord.person("sam", guild)
        self.role = discord.role(f"staff {id}", self.staff, guild=guild)
        self.manager = discord.person("mia", guild, permissions=bits("MANAGE_GUILD"))
        places = {"channel": self.lobby.id, "category": self.category.id, "staff_channel": self.office.id}
        given = {"role": self.role.id, "state": ACTIVE, **places, **changes}
        self.configuration = Configuration(f"{id}123abcd", "Apply", "Join us", **given)
        world.killer.quietly(self._store)

    def _store(self) -> None:
        tools: Any = self.world.tools
        applying.change(self.guild.id, tools, lambda before: {**before, self.configuration.id: self.configuration})
        sent = tools.discord.send(self.lobby.id, applications.posted(self.configuration), nonce=self.configuration.id)
        self.change(message=sent["id"], posted_in=self.lobby.id)
        self.button = sent

    def change(self, **changes: Any) -> None:
        """Change the configuration as it is stored."""
        from watchbell.applications.configuration import changed

        tools: Any = self.world.tools
        decided: Callable = lambda before: changed(before, self.configuration.id, **changes)  # noqa: E731
        applying.change(self.guild.id, tools, decided)

    def person(self, name: str) -> Person:
        return self.world.discord.person(name, self.guild)

    def apply(self, person: Person) -> dict:
        return self.world.press(person, self.button, "Apply")

    @property
    def rooms(self) -> list[Any]:
        """The channels in the category."""
        found = self.world.state.world.channels.values()
        return [each for each in found if each.parent_id == self.category.id and each.kind == GUILD_TEXT]

    def application(self, person: Person) -> Any:
        data = Records(self.world.raw_table, applications.APPLICATIONS, self.guild.id, self.world.now)  # type: ignore
        return applying.read(data.get(self.configuration.id, person.id))

    def messages(self, room: Any) -> list[dict]:
        return list(self.world.state.world.in_channel(room.id))

    def trail(self) -> list[dict]:
        data = Records(self.world.raw_table, applications.TRAIL, self.guild.id, self.world.now)  # type: ignore
        return data.all()
