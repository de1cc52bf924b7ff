"""What a running feature is handed: the outside world, each part opened at its first touch.

Nothing is imported before that, so the ingress can carry one too; what its role may not reach, it cannot open.
"""

import time
from functools import cached_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .adapters.claims import Claims
    from .adapters.discord import DiscordClient
    from .adapters.journal import Journal
    from .adapters.locks import Locks
    from .adapters.parameters import Parameters
    from .adapters.queue import Queue
    from .adapters.quotas import Quotas
    from .adapters.ranks import Ranks
    from .adapters.sources import Sources
    from .adapters.stash import Stash
    from .adapters.webhooks import RetiredWebhooks
    from .flags import Flags
    from .seals import Seals

DISCORD_URL = "https://discord.com/api/v10"


class Tools:
    """Opens what `settings` (the function's environment) names. In a test, assign a fake to the attribute.

    `writes` is False for the ingress, which reads a table and writes none."""

    def __init__(self, settings: "Mapping[str, str]", *, writes: bool = True) -> None:
        self.settings = settings
        self.writes = writes

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def count(self, metric: str) -> None:
        """Adds one to a CloudWatch metric of the function."""
        from .adapters.metrics import count

        count(metric, self.settings["POWERTOOLS_SERVICE_NAME"])

    @property
    def discord_url(self) -> str:
        """The base of Discord's API; another one only where there is no Discord, as in the sandbox."""
        return self.settings.get("DISCORD_URL", DISCORD_URL)

    @cached_property
    def parameters(self) -> "Parameters":
        from .adapters.parameters import Parameters

        return Parameters()

    @cached_property
    def discord(self) -> "DiscordClient":
        from .adapters.discord import DiscordClient

        name = self.settings.get("BOT_TOKEN_PARAMETER", "")
        return DiscordClient(self.discord_url, lambda fresh: self.parameters.secret(name, fresh=fresh))

    @cached_property
    def claims(self) -> "Claims":
        from .adapters.claims import Claims

        return Claims({table: self.settings.get(f"{table.upper()}_TABLE", "") for table in ("state", "ephemeral")})

    def journal(self, interaction_id: str, attempt: int) -> "Journal":
        """The steps that earlier tries of an interaction have done; `attempt` is its claim's."""
        from .adapters.journal import Journal

        return Journal(self.settings["EPHEMERAL_TABLE"], interaction_id, attempt)

    @cached_property
    def quotas(self) -> "Quotas":
        from .adapters.quotas import Quotas

        return Quotas(self.settings["EPHEMERAL_TABLE"])

    @cached_property
    def locks(self) -> "Locks":
        from .adapters.locks import Locks

        return Locks(self.settings["EPHEMERAL_TABLE"])

    @cached_property
    def flags(self) -> "Flags":
        from .flags import Flags

        return Flags(lambda: self.parameters.below(self.settings["FLAGS_PATH"]))

    @cached_property
    def ranks(self) -> "Ranks":
        from .adapters.ranks import Ranks

        return Ranks(self.settings["STATE_TABLE"])

    @cached_property
    def seals(self) -> "Seals":
        from .seals import Seals

        stash = self.stash if self.writes and self.settings.get("EPHEMERAL_TABLE") else None
        name = self.settings.get("SIGNING_KEYS_PARAMETER", "")
        return Seals(lambda fresh: self.parameters.secret(name, fresh=fresh), self.now, stash)

    @cached_property
    def stash(self) -> "Stash":
        from .adapters.stash import Stash

        return Stash(self.settings["EPHEMERAL_TABLE"])

    @cached_property
    def sources(self) -> "Sources":
        from .adapters.sources import Sources

        return Sources(lambda: self.parameters.below(self.settings["STATUS_SOURCES_PATH"]))

    def operators(self) -> set[str]:
        """The user ids of the people who run the bot."""
        listed = self.parameters.find(self.settings["OPERATORS_PARAMETER"]) or ""
        return set(listed.replace(",", " ").split())

    def source_names(self) -> list[str]:
        """The status sources' names; reads nothing but their parameters, so an autocomplete can have it."""
        return sorted(self.parameters.below(self.settings["STATUS_SOURCES_PATH"]))

    @cached_property
    def send_queue(self) -> "Queue":
        from .adapters.queue import Queue

        return Queue(self.settings["SEND_QUEUE_URL"])

    @cached_property
    def retired_webhooks(self) -> "RetiredWebhooks":
        from .adapters.webhooks import RetiredWebhooks

        return RetiredWebhooks(self.settings["STATE_TABLE"])


class Desk:
    """The tools of one deferred interaction: all of the worker's, and what belongs to this one alone."""

    def __init__(self, tools: Tools, journal: "Journal", seconds_left: "Callable[[], float]") -> None:
        self._tools = tools
        self.journal = journal
        self.seconds_left = seconds_left
        """How long the feature may go on: until the token expires or the function ends, whichever is first."""
        self.fence = 0
        """The fencing token of the lock that this handler holds, greater for each later holder of it; 0 without a
        lock. A write can be made conditional on it: `fence <= :fence`, and store it."""

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._tools, name)
