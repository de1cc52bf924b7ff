"""A server of the simulated Discord: its channels, overwrites, threads and roles, and who sees and may do what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.discord import Discord, NotPossible
from sandbox.discord.faults import ODD_BODIES, InjectedFault
from sandbox.discord.permissions import ADMINISTRATOR, ALL_PERMISSIONS, BOT_PERMISSIONS, MEMBER_PERMISSIONS
from sandbox.discord.world import MAX_CHANNELS, Channel
from tests.sandbox.rest import APP, TOKEN, Client, Clock, say
from watchbell import Embed, File, Overwrite, Reply
from watchbell.adapters.discord import DiscordClient
from watchbell.discord import permissions
from watchbell.discord.permissions import BITS
from watchbell.errors import DiscordError

VIEW, SEND, HISTORY = BITS["VIEW_CHANNEL"], BITS["SEND_MESSAGES"], BITS["READ_MESSAGE_HISTORY"]


@pytest.fixture
def client(discord: Discord, clock: Clock) -> DiscordClient:
    return DiscordClient(discord.url, lambda fresh: TOKEN, lambda message, interaction: message, clock)


def may(discord: Discord, *names: str) -> None:
    """Give the bot's role more permissions."""
    discord.home.bot_role.permissions |= permissions.bits(*names)


def refusal(call: object, *given: object, **more: object) -> tuple[int, int]:
    with pytest.raises(DiscordError) as refused:
        call(*given, **more)  # type: ignore[operator]
    return refused.value.status, refused.value.code


def private(discord: Discord, name: str = "staff") -> Channel:
    """A channel that only the bot sees."""
    channel = discord.channel(name)
    discord.overwrite(channel, discord.home, deny=VIEW)
    discord.state.world.close_to_bot(channel, MEMBER_PERMISSIONS | discord.home.bot_role.permissions)
    return channel


# ---- who sees what


def test_a_person_sees_a_channel_only_if_an_overwrite_or_a_role_lets_them(discord: Discord) -> None:
    ada, bob = discord.person("ada"), discord.person("bob")
    staff = private(discord)
    discord.state.world.post(
        staff.id, discord.state.world.bot, {"content": "psst", "components": [], "pinged": {"parse": []}}
    )
    assert [ada.sees(staff), ada.in_channel(staff).messages()] == [False, []]
    with pytest.raises(NotPossible, match="may not write in #staff"):
        ada.in_channel(staff).say("hello")
    with pytest.raises(NotPossible, match="does not see #staff"):
        ada.in_channel(staff).send({})
    crew = discord.role("crew", ada)
    discord.overwrite(staff, crew, allow=VIEW)
    assert [message["content"] for message in ada.in_channel(staff).messages()] == ["psst"]
    assert [ada.sees(staff), bob.sees(staff)] == [True, False]
    discord.overwrite(staff, ada, deny=VIEW)
    assert not ada.sees(staff)
    assert discord.person("boss", permissions=ADMINISTRATOR).sees(staff)


def test_who_has_left_sees_nothing_even_where_everybody_may(discord: Discord) -> None:
    ada = discord.person("ada")
    lobby = discord.channel("lobby")
    discord.overwrite(lobby, discord.home, allow=VIEW)
    ada.leave(discord.home)
    assert not ada.sees(lobby)


def test_who_comes_back_has_neither_their_roles_nor_what_channels_had_for_them(discord: Discord) -> None:
    ada = discord.person("ada")
    attic = discord.channel("attic")
    discord.overwrite(attic, discord.home, deny=VIEW)
    discord.overwrite(attic, ada, allow=VIEW)
    discord.role("crew", ada)
    ada.leave(discord.home)
    ada.come_back(discord.home)
    assert not ada.sees(attic)
    assert discord.home.held(ada.id) == []


def test_a_member_in_a_timeout_can_read_until_it_is_over(discord: Discord, clock: Clock, client: DiscordClient) -> None:
    ada = discord.person("ada")
    ada.time_out(60)
    assert ada.permissions == VIEW | HISTORY
    told = client.member(discord.home.id, ada.id)
    assert permissions.is_timed_out(told, clock())
    clock.ahead = 61
    assert ada.permissions == MEMBER_PERMISSIONS
    assert not permissions.is_timed_out(told, clock())


def test_a_private_thread_is_seen_by_those_who_were_added(discord: Discord, client: DiscordClient) -> None:
    may(discord, "CREATE_PRIVATE_THREADS", "MANAGE_THREADS")
    ada, bob = discord.person("ada"), discord.person("bob")
    thread_id = client.create_thread(discord.channel("help").id, "Ada's case", private=True)["id"]
    thread = discord.state.world.channels[thread_id]
    client.add_to_thread(thread_id, ada.id)
    assert [ada.sees(thread), bob.sees(thread)] == [True, False]
    client.remove_from_thread(thread_id, ada.id)
    assert not ada.sees(thread)


def test_the_channel_of_an_option_must_be_one_that_the_person_sees(discord: Discord) -> None:
    with pytest.raises(NotPossible, match="does not see #staff"):
        discord.person("ada")._resolve(private(discord), {}, ("channels",))


# ---- what the bot may do


def test_the_bot_makes_a_private_channel_in_a_category(discord: Discord, client: DiscordClient) -> None:
    ada, bob = discord.person("ada"), discord.person("bob")
    desk = discord.category("Desk")
    assert refusal(client.create_channel, discord.home.id, "x") == (403, 50013)
    may(discord, "MANAGE_CHANNELS")
    overwrites = [
        Overwrite(role=discord.home.id, deny="VIEW_CHANNEL"),
        Overwrite(member=ada.id, allow=["VIEW_CHANNEL", "SEND_MESSAGES"]),
        Overwrite(member=client.me(), allow="VIEW_CHANNEL"),
    ]
    made = client.create_channel(
        discord.home.id, "Apply Ada", topic="Ada", parent=desk.id, overwrites=overwrites, reason="Ada ✓"
    )
    channel = discord.state.world.channels[made["id"]]
    assert (made["name"], made["topic"], made["parent_id"], made["type"]) == ("apply-ada", "Ada", desk.id, 0)
    assert [ada.sees(channel), bob.sees(channel)] == [True, False]
    assert client.channel(made["id"])["permission_overwrites"] == [each.payload() for each in overwrites]
    assert discord.audit_log == [{"action": "CHANNEL_CREATE", "target_id": made["id"], "reason": "Ada ✓"}]
    inherits = client.create_channel(discord.home.id, "second", parent=desk.id)
    assert inherits["permission_overwrites"] == []
    discord.overwrite(desk, discord.home, deny=SEND)
    inherits = client.create_channel(discord.home.id, "third", parent=desk.id)
    assert [each["deny"] for each in inherits["permission_overwrites"]] == [str(SEND)]


def test_a_channel_is_changed_and_deleted_with_what_is_in_it(discord: Discord, client: DiscordClient) -> None:
    may(discord, "MANAGE_CHANNELS", "CREATE_PUBLIC_THREADS")
    desk = discord.category("Desk")
    channel = discord.channel("old", category=desk)
    sent = client.send(channel.id, Reply("hello"), nonce="x")
    client.create_thread(channel.id, "Talk", message=sent["id"])
    changed = client.edit_channel(channel.id, name="new name", topic="t", parent="", slowmode=5)
    told = [changed[key] for key in ("name", "topic", "parent_id", "rate_limit_per_user")]
    assert told == ["new-name", "t", None, 5]
    assert channel.name == "new-name"
    client.delete_channel(channel.id)
    client.delete_channel(channel.id)
    assert sent["id"] not in discord.state.world.channels
    assert sent["id"] not in discord.state.world.messages
    kept = discord.channel("kept", category=desk)
    client.delete_channel(desk.id)
    assert client.channel(kept.id)["parent_id"] is None


def test_a_server_and_a_category_are_full_at_some_time(discord: Discord, client: DiscordClient, bot: Client) -> None:
    may(discord, "MANAGE_CHANNELS")
    desk = discord.category("Desk")
    for number in range(50):
        discord.channel(f"c{number}", category=desk)
    status, body = bot.call("POST", f"/guilds/{discord.home.id}/channels", {"name": "x", "parent_id": desk.id})
    assert (status, body["errors"]["parent_id"]["_errors"][0]["code"]) == (400, "CHANNEL_PARENT_MAX_CHANNELS")
    for _ in range(MAX_CHANNELS - len(discord.channels(discord.home))):
        discord.channel("more")
    assert refusal(client.create_channel, discord.home.id, "x") == (400, 30013)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "x", "type": 1},
        {"name": "x", "topic": "t" * 1025},
        {"name": "x", "rate_limit_per_user": 21601},
        {"name": "x", "parent_id": "5"},
        {"name": "x", "permission_overwrites": [{"id": "x", "type": 0}]},
        {"name": "x", "permission_overwrites": [{"id": "1", "type": 2}]},
        {"name": "x", "permission_overwrites": [{"type": 0}]},
    ],
)
def test_what_discord_refuses_in_a_channel(discord: Discord, bot: Client, wrong: dict) -> None:
    may(discord, "MANAGE_CHANNELS")
    discord.home.roles["1"] = discord.home.everyone
    assert bot.code("POST", f"/guilds/{discord.home.id}/channels", wrong) == (400, 50035)


def test_the_bot_can_only_allow_and_deny_what_it_may_do_itself(discord: Discord, client: DiscordClient) -> None:
    ada, channel = discord.person("ada"), discord.channel("lobby")
    assert refusal(client.overwrite, channel.id, member=ada.id, allow="VIEW_CHANNEL") == (403, 50013)
    may(discord, "MANAGE_ROLES")
    client.overwrite(channel.id, member=ada.id, deny="SEND_MESSAGES")
    assert ada.in_channel(channel).permissions & (VIEW | SEND) == VIEW
    assert refusal(client.overwrite, channel.id, member=ada.id, allow="KICK_MEMBERS") == (403, 50013)
    assert refusal(client.overwrite, channel.id, member=ada.id, allow="MANAGE_ROLES") == (403, 50013)
    assert refusal(client.overwrite, channel.id, role="77", allow="VIEW_CHANNEL") == (404, 10009)
    client.delete_overwrite(channel.id, ada.id)
    client.delete_overwrite(channel.id, ada.id)
    assert ada.in_channel(channel).permissions & SEND


def test_a_channel_that_is_hidden_from_the_bot_is_listed_and_otherwise_closed(
    discord: Discord, client: DiscordClient
) -> None:
    may(discord, "MANAGE_CHANNELS", "MANAGE_ROLES")
    hidden = discord.channel("hidden", bot_permissions=0)
    assert hidden.id in [each["id"] for each in client.channels(discord.home.id)]
    for call in (client.channel, client.delete_channel, client.recent_messages):
        assert refusal(call, hidden.id) == (403, 50001)
    assert client.missing(hidden.id, "VIEW_CHANNEL") == ["VIEW_CHANNEL"]
    assert refusal(client.channel, "5") == (404, 10003)
    assert refusal(client.channels, "5") == (404, 10004)
    assert refusal(client.server, discord.guild("Other", has_bot=False).id) == (404, 10004)


def test_roles_are_given_and_taken_below_the_bot_s_own(discord: Discord, client: DiscordClient) -> None:
    ada, crew, boss = discord.person("ada"), discord.role("crew"), discord.role("boss")
    boss.position, home = 200, discord.home.id
    assert refusal(client.add_role, home, ada.id, crew.id) == (403, 50013)
    may(discord, "MANAGE_ROLES")
    for _ in range(2):
        client.add_role(home, ada.id, crew.id, reason="accepted")
    assert client.member(home, ada.id)["roles"] == [crew.id]
    for _ in range(2):
        client.remove_role(home, ada.id, crew.id)
    assert client.member(home, ada.id)["roles"] == []
    assert refusal(client.add_role, home, ada.id, boss.id) == (403, 50013)
    assert refusal(client.add_role, home, ada.id, home) == (400, 50028)
    assert refusal(client.add_role, home, ada.id, "77") == (404, 10011)
    assert refusal(client.add_role, home, "77", crew.id) == (404, 10013)
    ada.leave(discord.home)
    assert refusal(client.add_role, home, ada.id, crew.id) == (404, 10007)
    client.remove_role(home, ada.id, crew.id)


def test_a_role_grants_what_it_says(discord: Discord) -> None:
    ada = discord.person("ada")
    discord.role("crew", ada, permissions=BITS["MANAGE_MESSAGES"])
    assert ada.permissions == MEMBER_PERMISSIONS | BITS["MANAGE_MESSAGES"]
    discord.role("boss", ada, permissions=ADMINISTRATOR)
    assert ada.permissions == ALL_PERMISSIONS


def test_a_message_of_somebody_else_is_deleted_only_by_a_moderator(discord: Discord, client: DiscordClient) -> None:
    ada = discord.person("ada")
    said = ada.say("spam")
    assert refusal(client.delete, ada.channel.id, said["id"]) == (403, 50013)
    may(discord, "MANAGE_MESSAGES")
    for _ in range(2):
        client.delete(ada.channel.id, said["id"], reason="spam")
    assert ada.messages() == []
    assert [each["reason"] for each in discord.audit_log] == ["spam"]


def test_a_message_is_edited_and_the_same_nonce_sends_one(discord: Discord, client: DiscordClient) -> None:
    lobby, garden = discord.channel("lobby"), discord.channel("garden")
    long = "apply:" + "9" * 100
    sent = [client.send(channel.id, Reply("one"), nonce=long)["id"] for channel in (lobby, lobby, garden)]
    assert sent[0] == sent[1] != sent[2]
    client.edit(lobby.id, sent[0], Reply("two"))
    assert [message["content"] for message in discord.messages(lobby)] == ["two"]


# ---- threads


def test_a_thread_at_a_message_is_made_once_and_posted_in(discord: Discord, client: DiscordClient) -> None:
    lobby = discord.channel("lobby")
    sent = client.send(lobby.id, Reply("one"), nonce="x")
    assert refusal(client.create_thread, lobby.id, "Talk", message=sent["id"]) == (403, 50013)
    may(discord, "CREATE_PUBLIC_THREADS", "MANAGE_THREADS")
    made = [client.create_thread(lobby.id, "Talk", message=sent["id"])["id"] for _ in range(2)]
    assert made == [sent["id"]] * 2
    assert [each["id"] for each in client.threads(discord.home.id)] == made[:1]
    client.send(made[0], Reply("inside"), nonce="y")
    client.edit_channel(made[0], archived=True, locked=True)
    assert client.threads(discord.home.id) == []
    assert [each["id"] for each in client.archived_threads(lobby.id)] == made[:1]
    assert client.archived_threads(lobby.id, private=True) == []
    discord.home.bot_role.permissions &= ~BITS["MANAGE_THREADS"]
    assert refusal(client.send, made[0], Reply("late"), nonce="z") == (400, 160005)
    assert refusal(client.archived_threads, lobby.id, private=True) == (403, 50013)
    may(discord, "MANAGE_THREADS")
    assert refusal(client.add_to_thread, made[0], discord.person("ada").id) == (400, 50083)
    client.delete_channel(made[0])
    assert refusal(client.channel, made[0]) == (404, 10003)


def test_a_thread_asks_for_a_permission_of_its_own(discord: Discord, client: DiscordClient) -> None:
    may(discord, "CREATE_PUBLIC_THREADS")
    lobby = discord.channel("lobby")
    thread = client.create_thread(lobby.id, "Talk")["id"]
    assert client.missing(thread, "SEND_MESSAGES") == []
    discord.overwrite(lobby, discord.home.bot_role, deny=BITS["SEND_MESSAGES_IN_THREADS"])
    assert client.missing(thread, "SEND_MESSAGES") == ["SEND_MESSAGES"]
    assert refusal(client.send, thread, Reply("x"), nonce="x") == (403, 50013)
    assert client.missing(lobby.id, "SEND_MESSAGES") == []


@pytest.mark.parametrize(("kind", "code"), [("category", 50008), ("forum", 40058)])
def test_a_message_needs_a_channel_for_messages(discord: Discord, client: DiscordClient, kind: str, code: int) -> None:
    may(discord, "MANAGE_CHANNELS")
    channel = client.create_channel(discord.home.id, "x", kind=kind)
    assert refusal(client.send, channel["id"], Reply("x"), nonce="x") == (400, code)


DAY = 86400


def test_a_thread_in_which_nobody_writes_is_archived_and_a_message_opens_it(
    discord: Discord, client: DiscordClient, bot: Client, clock: Clock
) -> None:
    may(discord, "CREATE_PUBLIC_THREADS")
    lobby = discord.channel("lobby")
    body = {"name": "Talk", "type": 11, "auto_archive_duration": 1440, "rate_limit_per_user": 5}
    thread = bot.call("POST", f"/channels/{lobby.id}/threads", body)[1]
    assert (thread["thread_metadata"]["auto_archive_duration"], thread["rate_limit_per_user"]) == (1440, 5)
    sent = client.send(thread["id"], Reply("hello"), nonce="x")
    clock.ahead = DAY - 10
    client.edit(thread["id"], sent["id"], Reply("hello!"))
    clock.ahead = DAY + 10
    assert client.channel(thread["id"])["thread_metadata"]["archived"] is True
    assert client.threads(discord.home.id) == []
    assert refusal(client.edit, thread["id"], sent["id"], Reply("late")) == (400, 50083)
    assert refusal(client.delete, thread["id"], sent["id"]) == (400, 50083)
    client.send(thread["id"], Reply("again"), nonce="y")
    assert client.channel(thread["id"])["thread_metadata"]["archived"] is False
    client.edit(thread["id"], sent["id"], Reply("in time"))
    clock.ahead = 3 * DAY
    client.edit_channel(thread["id"], archived=False)
    client.delete(thread["id"], sent["id"])


def test_nothing_is_edited_or_sent_in_a_locked_thread_without_the_permission(
    discord: Discord, client: DiscordClient
) -> None:
    may(discord, "CREATE_PUBLIC_THREADS")
    thread = client.create_thread(discord.channel("lobby").id, "Talk")["id"]
    sent = client.send(thread, Reply("hello"), nonce="x")["id"]
    discord.state.world.channels[thread].locked = True
    for call in (
        lambda: client.send(thread, Reply("more"), nonce="y"),
        lambda: client.edit(thread, sent, Reply("hello!")),
        lambda: client.delete(thread, sent),
    ):
        assert refusal(call) == (400, 160005)
    may(discord, "MANAGE_THREADS")
    client.edit(thread, sent, Reply("hello!"))
    client.send(thread, Reply("more"), nonce="y")


def test_a_webhook_edits_nothing_in_an_archived_thread_and_opens_it_with_a_new_message(
    discord: Discord, bot: Client, clock: Clock
) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    thread = discord.thread("News", "digest")
    sent = bot.call("POST", f"{path}?wait=true&thread_id={thread.id}", say("x"))[1]["id"]
    clock.ahead = 4 * DAY
    at = f"{path}/messages/{sent}?thread_id={thread.id}"
    assert bot.code("PATCH", at, say("y")) == (400, 50083)
    assert bot.code("DELETE", at) == (400, 50083)
    bot.call("POST", f"{path}?thread_id={thread.id}", say("more"))
    assert bot.call("PATCH", at, say("y"))[0] == 200


def test_a_channel_knows_its_last_message_and_a_thread_counts_its_messages(
    discord: Discord, client: DiscordClient
) -> None:
    may(discord, "CREATE_PUBLIC_THREADS")
    lobby = discord.channel("lobby")
    assert client.channel(lobby.id)["last_message_id"] is None
    sent = client.send(lobby.id, Reply("hello"), nonce="x")["id"]
    thread = client.create_thread(lobby.id, "Talk", message=sent)
    inside = [client.send(thread["id"], Reply(text), nonce=text)["id"] for text in "ab"]
    client.delete(thread["id"], inside[0])
    shown = client.channel(thread["id"])
    assert (shown["message_count"], shown["total_message_sent"], shown["member_count"]) == (1, 2, 1)
    assert shown["last_message_id"] == inside[1]
    client.delete(lobby.id, sent)
    assert client.channel(lobby.id)["last_message_id"] == sent


def test_a_thread_at_an_announcement_is_one_for_announcements(discord: Discord, client: DiscordClient) -> None:
    may(discord, "CREATE_PUBLIC_THREADS", "MANAGE_CHANNELS")
    news = client.create_channel(discord.home.id, "The News", kind="announcement")
    assert news["name"] == "the-news"
    sent = client.send(news["id"], Reply("hello"), nonce="x")["id"]
    assert client.create_thread(news["id"], "Talk", message=sent)["type"] == 10


# ---- messages


def test_without_the_history_nothing_is_read_and_the_own_messages_are_still_edited(
    discord: Discord, client: DiscordClient, bot: Client
) -> None:
    lobby = discord.channel("lobby")
    sent = client.send(lobby.id, Reply("hello"), nonce="x")["id"]
    assert len(client.recent_messages(lobby.id)) == 1
    discord.overwrite(lobby, discord.home.bot_role, deny=HISTORY)
    assert client.recent_messages(lobby.id) == []
    assert bot.code("GET", f"/channels/{lobby.id}/messages/{sent}") == (403, 50013)
    client.edit(lobby.id, sent, Reply("hello!"))
    client.delete(lobby.id, sent)
    assert discord.messages(lobby) == []


def test_everyone_is_only_a_text_if_the_bot_may_not_mention_everyone(discord: Discord, bot: Client) -> None:
    path = f"/channels/{discord.channel('lobby').id}/messages"
    assert bot.call("POST", path, say("@everyone"))[1]["mention_everyone"] is False
    may(discord, "MENTION_EVERYONE")
    sent = bot.call("POST", path, say("@everyone"))[1]
    assert sent["mention_everyone"] is True
    quiet = say("@everyone", allowed_mentions={"parse": []})
    assert bot.call("POST", path, quiet)[1]["mention_everyone"] is False


def test_the_bot_deletes_no_message_of_a_person_in_direct_messages(discord: Discord, client: DiscordClient) -> None:
    ada = discord.person("ada")
    said = ada.in_dm.say("hello")
    assert refusal(client.delete, ada.in_dm.channel.id, said["id"]) == (403, 50003)


def test_what_a_channel_can_have_and_is_not_simulated_is_said_so(discord: Discord, bot: Client) -> None:
    may(discord, "MANAGE_CHANNELS")
    path = f"/guilds/{discord.home.id}/channels"
    assert bot.call("POST", path, {"name": "x", "default_auto_archive_duration": 60})[0] == 501
    assert bot.call("POST", path, {"name": "x", "default_auto_archive_duration": None})[0] == 201
    assert bot.call("POST", path, {"name": "x", "type": 15, "topic": "t" * 4096})[0] == 201
    assert bot.code("POST", path, {"name": "x", "topic": "t" * 1025}) == (400, 50035)


# ---- posts in forums


def test_the_bot_opens_a_post_with_a_tag_and_writes_more_into_it(discord: Discord, client: DiscordClient) -> None:
    forum = discord.forum("incidents", "open", "closed")
    tags = {tag["name"]: tag["id"] for tag in client.channel(forum.id)["available_tags"]}
    reply = Reply("Since 9:00", files=[File("log.txt", b"502")])
    post = client.create_post(forum.id, "prod is down", reply, tags=[tags["open"]], reason="it broke")
    assert (post["name"], post["parent_id"], post["applied_tags"]) == ("prod is down", forum.id, [tags["open"]])
    client.send(post["id"], Reply("It is back."), nonce="x")
    first, second = discord.messages(post["id"])
    assert (first["id"], first["content"], second["content"]) == (post["id"], "Since 9:00", "It is back.")
    assert discord.file(first["attachments"][0]) == b"502"
    assert [each["id"] for each in client.threads(discord.home.id)] == [post["id"]]
    assert discord.audit_log == [{"action": "THREAD_CREATE", "target_id": post["id"], "reason": "it broke"}]
    assert discord.faults == []


def test_a_post_needs_a_name_and_a_message_that_is_not_empty(discord: Discord, bot: Client) -> None:
    path = f"/channels/{discord.forum('incidents').id}/threads"
    status, refused = bot.call("POST", path, {})
    assert (status, refused["code"], set(refused["errors"])) == (400, 50035, {"name", "message"})
    assert bot.code("POST", path, {"name": "n" * 101, "message": say("x")}) == (400, 50035)
    assert bot.code("POST", path, {"name": "n", "message": {}}) == (400, 50006)
    status, refused = bot.call("POST", path, {"name": "n", "message": say("x" * 2001)})
    assert (status, set(refused["errors"]["message"])) == (400, {"content"})
    assert bot.call("POST", path, {"name": "n", "message": say("x")})[0] == 201


def test_a_post_has_the_tags_that_its_forum_has_and_wants(discord: Discord, client: DiscordClient) -> None:
    forum = discord.forum("incidents", "open", needs_tag=True)
    forum.tags.append(discord.state.world.tag("confirmed", moderated=True))
    own, moderated = (tag["id"] for tag in forum.tags)
    assert refusal(client.create_post, forum.id, "n", Reply("x")) == (400, 40067)
    assert refusal(client.create_post, forum.id, "n", Reply("x"), tags=["5"]) == (404, 10087)
    assert refusal(client.create_post, forum.id, "n", Reply("x"), tags=[moderated]) == (403, 50013)
    may(discord, "MANAGE_THREADS")
    assert client.create_post(forum.id, "n", Reply("x"), tags=[own, moderated])["applied_tags"] == [own, moderated]
    assert client.channel(forum.id)["flags"] == 16


def test_a_post_needs_the_permissions_for_its_message_and_none_for_threads(
    discord: Discord, client: DiscordClient
) -> None:
    forum = discord.forum("incidents")
    assert client.missing(forum.id, "CREATE_PUBLIC_THREADS") == ["CREATE_PUBLIC_THREADS"]
    client.create_post(forum.id, "n", Reply("x"))
    discord.overwrite(forum, discord.home.bot_role, deny=BITS["EMBED_LINKS"])
    assert refusal(client.create_post, forum.id, "n", Reply(embeds=[Embed("x")])) == (403, 50013)
    discord.overwrite(forum, discord.home.bot_role, deny=SEND)
    assert refusal(client.create_post, forum.id, "n", Reply("x")) == (403, 50013)


def test_a_webhook_gives_a_post_its_tags_too(discord: Discord, bot: Client) -> None:
    path = discord.webhook("forum", forum=True).removeprefix(discord.url)
    forum = next(channel for channel in discord.channels(discord.home) if channel.name == "forum")
    forum.tags, forum.needs_tag = [discord.state.world.tag("open")], True
    assert bot.code("POST", path, say("x", thread_name="n")) == (400, 40067)
    assert bot.call("POST", path, say("x", thread_name="n", applied_tags=[forum.tags[0]["id"]]))[0] == 204
    assert discord.threads("forum")[0].applied_tags == [forum.tags[0]["id"]]


# ---- what fails, and is done again


LOST = {
    "503 before": {"status": 503},
    "503 after": {"status": 503, "after": True},
    "cut before": {"status": None},
    "cut after": {"status": None, "after": True},
    "a page of a proxy": {"status": 404, "after": True, "body": ODD_BODIES["html"]},
    "a rate limit": {"status": 429, "retry_after": 0.5},
}
"""Ways in which a call can fail before or after Discord did what was asked."""


class Place:
    """A channel with a message, a thread, roles and people, in which the bot may do everything."""

    def __init__(self, discord: Discord, client: DiscordClient) -> None:
        may(discord, "MANAGE_CHANNELS", "MANAGE_ROLES", "MANAGE_THREADS", "CREATE_PUBLIC_THREADS")
        ada, bob = discord.person("ada"), discord.person("bob")
        self.discord, self.client, self.server, self.ada, self.bob = discord, client, discord.home.id, ada.id, bob.id
        self.crew, self.guests = discord.role("crew").id, discord.role("guests", ada).id
        lobby, self.old = discord.channel("lobby"), discord.channel("old").id
        discord.overwrite(lobby, bob, deny=SEND)
        self.lobby = lobby.id
        self.hello, self.spam = (client.send(self.lobby, Reply(text), nonce=text)["id"] for text in ("hello", "spam"))
        self.thread = client.create_thread(self.lobby, "Talk")["id"]
        client.add_to_thread(self.thread, self.bob)

    def shown(self) -> object:
        """Return what the calls below change."""
        world, home = self.discord.state.world, self.discord.home
        channels = [
            (it.name, it.topic, it.archived, it.locked, sorted(it.members), sorted(it.overwrites))
            for it in world.channels.values()
        ]
        held = [(role.name, sorted(role.held_by)) for role in home.all_roles()]
        return channels, held, [message["content"] for message in world.messages.values()]


CALLS: dict[str, Callable[[Place], object]] = {
    "overwrite": lambda at: at.client.overwrite(at.lobby, member=at.ada, allow="VIEW_CHANNEL"),
    "delete_overwrite": lambda at: at.client.delete_overwrite(at.lobby, at.bob),
    "add_role": lambda at: at.client.add_role(at.server, at.ada, at.crew),
    "remove_role": lambda at: at.client.remove_role(at.server, at.ada, at.guests),
    "create_thread": lambda at: at.client.create_thread(at.lobby, "At hello", message=at.hello),
    "add_to_thread": lambda at: at.client.add_to_thread(at.thread, at.ada),
    "remove_from_thread": lambda at: at.client.remove_from_thread(at.thread, at.bob),
    "edit_channel": lambda at: at.client.edit_channel(at.lobby, name="new", topic="New", slowmode=5),
    "edit_channel of a thread": lambda at: at.client.edit_channel(at.thread, name="Done", archived=True, locked=True),
    "delete_channel": lambda at: at.client.delete_channel(at.old),
    "delete": lambda at: at.client.delete(at.lobby, at.spam),
    "edit": lambda at: at.client.edit(at.lobby, at.hello, Reply("edited")),
    "send": lambda at: at.client.send(at.lobby, Reply("sent"), nonce="sent"),
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_failed_can_be_made_again_and_a_late_one_changes_nothing_more(
    discord: Discord, client: DiscordClient, clock: Clock, call: str, lost: str
) -> None:
    place = Place(discord, client)
    before = place.shown()
    discord.inject(InjectedFault("*", "*", **LOST[lost]))
    with pytest.raises(DiscordError) as failed:
        CALLS[call](place)
    assert not failed.value.permanent
    clock.ahead += 5
    CALLS[call](place)
    done = place.shown()
    assert done != before
    CALLS[call](place)
    assert place.shown() == done


def test_a_channel_and_an_empty_thread_are_made_again_by_a_second_call(discord: Discord, client: DiscordClient) -> None:
    """Discord has no nonce for them. A feature keeps a journal."""
    place = Place(discord, client)
    for make in (
        lambda: client.create_channel(place.server, "case"),
        lambda: client.create_thread(place.lobby, "case"),
    ):
        discord.inject(InjectedFault("POST", "*", 503, after=True))
        with pytest.raises(DiscordError):
            make()
        make()
    assert sum(channel.name == "case" for channel in discord.state.world.channels.values()) == 4


def test_an_archived_thread_that_is_to_change_in_another_way_is_refused(
    discord: Discord, client: DiscordClient
) -> None:
    place = Place(discord, client)
    client.edit_channel(place.thread, archived=True)
    assert refusal(client.edit_channel, place.thread, name="Other", archived=True) == (400, 50083)
    assert client.edit_channel(place.thread, archived=True)["name"] == "Talk"


def test_a_role_or_an_account_that_is_gone_needs_no_taking_away(discord: Discord, client: DiscordClient) -> None:
    may(discord, "MANAGE_ROLES")
    client.remove_role(discord.home.id, discord.person("ada").id, "77")
    client.remove_role(discord.home.id, "77", discord.role("crew").id)


# ---- the Message Content intent


def test_without_the_intent_the_bot_reads_no_text_of_others_unless_it_is_meant(
    discord: Discord, client: DiscordClient
) -> None:
    ada = discord.person("ada")
    for text in ("a secret", f"<@{APP}> help"):
        ada.say(text)
    client.send(ada.channel.id, Reply("mine"), nonce="x")
    ada.in_dm.say("in private")
    read = [message["content"] for message in client.recent_messages(ada.channel.id)]
    assert read == ["mine", f"<@{APP}> help", ""]
    assert [message["content"] for message in client.recent_messages(client.open_dm(ada.id))] == ["in private"]
    discord.state.world.message_content = True
    assert client.recent_messages(ada.channel.id)[-1]["content"] == "a secret"


# ---- two computations of the same thing


SOME = [BITS[name] for name in ("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS", "CONNECT", "SEND_MESSAGES_IN_THREADS")]
masks = st.lists(st.sampled_from(SOME), max_size=4).map(lambda bits: sum(set(bits)))
pairs = st.tuples(masks, masks)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    everyone=masks,
    roles=st.lists(st.tuples(masks, st.booleans(), st.none() | pairs), max_size=3),
    for_everyone=st.none() | pairs,
    own=st.none() | pairs,
    kind=st.sampled_from([0, 2]),
    thread=st.booleans(),
    timed_out=st.booleans(),
)
def test_the_bot_computes_its_permissions_as_discord_does(
    discord: Discord,
    client: DiscordClient,
    clock: Clock,
    everyone: int,
    roles: list,
    for_everyone: tuple | None,
    own: tuple | None,
    kind: int,
    thread: bool,
    timed_out: bool,
) -> None:
    world = discord.state.world
    clock.ahead += 10  # so that no rate limit is reached
    guild = discord.guild("Odd")
    guild.everyone.permissions, guild.bot_role.permissions = everyone, 0
    channel = world.add_channel("odd", guild.id, kind)
    who = [(guild, for_everyone)]
    for granted, held, changed in roles:
        role = world.add_role("r", guild, [APP] if held else [], granted)
        who.append((role, changed))
    for each, changed in who:
        if changed:
            discord.overwrite(channel, each, allow=changed[0], deny=changed[1])
    if own:
        world.close_to_bot(channel, 0)
        channel.overwrites[APP].allow, channel.overwrites[APP].deny = own
    if timed_out:
        guild.timeouts[APP] = world.clock() + 60
    place = world.add_thread("t", channel) if thread else channel
    computed = permissions.in_channel(
        client.server(guild.id),
        client.member(guild.id, APP),
        world.channel_object(channel),
        world.clock(),
        thread=thread,
    )
    assert permissions.names_of(computed) == permissions.names_of(world.permissions(APP, place))


def test_the_bot_s_first_permissions_are_those_of_a_bot_that_posts(discord: Discord, client: DiscordClient) -> None:
    lobby = discord.channel("lobby")
    posting = permissions.names_of(BOT_PERMISSIONS)
    assert client.missing(lobby.id, *posting, "MANAGE_CHANNELS", "MANAGE_ROLES") == ["MANAGE_CHANNELS", "MANAGE_ROLES"]
    assert client.send(lobby.id, Reply("x"), nonce="x") != say("x")
