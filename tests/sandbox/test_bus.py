"""Other systems of the account put notifications on the stack's bus, and people read them once."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.discord import render
from sandbox.discord.world import Channel
from sandbox.testing import POST, Block, bot

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


@contextmanager
def listening() -> Iterator[tuple[Block, Channel]]:
    """A server with a status channel. The blocks share it, so it is as before at the end."""
    with bot() as discord:
        ada = discord.person("ada", permissions="MANAGE_GUILD")
        channel = discord.simulated.channel("notifications")
        ada.choose(ada.choose(ada.run("setup"), "Change a setting", "status_channel"), "Choose a channel", channel)
        yield discord, channel
        ada.press(ada.choose(ada.run("setup"), "Change a setting", "status_channel"), "Reset")


def said(discord: Block, channel: Channel) -> list[str]:
    return [message["content"] for message in discord.simulated.messages(channel)]


def documented() -> dict[str, Any]:
    """The entries of the line in the operator's guide, as AWS's command line would send them."""
    (line,) = re.findall(r"^aws events put-events .*$", GUIDE.read_text(), flags=re.MULTILINE)
    words = shlex.split(line)
    assert words[:4] == ["aws", "events", "put-events", "--entries"]
    assert len(words) == 5
    return {"Entries": json.loads(words[4])}


def test_the_documented_line_posts_in_the_default_webhook() -> None:
    with bot() as discord:
        answer = discord.sandbox.aws.events.put_events(**documented())
        assert answer["FailedEntryCount"] == 0
        discord.rest()
        message = discord.digests()[-1]
        assert message["content"] == "The backup is done."
        assert "backup · " in render(message)


def test_a_server_reads_it_once_though_the_sender_dies_and_the_queue_delivers_twice() -> None:
    with listening() as (discord, channel):
        discord.kill("sender", after=POST)
        discord.delivers_twice("send")
        assert discord.notify({"content": "Disk full", "guild": discord.simulated.home.id, "severity": "error"}) == []
        assert said(discord, channel) == ["🔴 Disk full"]
        for _time in range(2):
            discord.notify({"content": "Again", "channel": channel.id, "dedupe_key": "k"})
        assert said(discord, channel) == ["🔴 Disk full", "Again"]


def test_only_a_role_that_the_server_allows_is_pinged() -> None:
    with listening() as (discord, channel):
        ada = discord.person("ada", permissions="MANAGE_GUILD")
        crew, others = discord.role("crew"), discord.role("others")
        ada.choose(ada.choose(ada.run("setup"), "Change a setting", "mention_roles"), "Choose the roles", crew)
        discord.turn(1)
        text = f"@everyone <@&{others.id}>"
        assert discord.notify({"content": text, "channel": channel.id, "mention": crew.id}) == []
        message = discord.simulated.messages(channel)[-1]
        assert message["content"] == f"<@&{crew.id}> {text}"
        assert (message["mention_roles"], message["mention_everyone"]) == ([crew.id], False)
        ada.press(ada.choose(ada.run("setup"), "Change a setting", "mention_roles"), "Reset")


def test_an_outage_of_discord_that_is_longer_than_all_tries_loses_nothing() -> None:
    with listening() as (discord, channel):
        discord.goes_wrong(503, POST, times=15)  # all tries of a message, and some of the next one
        discord.notify({"content": "Disk full", "channel": channel.id})
        assert said(discord, channel) == ["Disk full"]


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ({"content": ""}, "no_content"),
        ({"content": "x", "webhook": "https://discord.com/api/webhooks/1/token"}, "webhook_is_a_url"),
        ({"content": "x", "webhook": "nobody"}, "webhook_missing"),
        ({"content": "x", "channel": "1000000000000000999"}, "unknown_channel"),
        ({"content": "x", "guild": "1000000000000000999"}, "no_status_channel"),
    ],
)
def test_a_bad_notification_lies_in_the_dead_letters_with_the_reason(detail: dict[str, Any], code: str) -> None:
    with bot() as discord:
        ((found, event),) = discord.notify(detail)
        assert found == code
        assert event["source"] == "backup"
        assert "token" not in json.dumps(event)


def test_the_control_api_puts_an_event_on_the_bus_too() -> None:
    with bot() as discord:
        event = {"source": "shop", "detail-type": "notification", "detail": {"content": "Sold out"}}
        request = urllib.request.Request(f"{discord.sandbox.control_url}/aws-events", json.dumps(event).encode())
        with DIRECT.open(request) as answer:
            (delivered,) = json.load(answer)["delivered"]
        assert delivered["queue"] == "watchbell-dev-send"
        discord.rest()
        assert discord.digests()[-1]["content"] == "Sold out"


def test_what_features_ring_is_read_in_the_status_channel(features: Path) -> None:
    with bot(features) as discord:
        ada = discord.person("ada", permissions="MANAGE_GUILD")
        channel = discord.simulated.channel("bell")
        ada.choose(ada.choose(ada.run("setup"), "Change a setting", "status_channel"), "Choose a channel", channel)
        ada.run("bell")
        assert said(discord, channel) == ["The bell was rung."]
