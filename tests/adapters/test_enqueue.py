"""The ingress's only call: the message arrives, or the caller learns within 1.5 seconds that it may not arrive."""

import contextlib
import json
import os
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.loopback import Response, Server, as_json
from tests.conftest import CREDENTIALS
from watchbell.adapters.aws_json import AMAZON_ROOTS, SECONDS, seconds_left, within
from watchbell.adapters.enqueue import Enqueue
from watchbell.adapters.post import trusting
from watchbell.errors import Unavailable, Unsure


@pytest.fixture(autouse=True)
def credentials():
    os.environ.update(CREDENTIALS)
    os.environ.pop("AWS_CA_BUNDLE", None)
    trusting.cache_clear()


class Sqs:
    """An HTTP server that keeps the requests and gives `answer`, by default SQS's success."""

    def __init__(self, answer=None):
        self.requests = []
        self.answer = answer or as_json(200, {"MessageId": "1"})
        self.server = Server(self._respond)
        self.url = f"{self.server.url}/123456789012/work"

    def _respond(self, request):
        self.requests.append(request)
        return self.answer

    @property
    def bodies(self):
        return [json.loads(json.loads(request.body)["MessageBody"]) for request in self.requests]


def test_a_message_arrives_as_it_was_given():
    sqs = Sqs()
    Enqueue(sqs.url)('{"a": 1}')
    (request,) = sqs.requests
    headers = {name.lower(): value for name, value in request.headers}
    assert json.loads(request.body) == {"QueueUrl": sqs.url, "MessageBody": '{"a": 1}'}
    assert headers["x-amz-target"] == "AmazonSQS.SendMessage"
    assert (
        "/us-east-1/sqs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
        in headers["authorization"]
    )


def test_a_message_arrives_at_moto(aws, settings):
    Enqueue(settings["WORK_QUEUE_URL"])('{"hello": "é"}')
    (message,) = aws.sqs.receive_message(QueueUrl=settings["WORK_QUEUE_URL"])["Messages"]
    assert message["Body"] == '{"hello": "é"}'


class Counting:
    """A TCP server that answers SendMessage, counts connections, and closes each after `per_connection` answers.

    `politely` says so in the last answer. `tls` is a context for TLS, and `goodbye` ends TLS before the connection.
    """

    def __init__(self, per_connection=100, politely=False, tls=None, goodbye=False):
        self.connections = self.requests = 0
        self.per_connection, self.politely = per_connection, politely
        self.tls, self.goodbye = tls, goodbye
        self.listener = socket.create_server(("127.0.0.1", 0))
        address = f"localhost:{self.listener.getsockname()[1]}"
        self.url = f"{'https' if tls else 'http'}://{address}/1/work"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            self.connections += 1
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                for number in range(1, self.per_connection + 1):
                    length = 0
                    while (line := stream.readline()) not in (b"\r\n", b""):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    if not stream.read(length):
                        break
                    self.requests += 1
                    last = b"Connection: close\r\n" if self.politely and number == self.per_connection else b""
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + last + b"\r\n{}")
                if self.goodbye:
                    connection.settimeout(0.01)
                    with contextlib.suppress(OSError):  # the client says nothing until its next request
                        connection.unwrap()


def test_the_connection_is_used_again():
    sqs = Counting()
    send = Enqueue(sqs.url)
    for _ in range(5):
        send("{}")
    assert (sqs.connections, sqs.requests) == (1, 5)


def test_the_connection_is_opened_before_the_first_message_which_uses_it():
    sqs = Counting()
    send = Enqueue(sqs.url)
    end = time.monotonic() + 5
    while not sqs.connections and time.monotonic() < end:
        time.sleep(0.005)
    assert (sqs.connections, sqs.requests) == (1, 0)
    send("{}")
    assert (sqs.connections, sqs.requests) == (1, 1)


def test_if_the_connection_could_not_be_opened_ahead_the_first_message_opens_one():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    send = Enqueue(f"http://127.0.0.1:{port}/1/work")
    send._sqs._opening.join(5)
    sqs = Server(lambda request: as_json(200, {}), port=port)
    try:
        send("{}")
    finally:
        sqs.stop()


@pytest.mark.parametrize("politely", [False, True])
def test_a_connection_that_went_stale_is_opened_anew(politely):
    sqs = Counting(per_connection=1, politely=politely)
    send = Enqueue(sqs.url)
    for _ in range(3):
        send("{}")
        time.sleep(0.02)  # the other side closes
    assert (sqs.connections, sqs.requests) == (3, 3)


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_a_refusal_is_unavailable_and_the_next_message_is_tried(status):
    sqs = Sqs(as_json(status, {"__type": "com.amazonaws.sqs#Refused"}))
    send = Enqueue(sqs.url)
    with pytest.raises(Unavailable, match=f"answered {status} Refused"):
        send("{}")
    sqs.answer = as_json(200, {})
    send("{}")
    assert len(sqs.requests) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"[" * 100_000, b"\xff"])
def test_an_answer_without_a_json_object_leaves_it_open_whether_the_message_is_there(body):
    with pytest.raises(Unsure, match="without a JSON object"):
        Enqueue(Sqs(Response(200, body)).url)("{}")
    with pytest.raises(Unavailable, match="answered 400") as raised:
        Enqueue(Sqs(Response(400, body)).url)("{}")
    assert not isinstance(raised.value, Unsure)


def test_nobody_there_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        Enqueue(f"http://127.0.0.1:{port}/1/work")("{}")


def test_a_queue_that_never_answers_is_unavailable_in_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        with pytest.raises(Unavailable, match=r"TimeoutError|timed out"):
            Enqueue(f"http://127.0.0.1:{listener.getsockname()[1]}/1/work")("{}")
    assert SECONDS - 0.1 < time.monotonic() - started < SECONDS + 0.5


def test_all_calls_of_an_acknowledgement_share_one_deadline():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = f"http://127.0.0.1:{listener.getsockname()[1]}/1/work"
        started = time.monotonic()
        with within(0.4):
            for _ in range(3):
                with pytest.raises(Unsure):
                    Enqueue(silent)("{}")
    assert 0.3 < time.monotonic() - started < 1
    sqs = Sqs()
    Enqueue(sqs.url)("{}")  # The limit ended with its block.
    assert len(sqs.requests) == 1


def test_only_what_sqs_refused_is_surely_not_there():
    for status, name in ((400, "QueueDoesNotExist"), (400, "ThrottlingException"), (403, "AccessDeniedException")):
        with pytest.raises(Unavailable) as refused:
            Enqueue(Sqs(as_json(status, {"__type": f"com.amazonaws.sqs#{name}"})).url)("{}")
        assert not isinstance(refused.value, Unsure)
    internal = {"__type": "com.amazonaws.sqs#InternalError"}
    for answer in (
        Response(200, b"not JSON"),
        Response(503, b"<html>"),
        as_json(500, internal),
        as_json(503, internal),
    ):
        with pytest.raises(Unsure):
            Enqueue(Sqs(answer).url)("{}")


def test_an_answer_that_is_not_http_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        threading.Thread(target=babble, daemon=True).start()
        with pytest.raises(Unavailable):
            Enqueue(f"http://127.0.0.1:{listener.getsockname()[1]}/1/work")("{}")


def authority(days=1):
    """Return the certificate of an authority, its certificate for localhost, and the key of the latter, all as PEM.

    The certificate for localhost expires in that many days.
    """
    now = datetime.now(UTC)

    def certificate(name, issuer, issuer_key, key, *, is_authority):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + timedelta(days=1 if is_authority else days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )
        if is_authority:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem, pkcs8, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return (
        certificate("Test authority", "Test authority", authority_key, authority_key, is_authority=True),
        certificate("localhost", "Test authority", authority_key, key, is_authority=False),
        key.private_bytes(pem, pkcs8, plain),
    )


def served_with(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def tls(tmp_path):
    """An SQS over TLS at localhost, and the file with the certificate authority that a client must trust."""
    root, certificate, key = authority()
    (tmp_path / "root.pem").write_bytes(root)
    (tmp_path / "server.pem").write_bytes(certificate + key)
    sqs = Sqs()
    context = served_with(tmp_path / "server.pem")
    sqs.server.socket = context.wrap_socket(sqs.server.socket, server_side=True)
    sqs.url = f"https://localhost:{sqs.server.port}/123456789012/work"
    return sqs, tmp_path / "root.pem"


def test_a_server_that_the_authorities_vouch_for_is_trusted(tls, monkeypatch):
    sqs, root = tls
    monkeypatch.setenv("AWS_CA_BUNDLE", str(root))
    send = Enqueue(sqs.url)
    send("{}")
    send("{}")
    assert len(sqs.requests) == 2


def test_a_server_that_only_the_system_trusts_is_reached_by_falling_back(tls, monkeypatch):
    sqs, root = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    Enqueue(sqs.url)("{}")
    assert len(sqs.requests) == 1


def test_a_server_that_nobody_vouches_for_gets_nothing(tls, monkeypatch):
    sqs, _ = tls
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        Enqueue(sqs.url)("{}")
    assert sqs.requests == []


def test_a_server_of_another_name_gets_nothing(tls, monkeypatch):
    sqs, root = tls
    monkeypatch.setenv("AWS_CA_BUNDLE", str(root))
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        Enqueue(sqs.url.replace("localhost", "127.0.0.1"))("{}")
    assert sqs.requests == []


def test_the_tls_settings_are_those_that_python_recommends(tls):
    _, root = tls
    ours, recommended = trusting(str(root)), ssl.create_default_context(cafile=root)
    strict = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN  # Python before 3.13 does not set these
    assert ours.verify_flags == recommended.verify_flags | strict
    for name in ("verify_mode", "check_hostname", "options", "minimum_version", "maximum_version", "security_level"):
        assert getattr(ours, name) == getattr(recommended, name), name
    assert ours.get_ciphers() == recommended.get_ciphers()
    assert ours.get_ca_certs() == recommended.get_ca_certs() != []


@pytest.mark.parametrize("goodbye", [False, True])
def test_a_tls_connection_that_went_stale_is_opened_anew(tls, tmp_path, monkeypatch, goodbye):
    _, root = tls
    monkeypatch.setenv("AWS_CA_BUNDLE", str(root))
    sqs = Counting(per_connection=1, tls=served_with(tmp_path / "server.pem"), goodbye=goodbye)
    send = Enqueue(sqs.url)
    for _ in range(3):
        send("{}")
        time.sleep(0.05)  # the other side closes
    assert (sqs.connections, sqs.requests) == (3, 3)


def test_a_server_that_never_shakes_hands_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        send = Enqueue(f"https://localhost:{listener.getsockname()[1]}/1/work")
        with within(0.3), pytest.raises(Unavailable, match="TimeoutError"):
            send("{}")


def test_the_few_roots_are_amazons_and_parse():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(AMAZON_ROOTS)
    subjects = {dict(part[0] for part in root["subject"])["organizationName"] for root in context.get_ca_certs()}
    assert subjects == {"Amazon", "Starfield Technologies, Inc."}
    assert len(context.get_ca_certs()) == 5


def test_the_time_that_calls_share_is_that_of_one_thread():
    with within(0.0), ThreadPoolExecutor(1) as pool:
        assert seconds_left() < 0
        assert pool.submit(seconds_left).result() == float("inf")
    assert seconds_left() == float("inf")
