"""Reads a report in Watchbell's own format, as the status sources give it."""

from watchbell import N_
from watchbell.checks import Check, Reason, pages

check = Check(
    "status_api",
    N_("Status report"),
    target="url",
    operands=("STATUS", "BODY", "RESPONSE_TIME", "CONNECTED"),
    example="https://shop.example/status.json",
)


@check.run
def status_api(monitor, net):
    """Read a report in Watchbell's own format."""
    answer = net.request(monitor.target)
    return answer if isinstance(answer, Reason) else pages.report(answer)
