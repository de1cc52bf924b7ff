"""The whole bot, deployed: a server is set up, a person applies while a worker dies, and the staff close it."""

from __future__ import annotations

import copy

import pytest

from sandbox.testing import CREATE_CHANNEL, bot

pytestmark = pytest.mark.xdist_group("testing_kit")

MAY = ("MANAGE_CHANNELS", "MANAGE_ROLES", "ATTACH_FILES", "EMBED_LINKS", "READ_MESSAGE_HISTORY")


def test_people_apply_with_a_button_and_get_one_channel_with_the_staff() -> None:
    with bot() as discord:
        boss, sam, ada = (
            discord.person("boss", permissions="MANAGE_GUILD"),
            discord.person("sam"),
            discord.person("ada"),
        )
        simulated, world = discord.simulated, discord.simulated.state.world
        crew, lobby, office = discord.role("crew", sam), simulated.channel("lobby"), simulated.channel("office")
        category = simulated.category("Applications")
        discord.bot_may(*MAY)

        panel = boss.submit(boss.run("applications setup"), button="Join", text="Read the rules.", keep="30")
        boss.choose(panel, "Where is the button posted?", lobby)
        boss.choose(panel, "In which category are the channels made?", category)
        boss.choose(panel, "Who are the staff?", crew)
        boss.choose(panel, "Where do the staff get transcripts and troubles?", office)
        boss.submit(boss.press(panel, "Questions"), one="Why?")
        preview = boss.press(panel, "Preview")
        assert "Message Content" in preview.text
        assert f"<#{lobby.id}>" in boss.press(preview, "Post it").text
        (posted,) = world.in_channel(lobby.id)

        discord.kill("worker", after=CREATE_CHANNEL)
        form = ada.press(posted, "Join")
        (why,) = [each["component"]["custom_id"] for each in form.modal["components"]]
        told = ada.submit(form, **{why: "Because."})
        (room,) = [each for each in simulated.channels(simulated.home) if each.parent_id == category.id]
        assert told.text.startswith(f"✅ Your channel has been created: <#{room.id}>")
        assert told.private
        assert [ada.sees(room), sam.sees(room)] == [True, True]
        (welcome,) = list(world.in_channel(room.id))
        assert welcome["embeds"][0]["fields"][0]["value"] == "Because."

        declined = sam.in_channel(room)
        declined.submit(declined.press(welcome, "Decline"), reason="Not now")
        world.message_content = True
        sam.in_channel(room).press(welcome, "Close")
        world.message_content = False
        (transcript,) = [each for each in world.in_channel(office.id) if each["attachments"]]
        assert "declined by" in simulated.file(transcript["attachments"][0]).decode()
        assert "/over" in (room.topic or "")

        orphan = simulated.channel("orphan", category=category)
        orphan.topic, orphan.overwrites = (room.topic or "").removesuffix("/over"), copy.copy(room.overwrites)
        for _day in range(2):  # the first tick of a schedule only notes when it began; then the daily check adopts it
            discord.turn(86_400, most=1)
        assert any("Welcome" in each["content"] for each in world.in_channel(orphan.id))
        assert "channels" not in boss.run("applications check").text
        sure = boss.run("applications remove", button="Join")
        assert boss.press(sure, "Remove").text.startswith("Join is removed.")
