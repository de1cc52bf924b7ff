"""Reads the public API of a gatus."""

from watchbell import N_, Annotated, Length
from watchbell.checks import Check, Reason, pages

check = Check(
    "gatus",
    N_("Status page of gatus"),
    target="url",
    operands=("BODY", "RESPONSE_TIME", "CONNECTED"),
    example="https://gatus.example/",
)


@check.run
def gatus(monitor, net, *, component: Annotated[str, Length(0, 100)] = ""):
    """Read the endpoints of a gatus.

    component: The only endpoint to watch, as `name` or `group/name`
    """
    answer = net.request(f"{monitor.target.rstrip('/')}/api/v1/endpoints/statuses?page=1&pageSize=1")
    return answer if isinstance(answer, Reason) else pages.gatus(answer, component)
