"""The parts of AWS and Discord that the contenders call, over TLS on loopback.

Each stub has its own certificate authority, so functions call it as they call the real service.
"""

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

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.loopback import HOST, Request, Response, Server, as_json

AMAZON_ROOTS = Path(__file__).parent.parent / "layers/watchbell/python/watchbell/adapters/amazon_roots.pem"

_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=\S+/(\w+)/aws4_request, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{64}")

_EDIT = re.compile(r"/api/v10/webhooks/\d+/(\S+)/messages/@original")
STATUS = {
    "status": "normal",
    "message": "All systems normal",
    "timestamp": "2026-11-22T02:34:00+00:00",
    "metrics": {"cpu": {"usage": 23.5, "cores": 8}, "memory": {"usage": 23.5}, "disk": {"usage": 41.7}},
}


class Stub:
    """A service that runs until `stop` is called.

    `messages` are the payloads that arrived, and `connections` is the number of connections. A function with
    `environment` calls this stub instead of the real service.
    """

    name = ""
    roots = AMAZON_ROOTS
    """The authorities that a function trusts in production. The stub's own is added to them, so loading the file costs
    what it costs in production."""

    def __init__(self, folder: Path) -> None:
        """Start the service. Write its certificates to `folder`."""
        self.messages: list[str] = []
        self.authorities, certificate = folder / f"{self.name}-authorities.pem", folder / f"{self.name}.pem"
        self.authorities.write_bytes(self.roots.read_bytes() + _certify(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server = _TlsServer(self._respond, context)
        self.url = f"https://{self._server.address}"
        self.environment: dict[str, str] = {}

    @property
    def connections(self) -> int:
        return self._server.connections

    def stop(self) -> None:
        self._server.stop()

    def _respond(self, request: Request) -> Response:
        raise NotImplementedError


class AwsStub(Stub):
    """The AWS services in `services`. It rejects requests that are not signed for one of them."""

    services: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["AWS_CA_BUNDLE"] = str(self.authorities)
        self.environment["AWS_ENDPOINT_URL"] = self.url

    def interaction_ids(self) -> list[str]:
        """Return the interaction id of each message that arrived, or "" for a message without one."""
        raise NotImplementedError

    def _respond(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        signed = _SIGNED.fullmatch(headers.get("authorization", ""))
        if not signed or signed[1] not in self.services or "x-amz-date" not in headers:
            return refusal(403, "MissingAuthenticationTokenException")
        return self._serve(request, headers)

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        raise NotImplementedError


class SqsStub(AwsStub):
    """The work queue, and the parameters that the ingress and the worker may read."""

    name = "sqs"
    services: tuple[str, ...] = ("sqs", "ssm")
    parameters = {"/bench/signing-keys": "1:" + "5a" * 32}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["SIGNING_KEYS_PARAMETER"] = "/bench/signing-keys"
        self.environment["OPERATORS_PARAMETER"] = "/bench/operators"
        self.queue_url = self.environment["WORK_QUEUE_URL"] = f"{self.url}/123456789012/work"

    def interaction_ids(self) -> list[str]:
        queued = [json.loads(message) for message in self.messages]
        return [each["body"]["id"] if each.get("kind") == "interaction" else "" for each in queued]

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        if headers.get("x-amz-target") == "AmazonSSM.GetParameter":
            value = self.parameters.get(json.loads(request.body)["Name"])
            return amz_json(200, {"Parameter": {"Value": value}}) if value else refusal(400, "ParameterNotFound")
        if headers.get("x-amz-target") != "AmazonSQS.SendMessage" or request.method != "POST":
            return refusal(404, "com.amazon.coral.service#UnknownOperationException")
        call = json.loads(request.body)
        if call["QueueUrl"] != self.queue_url:
            return refusal(400, "com.amazonaws.sqs#QueueDoesNotExist")
        self.messages.append(call["MessageBody"])
        digest = hashlib.md5(call["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        return amz_json(200, {"MD5OfMessageBody": digest, "MessageId": str(uuid.uuid4())})


class WorkStub(SqsStub):
    """The work queue, and what the worker reads and writes. `writes` are the partition keys of the written rows."""

    name = "work"
    services = ("sqs", "ssm", "dynamodb")

    def __init__(self, folder: Path, sources: dict[str, str]) -> None:
        """`sources` maps the names of the status sources to their URLs."""
        super().__init__(folder)
        self.writes: list[str] = []
        self._sources = [
            {"Name": f"/bench/status-sources/{name}", "Value": f"{url} private"} for name, url in sources.items()
        ]
        self.environment |= {
            "STATUS_SOURCES_PATH": "/bench/status-sources",
            "FLAGS_PATH": "/bench/flags",
            "BOT_TOKEN_PARAMETER": "/bench/bot-token",
            "WORK_MAX_RECEIVES": "5",
            "STATE_TABLE": "bench-state",
            "EPHEMERAL_TABLE": "bench-ephemeral",
            "POWERTOOLS_SERVICE_NAME": "bench-worker",
        }

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        target, call = headers.get("x-amz-target"), json.loads(request.body)
        if target == "DynamoDB_20120810.UpdateItem" and call["TableName"] == "bench-ephemeral":
            self.writes.append(call["Key"]["pk"]["S"])
            return amz_json(200, {})
        if target == "DynamoDB_20120810.GetItem" and call["TableName"] == "bench-state":
            return amz_json(200, {})  # the server has chosen no settings
        if target == "AmazonSSM.GetParametersByPath" and call["Path"] == "/bench/status-sources":
            return amz_json(200, {"Parameters": self._sources})
        if target == "AmazonSSM.GetParametersByPath" and call["Path"] == "/bench/flags":
            return amz_json(200, {"Parameters": []})
        return super()._serve(request, headers)


class PingStub(AwsStub):
    """The table with the rows of pings. `messages` are the pings that were written."""

    name = "pings"
    services = ("dynamodb",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["STATE_TABLE"] = "bench-state"

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        call = json.loads(request.body)
        if headers.get("x-amz-target") != "DynamoDB_20120810.UpdateItem" or call["TableName"] != "bench-state":
            return refusal(400, "com.amazon.coral.service#UnknownOperationException")
        self.messages.append(call["ExpressionAttributeValues"][":ping"]["S"])
        return amz_json(200, {})


class WebStub(Stub):
    """What the worker calls on the internet: Discord and a status source.

    `messages` are the edited answers, and `tokens` are the tokens of their interactions.
    """

    name = "web"
    roots = Path(certifi.where())

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tokens: list[str] = []
        self.source_url = f"{self.url}/status.json"
        self.environment["DISCORD_URL"] = f"{self.url}/api/v10"

    def _respond(self, request: Request) -> Response:
        if request.method == "GET" and request.path == "/status.json":
            return as_json(200, STATUS)
        found = _EDIT.fullmatch(request.path)
        if request.method != "PATCH" or not found:
            return as_json(404, {"message": "404: Not Found", "code": 0})
        self.tokens.append(found[1])
        self.messages.append(request.body.decode())
        return as_json(200, {"id": "1100000000000000007", "type": 20, **json.loads(request.body)})


class LambdaStub(AwsStub):
    """Accepts asynchronous invocations of one function, but never runs it."""

    name = "lambda"
    services = ("lambda",)
    function = "bench-worker"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["CORDLESS_WORKER_FUNCTION"] = self.function

    def interaction_ids(self) -> list[str]:
        return [json.loads(message).get("id", "") for message in self.messages]

    def _serve(self, request: Request, headers: dict[str, str]) -> Response:
        if request.method != "POST" or request.path != f"/2015-03-31/functions/{self.function}/invocations":
            return refusal(404, "ResourceNotFoundException")
        if headers.get("x-amz-invocation-type") != "Event":
            return refusal(400, "InvalidParameterValueException")
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
        # Leave the handshake to the first read, in the connection's thread. Here it would block all other connections.
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


def amz_json(status: int, value: dict) -> Response:
    headers = [("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", str(uuid.uuid4()))]
    return Response(status, json.dumps(value).encode(), headers)


def refusal(status: int, type: str) -> Response:
    return amz_json(status, {"__type": type, "message": "refused by the bench's stub"})


def _certify(target: Path) -> bytes:
    """Write a server key and certificate to `target`, and return the root certificate. Discard the root's key."""
    now = datetime.datetime.now(datetime.UTC)
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchbell bench root")])
    root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # SQS uses the same kind of key

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
