"""Asks for the DNS records of a name."""

from ipaddress import ip_address

from watchbell import N_, Annotated, Choice, Length, UserError, _
from watchbell.checks import Check, Found, Reason, parse_host, reads

check = Check(
    "dns",
    N_("DNS records"),
    target="host",
    operands=("DNS_RCODE", "BODY", "RESPONSE_TIME", "CONNECTED"),
    example="shop.example",
)


@check.run
def dns(
    monitor,
    net,
    *,
    type: Choice["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] = "A",
    expected: Annotated[str, Length(0, 500)] = "",
    server: Annotated[str, Length(0, 45)] = "",
):
    """Ask for the DNS records of a name. `[BODY]` has one record per line.

    type: The type of the records
    expected: The records that must come, with commas between them, and no others
    server: The IP address of the name server to ask
    """
    host, _port = parse_host(monitor.target)
    answer = net.resolve(host, type, server)
    if isinstance(answer, Reason):
        return answer
    wanted = sorted(normal(record) for record in expected.split(",") if record.strip())
    got = sorted(normal(record) for record in answer.records)
    reason = None
    if not reads(monitor, "DNS_RCODE"):
        if answer.rcode != "NOERROR":
            reason = Reason("dns_code", {"rcode": answer.rcode})
        elif not got or (wanted and got != wanted):
            reason = Reason("dns_records", {"got": ", ".join(got)[:100], "expected": ", ".join(wanted)[:100] or type})
    return Found(
        rcode=answer.rcode,
        body="\n".join(answer.records).encode(),
        latency_ms=answer.latency_ms,
        outcome="down" if reason else "up",
        reason=reason,
        values={"records": len(got)},
    )


@check.validate_options
def validate(*, server="", **_others):
    try:
        ip_address(server or "8.8.8.8")
    except ValueError:
        raise UserError(_("The name server must be an IP address, such as `8.8.8.8`.")) from None


def normal(record):
    """A record in the form in which it is compared. Only the text of a TXT record has upper and lower case."""
    text = " ".join(record.split())
    return text if '"' in text else text.lower().removesuffix(".")
