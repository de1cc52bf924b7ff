"""Discord's side for tests: signed requests, and a fake client that checks every payload against Discord's schema."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from nacl.signing import SigningKey

from tests import judge, recorded
from watchbell.adapters.discord import DiscordClient
from watchbell.discord import custom_id
from watchbell.discord.seals import Seals, parse_keys
from watchbell.errors import DiscordError
from watchbell.kit import catalogue
from watchbell.testing.fakes import FakeFlags, FakeLocks, FakeQuotas
from watchbell.tools.toolbox import Tools

KEY = SigningKey(bytes(range(32)))
OTHER_KEY = SigningKey(bytes(range(1, 33)))
PUBLIC_KEY = KEY.verify_key.encode().hex()


SIGNING_KEYS = f"1:{'ab' * 32}"


def tools(clock: Any = time.time, *, function: str = "worker", **settings: str) -> Tools:
    """Return tools that need no service: the suite's signing keys, quotas and locks in memory, and every flag off."""
    made = Tools(function, settings)
    made.now = clock  # type: ignore[method-assign]
    made.seals = Seals(lambda fresh: SIGNING_KEYS, clock, None)
    made.flags = FakeFlags({}, unset="off")  # type: ignore[assignment]
    if function == "worker":
        made.quotas = FakeQuotas(clock)  # type: ignore[assignment]
        made.locks = FakeLocks(clock)  # type: ignore[assignment]
    return made


def unflagged() -> list[str]:
    """Return the names of the commands without a flag."""
    return [command.name for command in catalogue.commands() if not command.flag]


def sealed(text: str, *, now: float | None = None, seconds: int | None = None, bound: str = "0", to: str = "") -> str:
    """Return the custom id for an address like `status:refresh:simple:prod`, as the bot sends it."""
    address = custom_id.parse(text)
    address.seconds, address.bound = seconds, bound
    ((key_id, key),) = parse_keys(SIGNING_KEYS).items()
    return custom_id.seal(address, key_id, key, time.time() if now is None else now, to)


def signed(body: bytes, *, key: SigningKey = KEY, at: float | None = None) -> dict[str, str]:
    """Return the two signature headers that Discord sends with `body`."""
    timestamp = str(int(time.time() if at is None else at))
    signature = key.sign(timestamp.encode() + body).signature.hex()
    return {"x-signature-ed25519": signature, "x-signature-timestamp": timestamp}


def request(payload: Any, path: str = "/interactions", *, key: SigningKey = KEY, at: float | None = None) -> dict:
    """Return an API Gateway event (2.0) with the signed `payload`: bytes unchanged, anything else as JSON."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    event = recorded.load("gateway_v2", rawPath=path, body=body.decode("utf-8", "surrogateescape"))
    event["requestContext"]["http"]["path"] = path
    event["headers"].update(signed(body, key=key, at=at))
    return event


LOADING = 128
"""Discord's flag of a message that says "thinking"."""


class FakeDiscord:
    """A fake of adapters.discord.DiscordClient that keeps the calls. Each call uses up and raises one of `failures`.

    A failure of None lets its call succeed. `flags` are those of the original.
    """

    def __init__(self, *failures: DiscordError) -> None:
        self.calls: list[tuple] = []
        self.failures = list(failures)
        self.conversation: list[dict] = []
        self.flags = LOADING
        self.stands: dict = {}  # the message with the component

    def edit_original(self, application_id: str, token: str, message: dict, files: Sequence = ()) -> dict:
        judge.approve("edit", message)
        return self._call("edit", message)

    def original(self, application_id: str, token: str) -> dict:
        return {"flags": self.flags, **self._call("read original"), **self.stands}

    def delete_original(self, application_id: str, token: str) -> None:
        self._call("delete")

    def follow_up(self, application_id: str, token: str, message: dict, files: Sequence = ()) -> dict:
        judge.approve("followup", message)
        return self._call("follow up", message)

    def edit_follow_up(
        self, application_id: str, token: str, message_id: str, message: dict, files: Sequence = ()
    ) -> dict:
        judge.approve("edit", message)
        return self._call("edit follow up", message, message_id)

    def delete_follow_up(self, application_id: str, token: str, message_id: str) -> None:
        self._call("delete follow up", message_id)

    def open_dm(self, user_id: str) -> str:
        judge.approve("dm", {"recipient_id": user_id})
        self._call("open dm", user_id)
        return f"dm-{user_id}"

    def create_message(self, channel_id: str, message: dict, files: Sequence = (), *, nonce: str) -> dict:
        judge.approve("message", {**message, "nonce": nonce, "enforce_nonce": True})
        return self._call("create", channel_id, message, nonce)

    _seal = staticmethod(lambda message, interaction: message)
    _ready, send = DiscordClient._ready, DiscordClient.send

    def recent_messages(self, channel_id: str) -> list[dict]:
        self._call("read", channel_id)
        return self.conversation

    def channel(self, channel_id: str) -> dict:
        return {"type": 0, **self._call("channel", channel_id), **self.stands}

    def execute_webhook(
        self, webhook_id: str, token: str, message: dict, files: Sequence = (), *, thread_id: str = ""
    ) -> dict:
        judge.approve("followup", message)
        return self._call("webhook", webhook_id, message)

    @property
    def requests_made(self) -> int:
        return len(self.calls)

    def did(self, verb: str) -> list[tuple]:
        return [call for call in self.calls if call[0] == verb]

    def _call(self, *call: Any) -> dict:
        self.calls.append(call)
        if self.failures:
            failure = self.failures.pop(0)
            if failure is not None:
                raise failure
        return {"id": str(1000 + len(self.calls))}
