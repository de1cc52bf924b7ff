"""The ingress's one AWS call, SQS SendMessage, over a connection that outlives the invocation. No SDK: see `sigv4`."""

import json
import os
import ssl
import time

from ..errors import Unavailable
from . import sigv4
from .post import Connection

SECONDS = 1.5
"""What connecting, sending and reading may take together: half of what Discord grants, so that the person can still
be told when it was not enough."""

_AMAZON_ROOTS = os.path.join(os.path.dirname(__file__), "amazon_roots.pem")


class Enqueue:
    """Calling it puts a text (at most 1 MiB) on the queue at `url`; raises Unavailable where that is not certain.

    A message may arrive twice, when a connection broke after SQS took it: the worker is idempotent. Region and
    credentials are read from the environment at each call, where Lambda keeps them.
    """

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self._url = url
        self._host = rest.partition("/")[0]
        self._connection: Connection | None = None
        # Made with the function and not with its first call: Lambda gives the init more processor time than a small
        # function ever has again.
        self._context = _trusting(os.environ.get("AWS_CA_BUNDLE", _AMAZON_ROOTS)) if scheme == "https" else None

    def __call__(self, text: str) -> None:
        body = json.dumps({"QueueUrl": self._url, "MessageBody": text}).encode()
        deadline = time.monotonic() + SECONDS
        reused = self._connection is not None
        try:
            try:
                self._post(body, deadline)
            except (ConnectionError, ssl.SSLEOFError):
                # A frozen sandbox thaws with connections that the other side closed long ago; a new one is not stale.
                if not reused:
                    raise
                self._post(body, deadline)
        except OSError as error:
            raise Unavailable(f"SQS gave no answer: {type(error).__name__}: {error}") from error

    def _post(self, body: bytes, deadline: float) -> None:
        connection, self._connection = self._connection or self._connect(deadline), None
        try:
            signed = sigv4.headers(
                self._host,
                "/",
                "AmazonSQS.SendMessage",
                body,
                region=os.environ["AWS_REGION"],
                service="sqs",
                access_key=os.environ["AWS_ACCESS_KEY_ID"],
                secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
                session_token=os.environ.get("AWS_SESSION_TOKEN", ""),
                now=time.time(),
            )
            status, answer = connection.post("/", signed, body, deadline)
        finally:
            if connection.reusable:
                self._connection = connection
            else:
                connection.close()
        if status != 200:
            raise Unavailable(f"SQS answered {status}: {answer[:200].decode(errors='replace')}")

    def _connect(self, deadline: float) -> Connection:
        try:
            return Connection(self._host, self._context, deadline)
        except ssl.SSLCertVerificationError:
            # Amazon may move to a root that is not among the few we load quickly: then all that the system trusts.
            self._context = _trusting(None)
            return Connection(self._host, self._context, deadline)


def _trusting(authorities: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authorities)
