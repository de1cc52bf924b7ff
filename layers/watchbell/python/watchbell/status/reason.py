"""Why there is no report from a source, as a code and values. `figures.reason` makes the text when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Code = Literal[
    "timeout",  # the answer was not complete within `seconds`
    "unreachable",  # no connection, or a broken answer
    "not_a_url",  # the URL, or one that it redirects to, is not a valid http or https URL
    "address_not_allowed",  # the URL, or one that it redirects to, has an address that is not allowed
    "too_many_redirects",
    "not_asked_in_time",  # not asked, because the others took `seconds`
    "too_large",  # the answer was longer than `kilobytes`
    "http_status",  # the answer had the HTTP status `status` and no readable report
    "not_a_status",  # the answer was not a status report
    "asked_too_often",  # the source asked for fewer requests
]
"""Every code. The comments name the values that go with each."""


@dataclass(frozen=True)
class Reason:
    """A code and its values, such as `Reason("http_status", {"status": 502})`.

    It contains no text, so it can be cached or stored and later shown in any language.
    """

    code: Code
    values: Mapping[str, int] = field(default_factory=dict)
