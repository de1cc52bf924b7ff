"""The outside world for one check: `kit.check.Net` over the guarded opener and the resolver."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

from ..errors import Unavailable
from ..status import secret, targets
from ..status.answers import Answer, Connection, Records
from ..status.reason import Reason
from . import opener, resolver
from .opener import Limits

AGENT = "Watchbell/0.1"

Found = TypeVar("Found")
Secret = Callable[[str, str], str]


def no_secret(name: str, host: str) -> str:
    """The secret called `name`, for requests to `host`. Raises LookupError if there is none for that host.

    Others raise Unavailable if the secret could not be read.
    """
    raise LookupError(name)


class Net:
    """Makes the calls of one check. Together they keep `limits`. `secret(name, host)` returns a secret's value."""

    def __init__(self, limits: Limits, secret: Secret = no_secret) -> None:
        self._limits, self._secret = limits, secret
        self._until = time.monotonic() + limits.seconds

    def request(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str = ""
    ) -> Answer | Reason:
        """See `kit.check.Net`. A header with a secret does not follow a redirect to another origin."""
        host = ""
        missing: list[str] = []

        def value(name: str) -> str:
            try:
                return self._secret(name, host)
            except LookupError:
                missing.append(name)
                return ""

        address, question, query = url.partition("?")
        try:
            host = targets.parse_url(address).host
        except targets.NotAUrl:
            return Reason("not_a_url")
        sent = {"User-Agent": AGENT, "Accept": "*/*"}
        bound: dict[str, str] = {}
        try:
            query = secret.fill(query, lambda name: quote(value(name), safe=""))
            for name, text in (headers or {}).items():
                (bound if secret.names(text) else sent)[name] = secret.fill(text, value)
            filled = secret.fill(body, value)
        except Unavailable:
            return Reason("not_measured")
        if missing:
            return Reason("secret_missing", {"secret": missing[0]})
        url, sent_body = f"{address}{question}{query}", filled.encode()
        return self._timed(
            lambda limits: opener.request(url, limits=limits, method=method, headers=sent, bound=bound, body=sent_body)
        )

    def connect(self, host: str, port: int, *, tls: bool = False) -> Connection | Reason:
        return self._timed(lambda limits: opener.connect(host, port, limits=limits, tls=tls))

    def resolve(self, name: str, type: str, server: str = "") -> Records | Reason:
        return self._timed(
            lambda limits: resolver.lookup(name, type, server=server, private=limits.private, seconds=limits.seconds)
        )

    def _timed(self, ask: Callable[[Limits], Found | Reason]) -> Found | Reason:
        """What `ask` returns within the time that is left."""
        left = self._until - time.monotonic()
        found = ask(replace(self._limits, seconds=left)) if left > 0 else Reason("timeout")
        if isinstance(found, Reason) and found.code == "timeout":
            return Reason("timeout", {"seconds": math.ceil(self._limits.seconds)})
        return found
