"""Whatever is killed, and whenever: each notification is posted once, and each bad one lies in the dead letters.

`make sweep` kills at every call anyway: there are few.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sweep.world import AGAIN_SECONDS, BEGUN, CHANNEL, GUILD, FakeDiscord, Killed, Killer, Watched, claims
from watchbell.adapters.batch import Delivery
from watchbell.adapters.server_settings import Chosen
from watchbell.doors import sender
from watchbell.errors import DiscordError, Retry
from watchbell.testing.table import FakeTable

OTHER = "1100000000000000010"
WEBHOOK = "https://discord.com/api/webhooks/123/token"


class Discord(FakeDiscord):
    """The sweep's Discord, with channels and webhooks."""

    def send(self, channel_id: str, reply: Any, *, nonce: str, answers: str = "", whose: str = "") -> dict:
        return super().send(channel_id, reply, nonce=nonce, answers=answers)

    def channel(self, channel_id: str) -> dict:
        if channel_id not in (CHANNEL, OTHER):
            raise DiscordError("GET /channels/{channel}", 404, 10003)
        return {"id": channel_id, "type": 0, "guild_id": GUILD}

    def execute_webhook(self, webhook_id: str, token: str, message: dict, **more: Any) -> dict:
        self.messages.append({**message, "id": str(len(self.messages) + 1), "channel": "webhook"})
        return self.messages[-1]


class DeadLetters:
    def __init__(self) -> None:
        self.codes: list[str] = []

    def send(self, message: dict, wait: float = 0, attributes: dict[str, str] | None = None) -> None:
        self.codes.append((attributes or {})["ERROR_CODE"])


class Bus:
    """The sender, between a table, a Discord and dead letters in memory. Each event comes twice."""

    discord_url = "https://discord.com/api/v10"

    def __init__(self, *, late: bool, at: tuple[int, str] | None = None) -> None:
        self.at, self.late = float(BEGUN), late
        self.killer = Killer()
        self.killer.at = at
        table = Watched(FakeTable(), self.killer, "get", "put", "update")
        self.claims = claims(table, self.now)
        self.said, self.dead = Discord(self.now), DeadLetters()
        self.discord = Watched(self.said, self.killer, "send", "channel", "recent_messages", "execute_webhook")
        self.event_dead = Watched(self.dead, self.killer, "send")
        self.server_settings = self.retired_webhooks = self

    def now(self) -> float:
        return self.at

    def of(self, guild_id: str) -> Chosen:
        return Chosen({"status_channel": CHANNEL} if guild_id == GUILD else {})

    def webhook(self, name: str) -> str | None:
        return {"default": WEBHOOK}.get(name)

    def has(self, name: str, url: str) -> bool:
        return False

    def count(self, metric: str) -> None:
        """Metrics are only written to the log."""

    def run(self) -> Bus:
        for number, detail in enumerate(
            [{"guild": GUILD}, {"channel": OTHER, "dedupe_key": "k"}, {"channel": "1"}, {"severity": "loud"}, {}]
        ):
            event = {"source": "backup", "id": str(number), "detail-type": "notification"}
            for _time in range(2):
                self._deliver({**event, "detail": {"content": f"text {number}", **detail}})
        return self

    def _deliver(self, event: dict) -> None:
        for _try in range(10):
            try:
                sender.deliver(Delivery(event, 1, False), self)  # type: ignore[arg-type]
            except Killed:
                self.killer.at = None
                self.at += AGAIN_SECONDS if self.late else 0
            except Retry as error:
                self.at += error.wait or 5
            else:
                return
        raise AssertionError(f"{event} is lost")


POINTS = range(1, Bus(late=False).run().killer.calls + 1)


@pytest.mark.parametrize("late", [False, True], ids=["delivered again at once", "delivered again after 180 s"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_each_notification_is_posted_once_wherever_the_sender_dies(
    late: bool, moment: str, record_property: Any
) -> None:
    doubled = 0
    for point in POINTS:
        bus = Bus(late=late, at=(point, moment)).run()
        said = [message["content"] for message in bus.said.messages]
        assert said[:3] == ["text 0", "text 1", "text 4"], (point, said)
        assert said[3:] in ([], ["text 4"]), (point, said)
        doubled += len(said) - 3
        assert set(bus.dead.codes) == {"unknown_channel", "bad_severity"}
    assert doubled <= 2  # a webhook has no nonce: the sender died after the call, or after the claim was not recorded
    record_property("points", len(POINTS))
    record_property("doubles", doubled)
