"""People set the bot up for their server, and the bot does what they have chosen."""

from __future__ import annotations

import pytest

from sandbox.discord import NotPossible
from sandbox.testing import ANSWER, bot

pytestmark = pytest.mark.xdist_group("testing_kit")


def test_a_server_is_set_up_and_the_channel_is_checked_and_tested() -> None:
    with bot() as discord:
        boss, watch = discord.person(permissions="MANAGE_GUILD"), discord.role("watch")
        news = discord.simulated.channel("news")
        silent = discord.simulated.channel("silent", bot_permissions=1024)

        shown = boss.run("setup")
        assert shown.private
        assert "No channel is chosen" in shown.text
        shown = boss.choose(shown, "Change a setting", "status_channel")
        shown = boss.choose(shown, "Choose a channel", silent)
        assert "Saved: Status channel." in shown.text
        assert f"❌ Send Messages, Embed Links: <#{silent.id}> denies this to <@" in shown.text

        shown = boss.choose(shown, "Change a setting", "status_channel")
        shown = boss.choose(shown, "Choose a channel", news)
        assert f"✅ Everything that I need in <#{news.id}> is allowed." in shown.text
        told = boss.press(shown, "Test: Status channel")
        assert f"/{news.id}/" in told.text
        (posted,) = discord.simulated.state.world.in_channel(news.id)
        assert posted["embeds"][0]["title"] == "It works"

        shown = boss.choose(shown, "Change a setting", "responder_roles")
        shown = boss.choose(shown, "Choose the roles", watch)
        assert f"{watch.id}=responder" in discord.ops("ranks", discord.simulated.home.id)

        form = boss.press(boss.choose(shown, "Change a setting", "zone"), "Enter a time zone")
        shown = boss.submit(form, text="europe/berlin")
        assert "Europe/Berlin" in shown.text
        assert boss.autocomplete("setup", "zone", "new y") == ["America/New_York"]
        shown = boss.press(boss.run("setup", zone="America/New_York"), "Change to America/New_York")
        assert "America/New_York" in shown.text
        for setting in ("status_channel", "responder_roles", "zone"):
            shown = boss.press(boss.choose(shown, "Change a setting", setting), "Reset")


def test_a_change_is_made_once_and_kept_though_discord_does_not_show_it_at_once() -> None:
    with bot() as discord:
        boss = discord.person(permissions="MANAGE_GUILD")
        shown = boss.choose(boss.run("setup"), "Change a setting", "language")
        discord.goes_wrong(503)
        discord.table_fails("UpdateItem", "guild#", after=True)
        shown = boss.choose(shown, "Choose a value", "ja")
        assert "日本語" in shown.text
        shown = boss.press(boss.choose(shown, "Change a setting", "language"), "Reset")
        assert "日本語" not in shown.text


def test_who_does_not_manage_the_server_is_not_offered_it() -> None:
    with bot() as discord, pytest.raises(NotPossible):
        discord.person().run("setup")


def test_a_server_decides_whether_status_checks_are_private_and_a_person_decides_otherwise() -> None:
    with bot() as discord:
        boss, ada = discord.person(permissions="MANAGE_GUILD"), discord.person()
        assert ada.run("status").private
        assert not ada.run("status", private=False).private

        shown = boss.choose(boss.run("setup"), "Change a setting", "private_status_checks")
        shown = boss.choose(shown, "Choose a value", "off")
        shared = ada.run("status")
        assert not shared.private
        assert ada.press(shared, "Refresh").message["id"] == shared.message["id"]
        assert ada.run("status", private=True).private
        discord.kill(after="POST /webhooks/*")
        assert len(ada.run("status").messages) == 1
        discord.goes_wrong(503, ANSWER)
        assert ada.run("status", private=False).messages
        boss.press(boss.choose(shown, "Change a setting", "private_status_checks"), "Reset")
