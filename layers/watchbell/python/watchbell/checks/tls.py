"""Connects with TLS, and looks at the certificate: its name, its chain, and the days that are left."""

from watchbell import N_, Annotated, Range
from watchbell.checks import Check, Found, Reason, parse_host

check = Check(
    "tls",
    N_("TLS certificate"),
    target="host",
    operands=("CONNECTED", "RESPONSE_TIME", "IP", "CERTIFICATE_EXPIRATION"),
    example="shop.example:443",
)

DAY = 86_400


@check.run
def tls(monitor, net, *, days: Annotated[int, Range(0, 365)] = 14):
    """Look at the certificate of a server.

    days: If the certificate expires in fewer days, the monitor is degraded
    """
    host, port = parse_host(monitor.target)
    connected = net.connect(host, port or 443, tls=True)
    if isinstance(connected, Reason):
        return connected
    left = (connected.certificate or 0) // DAY
    return Found(
        latency_ms=connected.latency_ms,
        ip=connected.ip,
        certificate=connected.certificate,
        outcome="degraded" if left < days else "up",
        reason=Reason("certificate_soon", {"days": left}) if left < days else None,
        values={"certificate_days": left},
    )
