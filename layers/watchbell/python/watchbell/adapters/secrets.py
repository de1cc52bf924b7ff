"""The secrets of servers, for the headers and bodies of checks. SSM Parameter Store holds them as SecureString.

A secret belongs to one server and one host. It can be set and used, and nobody can read it.
"""

from __future__ import annotations

import json

from ..errors import Unavailable
from .aws_json import of_region
from .parameters import Parameters


class Secrets:
    """The secrets below `path`, such as /watchbell/dev/servers. Raises Unavailable if the store is unreachable."""

    def __init__(self, parameters: Parameters, path: str) -> None:
        self._parameters, self._path = parameters, path

    def value(self, guild_id: str, name: str, host: str) -> str:
        """The value of a server's secret for requests to `host`.

        Raises LookupError if the server has no secret with this name, or if the secret is for another host.
        """
        stored = self._parameters.find(self._name(guild_id, name))
        try:
            secret = json.loads(stored or "{}")
        except ValueError:
            raise LookupError(name) from None
        if secret.get("host") != host.lower():
            raise LookupError(name)
        return str(secret["value"])

    def put(self, guild_id: str, name: str, host: str, value: str) -> None:
        """Set a secret, or replace it."""
        request = {
            "Name": self._name(guild_id, name),
            "Value": json.dumps({"host": host.lower(), "value": value}),
            "Type": "SecureString",
            "Overwrite": True,
        }
        try:
            of_region("ssm", "1.1").call("AmazonSSM.PutParameter", request)
        except Unavailable:
            raise Unavailable("AmazonSSM.PutParameter: the secret was not set") from None  # nothing of it in a log

    def _name(self, guild_id: str, name: str) -> str:
        return f"{self._path}/{guild_id}/secrets/{name}"
