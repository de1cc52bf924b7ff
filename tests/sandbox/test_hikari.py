"""A real client of others, hikari, does with the simulated Discord what it does with Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import hikari
import pytest

from sandbox.discord import Discord
from sandbox.discord.limits import WEBHOOK
from tests.sandbox.rest import Client

APP, TOKEN = 1100000000000000001, "bot-token"
Steps = Callable[[Any], Awaitable[None]]


@pytest.fixture
def discord() -> Iterator[Discord]:
    discord = Discord(str(APP), TOKEN)
    discord.start()
    yield discord
    discord.stop()


@pytest.fixture
def does(discord: Discord) -> Callable[[Steps], None]:
    """Run steps with hikari's REST client. Afterwards the simulated Discord has nothing against them."""

    async def run(steps: Steps) -> None:
        app = hikari.RESTApp(url=discord.url)
        await app.start()
        try:
            async with app.acquire(TOKEN, "Bot") as rest:
                await steps(rest)
        finally:
            await app.close()

    def do(steps: Steps) -> None:
        asyncio.run(asyncio.wait_for(run(steps), 30))
        assert discord.faults == []

    return do


@pytest.fixture
def channel(discord: Discord) -> int:
    return int(discord.channels(discord.home)[0].id)


def test_it_sends_reads_edits_and_deletes_a_message(discord: Discord, does: Any, channel: int) -> None:
    async def steps(rest: Any) -> None:
        embed = hikari.Embed(title="prod", color=0x2ECC71, description="fine").add_field("CPU", "3 %", inline=True)
        row = rest.build_message_action_row().add_interactive_button(
            hikari.ButtonStyle.PRIMARY, "refresh", label="Refresh", emoji="🔄"
        )
        sent = await rest.create_message(channel, "hello", embed=embed, component=row, reply=hikari.UNDEFINED)
        assert (sent.content, sent.embeds[0].fields[0].value, sent.author.id) == ("hello", "3 %", APP)
        assert sent.components[0].components[0].custom_id == "refresh"
        edited = await rest.edit_message(channel, sent, "changed", embeds=[], components=[])
        assert (edited.content, edited.embeds, edited.components) == ("changed", [], [])
        assert (await rest.fetch_message(channel, sent)).edited_timestamp is not None
        assert [each.id async for each in rest.fetch_messages(channel)] == [sent.id]
        await rest.delete_message(channel, sent)
        with pytest.raises(hikari.NotFoundError) as raised:
            await rest.fetch_message(channel, sent)
        assert raised.value.code == 10008

    does(steps)
    assert discord.messages(str(channel)) == []


def test_it_sends_selects_and_a_layout(does: Any, channel: int) -> None:
    async def steps(rest: Any) -> None:
        row = rest.build_message_action_row()
        row.add_text_menu("source", min_values=1).add_option("prod", "p")
        sent = await rest.create_message(channel, "pick", component=row)
        menu = sent.components[0].components[0]
        assert (menu.min_values, menu.max_values, menu.options[0].value) == (1, 1, "p")
        container = hikari.impl.ContainerComponentBuilder().add_text_display("all is well").add_separator()
        layout = await rest.create_message(channel, component=container, flags=hikari.MessageFlag.IS_COMPONENTS_V2)
        assert layout.components[0].components[0].content == "all is well"

    does(steps)


def test_it_sends_files_and_reads_them_back(discord: Discord, does: Any, channel: int) -> None:
    async def steps(rest: Any) -> None:
        file = hikari.Bytes(b"1,2", "figures.csv", mimetype="text/csv")
        picture = hikari.Bytes(b"\x89PNG", "chart.png", mimetype="image/png")
        sent = await rest.create_message(channel, embed=hikari.Embed(title="t").set_image(picture), attachment=file)
        assert {each.filename for each in sent.attachments} == {"figures.csv", "chart.png"}
        csv = next(each for each in sent.attachments if each.filename == "figures.csv")
        assert sent.embeds[0].image.url.startswith("http://127.0.0.1:")
        assert await csv.read() == b"1,2"
        left = await rest.edit_message(channel, sent, attachments=[csv])
        assert [each.filename for each in left.attachments] == ["figures.csv"]

    does(steps)


def test_it_writes_a_direct_message(discord: Discord, does: Any) -> None:
    ada, eve = discord.person("ada"), discord.person("eve")
    eve.close_dms()

    async def steps(rest: Any) -> None:
        dm = await rest.create_dm_channel(int(ada.id))
        assert dm.recipient.username == "ada"
        assert (await rest.create_message(dm, "welcome")).content == "welcome"
        with pytest.raises(hikari.ForbiddenError) as raised:
            await rest.create_message(await rest.create_dm_channel(int(eve.id)), "welcome")
        assert raised.value.code == 50007

    does(steps)
    assert [message["content"] for message in discord.dms(ada)] == ["welcome"]


def test_it_registers_commands(discord: Discord, does: Any) -> None:
    async def steps(rest: Any) -> None:
        option = hikari.CommandOption(type=hikari.OptionType.STRING, name="source", description="Which one")
        ping = rest.slash_command_builder("ping", "Answers").add_option(option)
        menu = rest.context_menu_command_builder(hikari.CommandType.USER, "Who is this")
        first, second = await rest.set_application_commands(APP, [ping, menu])
        assert (first.name, first.options[0].name, second.type) == ("ping", "source", hikari.CommandType.USER)
        assert (await rest.edit_application_command(APP, first, description="Replies")).description == "Replies"
        there = await rest.create_slash_command(APP, "here", "Only here", guild=int(discord.home.id))
        assert there.guild_id == int(discord.home.id)
        await rest.delete_application_command(APP, second)
        assert [each.id for each in await rest.fetch_application_commands(APP)] == [first.id]
        with pytest.raises(hikari.BadRequestError) as raised:
            await rest.create_slash_command(APP, "Upper", "x")
        assert raised.value.code == 50035
        assert "name" in raised.value.errors

    does(steps)


def test_it_knows_itself_its_servers_and_its_channels(discord: Discord, does: Any, channel: int) -> None:
    thread = discord.thread("Status", discord.webhook("digest") and "digest")

    async def steps(rest: Any) -> None:
        application, me = await rest.fetch_application(), await rest.fetch_my_user()
        assert (application.id, me.id, me.is_bot) == (APP, APP, True)
        assert [guild.name async for guild in rest.fetch_my_guilds()] == ["The Belfry"]
        found = await rest.fetch_channel(channel)
        assert (found.name, found.permission_overwrites) == ("general", {})
        assert (await rest.fetch_channel(int(thread.id))).is_archived is False
        with pytest.raises(hikari.NotFoundError) as raised:
            await rest.fetch_channel(5)
        assert raised.value.code == 10003

    does(steps)


def test_it_opens_a_post_in_a_forum(discord: Discord, does: Any) -> None:
    forum = discord.forum("incidents", "open", needs_tag=True)

    async def steps(rest: Any) -> None:
        (tag,) = (await rest.fetch_channel(int(forum.id))).available_tags
        file = hikari.Bytes(b"502", "log.txt")
        post = await rest.create_forum_post(int(forum.id), "prod is down", "Since 9:00", attachment=file, tags=[tag])
        assert (post.name, post.parent_id, list(post.applied_tag_ids)) == ("prod is down", int(forum.id), [tag.id])
        assert (await rest.fetch_message(post, post.id)).attachments[0].filename == "log.txt"
        with pytest.raises(hikari.BadRequestError) as raised:
            await rest.create_forum_post(int(forum.id), "no tag", "x")
        assert raised.value.code == 40067

    does(steps)


def test_it_uses_a_webhook(discord: Discord, does: Any) -> None:
    id, token = discord.webhook("digest").split("/")[-2:]

    async def steps(rest: Any) -> None:
        assert (await rest.fetch_webhook(int(id), token=token)).name == "digest"
        sent = await rest.execute_webhook(int(id), token, "good morning", attachment=hikari.Bytes(b"x", "a.txt"))
        assert (sent.content, sent.author.username) == ("good morning", "digest")
        assert (await rest.edit_webhook_message(int(id), token, sent, "corrected")).content == "corrected"
        await rest.delete_webhook_message(int(id), token, sent)

    does(steps)
    assert discord.webhook_messages("digest") == []


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
def test_it_tries_again_after_a_429_of_any_scope(discord: Discord, does: Any, channel: int, scope: str) -> None:
    async def steps(rest: Any) -> None:
        discord.fail_next("POST", "/channels/*/messages", retry_after=0.3, scope=scope)
        await rest.create_message(channel, "patience")

    does(steps)
    assert len([line for line in discord.transcript if "-> 429" in line]) == 1
    assert [message["content"] for message in discord.messages(str(channel))] == ["patience"]


def test_it_waits_out_a_bucket_that_others_have_emptied(discord: Discord, does: Any) -> None:
    id, token = discord.webhook("digest").split("/")[-2:]
    others = Client(discord)
    for number in range(WEBHOOK.requests):
        assert others.call("POST", f"/webhooks/{id}/{token}", {"content": str(number)})[0] == 204

    async def steps(rest: Any) -> None:
        await rest.execute_webhook(int(id), token, "patience")

    does(steps)
    others.connection.close()
    assert [line for line in discord.transcript if "-> 429" in line]
    assert [message["content"] for message in discord.webhook_messages("digest")] == [*"01234", "patience"]


def test_it_reads_from_the_headers_when_a_bucket_is_empty(discord: Discord, does: Any, channel: int) -> None:
    async def steps(rest: Any) -> None:
        for number in range(6):
            await rest.create_message(channel, str(number))

    does(steps)
    assert [message["content"] for message in discord.messages(str(channel))] == list("012345")
    assert not [line for line in discord.transcript if "429" in line]
