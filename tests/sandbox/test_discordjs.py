"""A real client of others, @discordjs/rest, does with the simulated Discord what it does with Discord."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import NODE
from sandbox.discord import Discord
from tests.sandbox.rest import APP, TOKEN
from watchbell.discord.permissions import bits

FOLDER = Path(__file__).parent / "discordjs"
CLIENT = FOLDER / "client.mjs"


class Refused(Exception):
    """Discord refused a call. `args[0]` has its `status` and `code`, and Discord's `errors` if there are any."""


class Client:
    """The client in a process of its own."""

    def __init__(self, discord: Discord) -> None:
        assert (FOLDER / "node_modules").exists(), "its packages are missing: `make test` installs them"
        command = [str(NODE), str(CLIENT), discord.url.removesuffix("/v10"), TOKEN]
        self.process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def all(self, *calls: dict[str, Any]) -> list[Any]:
        """Make all calls at the same time, and return their answers. Raises Refused."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(calls) + "\n")
        self.process.stdin.flush()
        answered = json.loads(self.process.stdout.readline())
        for fine, answer in answered:
            if not fine:
                raise Refused(answer)
        return [answer for _, answer in answered]

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return self.all(call(method, path, body, **more))[0]

    def code(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, int]:
        """The status and the code with which Discord refuses the call."""
        with pytest.raises(Refused) as refused:
            self.call(method, path, body, **more)
        return refused.value.args[0]["status"], refused.value.args[0]["code"]


def call(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """A call as the client takes it. `auth=False` leaves out the bot's token."""
    return {"method": method, "fullRoute": path, **({} if body is None else {"body": body}), **more}


def file(name: str, kind: str, content: bytes) -> list[str]:
    return [name, kind, base64.b64encode(content).decode()]


@pytest.fixture(params=[False])
def discord(request: pytest.FixtureRequest) -> Iterator[Discord]:
    """In real time, because the client waits in real time. Afterwards it has nothing against the client."""
    discord = Discord(APP, TOKEN, leaky=request.param)
    discord.start()
    yield discord
    discord.stop()
    assert discord.faults == []


@pytest.fixture
def client(discord: Discord) -> Iterator[Client]:
    client = Client(discord)
    yield client
    try:
        client.process.communicate(timeout=10)
    finally:
        client.process.kill()


@pytest.fixture
def channel(discord: Discord) -> str:
    return discord.channels(discord.home)[0].id


def too_many(discord: Discord) -> list[str]:
    return [line for line in discord.transcript if "429" in line]


def test_it_sends_edits_and_deletes_a_message(discord: Discord, client: Client, channel: str) -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Refresh", "custom_id": "refresh"}]}
    new = {"content": "hello", "embeds": [{"title": "prod"}], "components": [row]}
    sent = client.call("POST", f"/channels/{channel}/messages", new)
    assert (sent["content"], sent["author"]["id"]) == ("hello", APP)
    assert sent["components"][0]["components"][0]["custom_id"] == "refresh"
    at = f"/channels/{channel}/messages/{sent['id']}"
    edited = client.call("PATCH", at, {"content": "changed", "components": []})
    assert (edited["content"], edited["embeds"][0]["title"], edited["components"]) == ("changed", "prod", [])
    assert [each["id"] for each in client.call("GET", f"/channels/{channel}/messages")] == [sent["id"]]
    assert client.call("DELETE", at) is None
    assert client.code("GET", at) == (404, 10008)
    assert discord.messages(channel) == []


def test_it_sends_files_and_keeps_one_of_them(client: Client, channel: str) -> None:
    files = [file("figures.csv", "text/csv", b"1,2"), file("chart.png", "image/png", b"\x89PNG")]
    new = {"embeds": [{"image": {"url": "attachment://chart.png"}}]}
    sent = client.call("POST", f"/channels/{channel}/messages", new, files=files)
    csv, png = sent["attachments"]
    assert (csv["filename"], csv["size"], png["content_type"]) == ("figures.csv", 3, "image/png")
    assert sent["embeds"][0]["image"]["url"] == png["url"]
    kept = {"attachments": [{"id": csv["id"]}], "embeds": []}
    left = client.call("PATCH", f"/channels/{channel}/messages/{sent['id']}", kept)
    assert [each["filename"] for each in left["attachments"]] == ["figures.csv"]


def test_it_writes_a_direct_message(discord: Discord, client: Client) -> None:
    ada, eve = discord.person("ada"), discord.person("eve")
    eve.close_dms()
    dm = client.call("POST", "/users/@me/channels", {"recipient_id": ada.id})
    client.call("POST", f"/channels/{dm['id']}/messages", {"content": "welcome"})
    assert [message["content"] for message in discord.dms(ada)] == ["welcome"]
    closed = client.call("POST", "/users/@me/channels", {"recipient_id": eve.id})
    assert client.code("POST", f"/channels/{closed['id']}/messages", {"content": "welcome"}) == (403, 50007)


def test_it_replaces_all_commands(discord: Discord, client: Client) -> None:
    option = {"type": 3, "name": "source", "description": "Which one"}
    ping = {"name": "ping", "description": "Answers", "options": [option]}
    menu = {"name": "Who is this", "type": 2}
    first, second = client.call("PUT", f"/applications/{APP}/commands", [ping, menu])
    assert (first["options"][0]["name"], second["type"]) == ("source", 2)
    (kept,) = client.call("PUT", f"/applications/{APP}/commands", [ping | {"description": "Replies"}])
    assert (kept["id"], kept["description"]) == (first["id"], "Replies")
    assert client.code("PUT", f"/applications/{APP}/commands", [{"name": "Upper", "description": "x"}]) == (400, 50035)
    assert [command["name"] for command in discord.commands()] == ["ping"]


def test_it_manages_channels_and_threads(discord: Discord, client: Client) -> None:
    discord.home.bot_role.permissions |= bits("MANAGE_CHANNELS", "MANAGE_ROLES", "CREATE_PUBLIC_THREADS")
    at = f"/guilds/{discord.home.id}/channels"
    category = client.call("POST", at, {"name": "Status", "type": 4}, reason="ein Grund, über alles")
    made = client.call("POST", at, {"name": "prod alerts", "parent_id": category["id"], "topic": "what broke"})
    assert (made["name"], made["parent_id"]) == ("prod-alerts", category["id"])
    assert client.call("PATCH", f"/channels/{made['id']}", {"topic": "what recovered"})["topic"] == "what recovered"
    target = f"/channels/{made['id']}/permissions/{discord.home.id}"
    assert client.call("PUT", target, {"type": 0, "deny": str(bits("EMBED_LINKS"))}) is None
    thread = client.call("POST", f"/channels/{made['id']}/threads", {"name": "incident", "type": 11})
    assert thread["parent_id"] == made["id"]
    assert {each["id"] for each in client.call("GET", at)} >= {category["id"], made["id"]}
    assert client.call("DELETE", f"/channels/{made['id']}")["id"] == made["id"]
    assert client.code("GET", f"/channels/{thread['id']}") == (404, 10003)
    assert discord.audit_log[0]["reason"] == "ein Grund, über alles"


def test_it_uses_a_webhook_without_the_token_of_the_bot(discord: Discord, client: Client) -> None:
    at = "/webhooks/" + "/".join(discord.webhook("digest").split("/")[-2:])
    sent = client.call("POST", at, {"content": "good morning"}, query="wait=true", auth=False)
    assert client.call("PATCH", f"{at}/messages/{sent['id']}", {"content": "corrected"}, auth=False)["edited_timestamp"]
    assert client.call("DELETE", f"{at}/messages/{sent['id']}", auth=False) is None
    assert discord.webhook_messages("digest") == []


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
def test_it_waits_out_a_429_of_any_scope(discord: Discord, client: Client, channel: str, scope: str) -> None:
    discord.fail_next("POST", "/channels/*/messages", retry_after=0.3, scope=scope)
    client.call("POST", f"/channels/{channel}/messages", {"content": "patience"})
    assert len(too_many(discord)) == 1
    assert [message["content"] for message in discord.messages(channel)] == ["patience"]


@pytest.mark.parametrize("discord", [False, True], indirect=True, ids=["all at once", "leaky"])
def test_it_reads_from_the_headers_when_a_bucket_is_empty(discord: Discord, client: Client, channel: str) -> None:
    said = [call("POST", f"/channels/{channel}/messages", {"content": str(number)}) for number in range(7)]
    client.all(*said)
    assert [message["content"] for message in discord.messages(channel)] == list("0123456")
    assert too_many(discord) == []
