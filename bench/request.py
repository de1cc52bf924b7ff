"""Commands as events of AWS: signed requests from API Gateway (payload format 2.0), and queued ones from SQS."""

from __future__ import annotations

import hashlib
import json
import time
import uuid

from nacl.signing import SigningKey

APPLICATION = "1042000000000000001"
SNOWFLAKE = 1_300_000_000_000_000_000
STATUS_OPTIONS = [{"name": "detailed", "type": 5, "value": True}]


class Discord:
    """Makes signed events. Each event is a new interaction. `public_key` is in hex."""

    def __init__(self) -> None:
        self._key = SigningKey.generate()
        self._count = 0
        self.public_key = bytes(self._key.verify_key).hex()

    def status_command(self) -> tuple[str, bytes]:
        """Return a deferred command: the interaction's id, and the event."""
        return self._command("status", STATUS_OPTIONS)

    def ping_command(self) -> tuple[str, bytes]:
        """Return an instant command: the interaction's id, and the event."""
        return self._command("ping", [])

    def queued_status(self) -> tuple[str, bytes]:
        """Return the deferred command as the worker receives it: the interaction's token, and the event."""
        interaction, now = self._interaction("status", STATUS_OPTIONS), int(time.time())
        message = {"kind": "interaction", "received_at": now, "body": interaction}
        return interaction["token"], json.dumps({"Records": [_record(json.dumps(message), now)]}).encode()

    def _interaction(self, command: str, options: list[dict]) -> dict:
        self._count += 1
        return _interaction(str(SNOWFLAKE + self._count), command, options)

    def _command(self, name: str, options: list[dict]) -> tuple[str, bytes]:
        interaction = self._interaction(name, options)
        body, now = json.dumps(interaction, separators=(",", ":")), time.time()
        timestamp = str(int(now))
        signature = self._key.sign(f"{timestamp}{body}".encode()).signature.hex()
        return interaction["id"], json.dumps(_event(body, signature, timestamp, now)).encode()


def _interaction(id: str, command: str, options: list[dict]) -> dict:
    """An interaction in a server, 1.3 KB. https://discord.com/developers/docs/interactions/receiving-and-responding"""
    return {
        "id": id,
        "application_id": APPLICATION,
        "type": 2,
        "version": 1,
        "token": "aW50ZXJhY3Rpb246" + id * 10,
        "guild_id": "1100000000000000001",
        "guild": {"id": "1100000000000000001", "locale": "en-US", "features": ["COMMUNITY", "NEWS"]},
        "channel_id": "1100000000000000002",
        "channel": {
            "id": "1100000000000000002",
            "type": 0,
            "name": "operations",
            "guild_id": "1100000000000000001",
            "position": 3,
            "nsfw": False,
            "permissions": "2248473465835073",
        },
        "member": {
            "user": {
                "id": "1100000000000000003",
                "username": "ada",
                "discriminator": "0",
                "global_name": "Ada",
                "avatar": None,
                "public_flags": 0,
            },
            "roles": ["1100000000000000004", "1100000000000000005"],
            "joined_at": "2024-01-01T00:00:00.000000+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": "2248473465835073",
        },
        "app_permissions": "442368",
        "locale": "en-US",
        "guild_locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": "1100000000000000001"},
        "context": 0,
        "attachment_size_limit": 10485760,
        "data": {
            "id": "1100000000000000006",
            "name": command,
            "type": 1,
            "guild_id": "1100000000000000001",
            **({"options": options} if options else {}),  # Discord leaves out an empty list
        },
    }


def _event(body: str, signature: str, timestamp: str, now: float) -> dict:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
    host = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
    return {
        "version": "2.0",
        "routeKey": "POST /interactions",
        "rawPath": "/interactions",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": str(len(body)),
            "content-type": "application/json",
            "host": host,
            "user-agent": "Discord-Interactions/1.0 (+https://discord.com)",
            "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
            "x-forwarded-for": "35.196.132.85",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-signature-ed25519": signature,
            "x-signature-timestamp": timestamp,
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": host,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": "POST",
                "path": "/interactions",
                "protocol": "HTTP/1.1",
                "sourceIp": "35.196.132.85",
                "userAgent": "Discord-Interactions/1.0 (+https://discord.com)",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /interactions",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _record(body: str, now: int) -> dict:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    id = str(uuid.uuid4())
    return {
        "messageId": id,
        "receiptHandle": f"bench-{id}" * 8,
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(now * 1000),
            "SenderId": "AROABENCHBENCHBENCH00:bench-ingress",
            "ApproximateFirstReceiveTimestamp": str(now * 1000),
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:work",
        "awsRegion": "eu-central-1",
    }
