"""Asks name servers for records, within a time limit."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

from ..status import targets
from ..status.answers import Records
from ..status.reason import Reason

SERVERS = Path("/etc/resolv.conf")
PORT = 53
_TRIES = 2
_RECORDS = 50

log = logging.getLogger(__name__)


def lookup(
    name: str,
    type: str,
    *,
    server: str = "",
    private: bool = False,
    seconds: float = 5.0,
    servers: Path = SERVERS,
    port: int = PORT,
) -> Records | Reason:
    """Ask for the records of `type`, such as MX. Returns the reason if no name server answers; raises nothing.

    `server` is the IP address of a name server; "" asks the system's. `private` allows a private address for it. UDP is
    tried before TCP. At most 50 records are returned.
    """
    import dns.exception  # 170 ms, which only checks of this kind need
    import dns.message
    import dns.query
    import dns.rcode

    begun = time.monotonic()
    if server and not targets.is_allowed(server, private=private):
        return Reason("address_not_allowed")
    try:
        asked = dns.message.make_query(name, type)
    except (dns.exception.DNSException, ValueError):
        return Reason("not_a_url")
    wanted = [server] if server else system_servers(servers)
    silent = False
    for tried, each in enumerate(wanted * _TRIES, 1):
        left = begun + seconds - time.monotonic()
        if left <= 0:
            silent = True
            break
        try:
            answer, _tcp = dns.query.udp_with_fallback(
                asked, each, timeout=left / (len(wanted) * _TRIES - tried + 1), port=port
            )
        except dns.exception.Timeout:
            silent = True
        except (dns.exception.DNSException, OSError, ValueError, EOFError) as error:
            log.info("no answer from a name server: %s", error.__class__.__name__)
        else:
            records = [
                record.to_text()
                for found in answer.answer
                if found.rdtype == asked.question[0].rdtype
                for record in found
            ]
            latency = round((time.monotonic() - begun) * 1000)
            return Records(dns.rcode.to_text(answer.rcode()), tuple(sorted(records)[:_RECORDS]), latency)
    return Reason("timeout", {"seconds": math.ceil(seconds)}) if silent else Reason("unreachable")


def system_servers(file: Path) -> list[str]:
    """The addresses of the system's name servers, at most 3."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
    except OSError:
        return []
    return [line[1] for line in lines if len(line) > 1 and line[0] == "nameserver"][:3]
