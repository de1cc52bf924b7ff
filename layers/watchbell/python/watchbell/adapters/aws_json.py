"""Calls AWS's JSON APIs without an SDK, over connections that stay open between invocations.

Used for calls that a person waits for. boto3 would take three quarters of the ingress's cold start, and nearly half of
the worker's. `sigv4` signs the requests, and `post` sends them.
"""

import json
import os
import threading
import time
from _ssl import SSLCertVerificationError, SSLEOFError
from contextlib import suppress
from functools import cache

from ..errors import Unavailable, Unsure
from . import sigv4
from .post import Connection, left, trusting

SECONDS = 1.5
"""The time limit of one call. It is half of Discord's 3 seconds, so a person can still be told that it was too slow."""

AMAZON_ROOTS = os.path.join(os.path.dirname(__file__), "amazon_roots.pem")

READS = ("Get", "BatchGet", "Query")
"""An action changes nothing if its name begins with one of these."""

THROTTLED = ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Within(threading.local):
    """When the `within` block of this thread ends, in time.monotonic() seconds."""

    deadline = float("inf")


_within = _Within()


class within:
    """Make all calls of this thread inside the block share `seconds`. The time limit of each call still holds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        _within.deadline = time.monotonic() + self._seconds

    def __exit__(self, *raised: object) -> None:
        _within.deadline = float("inf")


def seconds_left() -> float:
    """Return the seconds that the `within` block has left, or infinity outside of a block."""
    return _within.deadline - time.monotonic()


class Refused(Unavailable):
    """The service answered with an error.

    `code` is AWS's name for the error, such as ParameterNotFound. `details` is the JSON of the answer. `passing` is
    true if the same call may succeed a moment later, because the service throttled it (`throttled`) or had a failure.
    """

    def __init__(self, target: str, status: int, details: dict) -> None:
        self.code = str(details.get("__type", "")).rpartition("#")[2]
        self.details = details
        self.throttled = self.code in THROTTLED
        self.passing = status >= 500 or self.throttled
        super().__init__(f"{target}: answered {status} {self.code}".rstrip())


class Failed(Refused, Unsure):
    """The service failed while it did a write, so the write may have been done."""


class AwsJson:
    """A client for one service (sqs, ssm, dynamodb) at `endpoint`, an http or https URL.

    `version` is the version of the service's JSON protocol. Each call reads the region and the credentials from the
    environment, where Lambda keeps them current. Threads may share a client: each call has a connection to itself.

    If `ahead`, a connection is opened in the background at once, while the function loads the rest of its code. The
    first call waits for the connection. If it cannot be opened, the call tries again and tells what is wrong.
    """

    def __init__(self, service: str, endpoint: str, version: str = "1.0", *, ahead: bool = False) -> None:
        scheme, _, rest = endpoint.partition("://")
        self._service = service
        self._version = version
        self._host = rest.partition("/")[0]
        self._idle: list[Connection] = []
        self._opening: threading.Thread | None = None
        self._authorities: str | None = os.environ.get("AWS_CA_BUNDLE", AMAZON_ROOTS)
        self._secure = scheme == "https"
        # Both prepare TLS here, not in the first call, because Lambda gives the init phase a whole processor.
        if ahead:
            self._opening = threading.Thread(target=self._open_ahead, daemon=True)
            self._opening.start()
        elif self._secure:
            trusting(self._authorities)

    def call(self, target: str, payload: dict, seconds: float = SECONDS) -> "Any":
        """Call the action `target`, such as AmazonSQS.SendMessage, and return the JSON of its answer.

        Raises Refused if the service answers with an error. If no answer comes within `seconds`, raises Unavailable
        for an action that reads. For an action that writes it raises Unsure, because the write may have been done. It
        may even have been done twice: a call is sent again if a kept connection turns out to be broken. A write that
        is answered with a 5xx raises Failed, which is both Refused and Unsure.
        """
        body = json.dumps(payload).encode()
        deadline = min(time.monotonic() + seconds, _within.deadline)
        unanswered = Unavailable if target.rpartition(".")[2].startswith(READS) else Unsure
        try:
            status, answer = self._post(target, body, deadline)
        except OSError as error:
            raise unanswered(f"{target}: no answer: {type(error).__name__}: {error}") from error
        try:
            details = json.loads(answer)
        except (ValueError, RecursionError):
            details = None
        if status != 200:
            refused = Failed if status >= 500 and unanswered is Unsure else Refused
            raise refused(target, status, details if isinstance(details, dict) else {})
        if not isinstance(details, dict):
            raise unanswered(f"{target}: answered 200 without a JSON object")
        return details

    def _open_ahead(self) -> None:
        with suppress(OSError):  # the first call tries again
            self._idle.append(self._connect(time.monotonic() + SECONDS))

    def _post(self, target: str, body: bytes, deadline: float) -> tuple[int, bytes]:
        opening = self._opening  # another thread may take it away
        if opening:
            opening.join(left(deadline))
            self._opening = None
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._post_on(self._connect(deadline), target, body, deadline)
        try:
            return self._post_on(connection, target, body, deadline)
        except (ConnectionError, SSLEOFError):
            # The other side may have closed this one while the function was frozen. A new connection is not stale.
            self._idle.clear()
            return self._post_on(self._connect(deadline), target, body, deadline)

    def _post_on(self, connection: Connection, target: str, body: bytes, deadline: float) -> tuple[int, bytes]:
        try:
            signed = sigv4.headers(
                self._host,
                "/",
                target,
                body,
                version=self._version,
                region=os.environ["AWS_REGION"],
                service=self._service,
                access_key=os.environ["AWS_ACCESS_KEY_ID"],
                secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
                session_token=os.environ.get("AWS_SESSION_TOKEN", ""),
                now=time.time(),
            )
            return connection.post("/", signed, body, deadline)
        finally:
            if connection.reusable:
                self._idle.append(connection)
            else:
                connection.close()

    def _connect(self, deadline: float) -> Connection:
        if not self._secure:
            return Connection(self._host, None, deadline)
        try:
            return Connection(self._host, trusting(self._authorities), deadline)
        except SSLCertVerificationError:
            # Amazon may move to a root that is not in AMAZON_ROOTS. If so, trust every root that the system trusts.
            self._authorities = None
            return Connection(self._host, trusting(None), deadline)


def of_region(service: str, version: str = "1.0", *, ahead: bool = False) -> AwsJson:
    """Return the client for `service` in this region, or at AWS_ENDPOINT_URL. All callers share its connections.

    Those who open one `ahead` share it among themselves.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or f"https://{service}.{os.environ['AWS_REGION']}.amazonaws.com"
    return _shared(service, endpoint, version, ahead)


@cache
def _shared(service: str, endpoint: str, version: str, ahead: bool) -> AwsJson:
    return AwsJson(service, endpoint, version, ahead=ahead)
