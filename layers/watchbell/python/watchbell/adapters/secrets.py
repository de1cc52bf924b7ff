"""The secrets of servers, for the headers and bodies of checks. SSM Parameter Store holds them as SecureString.

A secret belongs to one server and one host. It can be set and used, and nobody can read it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import Unavailable
from .aws_json import within
from .parameters import Parameters
from .secure import Secure

READ_SECONDS = 3.0
"""How long all secrets of a run may take to read. It is not the target that is slow then."""

log = logging.getLogger(__name__)


class Secrets:
    """The secrets below `path`, such as /watchbell/dev/servers. Raises Unavailable if the store is unreachable.

    `call(target, request)` calls the store to change it.
    """

    def __init__(self, parameters: Parameters, path: str, call: Callable[[str, dict], Any] | None = None) -> None:
        self._parameters, self._path = parameters, path
        self._secure = Secure(call)

    def reader(self, guild_id: str, names: Iterable[str]) -> Callable[[str, str], str]:
        """Read these secrets of a server, within READ_SECONDS. Return a function `value(name, host)`.

        It raises LookupError if the server has no secret with this name, or if the secret is for another host. It
        raises Unavailable if the secret could not be read.
        """
        found: dict[str, tuple[str, str] | None] = {}
        with within(READ_SECONDS):
            for name in names:
                try:
                    found[name] = _parsed(self._parameters.find(f"{self._folder(guild_id)}/{name}"))
                except Unavailable as error:
                    log.warning("a secret could not be read: %s", error)
                    found[name] = None

        def value(name: str, host: str) -> str:
            stored = found.get(name, ("", ""))
            if stored is None:
                raise Unavailable(f"the secret {name} could not be read")
            if not stored[0] or stored[0] != host.lower():
                raise LookupError(name)
            return stored[1]

        return value

    def hosts(self, guild_id: str) -> dict[str, str]:
        """The names of a server's secrets, sorted, each with its host. This is never from a cache."""
        found = self._parameters.below(self._folder(guild_id), fresh=True)
        return {name: _parsed(found[name])[0] for name in sorted(found)}

    def put(self, guild_id: str, name: str, host: str, value: str) -> None:
        """Set a secret, or replace it."""
        stored = json.dumps({"host": host.lower(), "value": value})
        self._secure.put(f"{self._folder(guild_id)}/{name}", stored, "secret")

    def delete(self, guild_id: str, name: str) -> None:
        """Delete a secret. It is no error if there is none."""
        self._secure.delete(f"{self._folder(guild_id)}/{name}")

    def _folder(self, guild_id: str) -> str:
        return f"{self._path}/{guild_id}/secrets"


def _parsed(stored: str | None) -> tuple[str, str]:
    """The host and the value of a stored secret, two empty texts if it cannot be read."""
    try:
        secret = json.loads(stored or "{}")
        return str(secret["host"]), str(secret["value"])
    except (ValueError, KeyError, TypeError):
        return "", ""
