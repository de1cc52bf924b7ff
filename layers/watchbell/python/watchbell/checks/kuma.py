"""Reads a public status page of Uptime Kuma."""

from watchbell import N_, Annotated, Length
from watchbell.checks import Check, Reason, pages

check = Check(
    "kuma",
    N_("Status page of Uptime Kuma"),
    target="url",
    operands=("BODY", "RESPONSE_TIME", "CONNECTED"),
    example="https://kuma.example/status/shop",
)


@check.run
def kuma(monitor, net, *, component: Annotated[str, Length(0, 100)] = ""):
    """Read a status page of Uptime Kuma.

    component: The name of the only monitor to watch
    """
    base, _separator, slug = monitor.target.rstrip("/").rpartition("/status/")
    if not base:
        base, slug = monitor.target.rstrip("/"), "default"
    beats = net.request(f"{base}/api/status-page/heartbeat/{slug}")
    if isinstance(beats, Reason):
        return beats
    names = net.request(f"{base}/api/status-page/{slug}")
    return names if isinstance(names, Reason) else pages.kuma(beats, names, component)
