"""The URLs of the webhooks of servers, and the operator's webhooks that Discord no longer knows.

Discord restricts a bot that keeps calling unknown webhooks.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

from ..data.tables import RETIRED_WEBHOOK
from .dynamodb import Table
from .parameters import Parameters
from .secure import Secure


class Address(NamedTuple):
    """The URL of a webhook, which is a secret. `life` is another one each time the URL is set."""

    url: str
    life: str


class ServerWebhooks:
    """The URLs of the webhooks of servers below `path`, such as /watchbell/dev/server-webhooks.

    Each is a SecureString under the id of its server and its name. Methods raise Unavailable if the store is
    unreachable. `call(target, request)` calls the store to change it.
    """

    def __init__(self, parameters: Parameters, path: str, call: Callable[[str, dict], Any] | None = None) -> None:
        self._parameters, self._path = parameters, path
        self._secure = Secure(call)

    def find(self, guild_id: str, name: str, *, fresh: bool = False) -> Address | None:
        """Return the URL of a server's webhook, None if there is none. `fresh` skips the cache of a minute."""
        stored = self._parameters.find(self._name(guild_id, name), fresh=fresh)
        try:
            found = json.loads(stored or "{}")
            return Address(str(found["url"]), str(found["life"]))
        except (ValueError, KeyError, TypeError):
            return None

    def put(self, guild_id: str, name: str, url: str) -> str:
        """Set the URL of a webhook, or replace it. Return its new life."""
        life = uuid4().hex
        self._secure.put(self._name(guild_id, name), json.dumps({"url": url.strip(), "life": life}), "webhook")
        return life

    def delete(self, guild_id: str, name: str) -> None:
        """Delete the URL of a webhook. It is no error if there is none."""
        self._secure.delete(self._name(guild_id, name))

    def _name(self, guild_id: str, name: str) -> str:
        return f"{self._path}/{guild_id}/{name}"


class RetiredWebhooks:
    """The retired webhooks of the operator in the table `state`, by name.

    `set_at(name)` tells when the webhook's URL was last set. A webhook is retired until its URL is set again, even to
    the same value.
    """

    def __init__(self, table: str, set_at: Callable[[str], str]) -> None:
        self._table, self._set_at = Table(table), set_at

    def has(self, name: str, url: str) -> bool:
        """Return whether the webhook with this name and this URL is retired."""
        retired = self._table.get(RETIRED_WEBHOOK.item_key(name))
        if not retired or retired["url_hash"]["S"] != _hash(url):
            return False
        return "set_at" in retired and retired["set_at"]["S"] == self._set_at(name)

    def add(self, name: str, url: str) -> None:
        """Record that Discord no longer knows the webhook."""
        self._table.put(
            {
                **RETIRED_WEBHOOK.item_key(name),
                "url_hash": {"S": _hash(url)},
                "set_at": {"S": self._set_at(name)},
                "retired_at": {"N": str(int(time.time()))},
            }
        )


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
