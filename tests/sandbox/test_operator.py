"""A status source fails: the operator's channel hears of it and of its end, and each server sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.discord.world import Channel
from sandbox.testing import Block, bot


@contextmanager
def operators_channel(discord: Block) -> Iterator[Channel]:
    """A channel that hears of the status sources. Then everything is as it was, because blocks share a sandbox."""
    channel = discord.simulated.channel("operators")
    discord.ops("set", "operator-alerts", channel.id)
    try:
        yield channel
    finally:
        discord.ops("unset", "operator-alerts")
        discord.sandbox.sources.set_mode("prod", "normal")
        discord.turn(minutes=3)


def told(discord: Block, channel: Channel) -> list[str]:
    """What the channel was told of `prod`, oldest first. The other made-up source is always degraded."""
    return [each["content"] for each in discord.simulated.messages(channel) if "**prod**" in each["content"]]


def test_an_outage_of_a_source_is_told_in_the_channel_of_the_operator_and_shown_in_a_server() -> None:
    with bot() as discord, operators_channel(discord) as channel:
        discord.turn(minutes=8)
        discord.sandbox.sources.set_mode("prod", "critical")
        discord.turn(minutes=4)
        assert told(discord, channel) == ["🔴 **prod** is down: it reports critical."]
        ada = discord.person(permissions="MANAGE_GUILD")
        assert "prod" in ada.run("status").text  # this server has no monitors: the sources are asked
        ada.submit(ada.run("monitor add"), address="https://shop.example/", name="Shop")
        shown = ada.run("status")
        assert "The person who runs the bot also watches: 🔴 prod · ⚠️ staging" in shown.text
        assert "critical" in ada.press(shown, "Show").text
        assert ada.autocomplete("uptime", "monitor") == ["Shop", "prod", "staging"]
        discord.sandbox.sources.set_mode("prod", "normal")
        discord.turn(minutes=4)
        ended, recovery = told(discord, channel)
        assert ended.startswith("✅ **prod** was down for ")
        assert recovery.startswith("✅ **prod** is up again, after ")
        ada.press(ada.press(ada.run("monitor show", monitor="Shop"), "Remove"), "Remove")
