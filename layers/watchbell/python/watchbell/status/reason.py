"""Why a source gave no report, as a code and its values. `figures.reason` puts it into words when somebody reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Code = Literal[
    "timeout",  # gave no whole answer within `seconds`
    "unreachable",  # no connection, or a broken answer
    "not_a_url",  # its URL, or one that it redirects to, is no http or https URL
    "address_not_allowed",  # its URL, or one that it redirects to, is at an address that it may not have
    "too_many_redirects",
    "not_asked_in_time",  # not asked, because the others took `seconds`
    "too_large",  # answered more than `kilobytes`
    "http_status",  # answered with the HTTP status `status`, and no report can be read from that
    "not_a_status",  # answered something that is not a status
    "asked_too_often",  # answered that it is asked too often
]
"""Every code. The comments name the values that go with each."""


@dataclass(frozen=True)
class Reason:
    """A code and its values, such as `Reason("http_status", {"status": 502})`.

    It holds no words, so it can be cached or stored and then read in any language.
    """

    code: Code
    values: Mapping[str, int] = field(default_factory=dict)
