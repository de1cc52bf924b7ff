"""What one check found at its target. Conditions read it, and `kit.check` turns it into Facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .facts import Outcome
from .reason import Reason


class Numeral(str):
    """A number of a JSON document, as it is written there: `1e3` stays `1e3`, and no digit is lost."""

    __slots__ = ()


@dataclass(frozen=True)
class Found:
    """What a check found. A field is None if the kind of check does not measure it.

    `status` is the HTTP status. `headers` have lower-case names. `body` is at most 256 KB. `certificate` is the number
    of seconds until the certificate expires, negative afterwards. `rcode` is the DNS response code, such as NXDOMAIN.

    `outcome` and `reason` are what the kind makes of it without any condition. `values` are figures to keep. They must
    not contain secrets, and no more of the answer than short texts.
    """

    connected: bool = True
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    latency_ms: int | None = None
    ip: str | None = None
    certificate: int | None = None
    rcode: str | None = None
    outcome: Outcome = "up"
    reason: Reason | None = None
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    @cached_property
    def text(self) -> str | None:
        """The body as text, without white space around it."""
        return None if self.body is None else self.body.decode("utf-8-sig", "replace").strip()

    @cached_property
    def json(self) -> Any:
        """The body's JSON value, with Numerals as numbers. None if the body is not JSON."""
        try:
            return json.loads(self.text or "", parse_int=Numeral, parse_float=Numeral, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return None

    def json_at(self, path: Iterable[str | int]) -> Any:
        """The JSON value at a path of keys and indexes. None if it is missing, null, or of another shape."""
        value = self.json
        for step in path:
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            else:
                value = value.get(step) if isinstance(value, dict) else None
        return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
