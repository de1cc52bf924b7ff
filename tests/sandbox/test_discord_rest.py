"""The simulated Discord's REST API over a real socket: access, commands, DMs, webhooks, limits, injected faults."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.discord import Discord, limits
from sandbox.discord.faults import ODD_BODIES
from sandbox.discord.permissions import READ_MESSAGE_HISTORY
from sandbox.discord.render import render
from tests.sandbox.rest import APP, Client, Clock, say

FORM = "application/x-www-form-urlencoded"
COMMANDS = f"/applications/{APP}/commands"


# ---- access


def test_an_unknown_route_is_404_and_a_fault(discord: Discord, bot: Client) -> None:
    assert bot.call("GET", "/nowhere") == (404, {"message": "404: Not Found", "code": 0})
    assert bot.call("PUT", "/users/@me/channels", {}) == (405, {"message": "405: Method Not Allowed", "code": 0})
    assert len(discord.faults) == 2
    assert any("FAULT GET /nowhere: no such route" in line for line in discord.transcript)


def test_another_version_of_the_api_is_not_done_here_or_no_longer_there(bot: Client) -> None:
    for base, answer in (("/api", (501, 0)), ("/api/v9", (501, 0)), ("/api/v5", (400, 50041)), ("/v10", (404, 0))):
        bot.base = base
        assert bot.code("GET", "/users/@me") == answer


@pytest.mark.parametrize("agent", ["", "Python-urllib/3.13", "Java/1.8.0"])
def test_a_user_agent_that_cloudflare_blocks_never_reaches_discord(bot: Client, agent: str) -> None:
    assert bot.call("GET", "/users/@me", **{"User-Agent": agent}) == (403, "error code: 1010")
    assert "Via" not in bot.headers


def test_a_browser_shows_no_bot_token(discord: Discord, bot: Client) -> None:
    browser = {"User-Agent": "Mozilla/5.0 (X11) Chrome/140"}
    assert bot.code("GET", "/users/@me", **browser) == (403, 40333)
    webhook = discord.webhook("digest").removeprefix(discord.url)
    assert bot.call("POST", webhook, say("x"), Authorization=None, **browser)[0] == 204


@pytest.mark.parametrize("agent", ["curl/8.5.0", "python-requests/2", "Apprise", "DiscordBot", "dhooks"])
def test_any_other_user_agent_is_taken(bot: Client, agent: str) -> None:
    assert bot.call("GET", "/users/@me", **{"User-Agent": agent})[0] == 200


def test_a_wrong_bot_token_is_refused_wherever_it_is_shown(bot: Client) -> None:
    unauthorized = (401, {"message": "401: Unauthorized", "code": 0})
    assert bot.call("GET", "/users/@me", Authorization="Bot wrong") == unauthorized
    assert bot.call("GET", "/users/@me", Authorization=None) == unauthorized
    assert bot.call("POST", f"/webhooks/{APP}/token", {}, Authorization="Bot wrong") == unauthorized


def test_a_body_must_be_json_and_say_so(bot: Client) -> None:
    assert bot.code("POST", "/users/@me/channels", b"{}", Content_Type="text/plain") == (400, 50035)
    assert bot.code("POST", "/users/@me/channels", b"{}", Content_Type=None) == (400, 50035)
    assert bot.code("POST", "/users/@me/channels", b"{") == (400, 50109)
    assert bot.code("POST", "/users/@me/channels", b'{"a": NaN}') == (400, 50109)
    assert bot.code("POST", "/users/@me/channels", []) == (400, 50035)
    assert bot.code("POST", "/users/@me/channels", b"recipient_id=5", Content_Type=FORM) == (400, 50033)


def test_a_field_that_discord_would_drop_is_recorded_as_a_fault(discord: Discord, bot: Client) -> None:
    channel = discord.channels(discord.home)[0]
    status, message = bot.call("POST", f"/channels/{channel.id}/messages", say("hi", username="somebody"))
    assert (status, message["author"]["username"]) == (200, "Watchbell")
    assert ["username" in fault for fault in discord.faults] == [True]


# ---- commands


def test_creating_a_command_again_replaces_it_under_its_id(bot: Client) -> None:
    made, first = bot.call("POST", COMMANDS, {"name": "ping", "description": "one"})
    replaced, second = bot.call("POST", COMMANDS, {"name": "ping", "description": "two"})
    assert (made, replaced, first["id"]) == (201, 200, second["id"])
    assert bot.call("PATCH", f"{COMMANDS}/{first['id']}", {"description": "three"})[1]["description"] == "three"
    assert bot.call("DELETE", f"{COMMANDS}/{first['id']}") == (204, None)
    assert bot.code("GET", f"{COMMANDS}/{first['id']}") == (404, 10063)


def test_localizations_are_shown_only_when_asked_for(bot: Client) -> None:
    bot.call("POST", COMMANDS, {"name": "ping", "description": "x", "name_localizations": {"de": "klingeln"}})
    (short,) = bot.call("GET", COMMANDS)[1]
    (full,) = bot.call("GET", f"{COMMANDS}?with_localizations=true")[1]
    assert "name_localizations" not in short
    assert full["name_localizations"] == {"de": "klingeln"}


def test_a_bulk_overwrite_is_the_whole_set_and_keeps_the_ids_of_the_same_names(bot: Client) -> None:
    kept = bot.call("POST", COMMANDS, {"name": "kept", "description": "x"})[1]
    bot.call("POST", COMMANDS, {"name": "gone", "description": "x"})
    status, now = bot.call("PUT", COMMANDS, [{"name": n, "description": "y"} for n in ("kept", "new")])
    assert (status, [each["name"] for each in now], now[0]["id"]) == (200, ["kept", "new"], kept["id"])
    assert bot.call("PUT", COMMANDS, []) == (200, [])


def test_commands_of_a_guild_are_apart_and_need_the_bot_in_it(discord: Discord, bot: Client) -> None:
    without_bot = discord.guild("Elsewhere", has_bot=False)
    path = f"/applications/{APP}/guilds/{discord.home.id}/commands"
    assert bot.call("POST", path, {"name": "ping", "description": "x"})[1]["guild_id"] == discord.home.id
    assert bot.call("GET", COMMANDS) == (200, [])
    assert bot.code("GET", path.replace(discord.home.id, without_bot.id)) == (403, 50001)
    assert bot.code("GET", "/applications/1/commands") == (403, 20012)


def test_the_registry_is_full_at_100_commands(discord: Discord, bot: Client) -> None:
    many = [{"name": f"c{number}", "description": "x"} for number in range(101)]
    assert bot.code("PUT", COMMANDS, many) == (400, 30032)
    assert bot.call("PUT", COMMANDS, many[:100])[0] == 200
    assert bot.code("POST", COMMANDS, many[100]) == (400, 30032)
    assert len(discord.commands()) == 100


def test_changes_of_commands_share_a_small_bucket_in_each_scope(discord: Discord, bot: Client, clock: Clock) -> None:
    made = bot.call("POST", COMMANDS, {"name": "ping", "description": "x"})[1]
    path = f"{COMMANDS}/{made['id']}"
    assert bot.call("PATCH", path, {"description": "y"})[0] == 200
    assert bot.call("PUT", COMMANDS, [{"name": "ping", "description": "z"}])[0] == 200
    assert bot.call("DELETE", path)[0] == 204
    assert bot.call("PUT", COMMANDS, [])[0] == 200
    status, answer = bot.call("PUT", COMMANDS, [])
    assert (status, 19 < answer["retry_after"] <= 20, answer["global"]) == (429, True, False)
    assert bot.call("GET", COMMANDS) == (200, [])
    assert bot.call("PUT", f"/applications/{APP}/guilds/{discord.home.id}/commands", [])[0] == 200
    clock.ahead = 20
    assert bot.call("PUT", COMMANDS, [])[0] == 200


def test_the_entry_point_keeps_its_id_and_cannot_be_left_out_of_the_whole_set(discord: Discord, bot: Client) -> None:
    launch = {"name": "launch", "type": 4, "handler": 2}
    made = bot.call("POST", COMMANDS, launch)[1]
    ping = {"name": "ping", "description": "x"}
    assert bot.code("PUT", COMMANDS, [ping]) == (400, 50240)
    status, now = bot.call("PUT", COMMANDS, [ping, {"id": made["id"], "name": "start", "type": 4, "handler": 1}])
    assert (status, now[1]["id"], now[1]["name"], now[1]["handler"]) == (200, made["id"], "start", 1)
    assert bot.code("PUT", COMMANDS, [ping, {**launch, "id": "5"}]) == (404, 10063)
    assert bot.code("POST", f"/applications/{APP}/guilds/{discord.home.id}/commands", launch) == (400, 50035)
    assert bot.code("POST", COMMANDS, {"name": "launch", "type": 4}) == (400, 50035)


def test_where_a_command_can_be_used_changes_only_if_both_fields_are_sent_and_is_stored_sorted(bot: Client) -> None:
    ping = {"name": "ping", "description": "x"}

    def put(**more: Any) -> tuple[Any, Any]:
        (stored,) = bot.call("PUT", COMMANDS, [ping | more])[1]
        return stored["contexts"], stored["integration_types"]

    assert put(contexts=[1, 0], integration_types=[0]) == ([0, 1], [0])
    assert put() == put(integration_types=[1, 0]) == put(contexts=[2]) == ([0, 1], [0])
    assert put(contexts=[2, 0], integration_types=[1, 0]) == ([0, 2], [0, 1])


# ---- DMs and channels


def test_a_dm_is_opened_once_and_meets_what_its_person_allows(discord: Discord, bot: Client) -> None:
    ada, eve = discord.person("ada"), discord.person("eve", guild=None)
    opened = [bot.call("POST", "/users/@me/channels", {"recipient_id": ada.id})[1] for _ in range(2)]
    assert opened[0]["id"] == opened[1]["id"]
    path = f"/channels/{opened[0]['id']}/messages"
    assert bot.call("POST", path, say("welcome"))[0] == 200
    assert [message["content"] for message in discord.dms(ada)] == ["welcome"]
    ada.close_dms()
    assert bot.code("POST", path, say("again")) == (403, 50007)
    strangers = bot.call("POST", "/users/@me/channels", {"recipient_id": eve.id})[1]
    assert bot.code("POST", f"/channels/{strangers['id']}/messages", say("hi")) == (403, 50278)


def test_a_dm_needs_a_recipient_who_exists(bot: Client) -> None:
    assert bot.code("POST", "/users/@me/channels", {}) == (400, 50035)
    assert bot.code("POST", "/users/@me/channels", {"recipient_id": "x"}) == (400, 50035)
    assert bot.code("POST", "/users/@me/channels", {"recipient_id": 5}) == (400, 50033)
    assert bot.code("POST", "/users/@me/channels", {"recipient_id": "5"}) == (400, 50033)
    assert bot.code("POST", "/users/@me/channels", {"recipient_id": APP}) == (400, 50007)


def test_an_enforced_nonce_says_a_thing_once_for_a_few_minutes(discord: Discord, bot: Client, clock: Clock) -> None:
    path = f"/channels/{discord.channels(discord.home)[0].id}/messages"
    once = say("hello", nonce="intro-1", enforce_nonce=True)
    first, second = bot.call("POST", path, once)[1], bot.call("POST", path, once)[1]
    assert first["id"] == second["id"]
    clock.ahead = 600
    assert bot.call("POST", path, once)[1]["id"] != first["id"]
    assert bot.code("POST", path, say("x", nonce="n" * 26)) == (400, 50035)


def test_a_channel_that_is_not_there_or_not_the_bots_is_refused(discord: Discord, bot: Client) -> None:
    hidden = discord.channel("hidden", bot_permissions=0)
    silent = discord.channel("silent", bot_permissions=1024)
    assert bot.code("POST", "/channels/5/messages", say("x")) == (404, 10003)
    assert bot.code("POST", f"/channels/{hidden.id}/messages", say("x")) == (403, 50001)
    assert bot.code("POST", f"/channels/{silent.id}/messages", say("x")) == (403, 50013)


def test_messages_are_read_newest_first_edited_and_deleted(discord: Discord, bot: Client) -> None:
    path = f"/channels/{discord.channels(discord.home)[0].id}/messages"
    sent = [bot.call("POST", path, say(str(number)))[1] for number in range(3)]
    assert [m["content"] for m in bot.call("GET", f"{path}?limit=2")[1]] == ["2", "1"]
    assert [m["content"] for m in bot.call("GET", f"{path}?before={sent[1]['id']}")[1]] == ["0"]
    assert bot.code("GET", f"{path}?limit=101") == (400, 50035)
    edited = bot.call("PATCH", f"{path}/{sent[0]['id']}", {"embeds": [{"title": "now"}], "content": None})[1]
    assert (edited["content"], edited["embeds"][0]["title"]) == ("", "now")
    assert bot.code("PATCH", f"{path}/{sent[0]['id']}", {"embeds": []}) == (400, 50006)
    assert bot.call("DELETE", f"{path}/{sent[0]['id']}") == (204, None)
    assert bot.code("GET", f"{path}/{sent[0]['id']}") == (404, 10008)


# ---- webhooks


def test_a_webhook_answers_with_its_message_only_when_asked_to_wait(discord: Discord, bot: Client) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    status, message = bot.call("POST", f"{path}?wait=true", say("good morning"), Authorization=None)
    assert (status, message["content"], message["author"]["username"]) == (200, "good morning", "digest")
    assert bot.call("POST", path, say("again"), Authorization=None) == (204, None)
    assert [each["content"] for each in discord.webhook_messages("digest")] == ["good morning", "again"]
    assert bot.call("PATCH", f"{path}/messages/{message['id']}", say("corrected"))[1]["content"] == "corrected"
    assert bot.code("POST", path, say("x", flags=64)) == (400, 50035)


def test_a_webhook_that_is_gone_answers_404_and_a_wrong_token_401(discord: Discord, bot: Client) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    assert bot.code("POST", path + "x", say("x")) == (401, 50027)
    discord.delete_webhook("digest")
    assert bot.code("POST", path, say("x")) == (404, 10015)


def test_a_webhook_posts_to_the_threads_of_its_channel_only(discord: Discord, bot: Client) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    thread = discord.thread("Status", "digest")
    status, message = bot.call("POST", f"{path}?wait=true&thread_id={thread.id}", say("hello"))
    assert (status, message["channel_id"]) == (200, thread.id)
    assert bot.code("GET", f"{path}/messages/{message['id']}") == (404, 10008)
    assert bot.call("GET", f"{path}/messages/{message['id']}?thread_id={thread.id}")[0] == 200
    assert bot.code("POST", path, say("x", thread_name="New")) == (400, 220003)


def test_a_thread_that_is_not_in_the_channel_of_the_webhook_is_unknown(discord: Discord, bot: Client) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    discord.webhook("other")
    for wrong in (discord.thread("Elsewhere", "other").id, "77", discord.channels(discord.home)[0].id):
        assert bot.code("POST", f"{path}?thread_id={wrong}", say("x")) == (404, 10003)


def test_a_webhook_of_a_forum_needs_a_thread_or_a_name_for_one(discord: Discord, bot: Client) -> None:
    path = discord.webhook("forum", forum=True).removeprefix(discord.url)
    assert bot.code("POST", path, say("x")) == (400, 220001)
    _, message = bot.call("POST", f"{path}?wait=true", say("x", thread_name="New"))
    (thread,) = discord.threads("forum")
    assert (message["id"], message["channel_id"], thread.name) == (thread.id, thread.id, "New")
    assert bot.code("POST", f"{path}?thread_id={thread.id}", say("x", thread_name="New")) == (400, 220002)
    assert bot.call("POST", f"{path}?thread_id={thread.id}", say("more"))[0] == 204
    assert bot.code("POST", path, say("x", thread_name="n" * 101)) == (400, 50035)


@pytest.mark.parametrize("name", ["Clyde", "my Discord bot"])
def test_a_webhook_cannot_be_called_like_discord(discord: Discord, bot: Client, name: str) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    assert bot.code("POST", path, say("x", username=name)) == (400, 50035)
    assert bot.code("PATCH", path, {"name": name}) == (400, 50035)
    assert bot.call("POST", path, say("x", username="Watchbell"))[0] == 204


def test_a_reason_that_is_too_long_for_the_audit_log_is_a_fault(discord: Discord, bot: Client) -> None:
    discord.home.bot_role.permissions |= 1 << 4
    path = f"/guilds/{discord.home.id}/channels"
    bot.call("POST", path, {"name": "x"}, X_Audit_Log_Reason="%20" * 512)
    assert discord.faults == []
    bot.call("POST", path, {"name": "x"}, X_Audit_Log_Reason="r" * 513)
    assert "a reason of 513 characters" in discord.faults[0]
    assert discord.audit_log[1]["reason"] == "r" * 512


def test_a_webhook_of_a_channel_shows_no_interactive_components(discord: Discord, bot: Client) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    button = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
    body = say("x", components=[{"type": 1, "components": [button]}])
    assert bot.code("POST", f"{path}?with_components=true", body) == (400, 50035)
    assert bot.call("POST", f"{path}?wait=true", body)[1]["components"] == []
    assert len(discord.faults) == 1


def test_an_unknown_interaction_token_is_an_unknown_webhook(bot: Client) -> None:
    assert bot.code("PATCH", f"/webhooks/{APP}/nothing/messages/@original", say("x")) == (404, 10015)
    assert bot.code("POST", "/interactions/1/nothing/callback", {"type": 5}) == (404, 10062)


# ---- limits and faults


def test_the_sixth_message_in_five_seconds_is_a_real_429(discord: Discord, bot: Client) -> None:
    path = f"/channels/{discord.channels(discord.home)[0].id}/messages"
    left = []
    for number in range(5):
        assert bot.call("POST", path, say(str(number)))[0] == 200
        left.append(bot.headers["X-RateLimit-Remaining"])
    status, body = bot.call("POST", path, say("too much"))
    assert (status, left, body["global"]) == (429, ["4", "3", "2", "1", "0"], False)
    assert 0 < body["retry_after"] <= 5
    assert int(bot.headers["Retry-After"]) >= body["retry_after"]
    assert bot.headers["X-RateLimit-Scope"] == "user"
    assert len(discord.messages(discord.channels(discord.home)[0])) == 5


def test_a_bot_makes_50_calls_a_second_in_all(discord: Discord, bot: Client, clock: Clock) -> None:
    clock.stopped = time.time()
    paths = ["/users/@me", "/users/@me/guilds", COMMANDS]
    assert {bot.call("GET", paths[number % 3])[0] for number in range(50)} == {200}
    status, answer = bot.call("GET", COMMANDS)
    assert (status, answer["global"], bot.headers["X-RateLimit-Global"]) == (429, True, "true")
    assert bot.code("PATCH", f"/webhooks/{APP}/nothing/messages/@original", say("x")) == (404, 10015)
    clock.stopped += 1
    assert bot.call("GET", COMMANDS)[0] == 200


def test_a_webhooks_bucket_refills_with_the_clock(discord: Discord, bot: Client, clock: Clock) -> None:
    path = discord.webhook("digest").removeprefix(discord.url)
    statuses = [bot.call("POST", path, say("x"))[0] for _ in range(6)]
    assert statuses == [204] * 5 + [429]
    clock.ahead += float(bot.headers["X-RateLimit-Reset-After"]) + 0.01
    assert bot.call("POST", path, say("x"))[0] == 204


def test_opening_direct_messages_has_a_limit_that_no_header_shows(discord: Discord, bot: Client, clock: Clock) -> None:
    clock.stopped = time.time()
    ada, body = discord.person("ada"), {"recipient_id": discord.person("ada").id}
    for opened in range(limits.OPEN_DMS.requests):
        assert bot.call("POST", "/users/@me/channels", body)[0] == 200
        assert int(bot.headers["X-RateLimit-Remaining"]) > 0 or opened % 40 == 39
        clock.stopped += opened % 40 == 39
    assert bot.code("POST", "/users/@me/channels", body) == (429, 40003)
    assert bot.headers["X-RateLimit-Scope"] == "user"
    assert bot.call("POST", f"/channels/{discord.state.world.dm(ada.id).id}/messages", say("hi"))[0] == 200
    clock.stopped += limits.OPEN_DMS.seconds
    assert bot.call("POST", "/users/@me/channels", body)[0] == 200


def test_all_webhooks_of_a_channel_share_a_limit(discord: Discord, bot: Client, clock: Clock) -> None:
    clock.stopped = time.time()
    channel = discord.channel("digests")
    webhooks = [discord.state.world.add_webhook(name, channel.id) for name in ("one", "two")]
    paths = [f"/webhooks/{webhook.id}/{webhook.token}" for webhook in webhooks]
    for number in range(limits.CHANNEL_WEBHOOKS.requests):
        assert bot.call("POST", paths[number % 2], say("x"))[0] == 204
        clock.stopped += 0.5
    assert bot.call("POST", paths[0], say("x"))[0] == 429
    assert bot.headers["X-RateLimit-Scope"] == "shared"
    assert bot.call("POST", discord.webhook("other").removeprefix(discord.url), say("x"))[0] == 204
    clock.stopped += limits.CHANNEL_WEBHOOKS.seconds
    assert bot.call("POST", paths[0], say("x"))[0] == 204


def test_too_many_invalid_answers_get_the_address_banned() -> None:
    clock = Clock()
    clock.stopped = time.time()
    ban = limits.Ban(clock)
    for _answer in range(limits.INVALID - 1):
        ban.count(403, "")
    for harmless in ((200, ""), (404, ""), (429, "shared"), (None, "")):
        ban.count(*harmless)
    clock.stopped += limits.INVALID_SECONDS - 1
    assert not ban.blocks()
    ban.count(401, "")
    assert ban.blocks()
    clock.stopped += limits.INVALID_SECONDS
    assert not ban.blocks()


def test_a_banned_address_gets_cloudflares_page_for_every_call(discord: Discord, bot: Client) -> None:
    for _answer in range(limits.INVALID):
        discord.rest.ban.count(403, "")
    status, page = bot.call("GET", "/users/@me")
    assert (status, "error code: 1015" in page) == (429, True)
    assert not [name for name in bot.headers if name.lower().startswith(("x-ratelimit", "retry-after", "via"))]


def test_an_injected_fault_comes_before_or_after_the_effect(discord: Discord, bot: Client) -> None:
    channel = discord.channels(discord.home)[0]
    path = f"/channels/{channel.id}/messages"
    discord.fail_next("POST", "/channels/*/messages", 503, code=130000)
    assert bot.code("POST", path, say("lost")) == (503, 130000)
    discord.fail_next("POST", "/channels/*/messages", 500, after=True)
    assert bot.call("POST", path, say("kept"))[0] == 500
    discord.fail_next("POST", "/channels/*/messages", retry_after=0.7)
    status, body = bot.call("POST", path, say("limited"))
    assert (status, body["retry_after"], bot.headers["Retry-After"]) == (429, 0.7, "1")
    assert [message["content"] for message in discord.messages(channel)] == ["kept"]


@pytest.mark.parametrize("name", ODD_BODIES)
def test_an_odd_body_comes_as_it_is_with_any_status(discord: Discord, bot: Client, name: str) -> None:
    for status in (200, 404):
        discord.fail_next("GET", "/users/@me", status, body=ODD_BODIES[name])
        assert bot.raw("GET", "/users/@me") == (status, ODD_BODIES[name])


def test_an_answer_can_be_cut_off(discord: Discord, bot: Client) -> None:
    discord.fail_next("GET", "/users/@me", 200, body=b"1234", cut=True)
    with pytest.raises(http.client.IncompleteRead) as raised:
        bot.raw("GET", "/users/@me")
    assert raised.value.partial == b"12"


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1.0", "0.0"])
def test_a_429_can_ask_for_an_odd_wait(discord: Discord, bot: Client, seconds: str) -> None:
    discord.fail_next("GET", "/users/@me", retry_after=float(seconds))
    status, body = bot.call("GET", "/users/@me")
    assert (status, str(body["retry_after"])) == (429, seconds)
    assert float(bot.headers["Retry-After"]) == pytest.approx(float(seconds), nan_ok=True)


def test_cloudflares_block_has_no_headers_and_no_json(discord: Discord, bot: Client) -> None:
    discord.fail_next("*", "*", headerless=True)
    assert bot.call("GET", "/users/@me") == (429, "error code: 1015")
    assert not [name for name in bot.headers if name.lower().startswith(("x-ratelimit", "retry-after"))]


def test_a_cut_line_leaves_the_caller_without_an_answer(discord: Discord, bot: Client) -> None:
    discord.fail_next("GET", "/users/@me", None)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        bot.call("GET", "/users/@me")
    bot.connection.close()
    assert bot.call("GET", "/users/@me")[0] == 200


def test_stopping_hangs_up_on_kept_connections(discord: Discord, bot: Client) -> None:
    assert bot.call("GET", "/users/@me")[0] == 200
    discord.stop()
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        bot.call("GET", "/users/@me")


def test_the_snapshot_is_json_and_holds_no_token(discord: Discord, bot: Client) -> None:
    url = discord.webhook("digest")
    bot.call("POST", url.removeprefix(discord.url), say("hi"))
    text = json.dumps(discord.snapshot())
    assert '"content": "hi"' in text
    assert url.rsplit("/", 1)[1] not in text


# ---- files


def multipart(message: Any, *files: tuple[str, str, bytes], kind: str = "image/png") -> tuple[bytes, str]:
    """Return a form-data body and its content type. Each file is (name of the part, name of the file, bytes)."""
    parts = [b'Content-Disposition: form-data; name="payload_json"\r\n\r\n' + json.dumps(message).encode()]
    for part, name, content in files:
        head = f'Content-Disposition: form-data; name="{part}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(head.encode() + content)
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n", "multipart/form-data; boundary=b"


def post(bot: Client, path: str, message: Any, *files: tuple[str, str, bytes], method: str = "POST") -> tuple[int, Any]:
    body, kind = multipart(message, *files)
    return bot.call(method, path, body, Content_Type=kind)


@pytest.fixture
def path(discord: Discord) -> str:
    return f"/channels/{discord.channels(discord.home)[0].id}/messages"


def test_a_file_is_kept_with_its_description_and_can_be_fetched(discord: Discord, bot: Client, path: str) -> None:
    described = {"id": 0, "filename": "b c.png", "description": "a chart", "is_spoiler": True}
    status, message = post(bot, path, say("x", attachments=[described]), ("files[0]", "a.png", b"\x89PNG\r\n\x00"))
    (kept,) = message["attachments"]
    assert status == 200
    assert (kept["filename"], kept["description"], kept["size"], kept["flags"]) == ("b_c.png", "a chart", 7, 8)
    assert kept["content_type"] == "image/png"
    assert discord.file(kept) == b"\x89PNG\r\n\x00"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(kept["url"], timeout=5) as answer:
        assert (answer.headers["Content-Type"], answer.read()) == ("image/png", b"\x89PNG\r\n\x00")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(kept["url"].replace(kept["id"], "5"))


def test_a_file_needs_no_entry_and_alone_makes_a_message(bot: Client, path: str) -> None:
    status, message = post(bot, path, {}, ("files[3]", "SPOILER_a.txt", b"x"))
    (kept,) = message["attachments"]
    assert (status, kept["filename"], kept["flags"], kept["size"]) == (200, "SPOILER_a.txt", 8, 1)


def test_an_edit_keeps_the_files_that_it_names_and_those_it_says_nothing_of(bot: Client, path: str) -> None:
    sent = post(bot, path, say("x"), ("files[0]", "a.png", b"a"), ("files[1]", "b.png", b"b"))[1]
    at, (first, second) = f"{path}/{sent['id']}", sent["attachments"]
    appended = post(bot, at, {}, ("files[0]", "c.png", b"c"), method="PATCH")[1]
    assert [each["filename"] for each in appended["attachments"]] == ["a.png", "b.png", "c.png"]
    assert appended["attachments"][0] == first
    kept = bot.call("PATCH", at, {"attachments": [{"id": second["id"], "description": "b"}]})[1]
    assert kept["attachments"] == [second | {"description": "b"}]
    assert bot.call("PATCH", at, {"attachments": []})[1]["attachments"] == []


@pytest.mark.parametrize(
    ("attachments", "files", "answer"),
    [
        ([{"id": 1}], 1, (400, 50146)),
        ([{"id": "x"}], 1, (400, 50146)),
        ([{"id": 0, "description": "d" * 1025}], 1, (400, 50035)),
        ([{"id": 0, "is_spoiler": "yes"}], 1, (400, 50035)),
        (None, 11, (400, 30015)),
    ],
)
def test_what_discord_refuses_in_files(
    bot: Client, path: str, attachments: Any, files: int, answer: tuple[int, int]
) -> None:
    message = say("x", **({"attachments": attachments} if attachments else {}))
    status, body = post(bot, path, message, *((f"files[{n}]", f"{n}.png", b"x") for n in range(files)))
    assert (status, body["code"]) == answer


def test_a_file_over_10_mib_is_too_large(bot: Client, path: str) -> None:
    status, body = post(bot, path, say("x"), ("files[0]", "a.bin", bytes(10 * 1024 * 1024 + 1)))
    assert (status, body["code"]) == (413, 40005)
    assert post(bot, path, say("x"), ("files[0]", "a.bin", bytes(10 * 1024 * 1024)))[0] == 200


def test_a_part_that_comes_twice_is_refused(bot: Client, path: str) -> None:
    status, body = post(bot, path, say("x"), ("files[0]", "a", b"x"), ("files[0]", "b", b"y"))
    assert (status, body["code"]) == (400, 50035)
    assert bot.code("POST", path, b"no parts", Content_Type="multipart/form-data") == (400, 50035)


def test_a_file_may_have_any_name_of_its_part(bot: Client, path: str) -> None:
    for names in (("file",), ("picture", "files[01]", "files[0]"), ("file", "file")):
        status, message = post(bot, path, say("x"), *((name, f"{n}.png", b"x") for n, name in enumerate(names)))
        assert (status, len(message["attachments"])) == (200, len(names))


def test_a_form_without_a_message_is_the_message_itself(discord: Discord, bot: Client) -> None:
    path = discord.webhook("digest").removeprefix(discord.url) + "?wait=true"
    fields = {"content": "5", "username": "Apprise", "tts": "true", "flags": "4"}
    parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}' for key, value in fields.items()]
    form = "".join(f"--b\r\n{part}\r\n" for part in parts).encode() + b"--b--\r\n"
    for body, kind in (
        (form, "multipart/form-data; boundary=b"),
        (urlencode(fields).encode(), "application/x-www-form-urlencoded"),
        (urlencode({"payload_json": json.dumps(fields | {"tts": True, "flags": 4})}).encode(), FORM),
    ):
        status, message = bot.call("POST", path, body, Content_Type=kind)
        assert (status, message["content"], message["tts"], message["flags"]) == (200, "5", True, 4)
        assert message["author"]["username"] == "Apprise"
    assert bot.code("POST", path, b"content=x&flags=many", Content_Type=FORM) == (400, 50035)
    assert bot.code("POST", path, {"content": "x", "flags": "4"}) == (400, 50035)


def test_parts_that_are_not_quite_a_file_are_told(bot: Client, path: str) -> None:
    twice = say("x", attachments=[{"id": 0}, {"id": 0}])
    assert post(bot, path, twice, ("files[0]", "a", b"x"))[1]["code"] == 50035
    body = b'--b\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n{"content": "x"}\r\n'
    body += b'--b\r\nContent-Disposition: form-data; name="files[0]"\r\n\r\nx\r\n--b--\r\n'
    assert bot.code("POST", path, body, Content_Type="multipart/form-data; boundary=b") == (400, 50035)


def test_a_file_that_nobody_will_see_is_held_against_the_bot(discord: Discord, bot: Client, path: str) -> None:
    text = {"type": 10, "content": "hello"}
    post(bot, path, {"flags": 32768, "components": [text]}, ("files[0]", "a.png", b"x"))
    post(bot, path, say("x", attachments=[{"id": 0}]), ("files[0]", "a", b"x"), ("files[1]", "b", b"x"))
    post(bot, path, {"embeds": [{"image": {"url": "attachment://b.png"}}]}, ("files[0]", "a.png", b"x"))
    assert [fault.split(": ", 1)[1] for fault in discord.faults] == [
        "attachments: a.png is not shown: no component refers to it",
        "files[1]: no attachment refers to it",
        "embeds.0.image.url: b.png is not a picture among the message's files, so nothing is shown",
    ]


def test_a_component_shows_only_a_file_of_its_message(bot: Client, path: str) -> None:
    file = {"type": 13, "file": {"url": "attachment://a.pdf"}}
    message = {"flags": 32768, "components": [file]}
    assert post(bot, path, message, ("files[0]", "a.pdf", b"x"))[0] == 200
    status, body = post(bot, path, message, ("files[0]", "b.pdf", b"x"))
    assert (status, body["errors"]["components"]["0"]["file"]["url"]["_errors"][0]["code"][:8]) == (400, "UNFURLED")
    assert bot.code("POST", path, message) == (400, 50035)


def test_a_channel_may_be_closed_to_files_and_polls(discord: Discord, bot: Client) -> None:
    plain = f"/channels/{discord.channel('plain', bot_permissions=1024 + 2048).id}/messages"
    assert post(bot, plain, say("x"), ("files[0]", "a", b"x"))[1]["code"] == 50013
    assert bot.code("POST", plain, {"poll": POLL}) == (403, 50013)


# ---- polls

POLL = {"question": {"text": "Tea?"}, "answers": [{"poll_media": {"text": "Yes"}}, {"poll_media": {"text": "No"}}]}


def test_a_poll_is_open_for_a_day_and_cannot_be_edited(discord: Discord, bot: Client) -> None:
    may_poll = discord.channel("polls", bot_permissions=1024 + 2048 + (1 << 16) + (1 << 49))
    path = f"/channels/{may_poll.id}/messages"
    status, message = bot.call("POST", path, {"poll": POLL})
    assert (status, [answer["answer_id"] for answer in message["poll"]["answers"]]) == (200, [1, 2])
    left = datetime.fromisoformat(message["poll"]["expiry"]) - datetime.fromisoformat(message["timestamp"])
    assert abs(left.total_seconds() - 24 * 3600) < 5
    assert bot.code("PATCH", f"{path}/{message['id']}", say("x")) == (400, 520003)
    said = bot.call("POST", path, say("x"))[1]
    assert bot.code("PATCH", f"{path}/{said['id']}", {"poll": POLL}) == (400, 520003)


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": {"text": "q" * 301}},
        {"question": None},
        {"answers": []},
        {"answers": POLL["answers"] * 6},
        {"answers": [{"poll_media": {"text": "a" * 56}}]},
        {"answers": [{"poll_media": {"text": "a", "emoji": {"id": "1", "name": "x"}}}]},
        {"duration": 769},
        {"layout_type": 2},
    ],
)
def test_what_discord_refuses_in_a_poll(discord: Discord, bot: Client, wrong: dict) -> None:
    webhook = discord.webhook("polls").removeprefix(discord.url)
    assert bot.code("POST", webhook, {"poll": POLL | wrong}) == (400, 50035)


# ---- answers to a message


def answer_to(message_id: str, **more: Any) -> dict:
    return say("yes", message_reference={"message_id": message_id, **more})


def test_an_answer_shows_what_it_answers_as_it_is_now(discord: Discord, bot: Client) -> None:
    path = f"/channels/{discord.channel('news').id}/messages"
    _, first = bot.call("POST", path, say("down"))
    status, answer = bot.call("POST", path, answer_to(first["id"]))
    assert (status, answer["type"], answer["referenced_message"]["content"]) == (200, 19, "down")
    reference = answer["message_reference"]
    assert (reference["message_id"], reference["channel_id"]) == (first["id"], first["channel_id"])
    bot.call("PATCH", f"{path}/{first['id']}", say("was down"))
    read = bot.call("GET", f"{path}/{answer['id']}")[1]
    assert (read["referenced_message"]["content"], render(read)) == ("was down", "↪ was down\nyes")
    bot.call("DELETE", f"{path}/{first['id']}")
    read = bot.call("GET", f"{path}/{answer['id']}")[1]
    assert (read["referenced_message"], render(read)) == (None, "↪ (the message was deleted)\nyes")


def test_an_answer_to_an_unknown_message_is_refused_unless_it_may_be_an_ordinary_one(
    discord: Discord, bot: Client
) -> None:
    path, other = (f"/channels/{discord.channel(name).id}/messages" for name in ("news", "elsewhere"))
    _, elsewhere = bot.call("POST", other, say("down"))
    for unknown in ("1", elsewhere["id"]):
        status, refused = bot.call("POST", path, answer_to(unknown))
        assert (status, refused["code"]) == (400, 50035)
        assert refused["errors"]["message_reference"]["_errors"][0]["code"] == "REPLIES_UNKNOWN_MESSAGE"
        sent = bot.call("POST", path, answer_to(unknown, fail_if_not_exists=False))[1]
        assert (sent["type"], "message_reference" in sent) == (0, False)


@pytest.mark.parametrize("reference", [{}, {"message_id": "x"}, {"message_id": "1", "fail_if_not_exists": "no"}, []])
def test_a_reference_that_is_none_is_refused(discord: Discord, bot: Client, reference: Any) -> None:
    path = f"/channels/{discord.channel('news').id}/messages"
    assert bot.code("POST", path, say("yes", message_reference=reference)) == (400, 50035)
    assert bot.call("POST", path, answer_to("1", type=1))[0] == 501


def test_who_may_not_read_the_history_may_not_answer(discord: Discord, bot: Client) -> None:
    channel = discord.channel("news")
    path = f"/channels/{channel.id}/messages"
    _, first = bot.call("POST", path, say("down"))
    discord.overwrite(channel, discord.home, deny=READ_MESSAGE_HISTORY)
    assert bot.code("POST", path, answer_to(first["id"])) == (400, 160002)
    assert bot.call("POST", path, say("yes"))[0] == 200
