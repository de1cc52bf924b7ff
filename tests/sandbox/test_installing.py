"""Somebody adds the bot to a server: they are greeted, and their server reads how to begin."""

from __future__ import annotations

from sandbox.testing import Actor, bot


def test_a_server_reads_how_to_begin_once_and_its_manager_sets_the_bot_up_from_there() -> None:
    with bot() as discord:
        simulated = discord.simulated
        guild = simulated.guild("Ada's shop", has_bot=False)
        boss = simulated.person("boss of the shop", guild, permissions=1 << 5)  # MANAGE_GUILD
        simulated.install(boss, guild, times=2, at_once=True)
        discord.rest()
        (message,) = [each for each in boss.messages() if each.get("components")]
        shown = Actor(discord, boss).press(message, "Set up notifications")
        assert shown.private
        assert "Where do I post alerts?" in shown.text
        assert "What I can do" in Actor(discord, boss).press(message, "View commands").text
        (greeting,) = simulated.dms(boss)
        assert "/setup" in greeting["embeds"][0]["description"]
        guest = simulated.person("guest of the shop", guild)
        refused = Actor(discord, guest).press(message, "Set up notifications")
        assert refused.private
        assert "Where do I post alerts?" not in refused.text
        simulated.install(guest, guild)  # another event, for a server that knows how to begin
        discord.rest()
        assert len([each for each in boss.messages() if each.get("components") and not each["flags"] & 64]) == 1


def test_the_guide_of_setup_ends_with_a_test_alert_in_the_channel() -> None:
    with bot() as discord:
        ada, crew = discord.person("ada", permissions="MANAGE_GUILD"), discord.role("crew")
        channel = discord.simulated.channel("guided")
        shown = ada.press(ada.run("setup"), "Guide me")
        shown = ada.press(ada.choose(shown, "Choose a channel", channel), "Next")
        shown = ada.press(ada.choose(shown, "Choose a role", crew), "Next")
        shown = ada.submit(ada.press(shown, "Choose quiet hours"), span="22:00-07:00", zone="Europe/Berlin")
        assert "Quiet from 22:00-07:00 (Europe/Berlin)" in shown.text
        shown = ada.submit(ada.press(ada.press(shown, "Next"), "Change the time zone"), text="europe/paris")
        assert "The time zone of this server is Europe/Paris." in shown.text
        shown = ada.press(ada.choose(shown, "No digest", "weekly"), "Next")
        assert "Step 5 of 5" in shown.text
        ada.press(shown, "Send a test alert")
        discord.rest()
        (alert,) = discord.simulated.state.world.in_channel(channel.id)
        assert alert["content"].startswith("This is a test. 🔴 **example.com** is down.")
        for button in ("Acknowledge", "Details"):
            assert "This was a test." in ada.in_channel(channel).press(alert, button).text
        # The blocks share a server.
        ada.run("digest off", channel=channel)
        ada.run("unsubscribe", channel=channel)
        ada.run("escalation off")
        for setting in ("status_channel", "mention_roles", "zone"):
            ada.press(ada.choose(ada.run("setup"), "Change a setting", setting), "Reset")


def test_somebody_who_installs_the_bot_for_themselves_reads_what_works_for_them() -> None:
    with bot() as discord:
        ada = discord.person("ada")
        discord.simulated.install(ada.person, guild=False)
        discord.rest()
        (greeting,) = discord.simulated.dms(ada.person)
        assert "`/status`" in greeting["embeds"][0]["description"]
        assert "`/setup`" not in greeting["embeds"][0]["description"]


def test_an_event_that_nobody_knows_is_acknowledged_and_does_nothing() -> None:
    with bot() as discord:
        (delivery,) = discord.simulated.event("SOMETHING_NEW", {"user": {"id": "1"}})
        assert delivery.delivered
        discord.rest()


def test_who_removes_the_bot_is_forgotten_after_a_month_and_a_stranger_when_they_come_back() -> None:
    with bot() as discord:
        ada = discord.person("edsger the guest")
        assert len(ada.installs()) == 1
        discord.simulated.event("APPLICATION_DEAUTHORIZED", {"user": ada.person.account.user})
        discord.rest()
        discord.turn(minutes=1)
        assert len(ada.installs()) == 1  # it cancels the removal, and greets nobody twice
        discord.turn(minutes=32 * 1440, most=1)
        assert len(ada.installs()) == 1
        discord.turn(minutes=1)
        discord.simulated.event("APPLICATION_DEAUTHORIZED", {"user": ada.person.account.user})
        discord.rest()
        discord.turn(minutes=32 * 1440, most=1)
        assert len(ada.installs()) == 2
