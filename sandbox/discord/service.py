"""The simulated Discord as tests and the sandbox use it: start it, connect the bot, add people, read what happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from sandbox.discord.endpoint_check import EndpointRefused, check_events_endpoint, check_interactions_endpoint
from sandbox.discord.events import EventDelivery, send_event
from sandbox.discord.faults import InjectedFault
from sandbox.discord.people import Person
from sandbox.discord.permissions import MEMBER, ROLE, Overwrite
from sandbox.discord.rest import BASE, Rest
from sandbox.discord.server import Server
from sandbox.discord.state import State
from sandbox.discord.validation import Json
from sandbox.discord.world import GUILD_CATEGORY, GUILD_FORUM, GUILD_TEXT, Channel, Guild, Role, Webhook


class Discord:
    """One simulated Discord with one application in it. Thread-safe. It keeps everything in memory.

    `clock` (epoch seconds) dates messages and tokens and refills the rate limits, so advancing it makes tokens expire
    and limits reset. The 3 seconds for an ack are real time. `signing_clock` dates the signatures. With `leaky`, the
    rate limits of new messages refill bit by bit.
    """

    def __init__(
        self,
        application_id: str,
        bot_token: str,
        clock: Callable[[], float] = time.time,
        bot_name: str = "Watchbell",
        signing_clock: Callable[[], float] = time.time,
        *,
        leaky: bool = False,
    ) -> None:
        self.state = State(application_id, bot_token, bot_name, clock, signing_clock)
        self.home = self.state.world.add_guild("The Belfry")
        self._leaky = leaky
        self._named_webhooks: dict[str, Webhook] = {}
        self._server: Server | None = None

    # ---- serving

    @property
    def application_id(self) -> str:
        return self.state.application_id

    @property
    def public_key(self) -> str:
        """The application's public key in hex. The bot verifies signatures with it."""
        return self.state.signer.public_key

    @property
    def url(self) -> str:
        """The base of the REST API, "http://127.0.0.1:PORT/api/v10". Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the simulated Discord is not started")
        return f"http://127.0.0.1:{self._server.server_address[1]}{BASE}"

    def start(self, port: int = 0) -> str:
        """Serve the REST API on 127.0.0.1 and return its base URL. Port 0 takes a free one."""
        self.state.stopped.clear()
        self.rest = Rest(self.state, leaky=self._leaky)
        self._server = Server(self.rest, port)
        self.state.world.cdn = self.url.removesuffix(BASE)
        return self.url

    def stop(self) -> None:
        """Stop serving and close every connection."""
        self.state.stopped.set()
        if self._server is not None:
            self._server.stop()
            self._server = None

    # ---- the bot's endpoints

    def set_endpoints(self, interactions_url: str | None, events_url: str | None = None) -> None:
        """Set the endpoints. Like Discord, it checks each URL first, with a signed PING and forged requests.

        Raises EndpointRefused with the reason. Then neither URL is set.
        """
        self._check(interactions_url, events_url)
        self.state.interactions_url, self.state.events_url = interactions_url, events_url
        self.state.transcript.note("Discord accepts the endpoints: PING answered, every forgery refused")

    def probe(self) -> None:
        """Check the endpoints again, as Discord does regularly. An endpoint that fails is removed.

        Raises EndpointRefused with the reason.
        """
        for kind in ("interactions_url", "events_url"):
            try:
                self._check(**{kind: getattr(self.state, kind)})
            except EndpointRefused as refused:
                setattr(self.state, kind, None)
                self.state.transcript.note(f"Discord removes the endpoint: {refused}")
                raise
        self.state.transcript.note("Discord probes the endpoints: every forgery refused")

    def _check(self, interactions_url: str | None = None, events_url: str | None = None) -> None:
        if interactions_url:
            check_interactions_endpoint(interactions_url, self.state.signer, self.application_id)
        if events_url:
            check_events_endpoint(events_url, self.state.signer, self.application_id)

    # ---- people and places

    def person(
        self,
        name: str = "ada",
        guild: Guild | Literal["home"] | None = "home",
        permissions: int | str | None = None,
        locale: str = "en-US",
    ) -> Person:
        """A member of `guild`, in its first channel. The same name gives the same person.

        "home" is the guild that exists from the start and has the bot in it. None gives a person in the DM with the
        bot, who need not share a guild with it. `permissions` is a bit field (8 is an administrator): what they may do
        besides what every member may.
        """
        world = self.state.world
        account = world.account(name, locale)
        if guild is None:
            return Person(self.state, account, None, world.dm(account.user["id"]))
        place = self.home if guild == "home" else guild
        with world.lock:
            before = place.members.get(account.user["id"], 0)
            place.members[account.user["id"]] = before if permissions is None else int(permissions)
        return Person(self.state, account, place, self.channels(place)[0])

    def guild(self, name: str, has_bot: bool = True, guild_id: str | None = None) -> Guild:
        """A new guild with one channel, "general"."""
        return self.state.world.add_guild(name, has_bot, guild_id)

    def channels(self, guild: Guild) -> list[Channel]:
        with self.state.world.lock:
            return [channel for channel in self.state.world.channels.values() if channel.guild_id == guild.id]

    def channel(
        self,
        name: str,
        guild: Guild | None = None,
        bot_permissions: int | None = None,
        category: Channel | None = None,
    ) -> Channel:
        """A new text channel, by default in the home guild. It gets the overwrites of its `category`.

        `bot_permissions` is all that the bot may do in it: with 0, the bot cannot see it.
        """
        channel = self.state.world.add_channel(name, (guild or self.home).id, parent=category)
        if bot_permissions is not None:
            self.state.world.close_to_bot(channel, bot_permissions)
        return channel

    def category(self, name: str, guild: Guild | None = None) -> Channel:
        """A new category, by default in the home guild."""
        return self.state.world.add_channel(name, (guild or self.home).id, GUILD_CATEGORY)

    def forum(self, name: str, *tags: str, needs_tag: bool = False) -> Channel:
        """A new forum in the home guild, with these tags. With `needs_tag`, each post must have one of them."""
        forum = self.state.world.add_channel(name, self.home.id, GUILD_FORUM)
        forum.tags, forum.needs_tag = [self.state.world.tag(each) for each in tags], needs_tag
        return forum

    def overwrite(self, channel: Channel, who: Role | Person | Guild, *, allow: int = 0, deny: int = 0) -> None:
        """Set what a role, a person, or everyone in a guild may do in a channel. A moderator does it."""
        with self.state.world.lock:
            kind = MEMBER if isinstance(who, Person) else ROLE
            channel.overwrites[who.id] = Overwrite(who.id, kind, allow, deny)

    def role(self, name: str, *held_by: Person, guild: Guild | None = None, permissions: int = 0) -> Role:
        """A new role, by default in the home guild, which grants `permissions`."""
        return self.state.world.add_role(name, guild or self.home, [person.id for person in held_by], permissions)

    def file(self, attachment: Json) -> bytes:
        """The content of an attachment."""
        return self.state.world.files[attachment["id"]].content

    def webhook(self, name: str, forum: bool = False) -> str:
        """The URL of a new webhook in a new channel of the home guild. A person made it, not the application."""
        channel = self.state.world.add_channel(name, self.home.id, GUILD_FORUM if forum else GUILD_TEXT)
        webhook = self.state.world.add_webhook(name, channel.id)
        self._named_webhooks[name] = webhook
        return f"{self.url}/webhooks/{webhook.id}/{webhook.token}"

    def thread(self, title: str, webhook: str) -> Channel:
        """A new thread in the channel of the webhook with that name."""
        world = self.state.world
        return world.add_thread(title, world.channels[self._named_webhooks[webhook].channel_id])

    def threads(self, webhook: str) -> list[Channel]:
        """The threads in the channel of the webhook with that name, oldest first."""
        parent = self._named_webhooks[webhook].channel_id
        with self.state.world.lock:
            return [channel for channel in self.state.world.channels.values() if channel.parent_id == parent]

    def delete_webhook(self, name: str) -> None:
        """From now on its URL answers 404/10015. Its messages stay."""
        with self.state.world.lock:
            self.state.world.webhooks.pop(self._named_webhooks[name].id, None)

    # ---- events

    def install(
        self,
        person: Person,
        guild: bool | Guild = True,
        times: int = 1,
        at_once: bool = False,
        at: float | None = None,
    ) -> list[EventDelivery]:
        """The person authorises the application, and Discord sends that event to the bot.

        True installs it in the person's guild; a person without one gets one. False is a user install.
        For `times`, `at_once` and `at` see `event`.
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
        where = "in a server" if guild else "for themselves"
        self.state.transcript.note(f"{person.name} installs {self.state.world.bot['username']} {where}")
        return self.event("APPLICATION_AUTHORIZED", data, times, at_once, at)

    def event(
        self, kind: str, data: Json, times: int = 1, at_once: bool = False, at: float | None = None
    ) -> list[EventDelivery]:
        """Deliver one webhook event `times` times, each with Discord's retries, and return when all are over.

        `at_once` makes the deliveries concurrent. `at` sets the event's timestamp, in epoch seconds.
        """
        return send_event(self.state, kind, data, times, at_once, at)

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
        body: bytes | None = None,
        cut: bool = False,
        scope: str = "user",
    ) -> None:
        """Make the next matching call fail. For the parameters see `InjectedFault`."""
        odd: dict[str, Any] = {"headerless": headerless, "times": times, "body": body, "cut": cut, "scope": scope}
        self.inject(InjectedFault(method, path, status, code, retry_after, after, delay, **odd))

    def inject(self, fault: InjectedFault) -> None:
        self.state.injected.add(fault)

    def clear_injected(self) -> None:
        """Drop the injected faults that no call has met yet."""
        self.state.injected.clear()

    # ---- reading what happened

    @property
    def transcript(self) -> list[str]:
        """What happened, line by line."""
        return self.state.transcript.lines

    @property
    def faults(self) -> list[str]:
        """What the bot did that real Discord refuses as unknown or silently drops. Empty if the bot is correct."""
        return self.state.transcript.faults

    @property
    def audit_log(self) -> list[Json]:
        """What the bot did that Discord records, oldest first: `action`, `target_id` and `reason`."""
        return self.state.world.audit_log

    def commands(self, guild: Guild | None = None) -> list[Json]:
        """The registered commands: the global ones, or those of one guild."""
        with self.state.world.lock:
            return self.state.commands.all(guild.id if guild else None)

    def messages(self, channel: str | Channel, seen_by: Person | None = None) -> list[Json]:
        """A channel's messages, oldest first. Ephemeral ones are included only for the person who sees them."""
        channel_id = channel if isinstance(channel, str) else channel.id
        return list(self.state.world.in_channel(channel_id, seen_by.id if seen_by else None))

    def dms(self, person: Person) -> list[Json]:
        """The messages in the person's DM with the bot, oldest first."""
        return list(self.state.world.in_channel(self.state.world.dm(person.id).id, person.id))

    def webhook_messages(self, name: str) -> list[Json]:
        """The messages in the channel of the webhook `name`, oldest first."""
        return self.messages(self._named_webhooks[name].channel_id)

    def snapshot(self) -> Json:
        """Everything that the control API may show, as JSON. It contains no tokens."""
        world, commands = self.state.world, self.state.commands
        with world.lock:
            channels: list[Json] = []
            for channel in world.channels.values():
                shown: Json = {"id": channel.id, "name": channel.name, "guild_id": channel.guild_id}
                channels.append(shown | {"recipient_id": channel.recipient_id, "messages": self.messages(channel)})
            return {
                "guilds": [{"id": g.id, "name": g.name, "has_bot": g.has_bot} for g in world.guilds.values()],
                "channels": channels,
                "commands": commands.all() + [c for guild_id in world.guilds for c in commands.all(guild_id)],
                "transcript": list(self.transcript),
                "faults": list(self.faults),
            }
