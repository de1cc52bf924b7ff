"""SQS's SendMessage and Lambda's Invoke over TLS on loopback, with an authority of their own, so that functions call
them as they call AWS."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import json
import re
import socket
import ssl
import uuid
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.loopback import HOST, Request, Response, Server

AMAZON_ROOTS = Path(__file__).parent.parent / "layers/watchbell/python/watchbell/adapters/amazon_roots.pem"

_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=\S+/(\w+)/aws4_request, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{64}")


class Stub:
    """One of AWS's services, until `stop`. `messages` are the payloads that came, `connections` is how many there were,
    and `environment` makes a function call this instead of AWS.

    The file of AWS_CA_BUNDLE holds Amazon's few roots and the stub's own, so that loading it costs what it does in
    production.
    """

    service = ""
    """As requests are signed for it."""

    def __init__(self, folder: Path) -> None:
        """Writes its certificates to `folder`."""
        self.messages: list[str] = []
        authorities, certificate = folder / f"{self.service}-authorities.pem", folder / f"{self.service}.pem"
        authorities.write_bytes(AMAZON_ROOTS.read_bytes() + _certify(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server = _TlsServer(self._respond, context)
        self.url = f"https://{self._server.address}"
        self.environment = {
            "AWS_CA_BUNDLE": str(authorities),
            f"AWS_ENDPOINT_URL_{self.service.upper()}": self.url,  # for boto3
        }

    @property
    def connections(self) -> int:
        return self._server.connections

    def stop(self) -> None:
        self._server.stop()

    def interaction_ids(self) -> list[str]:
        """Of the messages that came, of each the id of the interaction in it; "" where it holds none."""
        raise NotImplementedError

    def _respond(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        signed = _SIGNED.fullmatch(headers.get("authorization", ""))
        if not signed or signed[1] not in (self.service, "ssm") or "x-amz-date" not in headers:
            return _refusal(403, "MissingAuthenticationTokenException")
        return self._serve(request, headers)

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        raise NotImplementedError


class SqsStub(Stub):
    """And the parameters that the ingress may read."""

    service = "sqs"
    parameters = {"/bench/signing-keys": "1:" + "5a" * 32}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["AWS_ENDPOINT_URL"] = self.url
        self.environment["SIGNING_KEYS_PARAMETER"] = "/bench/signing-keys"
        self.environment["OPERATORS_PARAMETER"] = "/bench/operators"
        self.queue_url = self.environment["WORK_QUEUE_URL"] = f"{self.url}/123456789012/work"

    def interaction_ids(self) -> list[str]:
        queued = [json.loads(message) for message in self.messages]
        return [each["body"]["id"] if each.get("kind") == "interaction" else "" for each in queued]

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        if headers.get("x-amz-target") == "AmazonSSM.GetParameter":
            value = self.parameters.get(json.loads(request.body)["Name"])
            return _amz_json(200, {"Parameter": {"Value": value}}) if value else _refusal(400, "ParameterNotFound")
        if headers.get("x-amz-target") != "AmazonSQS.SendMessage" or request.method != "POST":
            return _refusal(404, "com.amazon.coral.service#UnknownOperationException")
        call = json.loads(request.body)
        if call["QueueUrl"] != self.queue_url:
            return _refusal(400, "com.amazonaws.sqs#QueueDoesNotExist")
        self.messages.append(call["MessageBody"])
        digest = hashlib.md5(call["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        return _amz_json(200, {"MD5OfMessageBody": digest, "MessageId": str(uuid.uuid4())})


class LambdaStub(Stub):
    """Takes asynchronous invocations of one function, which is never run."""

    service = "lambda"
    function = "bench-worker"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["CORDLESS_WORKER_FUNCTION"] = self.function

    def interaction_ids(self) -> list[str]:
        return [json.loads(message).get("id", "") for message in self.messages]

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        if request.method != "POST" or request.path != f"/2015-03-31/functions/{self.function}/invocations":
            return _refusal(404, "ResourceNotFoundException")
        if headers.get("x-amz-invocation-type") != "Event":
            return _refusal(400, "InvalidParameterValueException")
        self.messages.append(request.body.decode())
        return Response(202, b"", [("x-amzn-requestid", str(uuid.uuid4()))])


class _TlsServer(Server):
    def __init__(self, respond: Any, context: ssl.SSLContext) -> None:
        self._context = context
        self.connections = 0
        super().__init__(respond)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections += 1
        # The handshake comes with the first read, in the connection's own thread, and not here in everybody's.
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


def _amz_json(status: int, value: dict) -> Response:
    headers = [("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", str(uuid.uuid4()))]
    return Response(status, json.dumps(value).encode(), headers)


def _refusal(status: int, type: str) -> Response:
    return _amz_json(status, {"__type": type, "message": "refused by the bench's stub"})


def _certify(target: Path) -> bytes:
    """Write a server's key and certificate to `target`, and return the root that signed it, which nobody keeps."""
    now = datetime.datetime.now(datetime.UTC)
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchbell bench root")])
    root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # as SQS's own

    def certificate(name: x509.Name, public_key: rsa.RSAPublicKey, *, authority: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )

    signs = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    root = certificate(root_name, root_key.public_key(), authority=True).add_extension(signs, critical=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    leaf = certificate(name, key.public_key(), authority=False).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False
    )
    pem = serialization.Encoding.PEM
    target.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.sign(root_key, hashes.SHA256()).public_bytes(pem)
    )
    return root.sign(root_key, hashes.SHA256()).public_bytes(pem)
