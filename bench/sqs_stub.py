"""SQS's SendMessage over TLS on loopback, with an authority of its own, so that functions call it as they call SQS."""

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

_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=\S+/sqs/aws4_request, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{64}")


class SqsStub:
    """Serves until `stop`. `messages` are the bodies that came; `authorities` is the file for AWS_CA_BUNDLE.

    That file holds Amazon's few roots and the stub's own, so that loading it costs what it does in production.
    """

    def __init__(self, folder: Path) -> None:
        """Writes its certificates to `folder`."""
        self.messages: list[str] = []
        self.authorities = folder / "authorities.pem"
        certificate = folder / "stub.pem"
        root = _certify(certificate)
        self.authorities.write_bytes(AMAZON_ROOTS.read_bytes() + root)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server = _TlsServer(self._respond, context)
        self.url = f"https://{self._server.address}"
        self.queue_url = f"{self.url}/123456789012/work"

    def stop(self) -> None:
        self._server.stop()

    def _respond(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        if not _SIGNED.fullmatch(headers.get("authorization", "")) or "x-amz-date" not in headers:
            return _refusal(403, "com.amazon.coral.service#MissingAuthenticationTokenException")
        if headers.get("x-amz-target") != "AmazonSQS.SendMessage" or request.method != "POST":
            return _refusal(404, "com.amazon.coral.service#UnknownOperationException")
        call = json.loads(request.body)
        if call["QueueUrl"] != self.queue_url:
            return _refusal(400, "com.amazonaws.sqs#QueueDoesNotExist")
        self.messages.append(call["MessageBody"])
        digest = hashlib.md5(call["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        return _amz_json(200, {"MD5OfMessageBody": digest, "MessageId": str(uuid.uuid4())})


class _TlsServer(Server):
    def __init__(self, respond: Any, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(respond)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
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
