"""People hear of an outage by direct messages, roles are mentioned, and somebody acknowledges."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.discord import render
from tests.sandbox.test_watching import head, watching

pytestmark = pytest.mark.xdist_group("watching")


def test_somebody_hears_by_direct_message_presses_acknowledge_and_everybody_sees_it() -> None:
    with watching() as (discord, watch):
        ada, grace = watch.ada, discord.person("grace")
        role = discord.simulated.role("on-call")
        shown = ada.choose(ada.run("setup"), "Change a setting", "mention_roles")
        ada.choose(shown, "Choose the roles", role)
        for name in ("Shop", "Blog"):
            watch.add(name, address=discord.target(name.lower()).url, group="Web")
        ada.run("subscribe", what="Web", role=role)
        assert "I tell you by direct message of:\nall monitors" in grace.run("subscribe").text
        assert "all monitors" in grace.run("notifications").text
        watch.minutes(3)
        for name in ("shop", "blog"):
            discord.target(name).set("500")
        watch.minutes(4)
        (told,) = watch.told()
        assert head(told) == f"🔴 2 monitors are down: Blog, Shop. <@&{role.id}>"
        (alert,) = grace.in_dm.person.messages()
        assert render(alert).splitlines()[-1] == "[Acknowledge] [Details] [No more messages]"
        assert "You are on it" in grace.in_dm.press(alert, "Acknowledge").text
        in_channel = render(watch.message())
        assert f"<@{grace.person.id}> is on it." in in_channel
        assert "[Acknowledge]" not in in_channel
        for name in ("shop", "blog"):
            discord.target(name).set("up")
        watch.minutes(4)
        assert "✅ Blog, Shop are up again." in watch.told()[-1]
        assert "No more messages" in render(grace.in_dm.person.messages()[0])
        grace.in_dm.press(grace.in_dm.person.messages()[0], "No more messages")
        assert "You hear of nothing by direct messages yet" in grace.run("notifications").text
        ada.run("unsubscribe", role=role)
        shown = ada.choose(ada.run("setup"), "Change a setting", "mention_roles")
        ada.press(shown, "Reset")


def test_a_digest_and_a_reminder_come_at_their_time_and_a_digest_in_direct_messages_can_be_ended_there() -> None:
    with watching() as (discord, watch):
        ada, grace = watch.ada, discord.person("grace")
        watch.add("Shop", address=discord.target("shop").url)
        watch.minutes(2)
        soon = datetime.fromtimestamp(discord.sandbox.clock.now() + 150, UTC).strftime("%H:%M")
        ada.run("digest set", time=soon, channel=watch.channel)
        ada.run("remind add", text="Water the plants", when=f"daily {soon}", channel=watch.channel)
        grace.run("digest set", time=soon)
        assert "## Daily digest" in grace.run("digest preview").text
        watch.minutes(4)
        digest, reminder = sorted(watch.told(), key=lambda told: "plants" in told)
        assert "## Daily digest" in digest
        assert "[Status now]" in digest
        assert head(reminder) == "Water the plants"
        mine = grace.in_dm.person.messages()[-1]
        assert "I send you this digest no more" in grace.in_dm.press(mine, "No more digests").text
        assert "by direct message" not in grace.run("digest list").text
        ada.press(ada.run("digest list"), "End")
        ada.press(ada.run("remind list"), "Remove")
        assert "There is no reminder yet" in ada.run("remind list").text
