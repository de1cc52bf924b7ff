"""The ingress's one AWS call, SQS SendMessage, over a connection that outlives the invocation. No SDK: see `sigv4`."""

import http.client
import json
import os
import ssl
import time
from urllib.parse import urlsplit

from ..errors import Unavailable
from . import sigv4

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
        parts = urlsplit(url)
        self._url = url
        self._host = parts.netloc
        self._secure = parts.scheme == "https"
        self._connection: http.client.HTTPConnection | None = None

    def __call__(self, text: str) -> None:
        body = json.dumps({"QueueUrl": self._url, "MessageBody": text}).encode()
        deadline = time.monotonic() + SECONDS
        reused = self._connection is not None
        try:
            try:
                self._post(body, deadline)
            except (ConnectionError, http.client.RemoteDisconnected, ssl.SSLEOFError):
                # A frozen sandbox thaws with connections that the other side closed long ago; a new one is not stale.
                if not reused:
                    raise
                self._post(body, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"SQS gave no answer: {type(error).__name__}: {error}") from error

    def _post(self, body: bytes, deadline: float) -> None:
        try:
            connection = self._connection or self._connect(deadline)
            self._connection = None  # until the answer has been read whole
            connection.sock.settimeout(_left(deadline))
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
            connection.request("POST", "/", body, signed)
            connection.sock.settimeout(_left(deadline))
            response = connection.getresponse()
            answer = response.read()
        except BaseException:
            self._connection = None
            raise
        if connection.sock is not None:
            self._connection = connection
        if response.status != 200:
            raise Unavailable(f"SQS answered {response.status}: {answer[:200].decode(errors='replace')}")

    def _connect(self, deadline: float) -> http.client.HTTPConnection:
        if not self._secure:
            connection = http.client.HTTPConnection(self._host, timeout=_left(deadline))
            connection.connect()
            return connection
        try:
            return self._connect_tls(os.environ.get("AWS_CA_BUNDLE", _AMAZON_ROOTS), deadline)
        except ssl.SSLCertVerificationError:
            # Amazon may move to a root that is not among the few we load quickly: then all that the system trusts.
            return self._connect_tls(None, deadline)

    def _connect_tls(self, authorities: str | None, deadline: float) -> http.client.HTTPConnection:
        context = ssl.create_default_context(cafile=authorities)
        connection = http.client.HTTPSConnection(self._host, timeout=_left(deadline), context=context)
        connection.connect()
        return connection


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"no answer within {SECONDS} s")
    return left
