"""The edges of the simulated Discord: paths, chunks, ids, queries, whole objects, and the headers of rate limits."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sandbox.discord import Discord, real_routes, render
from sandbox.discord.routes import ROUTES
from tests import judge
from tests.sandbox.rest import APP, GOOD, Client, Clock, say
from tests.sandbox.test_discord_rest import COMMANDS, post

EMOJI = {"id": None, "name": "👍"}


@pytest.fixture
def path(discord: Discord) -> str:
    return f"/channels/{discord.channels(discord.home)[0].id}/messages"


@pytest.fixture
def webhook(discord: Discord) -> str:
    return discord.webhook("digest").removeprefix(discord.url)


# ---- routes


@pytest.mark.skipif(not judge.AVAILABLE, reason="Discord's schema is not available")
def test_the_list_of_routes_is_discords() -> None:
    assert {shape: set(methods) for shape, _, methods in real_routes.REAL} == {
        shape: set(operations) for shape, operations in judge.routes().items()
    }


def test_every_simulated_route_is_a_real_one() -> None:
    real = {shape: methods for shape, _, methods in real_routes.REAL}
    assert [f"{route.method} {route.template}" for route in ROUTES if route.method not in real[route.shape]] == []


@pytest.mark.parametrize(
    "line",
    [
        "GET /gateway/bot",
        "PUT /channels/5/messages/6/reactions/%F0%9F%91%8D/@me",
        "GET /channels/5/messages/pins",
        f"PUT /applications/{APP}/guilds/5/commands/6/permissions",
        f"GET /applications/{APP}/guilds/5/commands/permissions",
        "PATCH /users/@me",
    ],
)
def test_a_real_route_that_is_not_simulated_says_so_and_is_a_fault(discord: Discord, bot: Client, line: str) -> None:
    method, path = line.split()
    status, answer = bot.call(method, path, {} if method != "GET" else None)
    assert (status, "does not support" in answer["message"]) == (501, True)
    assert len(discord.faults) == 1


def test_an_id_in_a_path_is_a_number(bot: Client) -> None:
    status, answer = bot.call("GET", "/channels/general/messages/5")
    assert (status, list(answer["errors"])) == (400, ["channel_id"])
    assert answer["errors"]["channel_id"]["_errors"][0]["code"] == "NUMBER_TYPE_COERCE"
    assert bot.code("GET", f"{COMMANDS}/ping") == (400, 50035)


def test_a_path_may_be_encoded(bot: Client) -> None:
    assert bot.call("GET", "/users/%40me")[0] == 200
    assert bot.code("GET", f"/webhooks/{APP}/a%2Fb/messages/%40original") == (404, 10015)


def test_a_webhook_needs_no_version(discord: Discord, bot: Client, webhook: str) -> None:
    bot.base = "/api"
    assert bot.call("POST", webhook, say("hello"), Authorization=None)[0] == 204
    assert [message["content"] for message in discord.webhook_messages("digest")] == ["hello"]


# ---- bodies


def chunked(bot: Client, path: str, *lines: bytes) -> int:
    bot.connection.putrequest("POST", bot.base + path)
    for name, value in (GOOD | {"Transfer-Encoding": "chunked"}).items():
        bot.connection.putheader(name, value)
    bot.connection.endheaders()
    bot.connection.send(b"".join(line + b"\r\n" for line in lines))
    answer = bot.connection.getresponse()
    answer.read()
    return answer.status


def test_a_body_may_come_in_chunks(discord: Discord, bot: Client, path: str) -> None:
    assert chunked(bot, path, b"B;x=y", b'{"content":', b"9", b'"chunks"}', b"0", b"Trailer: 1", b"") == 200
    assert chunked(bot, path, b"many", b"") == 400
    assert chunked(bot, path, b"fffffff", b"") == 413
    assert [message["content"] for message in discord.messages(discord.channels(discord.home)[0])] == ["chunks"]


def test_a_request_without_a_body_needs_no_content_type(bot: Client, path: str) -> None:
    assert bot.code("POST", path, Content_Type=None, Content_Length="0") == (400, 50006)
    assert bot.code("POST", path, b"", Content_Type="application/octet-stream") == (400, 50006)
    assert bot.code("PUT", COMMANDS, Content_Type=None, Content_Length="0") == (400, 50035)
    assert bot.code("POST", path, b"") == (400, 50109)


def test_ids_may_be_integers_and_integers_may_have_a_point(discord: Discord, bot: Client, path: str) -> None:
    ada = discord.person("ada")
    dm = bot.call("POST", "/users/@me/channels", {"recipient_id": int(ada.id)})[1]
    assert dm["recipients"][0]["id"] == ada.id
    mentions = {"parse": [], "users": [int(ada.id)]}
    body = json.dumps(say(f"<@{ada.id}>", flags=4.0, allowed_mentions=mentions)).encode()
    assert b"4.0" in body
    status, message = bot.call("POST", path, body)
    assert (status, message["flags"], [user["id"] for user in message["mentions"]]) == (200, 4, [ada.id])
    assert bot.code("POST", path, say("x", flags=4.5)) == (400, 50035)
    made = bot.call("POST", COMMANDS, {"name": "ping", "description": "x"})[1]
    assert (
        bot.call("PUT", COMMANDS, [{"id": int(made["id"]), "name": "pong", "description": "x"}])[1][0]["id"]
        == (made["id"])
    )


def test_an_emoji_may_have_an_id_of_null_or_an_integer(discord: Discord, bot: Client, path: str, webhook: str) -> None:
    buttons = [
        {"type": 2, "style": 1, "custom_id": str(n), "emoji": emoji} for n, emoji in enumerate((EMOJI, {"id": 7}))
    ]
    status, message = bot.call("POST", path, {"components": [{"type": 1, "components": buttons}]})
    assert (status, [each["emoji"].get("id") for each in message["components"][0]["components"]]) == (200, [None, "7"])
    answers = [{"poll_media": {"text": "Yes", "emoji": EMOJI}}, {"poll_media": {"text": "No", "emoji": {"id": 7}}}]
    poll = {"question": {"text": "Tea?"}, "answers": answers}
    status, message = bot.call("POST", f"{webhook}?wait=true", {"poll": poll})
    shown = [each["poll_media"]["emoji"]["id"] for each in message["poll"]["answers"]]
    assert (status, shown) == (200, [None, "7"])


# ---- queries


@pytest.mark.parametrize("query", ["limit=abc", "limit=0", "limit=1.5", "limit=%C2%B2", "before=abc", "after=-1"])
@pytest.mark.parametrize("of", ["messages", "guilds"])
def test_a_query_that_is_no_number_is_400(bot: Client, path: str, of: str, query: str) -> None:
    status, answer = bot.call("GET", f"{path if of == 'messages' else '/users/@me/guilds'}?{query}")
    assert (status, answer["code"], list(answer["errors"])) == (400, 50035, [query.split("=")[0]])


def test_messages_around_one_are_half_older_and_half_newer(bot: Client, path: str) -> None:
    ids = [bot.call("POST", path, say(str(number)))[1]["id"] for number in range(5)]

    def around(limit: int) -> list[str]:
        found = bot.call("GET", f"{path}?around={ids[2]}&limit={limit}")[1]
        return [message["content"] for message in found]

    assert (around(3), around(2), around(1), around(50)) == (["3", "2", "1"], ["2", "1"], ["2"], list("43210"))


def test_guilds_come_in_pages_and_with_counts_if_asked(discord: Discord, bot: Client) -> None:
    discord.person("ada")
    second = discord.guild("Second")
    plain = bot.call("GET", "/users/@me/guilds")[1]
    assert [guild["id"] for guild in plain] == [discord.home.id, second.id]
    assert "approximate_member_count" not in plain[0]
    (counted,) = bot.call("GET", f"/users/@me/guilds?with_counts=true&before={second.id}")[1]
    assert (counted["id"], counted["approximate_member_count"]) == (discord.home.id, 2)


def test_a_message_is_found_only_in_the_thread_that_is_named(discord: Discord, bot: Client, webhook: str) -> None:
    thread = discord.thread("Status", "digest")
    message = bot.call("POST", f"{webhook}?wait=true&thread_id={thread.id}", say("x"))[1]
    at = f"{webhook}/messages/{message['id']}"
    assert bot.code("PATCH", at, say("y")) == (404, 10008)
    assert bot.call("PATCH", f"{at}?thread_id={thread.id}", say("y"))[1]["content"] == "y"
    assert bot.code("PATCH", f"{at}?thread_id=abc", say("y")) == (400, 50035)
    assert bot.code("POST", f"{webhook}?thread_id=abc", say("y")) == (400, 50035)


# ---- whole objects


def test_the_application_and_its_user_are_whole(discord: Discord, bot: Client) -> None:
    application = bot.call("GET", "/applications/@me")[1]
    assert bot.call("GET", "/oauth2/applications/@me")[1] == application
    assert (application["bot"]["id"], application["approximate_guild_count"]) == (APP, 1)
    me = bot.call("GET", "/users/@me")[1]
    assert (me["bot"], me["flags"], me["mfa_enabled"], me["email"]) == (True, 0, True, None)


def test_a_webhook_can_rename_and_delete_itself(bot: Client, webhook: str, clock: Clock) -> None:
    assert bot.call("PATCH", webhook, {"name": "News"})[1]["name"] == "News"
    assert bot.call("GET", webhook)[1]["name"] == "News"
    assert bot.code("PATCH", webhook, {"name": "n" * 81}) == (400, 50035)
    assert bot.call("POST", f"{webhook}?wait=true", say("x"))[1]["author"]["username"] == "News"
    clock.ahead = 3
    assert bot.call("DELETE", webhook) == (204, None)
    assert bot.code("GET", webhook) == (404, 10015)


def test_channels_show_what_every_channel_has(discord: Discord, bot: Client) -> None:
    thread = discord.thread("Status", discord.webhook("digest") and "digest")
    shown = bot.call("GET", f"/channels/{thread.id}")[1]
    assert (shown["thread_metadata"]["archived"], shown["owner_id"]) == (False, APP)
    assert bot.call("GET", f"/channels/{thread.parent_id}")[1]["permission_overwrites"] == []


def test_a_select_shows_its_defaults(bot: Client, path: str) -> None:
    select = {"type": 3, "custom_id": "s", "options": [{"label": "A", "value": "a"}], "max_values": None}
    message = bot.call("POST", path, {"components": [{"type": 1, "components": [select]}]})[1]
    (shown,) = message["components"][0]["components"]
    assert (shown["min_values"], shown["max_values"], shown["disabled"]) == (1, 1, False)


def test_an_attachment_in_an_embed_or_a_component_becomes_a_url(discord: Discord, bot: Client, path: str) -> None:
    at = "attachment://a.png"
    embed = {"title": "t", "image": {"url": at}, "footer": {"text": "f", "icon_url": at}}
    embedded = post(bot, path, {"embeds": [embed]}, ("files[0]", "a.png", b"x"))[1]
    url = embedded["attachments"][0]["url"]
    (shown,) = embedded["embeds"]
    assert (shown["image"]["url"], shown["footer"]["icon_url"]) == (url, url)
    layout = [
        {"type": 12, "items": [{"media": {"url": at}}, {"media": {"url": "https://example.org/b.png"}}]},
        {"type": 13, "file": {"url": at}},
        {"type": 14},
        {"type": 17, "components": [{"type": 10, "content": "x"}]},
    ]
    message = post(bot, path, {"flags": 32768, "components": layout}, ("files[0]", "a.png", b"x"))[1]
    gallery, file, separator, container = message["components"]
    kept = message["attachments"][0]
    assert [item["media"]["url"] for item in gallery["items"]] == [kept["url"], "https://example.org/b.png"]
    assert (gallery["items"][0]["media"]["attachment_id"], gallery["items"][0]["spoiler"]) == (kept["id"], False)
    assert (file["file"]["url"], file["name"], file["size"]) == (kept["url"], "a.png", 1)
    assert (separator["spacing"], container["accent_color"], container["spoiler"]) == (1, None, False)
    assert "📎 a.png" in render(message).splitlines()
    again = bot.call("PATCH", f"{path}/{message['id']}", {"components": [gallery]})
    assert (again[0], again[1]["components"][0]["items"][0]["media"]) == (200, gallery["items"][0]["media"])
    assert not [fault for fault in discord.faults if "no such field" in fault]


# ---- rate limits


def bucket(bot: Client, method: str, path: str, body: Any = None) -> str:
    bot.call(method, path, body)
    return bot.headers["X-RateLimit-Bucket"]


def test_a_bucket_belongs_to_a_route(discord: Discord, bot: Client, path: str) -> None:
    other = f"/channels/{discord.channel('other').id}/messages"
    lines = [("GET", "/users/@me"), ("GET", "/users/@me/guilds"), ("GET", path), ("GET", COMMANDS)]
    assert len({bucket(bot, *line) for line in lines}) == 4
    assert bucket(bot, "GET", path) == bucket(bot, "GET", other)
    assert bucket(bot, "PUT", COMMANDS, []) == bucket(bot, "POST", COMMANDS, {"name": "ping", "description": "x"})


def test_the_reset_is_in_real_time_even_if_the_clock_is_not(bot: Client, clock: Clock) -> None:
    clock.ahead = -86400
    bot.call("GET", "/users/@me")
    assert 0 < float(bot.headers["X-RateLimit-Reset"]) - time.time() < 2


def test_an_interaction_callback_has_no_bucket(bot: Client) -> None:
    assert bot.code("POST", "/interactions/1/nothing/callback", {"type": 5}) == (404, 10062)
    assert not [name for name in bot.headers if name.lower().startswith("x-ratelimit")]


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
def test_an_injected_429_has_the_headers_of_its_scope(discord: Discord, bot: Client, scope: str) -> None:
    discord.fail_next("GET", "/users/@me", retry_after=1.5, scope=scope)
    status, body = bot.call("GET", "/users/@me")
    headers = {name.lower(): value for name, value in bot.headers.items()}
    assert (status, body["retry_after"], body["global"]) == (429, 1.5, scope == "global")
    assert (headers["x-ratelimit-scope"], headers["via"], headers["retry-after"]) == (scope, "1.1 google", "2")
    expected = None if scope == "global" else "0"
    assert headers.get("x-ratelimit-remaining") == expected
    assert headers.get("x-ratelimit-reset-after") == (None if scope == "global" else "1.500")
    assert ("x-ratelimit-global" in headers) == (scope == "global")


def test_calls_without_a_token_share_the_limit_of_their_address(bot: Client, webhook: str, clock: Clock) -> None:
    clock.stopped = time.time()
    for number in range(50):
        assert bot.code("GET", f"/webhooks/{number}/x", Authorization=None) == (404, 10015)
    status, answer = bot.call("GET", webhook, Authorization=None)
    assert (status, answer["global"], bot.headers["X-RateLimit-Scope"]) == (429, True, "global")
    assert bot.call("GET", webhook)[0] == 200
    assert bot.code("PATCH", f"/webhooks/{APP}/x/messages/@original", say("x"), Authorization=None) == (404, 10015)
