"""Why a source gives no report, or a check did not end well. `figures.reason` makes the text when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Code = Literal[
    "timeout",  # the answer was not complete within `seconds`
    "unreachable",  # no connection, or a broken answer
    "connection_refused",  # nothing listens on the port
    "name_not_found",  # the name has no address
    "certificate_expired",
    "certificate_name",  # the certificate is for another name
    "certificate_invalid",  # nobody known vouches for the certificate, or it is not valid yet
    "tls_failed",  # there was no agreement on TLS
    "not_a_url",  # the URL, or one that it redirects to, is not a valid http or https URL
    "address_not_allowed",  # the URL, or one that it redirects to, has an address that is not allowed
    "too_many_redirects",
    "not_asked_in_time",  # not asked, because the others took `seconds`
    "too_large",  # the answer was longer than `kilobytes`
    "http_status",  # the answer had the HTTP status `status` and no readable report
    "not_a_status",  # the answer was not a status report
    "asked_too_often",  # the source asked for fewer requests
    "ping_missed",  # no ping of the job came in time
    "run_too_long",  # the job said that it started, and not in time that it ended
    "job_failed",  # the job said so; with `exit_status`, if it gave one
    "unexpected_status",  # the answer had the HTTP status `status` instead of `expected`
    "slow",  # the answer took `ms`, more than `limit`
    "condition",  # the condition `condition` does not hold: the value was `got`, or "" if it is not shown
    "condition_missing",  # the condition `condition` does not hold: the value is missing
    "certificate_soon",  # the certificate expires in `days`
    "dns_code",  # the name server answered with `rcode`
    "dns_records",  # the records are `got` instead of `expected`
    "reported",  # the status page says `said`
    "component",  # the status page says `said` about `component`
    "component_missing",  # the status page has no `component`
    "secret_missing",  # the secret `secret` does not exist, or is not for that host
    "aws_event",  # AWS says `text`
    "not_measured",  # a bug of Watchbell
]
"""Every code. The comments name the values that go with each."""


@dataclass(frozen=True)
class Reason:
    """A code and its values, such as `Reason("http_status", {"status": 502})`.

    It contains no text, so it can be cached or stored and later shown in any language.
    """

    code: Code
    values: Mapping[str, int | str] = field(default_factory=dict)
