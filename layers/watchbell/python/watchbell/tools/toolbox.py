"""The tools that a running feature gets to reach the outside world. `grants` says which function has which part.

A part is imported and opened when it is first used, so the tools cost the ingress almost nothing.
"""

import time
from functools import cached_property
from threading import RLock

from . import grants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Any

    from ..adapters.audit import Audit
    from ..adapters.claims import Claims
    from ..adapters.discord import DiscordClient
    from ..adapters.enqueue import Enqueue
    from ..adapters.journal import Journal
    from ..adapters.locks import Locks
    from ..adapters.monitors import Monitors
    from ..adapters.pace import Pace
    from ..adapters.parameters import Parameters
    from ..adapters.pings import Pings
    from ..adapters.queue import Queue
    from ..adapters.quotas import Quotas
    from ..adapters.records import Records
    from ..adapters.secrets import Secrets
    from ..adapters.server_settings import ServerSettings
    from ..adapters.shards import Shards
    from ..adapters.sources import Sources
    from ..adapters.stash import Stash
    from ..adapters.webhooks import Address, RetiredWebhooks, ServerWebhooks
    from ..discord.seals import Seals
    from ..kit.data import Data
    from ..kit.flags import Flags
    from ..kit.setting import Setting
    from ..status.facts import Facts
    from ..status.monitor import Monitor
    from ..status.roster import Roster

    part = shared = cached_property
else:
    opening = RLock()

    class shared(cached_property):
        """What is opened at the first access, once for all threads."""

        def __get__(self, tools, kind=None):
            with opening:
                return super().__get__(tools, kind)

    class part(shared):
        """A part of the tools. The first access raises NoSuchTool if the function does not have the part."""

        def __get__(self, tools, kind=None):
            if tools is not None:
                grants.require(tools.function, self.attrname)
            return super().__get__(tools, kind)


DISCORD_URL = "https://discord.com/api/v10"

MOST_MONITORS, MOST_OF_A_HOST = 10_000, 100
"""How many monitors a deployment can have, and how many of them, in all servers together, can ask one host."""


class Tools:
    """The parts that `grants` gives to `function`. `settings` is the function's environment.

    A part that the function does not have raises NoSuchTool. In a test, assign a fake to an attribute.
    """

    def __init__(self, function: str, settings: "Mapping[str, str]") -> None:
        self.function = function
        self.settings = settings

    def __getattr__(self, name: str) -> "Any":
        if name in grants.OF_AN_INTERACTION:
            raise grants.NoSuchTool(f"tools.{name} belongs to a deferred interaction; events and schedules have none")
        if not name.startswith("__"):
            grants.require(self.function, name)
        raise AttributeError(name)

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def count(self, metric: str) -> None:
        """Add one to a CloudWatch metric of the function."""
        grants.require(self.function, "count")
        from ..adapters.metrics import count

        count(metric, self.settings["POWERTOOLS_SERVICE_NAME"])

    def measure(self, message: str, unit: str = "Milliseconds", /, **metrics: float) -> None:
        """Write a line to the log, with a data point of each of the CloudWatch `metrics`.

        `unit` is one of CloudWatch's, such as Milliseconds or Count."""
        grants.require(self.function, "measure")
        from ..adapters.logs import measured

        measured(message, metrics, unit)

    @property
    def discord_url(self) -> str:
        """The base URL of Discord's API. Only the sandbox sets another one."""
        return self.settings.get("DISCORD_URL", DISCORD_URL)

    @shared
    def parameters(self) -> "Parameters":
        from ..adapters.parameters import Parameters

        return Parameters()

    @part
    def discord(self) -> "DiscordClient":
        from ..adapters.discord import DiscordClient

        name = self.settings.get("BOT_TOKEN_PARAMETER", "")
        return DiscordClient(
            self.discord_url,
            lambda fresh: self.parameters.secret(name, fresh=fresh),
            lambda message, interaction: self.seals.seal(message, interaction),
            self.now,
            self._pace,
        )

    def in_bulk(self, yes: bool) -> None:
        """Whether calls to Discord wait for its limits from now on, as alerts do, because nobody waits for them."""
        grants.require(self.function, "in_bulk")
        if self._pace is not None:
            self._pace.bulk = yes

    @shared
    def _pace(self) -> "Pace | None":
        """The pace of the calls to Discord, which all functions with the table share. Nobody waits for the sender."""
        if "EPHEMERAL_TABLE" not in self.settings:
            return None
        from ..adapters.dynamodb import Table
        from ..adapters.pace import Pace

        table = Table(self.settings["EPHEMERAL_TABLE"], tries=2)
        return Pace(table, bulk=self.function == "sender", now=self.now, stopped=self._stopped)

    def _stopped(self) -> None:
        """Count that nobody calls Discord for a while, in one metric of all functions."""
        from ..adapters.metrics import count

        count("DiscordStopped", f"{self.settings['WATCHBELL_NAME']}-{self.settings['WATCHBELL_STAGE']}")

    @part
    def claims(self) -> "Claims":
        from ..adapters.claims import Claims

        return Claims({table: self.settings.get(f"{table.upper()}_TABLE", "") for table in ("state", "ephemeral")})

    def journal_of(self, interaction_id: str, attempt: int) -> "Journal":
        """The journal of the steps that earlier tries of an interaction finished.

        `attempt` is the attempt number of the interaction's claim.
        """
        from ..adapters.journal import Journal

        return Journal(self.settings["EPHEMERAL_TABLE"], interaction_id, attempt)

    @part
    def audit(self) -> "Audit":
        from ..adapters.audit import Audit

        return Audit(self.settings["STATE_TABLE"])

    @part
    def quotas(self) -> "Quotas":
        from ..adapters.quotas import Quotas

        return Quotas(self.settings["EPHEMERAL_TABLE"])

    @part
    def locks(self) -> "Locks":
        from ..adapters.locks import Locks

        return Locks(self.settings["EPHEMERAL_TABLE"])

    @part
    def flags(self) -> "Flags":
        from ..kit.flags import Flags

        return Flags(lambda: self.parameters.below(self.settings["FLAGS_PATH"]))

    @part
    def server_settings(self) -> "ServerSettings":
        from ..adapters.server_settings import ServerSettings

        return ServerSettings(self.settings["STATE_TABLE"])

    def change_setting(self, guild_id: str, setting: "Setting", value: "Any") -> None:
        """Change a setting of a server. None goes back to the default.

        A status channel that is chosen is told soon what is not up. Raises ValueError if the setting cannot have the
        value, and Unavailable if it could not be stored.
        """
        grants.require(self.function, "change_setting")
        from ..kit import server

        if value is not None and not setting.fits(value):
            raise ValueError(f"{setting} cannot be {value!r}")
        self.server_settings.change(guild_id, {setting.name: value})
        if setting is server.status_channel and value:
            self.send_queue.send({"kind": "chosen", "guild": guild_id, "channel": value, "at": int(self.now())})

    def notify(
        self,
        content: "str | Callable[[], str]",
        *,
        guild: str = "",
        channel: str = "",
        webhook: str = "",
        severity: str = "",
        mention: "str | Iterable[str]" = (),
        dedupe_key: str = "",
        locale: str = "",
    ) -> bool:
        """Post a text soon, once: in the status channel of `guild`, in `channel`, or by the webhook of that name.

        If `guild` is given, `webhook` is the name of a webhook of that server, else of one of the operator's. Without a
        target it goes to the operator's default webhook. The rest of a text that is too long is cut off.

        `severity` is info, warning, error or critical. `mention` is the id of a role, or several ids. Only the roles
        that the server allows are pinged. A second call with the same `dedupe_key` within 14 days posts nothing.

        `content` may be a function that returns the text. It is called in the language that `guild` has chosen or has
        in Discord. If the bot knows neither, it is `locale`, which is Discord's locale of the server.

        Returns False, and posts nothing, if `guild` has not chosen a status channel. Raises DefinitionError, which says
        what is wrong, and Unavailable if the text cannot be queued.
        """
        grants.require(self.function, "notify")
        from ..i18n import speaking
        from ..kit import server
        from ..status import notification

        chosen = self.server_settings.of(guild)
        if guild and not channel and not webhook and not chosen[server.status_channel]:
            return False
        with speaking(server.spoken(chosen), locale):
            text = content() if callable(content) else content
        given = {"guild": guild, "channel": channel, "webhook": webhook, "severity": severity, "dedupe_key": dedupe_key}
        self.send_queue.send(notification.of_feature(text, mention, given, self.now()))
        return True

    def data(self, kind: "Data", owner: str = "") -> "Records":
        """The items of `kind` that belong to `owner`, the id of a server or a person. Leave it out for `of="own"`.

        The ingress can only `get` an item.
        """
        grants.require(self.function, "data")
        from ..adapters.dynamodb import Table
        from ..adapters.records import Reader, Records

        if self.function == "ingress":
            table = Table(self.settings["STATE_TABLE"], tries=1)
            return grants.only_gets(Reader(table, kind, owner, self.now))  # type: ignore[return-value]
        return Records(Table(self.settings["STATE_TABLE"]), kind, owner, self.now)

    def roster(self, guild_id: str) -> "Roster":
        """The monitors of a server: names, groups and tags. An autocomplete can use this, because it is one GetItem."""
        grants.require(self.function, "roster")
        from ..adapters.dynamodb import Table
        from ..adapters.rosters import Rosters

        return Rosters(Table(self.settings["STATE_TABLE"], tries=1)).of(guild_id)

    def forget(self, user_id: str, last: "Data") -> None:
        """Erase what the table `state` holds of a person, items of the kind `last` at the end.

        Raises Unavailable if the table cannot be reached. A part may be erased then.
        """
        grants.require(self.function, "forget")
        from ..adapters.dynamodb import Table
        from ..adapters.erasure import Erasure

        Erasure(Table(self.settings["STATE_TABLE"])).forget(user_id, last)

    @part
    def monitors(self) -> "Monitors":
        from ..adapters.dynamodb import Table
        from ..adapters.monitors import Monitors

        return Monitors(Table(self.settings["STATE_TABLE"]), ceiling=MOST_MONITORS, of_host=MOST_OF_A_HOST)

    @part
    def shards(self) -> "Shards":
        from ..adapters.dynamodb import Table
        from ..adapters.shards import Shards

        return Shards(Table(self.settings["STATE_TABLE"]), self.now)

    def define(self, monitor: "Monitor") -> "Monitor":
        """The monitor in its normal form. If its `kind` is "", the target tells the kind.

        Raises UserError, which says what to change, if the monitor cannot be checked.
        """
        grants.require(self.function, "define")
        from ..kit import monitors

        return monitors.define(monitor, refused=self._never_checked)

    @property
    def _never_checked(self) -> "tuple[str, ...]":
        """The hosts that no monitor may ask: Discord's, and the bot's own."""
        from urllib.parse import urlsplit

        from ..status.targets import NEVER_CHECKED

        return (*NEVER_CHECKED, urlsplit(self.settings.get("PING_URL", "")).hostname or "")

    def check(
        self, guild_id: str, monitors: "Iterable[Monitor]", *, again: "Collection[str]" = (), left: float = 0.0
    ) -> "dict[str, Facts]":
        """Check the monitors of a server now, all at once. Return what was found, by the ids of the monitors.

        Monitors whose results come from outside are left out. A target that is sick is a result and not an error. Those
        in `again`, by their ids, are checked a second time if they fail and if that fits into `left` seconds.
        """
        grants.require(self.function, "check")
        from ..adapters.checker import Checker
        from ..adapters.net import no_secret
        from ..status import secret

        monitors = list(monitors)
        wanted = sorted({name for each in monitors for name in secret.wanted(each)})
        value = self._secrets.reader(guild_id, wanted) if wanted else no_secret
        return Checker(secret=value, refused=self._never_checked).run(monitors, again=again, left=left)

    def set_secret(self, guild_id: str, name: str, host: str, value: str) -> None:
        """Set a secret that the checks of a server may send to `host`. Nobody can read it.

        A function that checks may use the old value, or none, for a minute.
        """
        grants.require(self.function, "set_secret")
        self._secrets.put(guild_id, name, host, value)

    def secrets(self, guild_id: str) -> dict[str, str]:
        """The names of the secrets of a server, sorted, each with the host that it belongs to."""
        grants.require(self.function, "secrets")
        return self._secrets.hosts(guild_id)

    def delete_secret(self, guild_id: str, name: str) -> None:
        """Delete a secret of a server, if it exists."""
        grants.require(self.function, "delete_secret")
        self._secrets.delete(guild_id, name)

    @shared
    def _secrets(self) -> "Secrets":
        from ..adapters.secrets import Secrets

        return Secrets(self.parameters, self.settings["SERVERS_PATH"])

    def set_webhook(self, guild_id: str, name: str, url: str) -> str:
        """Set the URL of a webhook of a server, or replace it. Return its new life. Nobody but the sender can read it.

        `outbox.webhooks` keeps which webhooks a server has.
        """
        grants.require(self.function, "set_webhook")
        return self._server_webhooks.put(guild_id, name, url)

    def delete_webhook(self, guild_id: str, name: str) -> None:
        """Delete the URL of a webhook of a server, if it exists."""
        grants.require(self.function, "delete_webhook")
        self._server_webhooks.delete(guild_id, name)

    def server_webhook(self, guild_id: str, name: str, *, fresh: bool = False) -> "Address | None":
        """The URL of the server's webhook called `name`, and its life. None if the server has none with this name."""
        grants.require(self.function, "server_webhook")
        return self._server_webhooks.find(guild_id, name, fresh=fresh)

    @shared
    def _server_webhooks(self) -> "ServerWebhooks":
        from ..adapters.webhooks import ServerWebhooks

        return ServerWebhooks(self.parameters, self.settings["SERVER_WEBHOOKS_PATH"])

    @part
    def seals(self) -> "Seals":
        from ..discord.seals import Seals

        name = self.settings.get("SIGNING_KEYS_PARAMETER", "")
        stash = None if self.function == "ingress" else self.stash  # the ingress writes no table
        return Seals(lambda fresh: self.parameters.secret(name, fresh=fresh), self.now, stash)

    @part
    def stash(self) -> "Stash":
        from ..adapters.stash import Stash

        return Stash(self.settings["EPHEMERAL_TABLE"])

    @part
    def sources(self) -> "Sources":
        from ..adapters.sources import Sources

        return Sources(lambda: self.parameters.below(self.settings["STATUS_SOURCES_PATH"]))

    def source_names(self) -> list[str]:
        """The sorted names of the status sources. An autocomplete can use this, because it only reads parameters."""
        grants.require(self.function, "source_names")
        return sorted(self.parameters.below(self.settings["STATUS_SOURCES_PATH"]))

    def status_sources(self) -> dict[str, str]:
        """What is set for each status source now, by its name. `status.targets.parse_target` reads the values.

        Raises Unavailable if the store cannot be read. A value of the past is never returned.
        """
        grants.require(self.function, "status_sources")
        return self.parameters.below(self.settings["STATUS_SOURCES_PATH"], fresh=True)

    def operator_alerts(self) -> list[str]:
        """The ids of the channels that hear of the operator's monitors."""
        grants.require(self.function, "operator_alerts")
        return self._ids("OPERATOR_ALERTS_PARAMETER")

    def notify_users(self) -> list[str]:
        """The ids of the people who hear of the operator's monitors by direct messages."""
        grants.require(self.function, "notify_users")
        return self._ids("NOTIFY_USERS_PARAMETER")

    def _ids(self, variable: str) -> list[str]:
        """The ids in the parameter that an environment variable names, each once."""
        listed = self.parameters.find(self.settings[variable]) or ""
        return list(dict.fromkeys(each for each in listed.replace(",", " ").split() if each.isdigit()))

    def operators(self) -> set[str]:
        """The user ids of the people who run the bot."""
        grants.require(self.function, "operators")
        listed = self.parameters.find(self.settings["OPERATORS_PARAMETER"]) or ""
        return set(listed.replace(",", " ").split())

    def webhook(self, name: str) -> str | None:
        """The URL of the operator's webhook called `name`, None if the operator has not set it."""
        grants.require(self.function, "webhook")
        return self.parameters.find(f"{self.settings['WEBHOOKS_PATH']}/{name}")

    @part
    def work_queue(self) -> "Enqueue":
        from ..adapters.enqueue import Enqueue

        return Enqueue(self.settings["WORK_QUEUE_URL"])

    @part
    def send_queue(self) -> "Queue":
        from ..adapters.queue import Queue

        return Queue(self.settings["SEND_QUEUE_URL"])

    @part
    def check_queue(self) -> "Queue":
        from ..adapters.queue import Queue

        return Queue(self.settings["CHECK_QUEUE_URL"])

    @part
    def pings(self) -> "Pings":
        from ..adapters.pings import Pings

        return Pings(self.settings["STATE_TABLE"])

    @part
    def event_dead(self) -> "Queue":
        """The dead letters of EventBridge."""
        from ..adapters.queue import Queue

        return Queue(self.settings["EVENT_DEAD_QUEUE_URL"])

    @part
    def retired_webhooks(self) -> "RetiredWebhooks":
        from ..adapters.webhooks import RetiredWebhooks

        path = self.settings["WEBHOOKS_PATH"]
        return RetiredWebhooks(self.settings["STATE_TABLE"], lambda name: self.parameters.set_at(f"{path}/{name}"))


class Desk:
    """The tools of one deferred interaction: the worker's tools and the parts that belong to the interaction."""

    def __init__(self, tools: Tools, journal: "Journal", seconds_left: "Callable[[], float]") -> None:
        self._tools = tools
        self.journal: Any = journal
        """The steps of the interaction, or of the flow that the handler declares."""
        self.seconds_left = seconds_left
        """The seconds until the token expires or the function ends, whichever comes first."""
        self.sent_at = 0.0
        """When the interaction was put on the queue, in epoch seconds: just before it was acknowledged."""
        self.flow: Any = None
        """`with tools.flow(NAME, people=…, servers=…) as journal` holds another flow; see `interactions.flow.other`."""
        self.fence = 0
        """The fencing token of the lock that this handler holds, 0 without a lock. Each later holder has a greater one.
        To keep an earlier holder from overwriting, store the fence and make writes conditional on `fence <= :fence`."""

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._tools, name)
