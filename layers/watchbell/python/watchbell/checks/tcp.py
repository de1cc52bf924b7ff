"""Connects to a TCP port."""

from watchbell import N_
from watchbell.checks import Check, Found, Reason, parse_host

check = Check(
    "tcp",
    N_("TCP port"),
    target="host:port",
    operands=("CONNECTED", "RESPONSE_TIME", "IP"),
    example="db.example:5432",
)


@check.run
def tcp(monitor, net):
    """Connect to a TCP port."""
    host, port = parse_host(monitor.target)
    connected = net.connect(host, port)
    if isinstance(connected, Reason):
        return connected
    return Found(latency_ms=connected.latency_ms, ip=connected.ip)
