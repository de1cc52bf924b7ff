"""AWS JSON calls without an SDK, over connections that outlive the invocation: what the ingress can afford.

boto3 would be three quarters of a cold start. See `sigv4` for the signature and `post` for the HTTP.
"""

import json
import os
import ssl
import time
from contextlib import contextmanager

from ..errors import Unavailable
from . import sigv4
from .post import Connection

SECONDS = 1.5
"""What connecting, sending and reading may take together: half of what Discord grants, so that the person can still
be told when it was not enough."""

AMAZON_ROOTS = os.path.join(os.path.dirname(__file__), "amazon_roots.pem")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


_ends = [float("inf")]


@contextmanager
def within(seconds: float) -> "Iterator[None]":
    """All calls inside have so long together, each besides its own limit."""
    _ends[0] = time.monotonic() + seconds
    try:
        yield
    finally:
        _ends[0] = float("inf")


class Refused(Unavailable):
    """The service answered with an error; `code` is AWS's name for it, such as ParameterNotFound."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class AwsJson:
    """One service (sqs, ssm) at `endpoint`, an http or https URL; `version` is that of its JSON protocol.

    Region and credentials are read from the environment at each call, where Lambda keeps them.
    """

    def __init__(self, service: str, endpoint: str, version: str = "1.0") -> None:
        scheme, _, rest = endpoint.partition("://")
        self._service = service
        self._version = version
        self._host = rest.partition("/")[0]
        self._connection: Connection | None = None
        # Made with the function and not with its first call: Lambda gives the init more processor time than a small
        # function ever has again.
        self._context = _trusting(os.environ.get("AWS_CA_BUNDLE", AMAZON_ROOTS)) if scheme == "https" else None

    def call(self, target: str, payload: dict, seconds: float = SECONDS) -> "Any":
        """What the action `target`, such as AmazonSQS.SendMessage, answers to `payload` within `seconds`.

        Raises Refused for an error that the service names, else Unavailable: then it may have happened all the same,
        and a connection that broke is tried again once, so it may have happened twice.
        """
        body = json.dumps(payload).encode()
        deadline = min(time.monotonic() + seconds, _ends[0])
        reused = self._connection is not None
        try:
            try:
                status, answer = self._post(target, body, deadline)
            except (ConnectionError, ssl.SSLEOFError):
                # A frozen sandbox thaws with connections that the other side closed long ago; a new one is not stale.
                if not reused:
                    raise
                status, answer = self._post(target, body, deadline)
        except OSError as error:
            raise Unavailable(f"{target}: no answer: {type(error).__name__}: {error}") from error
        try:
            details = json.loads(answer)
        except ValueError as error:
            if status == 200:
                raise Unavailable(f"{target}: answered 200 and no JSON") from error
            details = {}
        if status != 200:
            code = str(details.get("__type", "")).rpartition("#")[2] if isinstance(details, dict) else ""
            raise Refused(code, f"{target}: answered {status} {code}".rstrip())
        return details

    def _post(self, target: str, body: bytes, deadline: float) -> tuple[int, bytes]:
        connection, self._connection = self._connection or self._connect(deadline), None
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
                self._connection = connection
            else:
                connection.close()

    def _connect(self, deadline: float) -> Connection:
        try:
            return Connection(self._host, self._context, deadline)
        except ssl.SSLCertVerificationError:
            # Amazon may move to a root that is not among the few we load quickly: then all that the system trusts.
            self._context = _trusting(None)
            return Connection(self._host, self._context, deadline)


def of_region(service: str, version: str = "1.0") -> AwsJson:
    """That service in this region, or at AWS_ENDPOINT_URL."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or f"https://{service}.{os.environ['AWS_REGION']}.amazonaws.com"
    return AwsJson(service, endpoint, version)


_contexts: dict[str | None, ssl.SSLContext] = {}


def _trusting(authorities: str | None) -> ssl.SSLContext:
    """The TLS settings that trust `authorities` (a file; None: all that the system trusts), made once."""
    if authorities not in _contexts:
        _contexts[authorities] = ssl.create_default_context(cafile=authorities)
    return _contexts[authorities]
