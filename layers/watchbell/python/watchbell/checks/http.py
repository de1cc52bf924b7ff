"""Makes an HTTP request and looks at the answer."""

import re

from watchbell import N_, Annotated, Choice, Length, UserError, _
from watchbell.checks import Check, Found, Reason, reads

check = Check(
    "http",
    N_("Website or HTTP API"),
    target="url",
    operands=("STATUS", "RESPONSE_TIME", "BODY", "HEADER", "CONNECTED", "IP", "CERTIFICATE_EXPIRATION"),
    secrets=True,
    several=("headers", "body"),
    example="https://shop.example/health",
)

NORMAL = "2xx, 3xx"
HEADERS = 20
_CODE = re.compile(r"[1-5](?:xx|[0-9]{2})")
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_|~-]{1,100}):[ \t]*([\x20-\x7e]{0,2000})")
_NOT_YOURS = ("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect", "te", "upgrade")


@check.run
def http(
    monitor,
    net,
    *,
    method: Choice["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET",
    headers: Annotated[str, Length(0, 3000)] = "",
    body: Annotated[str, Length(0, 3000)] = "",
    status: Annotated[str, Length(0, 100)] = "",
):
    """Make an HTTP request and look at the answer.

    method: The method of the request
    headers: A header, such as `Authorization: Bearer {{secret:shop}}`; write a line for each header
    body: The body of the request; write a line for each of its lines
    status: The expected HTTP statuses, such as `200, 404` or `2xx`
    """
    answer = net.request(monitor.target, method=method, headers=headers_of(headers), body=body)
    if isinstance(answer, Reason):
        return answer
    reason = None
    # A condition about the status replaces the usual expectation.
    expected = status or ("" if reads(monitor, "STATUS") else NORMAL)
    if expected and not fits(answer.status, expected):
        reason = Reason("unexpected_status", {"status": answer.status, "expected": status or "200"})
    return Found(
        status=answer.status,
        headers={name.lower(): value for name, value in answer.headers.items()},
        # No encoding was asked for. A compressed body is not unpacked, so that it cannot grow.
        body=answer.body if (answer.headers["Content-Encoding"] or "identity").lower() == "identity" else None,
        latency_ms=answer.latency_ms,
        ip=answer.ip,
        certificate=answer.certificate,
        outcome="down" if reason else "up",
        reason=reason,
        values={"status": answer.status},
    )


@check.validate_options
def validate(*, headers="", status="", **_others):
    headers_of(headers)
    fits(200, status or NORMAL)


def headers_of(text):
    """The headers of a text with one per line. Raises UserError."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        header = _HEADER.fullmatch(line.strip())
        if not header:
            raise UserError(_("A header is a line such as `Accept: application/json`, without special characters."))
        if header[1].lower() in _NOT_YOURS:
            raise UserError(_("The header `{name}` cannot be set.", name=header[1]))
        if header[1].lower() in map(str.lower, found):
            raise UserError(_("The header `{name}` is there twice. Put both values into one.", name=header[1]))
        found[header[1]] = header[2]
    if len(found) > HEADERS:
        raise UserError(_("A request has at most {n} headers.", n=HEADERS))
    return found


def fits(status, expected):
    """Whether a status is one of the expected ones, such as "200, 4xx". Raises UserError if they are not readable."""
    codes = [code.strip() for code in expected.lower().split(",")]
    if not all(_CODE.fullmatch(code) for code in codes):
        raise UserError(_("Write the expected statuses as `200`, `200, 404` or `2xx`."))
    return any(code in (str(status), f"{status // 100}xx") for code in codes)
