"""A status source fails: the operator's channel hears of it and of its end, and each server sees it."""

from __future__ import annotations

from sandbox.testing import Block, bot

MANAGER = "MANAGE_GUILD"


def set_mode(discord: Block, mode: str) -> None:
    discord.sandbox.sources.set_mode("prod", mode)


def test_an_outage_of_a_source_is_told_in_the_channel_of_the_operator_and_shown_in_a_server() -> None:
    with bot() as discord:
        channel = discord.simulated.channel("operators")
        discord.ops("set", "operator-alerts", channel.id)
        discord.turn(minutes=8)
        set_mode(discord, "critical")
        discord.turn(minutes=5)
        (opening,) = discord.simulated.messages(channel)
        assert opening["content"] == "🔴 **prod** is down: it reports critical."
        ada = discord.person(permissions=MANAGER)
        assert "prod" in ada.run("status").text
        shop = discord.target("shop")
        form = ada.run("monitor add")
        ada.submit(form, address=shop.url, name="Shop")
        shown = ada.run("status")
        assert "The person who runs the bot also watches: 🔴 prod · ⚠️ staging" in shown.text
        assert "prod" in ada.press(shown, "Show").text
        set_mode(discord, "normal")
        discord.turn(minutes=4)
        ended, recovery = discord.simulated.messages(channel)
        assert ended["content"].startswith("✅ **prod** was down for ")
        assert recovery["content"].startswith("✅ **prod** is up again, after ")
        discord.ops("unset", "operator-alerts")
