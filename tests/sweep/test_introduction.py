"""Whatever is killed, and whenever: who installs the bot is greeted once, and their server is told once how to begin.

`make sweep` kills at every call anyway: there are few.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.discord_side import tools as kit
from tests.sweep.world import CHANNEL, GUILD, FakeDiscord, Watched, World
from watchbell.discord.permissions import bits
from watchbell.doors import worker
from watchbell.kit import server
from watchbell.kit.setting import Setting
from watchbell.testing.fakes import FakeServerSettings
from watchbell.tools.departures import departures

ADA, ME = "1100000000000000011", "1100000000000000099"
INSTALLED = {
    "integration_type": 0,
    "scopes": ["applications.commands", "bot"],
    "user": {"id": ADA, "username": "ada"},
    "guild": {"id": GUILD, "preferred_locale": "de"},
}
REMOVED = {"user": {"id": ADA, "username": "ada"}}


class Discord(FakeDiscord):
    """The sweep's Discord, with a server in which the bot may write in one channel."""

    def __init__(self, now: Any) -> None:
        super().__init__(now)
        self.seals = kit(now).seals

    def me(self) -> str:
        return ME

    def member(self, server_id: str, user_id: str) -> dict:
        return {"user": {"id": user_id}, "roles": []}

    def channels(self, server_id: str) -> list[dict]:
        return [{"id": CHANNEL, "type": 0, "position": 0}]

    def server(self, server_id: str) -> dict:
        role = {"id": server_id, "permissions": str(bits("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS"))}
        return {**super().server(server_id), "roles": [role]}

    def send(self, channel_id: str, reply: Any, *, nonce: str, answers: str = "") -> dict:
        return self.create_message(channel_id, self.seals.seal(reply.message()), nonce=nonce)

    def create_message(self, channel_id: str, message: dict, *, nonce: str) -> dict:
        return super().send(channel_id, Written(message), nonce=nonce)


class Written:
    def __init__(self, message: dict) -> None:
        self._message = message

    def message(self) -> dict:
        return self._message


class Installing(World):
    """The worker, between a table and a Discord in memory. Each event comes twice."""

    def __init__(self, *, late: bool, at: tuple[int, str] | None = None) -> None:
        super().__init__()
        self.late, self.killer.at = late, at
        self.discord = Discord(self.now)
        names = ("open_dm", "create_message", "recent_messages", "server", "me", "member", "channels", "send")
        self.tools.discord = Watched(self.discord, self.killer, *names)
        self.flags, self.seals, self.settings = kit().flags, self.discord.seals, {}
        self.server_settings = Watched(FakeServerSettings(), self.killer, "of", "change")

    def change_setting(self, guild_id: str, setting: Setting, value: str) -> None:
        self.server_settings.change(guild_id, {setting.name: value})

    def run(self) -> Installing:
        events = [("APPLICATION_AUTHORIZED", INSTALLED, "01"), ("APPLICATION_DEAUTHORIZED", REMOVED, "02")]
        for kind, data, minute in events:
            body = {"event": {"type": kind, "timestamp": f"2026-11-26T10:{minute}:00.000000", "data": data}}
            for _time in range(2):
                self._call(lambda body=body: worker.happen(body, int(self.at), self.tools))
        return self


POINTS = range(1, Installing(late=False).run().killer.calls + 1)


@pytest.mark.parametrize("late", [False, True], ids=["delivered again at once", "delivered again after 180 s"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_person_is_greeted_and_a_server_is_told_how_to_begin_once_wherever_the_worker_dies(
    late: bool, moment: str, record_property: Any
) -> None:
    for point in POINTS:
        world = Installing(late=late, at=(point, moment)).run()
        assert world.lost == 0, point
        assert [each["channel"] for each in world.discord.messages] == [f"dm of {ADA}", CHANNEL], point
        left = world.data(departures).all()
        assert [(each["user"], each["leaves"]) for each in left] == [(ADA, True)], point
        assert server.spoken(world.server_settings.of(GUILD)) == "de", point
    record_property("points", len(POINTS))
