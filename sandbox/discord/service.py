"""The simulated Discord as its user holds it: start it, point it at the bot, play people, read what happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from sandbox.discord import events
from sandbox.discord.commands import CommandRegistry
from sandbox.discord.endpoint_check import EndpointRefused, check_events_endpoint, check_interactions_endpoint
from sandbox.discord.faults import Mishap, Mishaps
from sandbox.discord.interactions import Interactions
from sandbox.discord.people import Person
from sandbox.discord.render import render
from sandbox.discord.rest import BASE, Rest, Server
from sandbox.discord.signing import Signer
from sandbox.discord.validation import Json
from sandbox.discord.world import BOT_PERMISSIONS, MEMBER_PERMISSIONS, Channel, Guild, Role, Webhook, World


class Discord:
    """One simulated Discord with one application in it. Thread-safe; it keeps everything in memory.

    `clock` (epoch seconds) dates messages and tokens, so a turned clock expires them; the 3 seconds of an ack and
    the rate limits run in real time. `transcript` tells what happened, line by line; `faults` lists what the bot
    did that real Discord refuses as unknown, or drops without a word: in a right bot it stays empty.
    """

    def __init__(
        self,
        application_id: str,
        bot_token: str,
        clock: Callable[[], float] = time.time,
        bot_name: str = "Watchbell",
    ) -> None:
        self.application_id, self.bot_token, self.clock = application_id, bot_token, clock
        self.signer = Signer()
        self.world = World(application_id, bot_name, clock)
        self.registry = CommandRegistry(application_id, self.world.snowflake, clock)
        self.interactions = Interactions(self.world)
        self.mishaps = Mishaps()
        self.interactions_url: str | None = None
        self.events_url: str | None = None
        # Real seconds by which Discord is slow to record an ack: a PATCH that overtakes it meets 404/10015.
        self.ack_recorded_after = 0.0
        self.transcript: list[str] = []
        self.faults: list[str] = []
        self.stopped = threading.Event()
        self.home = self.world.add_guild("The Belfry")
        self._named_webhooks: dict[str, Webhook] = {}
        self._server: Server | None = None

    # ---- serving

    @property
    def public_key(self) -> str:
        """The application's public key in hex, by which the bot verifies."""
        return self.signer.public_key

    @property
    def url(self) -> str:
        """The base of the REST API, "http://127.0.0.1:PORT/api/v10". Raises RuntimeError while it is not started."""
        if self._server is None:
            raise RuntimeError("the simulated Discord is not started")
        return f"http://127.0.0.1:{self._server.server_address[1]}{BASE}"

    def start(self, port: int = 0) -> str:
        """Serves the REST API on 127.0.0.1 and returns its base URL; port 0 takes a free one."""
        self.stopped.clear()
        self._server = Server(Rest(self), port)
        self.world.cdn = self.url.removesuffix(BASE)
        return self.url

    def stop(self) -> None:
        """Stops serving and hangs up on every client."""
        self.stopped.set()
        if self._server is not None:
            self._server.stop()
            self._server = None

    # ---- the bot's endpoints

    def set_endpoints(self, interactions_url: str | None, events_url: str | None = None) -> None:
        """Checks each URL as Discord does before it takes it: a signed PING, then forgeries.

        Raises EndpointRefused with the reason; then nothing is set.
        """
        self._check(interactions_url, events_url)
        self.interactions_url, self.events_url = interactions_url, events_url
        self.note("Discord accepts the endpoints: PING answered, every forgery refused")

    def probe(self) -> None:
        """Discord's routine check of the endpoints that are set; one that fails it is removed.

        Raises EndpointRefused with the reason.
        """
        for kind in ("interactions_url", "events_url"):
            try:
                self._check(**{kind: getattr(self, kind)})
            except EndpointRefused as refused:
                setattr(self, kind, None)
                self.note(f"Discord removes the endpoint: {refused}")
                raise
        self.note("Discord probes the endpoints: every forgery refused")

    def _check(self, interactions_url: str | None = None, events_url: str | None = None) -> None:
        if interactions_url:
            check_interactions_endpoint(interactions_url, self.signer, self.application_id, time.time())
        if events_url:
            check_events_endpoint(events_url, self.signer, self.application_id, time.time())

    def need_interactions_url(self) -> str:
        if self.interactions_url is None:
            raise EndpointRefused("no interactions endpoint is set")
        return self.interactions_url

    # ---- people and places

    def person(
        self,
        name: str = "ada",
        guild: Guild | Literal["home"] | None = "home",
        permissions: int | str | None = None,
        locale: str = "en-US",
    ) -> Person:
        """A member of `guild` standing in its first channel; the same name is the same person.

        "home" is the guild that exists from the start, with the bot in it; None is a person who shares no guild with
        the bot and stands in their DM with it. `permissions` is a bit field (8 is an administrator).
        """
        account = self.world.account(name, locale)
        if guild is None:
            return Person(self, account, None, self.world.dm(account.user["id"]))
        place = self.home if guild == "home" else guild
        with self.world.lock:
            before = place.members.get(account.user["id"], MEMBER_PERMISSIONS)
            place.members[account.user["id"]] = before if permissions is None else int(permissions)
        return Person(self, account, place, self.channels(place)[0])

    def guild(self, name: str, has_bot: bool = True, guild_id: str | None = None) -> Guild:
        """A new guild with one channel, "general"."""
        return self.world.add_guild(name, has_bot, guild_id)

    def channels(self, guild: Guild) -> list[Channel]:
        with self.world.lock:
            return [channel for channel in self.world.channels.values() if channel.guild_id == guild.id]

    def channel(self, name: str, guild: Guild | None = None, bot_permissions: int = BOT_PERMISSIONS) -> Channel:
        """A new text channel; `bot_permissions=0` is one that the bot cannot see."""
        return self.world.add_channel(name, (guild or self.home).id, bot_permissions)

    def role(self, name: str, *held_by: Person, guild: Guild | None = None) -> Role:
        """A new role, of the home guild where none is given."""
        return self.world.add_role(name, guild or self.home, [person.id for person in held_by])

    def file(self, attachment: Json) -> bytes:
        """What lies behind an attachment."""
        return self.world.files[attachment["id"]].content

    def webhook(self, name: str) -> str:
        """The URL of a fresh webhook in a fresh channel of the home guild, made by a person, not by the application."""
        webhook = self.world.add_webhook(name, self.channel(name).id)
        self._named_webhooks[name] = webhook
        return f"{self.url}/webhooks/{webhook.id}/{webhook.token}"

    def delete_webhook(self, name: str) -> None:
        """From now on its URL answers 404/10015; its messages stay."""
        with self.world.lock:
            self.world.webhooks.pop(self._named_webhooks[name].id, None)

    def install(
        self,
        person: Person,
        guild: bool | Guild = True,
        times: int = 1,
        at_once: bool = False,
        at: float | None = None,
    ) -> list[events.EventDelivery]:
        """The person authorises the app, and Discord tells the events endpoint, `times` over.

        Into their guild (`guild` True, or that guild; one is made for a person who has none), or as a user install
        (False). `at_once` makes the repeated deliveries concurrent, `at` fixes the event's timestamp.
        """
        data: Json = {"integration_type": 0 if guild else 1, "user": person.account.user}
        data["scopes"] = ["applications.commands", "bot"] if guild else ["applications.commands"]
        if guild:
            place = guild if isinstance(guild, Guild) else person.guild or self.guild(f"{person.name}'s server")
            self.person(person.name, place)
            place.has_bot = True
            data["guild"] = place.full()
        else:
            person.account.installed_app = True
        self.note(f"{person.name} installs {self.world.bot['username']} {'in a server' if guild else 'for themselves'}")
        return self.event("APPLICATION_AUTHORIZED", data, times, at_once, at)

    def event(
        self, kind: str, data: Json, times: int = 1, at_once: bool = False, at: float | None = None
    ) -> list[events.EventDelivery]:
        """Delivers one webhook event `times` over, each with Discord's retries, and returns when all are through."""
        if self.events_url is None:
            raise EndpointRefused("no events endpoint is set")
        body = events.event_body(self.application_id, kind, data, self.clock() if at is None else at)
        deliver = partial(events.deliver, self.events_url, self.signer, body, time.time, self.stopped)
        deliveries = events.in_parallel(deliver, times) if at_once else [deliver() for _ in range(times)]
        for delivery in deliveries:
            last = delivery.tries[-1]
            told = f"{last.status or last.problem} in {last.ms:.0f} ms, try {len(delivery.tries)}"
            self.note(f"event {kind} delivered: {told}")
        return deliveries

    # ---- faults to inject

    def fail_next(
        self,
        method: str,
        path: str,
        status: int | None = 429,
        *,
        code: int = 0,
        retry_after: float = 1.0,
        after: bool = False,
        delay: float = 0.0,
        headerless: bool = False,
        times: int = 1,
    ) -> None:
        """The next call (or `times` calls) of `method` ("*": any) whose path fits goes wrong.

        `path` is a pattern below the base, `*` fitting anything: "/webhooks/*/messages/@original". `status` None cuts
        the connection; `after` lets the call take effect first; `delay` holds the answer back for so many real
        seconds; `headerless` is Cloudflare's block: no rate-limit headers and no JSON.
        """
        self.mishaps.add(Mishap(method, path, status, code, retry_after, after, delay, headerless, times))

    # ---- reading what happened

    def commands(self, guild: Guild | None = None) -> list[Json]:
        """The registered commands, global or of one guild."""
        with self.world.lock:
            return self.registry.all(guild.id if guild else None)

    def messages(self, channel: str | Channel, seen_by: Person | None = None) -> list[Json]:
        """A channel's messages, oldest first; the ephemeral ones only of the person who sees them."""
        channel_id = channel if isinstance(channel, str) else channel.id
        return list(self.world.in_channel(channel_id, seen_by.id if seen_by else None))

    def dms(self, person: Person) -> list[Json]:
        """The messages in the person's DM with the bot, oldest first."""
        return list(self.world.in_channel(self.world.dm(person.id).id, person.id))

    def webhook_messages(self, name: str) -> list[Json]:
        """What came through the webhook of this name, oldest first."""
        return self.messages(self._named_webhooks[name].channel_id)

    def snapshot(self) -> Json:
        """Everything that a control surface may want to show, as JSON; tokens are left out."""
        with self.world.lock:
            channels: list[Json] = []
            for channel in self.world.channels.values():
                shown: Json = {"id": channel.id, "name": channel.name, "guild_id": channel.guild_id}
                channels.append(shown | {"recipient_id": channel.recipient_id, "messages": self.messages(channel)})
            guilds = [{"id": g.id, "name": g.name, "has_bot": g.has_bot} for g in self.world.guilds.values()]
            commands = self.registry.all() + [c for guild_id in self.world.guilds for c in self.registry.all(guild_id)]
            told: Json = {"transcript": list(self.transcript), "faults": list(self.faults)}
            return {"guilds": guilds, "channels": channels, "commands": commands} | told

    def note(self, line: str) -> None:
        """Adds a line to the transcript, under the clock's time (UTC)."""
        when = datetime.fromtimestamp(self.clock(), UTC).strftime("%H:%M:%S")
        with self.world.lock:
            self.transcript.append(f"{when}  {line}")

    def show(self, message: Json) -> None:
        """Adds a message as people see it to the transcript."""
        with self.world.lock:
            self.transcript += [f"            {line}".rstrip() for line in render(message).splitlines()]

    def fault(self, line: str) -> None:
        """Records what a right bot never does."""
        with self.world.lock:
            self.faults.append(line)
        self.note(f"FAULT {line}")
