"""People in the simulated Discord use a tiny bot over real sockets: acks, deadlines, deferrals, buttons, events."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from sandbox.discord import Discord, EndpointRefused, Exchange, InteractionFailed, NotPossible
from sandbox.discord.upload import Upload
from sandbox.loopback import Response, Server
from watchbell.discord.permissions import BITS

APP, TOKEN = "1100000000000000001", "bot-token"
JSON = "application/json"
Http = tuple[int, str, Any]


class Bot:
    """A tiny bot. It verifies signatures and answers PINGs. A test sets `answer`, which answers everything else."""

    def __init__(self) -> None:
        self.public_key = ""
        self.verifies = True
        self.answer: Callable[[dict], Http] = lambda body: (200, JSON, {"type": 4, "data": {"content": "hello"}})
        self.got: list[dict] = []
        bot = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                status, kind, body = bot.react(self.path, dict(self.headers), raw)
                out = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                if kind:
                    self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def react(self, path: str, headers: dict[str, str], raw: bytes) -> Http:
        try:
            signed = headers["X-Signature-Timestamp"].encode() + raw
            VerifyKey(bytes.fromhex(self.public_key)).verify(signed, bytes.fromhex(headers["X-Signature-Ed25519"]))
        except (KeyError, ValueError, BadSignatureError):
            if self.verifies:
                return 401, JSON, None
        body = json.loads(raw)
        if path == "/events" and body["type"] == 0:
            return 204, JSON, None
        if path == "/interactions" and body["type"] == 1:
            return 200, JSON, {"type": 1}
        self.got.append(body)
        return self.answer(body)


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def bot() -> Iterator[Bot]:
    bot = Bot()
    yield bot
    bot.server.shutdown()
    bot.server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def discord(bot: Bot, clock: Clock) -> Iterator[Discord]:
    discord = Discord(APP, TOKEN, clock)
    bot.public_key = discord.public_key
    discord.start()
    for command in (PING, STATUS):
        assert call(discord, "POST", f"/applications/{APP}/commands", command)[0] == 201
    discord.set_endpoints(f"{bot.url}/interactions", f"{bot.url}/events")
    yield discord
    discord.stop()


PING = {"name": "ping", "description": "Is the bot awake?"}
STATUS = {
    "name": "status",
    "description": "How the servers are",
    "options": [
        {
            "type": 3,
            "name": "server",
            "description": "Which",
            "required": True,
            "choices": [{"name": "Production", "value": "prod"}],
        },
        {"type": 5, "name": "detailed", "description": "All of it"},
        {"type": 4, "name": "hours", "description": "How far back", "min_value": 0, "max_value": 24},
        {"type": 3, "name": "metric", "description": "Which one", "autocomplete": True},
        {"type": 6, "name": "whom", "description": "Whom to tell"},
    ],
}
REFRESH = {"type": 2, "style": 1, "label": "Refresh", "custom_id": "status:refresh"}


def rows(*buttons: dict) -> list[dict]:
    return [{"type": 1, "components": list(buttons)}]


def call(discord: Discord, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Make a REST call as a correct bot does. Return (status, JSON)."""
    headers = {"User-Agent": "DiscordBot (https://example.org, 1)", "Content-Type": JSON}
    if not path.startswith("/webhooks"):
        headers["Authorization"] = f"Bot {TOKEN}"
    base = urlsplit(discord.url)
    connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=10)
    try:
        connection.request(method, base.path + path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        read = answer.read()
        return answer.status, json.loads(read) if read else None
    finally:
        connection.close()


def original(exchange: Exchange) -> str:
    return f"/webhooks/{APP}/{exchange.token}/messages/@original"


def follow_up(exchange: Exchange) -> str:
    return f"/webhooks/{APP}/{exchange.token}"


def acks(bot: Bot, kind: int, **data: Any) -> None:
    bot.answer = lambda body: (200, JSON, {"type": kind} | ({"data": data} if data else {}))


# ---- endpoints


def test_an_endpoint_that_verifies_is_accepted_and_goes_on_being_probed(discord: Discord, bot: Bot) -> None:
    discord.probe()
    bot.verifies = False
    with pytest.raises(EndpointRefused, match=r"401|not JSON|PING got"):
        discord.probe()
    assert discord.state.interactions_url is None  # Discord removes the URL


@pytest.mark.parametrize(
    ("url", "events", "why"),
    [
        ("/elsewhere", None, "PING got"),
        (None, "/interactions", "instead of 204"),
        ("http://127.0.0.1:9/interactions", None, "could not be reached"),
    ],
)
def test_an_endpoint_that_answers_a_ping_wrongly_is_refused(
    discord: Discord, bot: Bot, url: str | None, events: str | None, why: str
) -> None:
    bot.answer = lambda body: (404, JSON, {})
    whole = url and (url if "://" in url else bot.url + url)
    with pytest.raises(EndpointRefused, match=why):
        discord.set_endpoints(whole, events and bot.url + events)


def test_a_forged_request_is_seen_to_be_refused(discord: Discord, bot: Bot) -> None:
    exchange = discord.person("mallory").forge()
    assert (exchange.status, exchange.ack) == (401, None)
    assert bot.got == []


def test_requests_and_forged_requests_are_dated_by_the_signing_clock() -> None:
    stamps: list[str] = []
    answer = Response(401)
    server = Server(lambda request: stamps.append(dict(request.headers)["X-Signature-Timestamp"]) or answer)
    discord = Discord(APP, TOKEN, signing_clock=lambda: 1_800_000_000.5)
    discord.state.interactions_url = server.url
    ada = discord.person("ada")
    ada.forge()
    ada.send(ada.interaction(2, {"name": "ping", "type": 1}))
    server.stop()
    assert stamps == ["1800000000"] * 2


# ---- interactions that the bot gets


def test_an_interaction_carries_every_field_that_discord_always_sends(discord: Discord, bot: Bot) -> None:
    ada = discord.person("ada", permissions=8)
    ada.command("ping")
    (body,) = bot.got
    always = "id application_id type version token channel app_permissions locale entitlements context"
    assert set(always.split()) | {"authorizing_integration_owners", "attachment_size_limit", "data"} <= set(body)
    assert (body["guild_id"], body["guild_locale"]) == (discord.home.id, "en-US")
    assert body["member"]["permissions"] == "8866461766385663"  # an administrator has all permissions
    assert body["authorizing_integration_owners"] == {"0": discord.home.id}
    assert "user" not in body


def test_in_a_dm_the_user_takes_the_place_of_the_member(discord: Discord, bot: Bot) -> None:
    discord.person("ada").in_dm.command("ping")
    (body,) = bot.got
    assert "member" not in body
    assert (body["user"]["username"], body["context"]) == ("ada", 1)
    assert (body["authorizing_integration_owners"], body["channel"]["type"]) == ({"0": "0"}, 1)


def test_options_go_out_with_their_types_and_resolved_people(discord: Discord, bot: Bot) -> None:
    bob = discord.person("bob")
    discord.person("ada").command("status", server="prod", hours=0, whom=bob)
    data = bot.got[0]["data"]
    assert data["options"][:2] == [
        {"name": "server", "type": 3, "value": "prod"},
        {"name": "hours", "type": 4, "value": 0},
    ]
    assert data["resolved"]["users"][bob.id]["username"] == "bob"
    assert "permissions" in data["resolved"]["members"][bob.id]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nothing", {}),
        ("status", {}),
        ("status", {"server": "moon"}),
        ("status", {"server": "prod", "detailed": "yes"}),
        ("status", {"server": "prod", "hours": 25}),
        ("status", {"server": "prod", "hours": True}),
        ("status", {"server": "prod", "more": 1}),
        ("status now", {}),
    ],
)
def test_discords_client_lets_nobody_send_what_is_not_registered(discord: Discord, name: str, options: dict) -> None:
    with pytest.raises(NotPossible):
        discord.person("ada").command(name, **options)


def test_a_command_is_there_only_where_and_for_whom_it_is_registered(discord: Discord) -> None:
    other = discord.guild("Other")
    path = f"/applications/{APP}/guilds/{other.id}/commands"
    call(discord, "POST", path, {"name": "local", "description": "x", "default_member_permissions": "32"})
    call(discord, "POST", f"/applications/{APP}/commands", {"name": "guilds", "description": "x", "contexts": [0]})
    assert discord.person("eve", other, permissions=32).command("local").ack_type == 4
    for person, name in (
        (discord.person("ada"), "local"),
        (discord.person("bob", other), "local"),
        (discord.person("ada").in_dm, "guilds"),
        (discord.person("stranger", guild=None), "ping"),
    ):
        with pytest.raises(NotPossible):
            person.command(name)


# ---- acks


def test_an_answer_is_seen_at_once(discord: Discord) -> None:
    exchange = discord.person("ada").command("ping")
    assert exchange.wait(0)["content"] == "hello"
    assert (exchange.status, exchange.ack_type, exchange.failed) == (200, 4, None)
    assert exchange.ack_ms < 3000
    assert exchange.final_ms is not None


@pytest.mark.parametrize(
    ("http_answer", "why"),
    [
        ((500, JSON, None), "500"),
        ((200, "text/html", b"<html>"), "Content-Type"),
        ((200, JSON, b"{"), "not JSON"),
        ((200, JSON, {"type": 6}), "type"),
        ((200, JSON, {"type": 8, "data": {"choices": []}}), "type"),
        ((200, JSON, {"type": 4, "data": {}}), "50006"),
        ((200, JSON, {"type": 4, "data": {"content": "x" * 2001}}), "2000"),
        ((200, JSON, {"type": 5, "data": {"flags": 4}}), "flags"),
        ((200, JSON, {"type": 9, "data": {"custom_id": "m", "title": "T", "components": []}}), "components"),
    ],
)
def test_a_wrong_ack_fails_the_interaction_and_its_token(
    discord: Discord, bot: Bot, http_answer: Http, why: str
) -> None:
    bot.answer = lambda body: http_answer
    exchange = discord.person("ada").command("ping")
    assert why in (exchange.failed or "")
    with pytest.raises(InteractionFailed):
        exchange.wait(0)
    assert call(discord, "PATCH", original(exchange), {"content": "late"})[1]["code"] == 10015


def test_an_ack_past_three_seconds_is_too_late(discord: Discord, bot: Bot) -> None:
    slow = threading.Event()
    bot.answer = lambda body: (slow.wait(4), (200, JSON, {"type": 5}))[1]
    exchange = discord.person("ada").command("ping")
    slow.set()
    assert "within 3 s" in (exchange.failed or "")
    answer = call(discord, "POST", f"/interactions/{exchange.body['id']}/{exchange.token}/callback", {"type": 5})
    assert (answer[0], answer[1]["code"]) == (404, 10062)


def test_an_interaction_may_be_acknowledged_by_the_callback_route_but_once(discord: Discord, bot: Bot) -> None:
    answers = []

    def by_callback(body: dict) -> Http:
        path = f"/interactions/{body['id']}/{body['token']}/callback?with_response=true"
        answers.extend([call(discord, "POST", path, {"type": 4, "data": {"content": "called"}}) for _ in range(2)])
        return 202, "", None

    bot.answer = by_callback
    assert discord.person("ada").command("ping").wait(0)["content"] == "called"
    assert answers[0][1]["resource"]["message"]["content"] == "called"
    assert (answers[1][0], answers[1][1]["code"]) == (400, 40060)


# ---- deferrals


def test_a_deferred_answer_is_waited_for_and_keeps_the_privacy_of_its_deferral(discord: Discord, bot: Bot) -> None:
    acks(bot, 5, flags=64)
    ada, bob = discord.person("ada"), discord.person("bob")
    exchange = ada.command("status", server="prod")
    assert exchange.message is None
    threading.Timer(0.05, call, (discord, "PATCH", original(exchange), {"content": "all well"})).start()
    message = exchange.wait(5)
    assert (message["content"], message["flags"], message["edited_timestamp"]) == ("all well", 64, None)
    assert [each["id"] for each in ada.messages()] == [message["id"]]
    assert bob.messages() == discord.messages(ada.channel) == []


def test_a_deferral_needs_no_data(discord: Discord, bot: Bot) -> None:
    for data in ({}, {"data": None}, {"data": {}}, {"data": {"flags": 0}}):
        answer = {"type": 5} | data
        bot.answer = lambda body, answer=answer: (200, JSON, answer)
        assert discord.person("ada").command("ping").failed is None


def test_a_token_can_stay_unknown_for_some_seconds_after_its_ack(discord: Discord, bot: Bot) -> None:
    now = [time.time()]
    discord.state.world.clock = lambda: now[0]
    discord.state.interactions.known_after = 12
    acks(bot, 5)
    exchange = discord.person("ada").command("ping")
    for later, status, code in ((0, 404, 10015), (11, 404, 10015), (2, 200, None)):
        now[0] += later
        answered, body = call(discord, "PATCH", original(exchange), {"content": "early"})
        assert (answered, body.get("code")) == (status, code)


def test_a_patch_that_overtakes_the_ack_is_told_to_come_again(discord: Discord, bot: Bot) -> None:
    discord.state.ack_recorded_after = 0.2
    acks(bot, 5)
    early: list[tuple[int, Any]] = []

    def deferring(body: dict) -> Http:
        path = f"/webhooks/{APP}/{body['token']}/messages/@original"
        threading.Timer(0.05, lambda: early.append(call(discord, "PATCH", path, {"content": "quick"}))).start()
        return 200, JSON, {"type": 5}

    bot.answer = deferring
    exchange = discord.person("ada").command("ping")
    assert [(status, body["code"]) for status, body in early] == [(404, 10015)]
    assert call(discord, "PATCH", original(exchange), {"content": "again"})[0] == 200


def test_the_first_follow_up_after_a_deferral_acts_as_its_edit(discord: Discord, bot: Bot) -> None:
    acks(bot, 5)
    exchange = discord.person("ada").command("ping")
    status, first = call(discord, "POST", follow_up(exchange), {"content": "one", "flags": 64})
    assert (status, first["content"], first["flags"]) == (200, "one", 0)
    assert exchange.wait(0)["id"] == first["id"]
    second = call(discord, "POST", follow_up(exchange), {"content": "two", "flags": 64})[1]
    assert [each["id"] for each in exchange.follow_ups] == [second["id"]]
    assert second["flags"] == 64
    assert second["interaction_metadata"]["original_response_message_id"] == first["id"]


def test_a_deleted_deferral_gives_way_to_a_private_follow_up(discord: Discord, bot: Bot) -> None:
    acks(bot, 5)
    exchange = discord.person("ada").command("ping")
    assert call(discord, "DELETE", original(exchange)) == (204, None)
    assert call(discord, "PATCH", original(exchange), {"content": "x"})[1]["code"] == 10008
    call(discord, "POST", follow_up(exchange), {"content": "for you", "flags": 64})
    assert exchange.wait(0)["content"] == "for you"


def test_a_button_that_updates_edits_the_message_it_is_on(discord: Discord, bot: Bot) -> None:
    acks(bot, 4, content="before", components=rows(REFRESH))
    ada = discord.person("ada")
    shown = ada.command("ping").wait(0)
    acks(bot, 6)
    exchange = ada.press(shown, "Refresh")
    assert exchange.message is None
    status, _ = call(discord, "PATCH", original(exchange), {"content": "after"})
    assert (status, exchange.wait(0)["id"]) == (200, shown["id"])
    assert [each["content"] for each in discord.messages(ada.channel)] == ["after"]
    assert bot.got[-1]["message"]["content"] == "before"
    assert bot.got[-1]["data"] == {"custom_id": "status:refresh", "component_type": 2, "id": 2}
    acks(bot, 7, content="", embeds=[{"title": "now"}], components=[])
    ada.press(shown, "status:refresh")
    (now,) = discord.messages(ada.channel)
    assert (now["content"], now["embeds"][0]["title"], now["components"]) == ("", "now", [])


def test_a_button_can_be_pressed_only_as_the_message_shows_it_now(discord: Discord, bot: Bot) -> None:
    link = {"type": 2, "style": 5, "label": "Docs", "url": "https://example.org"}
    off = REFRESH | {"label": "Off", "custom_id": "off", "disabled": True}
    acks(bot, 4, content="private", flags=64, components=rows(REFRESH, link, off))
    ada, bob = discord.person("ada"), discord.person("bob")
    first = ada.command("ping")
    shown = first.wait(0)
    for person, button in ((ada, "Docs"), (ada, "Off"), (ada, "Nowhere"), (bob, "Refresh")):
        with pytest.raises(NotPossible):
            person.press(shown, button)
    call(discord, "PATCH", original(first), {"components": []})
    with pytest.raises(NotPossible, match="the message has: none"):
        ada.press(shown, "Refresh")


def test_a_button_in_a_dm_is_pressed_there(discord: Discord, bot: Bot) -> None:
    ada, bob = discord.person("ada"), discord.person("bob")
    dm = call(discord, "POST", "/users/@me/channels", {"recipient_id": ada.id})[1]["id"]
    shown = call(discord, "POST", f"/channels/{dm}/messages", {"content": "welcome", "components": rows(REFRESH)})[1]
    assert ada.press(shown, "Refresh").wait(0)["channel_id"] == dm
    body = bot.got[-1]
    assert (body["user"]["id"], body["context"], body["authorizing_integration_owners"]) == (ada.id, 1, {"0": "0"})
    with pytest.raises(NotPossible, match="does not see"):
        bob.press(shown, "Refresh")


def test_a_token_expires_by_the_clock_and_not_by_waiting(discord: Discord, bot: Bot, clock: Clock) -> None:
    acks(bot, 5)
    exchange = discord.person("ada").command("ping")
    clock.ahead = 14 * 60
    assert call(discord, "PATCH", original(exchange), {"content": "in time"})[0] == 200
    clock.ahead = 15 * 60 + 1
    status, body = call(discord, "PATCH", original(exchange), {"content": "late"})
    assert (status, body["code"]) == (401, 50027)


# ---- context menus, roles, files


def registered(discord: Discord, **command: Any) -> None:
    assert call(discord, "POST", f"/applications/{APP}/commands", command)[0] == 201


def test_a_context_menu_of_a_person_brings_them_along(discord: Discord, bot: Bot) -> None:
    registered(discord, type=2, name="Report user")
    ada, bob = discord.person("ada"), discord.person("bob")
    ada.menu("Report user", bob)
    data = bot.got[0]["data"]
    assert (data["type"], data["target_id"], "options" in data) == (2, bob.id, False)
    assert data["resolved"]["users"][bob.id]["username"] == "bob"
    assert data["resolved"]["members"][bob.id].keys() >= {"roles", "permissions"}
    with pytest.raises(NotPossible, match="with type 1"):
        ada.command("Report user")
    with pytest.raises(NotPossible, match="no command /ping"):
        ada.menu("ping", bob)


def test_a_context_menu_of_a_message_brings_its_words_along(discord: Discord, bot: Bot) -> None:
    registered(discord, type=3, name="Report message")
    said = discord.person("bob").say("buy now", Upload("a.png", b"x"))
    discord.person("ada").menu("Report message", said)
    data = bot.got[0]["data"]
    assert (data["type"], data["target_id"]) == (3, said["id"])
    told = data["resolved"]["messages"][said["id"]]
    assert (told["content"], told["author"]["username"], told["attachments"][0]["size"]) == ("buy now", "bob", 1)
    discord.state.world.remove(said["id"])
    with pytest.raises(NotPossible, match="gone"):
        discord.person("ada").menu("Report message", said)


def test_a_role_is_held_chosen_and_brought_along(discord: Discord, bot: Bot) -> None:
    option = {"name": "whom", "description": "x", "type": 8}
    either = {"name": "either", "description": "x", "type": 9}
    registered(discord, name="tell", description="x", options=[option, either])
    ada = discord.person("ada")
    crew = discord.role("crew", ada)
    ada.command("tell", whom=crew, either=crew)
    assert bot.got[0]["member"]["roles"] == [crew.id]
    assert bot.got[0]["data"]["resolved"]["roles"][crew.id]["name"] == "crew"
    ada.command("tell", either=ada)
    assert bot.got[1]["data"]["resolved"].keys() == {"users", "members"}
    elsewhere = discord.role("others", guild=discord.guild("Other"))
    for wrong in (ada, elsewhere, "crew"):
        with pytest.raises(NotPossible, match="only roles can be chosen"):
            ada.command("tell", whom=wrong)


def test_a_channel_is_offered_by_its_type(discord: Discord, bot: Bot) -> None:
    option = {"name": "where", "description": "x", "type": 7, "channel_types": [5, 15]}
    registered(discord, name="post", description="x", options=[option])
    with pytest.raises(NotPossible, match="does not accept a channel of that type"):
        discord.person("ada").command("post", where=discord.channel("general"))


def test_the_transcript_names_a_channel_that_was_chosen(discord: Discord, bot: Bot) -> None:
    registered(discord, name="post", description="x", options=[{"name": "where", "description": "x", "type": 7}])
    discord.person("ada").command("post", where=discord.channel("garden"))
    assert "ada runs /post where:#garden" in "\n".join(discord.transcript)


def test_a_file_is_uploaded_for_an_option_and_expires_later(discord: Discord, bot: Bot) -> None:
    option = {"name": "proof", "description": "x", "type": 11, "file_types": [".PNG", "video"]}
    registered(discord, name="report", description="x", options=[option])
    ada = discord.person("ada")
    ada.command("report", proof=Upload("Screen.png", b"1234"))
    data = bot.got[0]["data"]
    (kept,) = data["resolved"]["attachments"].values()
    assert (kept["id"], kept["size"], kept["ephemeral"]) == (data["options"][0]["value"], 4, True)
    assert discord.file(kept) == b"1234"
    ada.command("report", proof=Upload("a.mp4", b"1"))
    for wrong in (Upload("a.txt", b"1"), Upload("video", b"1"), "a.png"):
        with pytest.raises(NotPossible):
            ada.command("report", proof=wrong)


def test_files_are_uploaded_in_a_form(discord: Discord, bot: Bot) -> None:
    upload = {"type": 19, "custom_id": "proof", "max_values": 2, "file_types": ["image"]}
    acks(bot, 9, custom_id="m", title="Ask", components=[{"type": 18, "label": "Proof", "component": upload}])
    ada = discord.person("ada")
    opened = ada.command("ping")
    acks(bot, 4, content="noted")
    png = Upload("a.png", b"x")
    for wrong in ([], [png] * 3, [Upload("a.txt", b"x")]):
        with pytest.raises(NotPossible):
            ada.submit(opened, {"proof": wrong})
    ada.submit(opened, {"proof": [png, png]})
    answer = bot.got[-1]["data"]["components"][0]["component"]
    assert answer["values"] == list(bot.got[-1]["data"]["resolved"]["attachments"])
    assert len(answer["values"]) == 2


# ---- choices, selects, modals


def test_autocomplete_is_typed_into_and_answered_with_choices(discord: Discord, bot: Bot) -> None:
    acks(bot, 8, choices=[{"name": "CPU", "value": "cpu"}])
    exchange = discord.person("ada").typing("status", "metric", metric="c")
    assert exchange.choices == [{"name": "CPU", "value": "cpu"}]
    assert bot.got[0]["data"]["options"] == [{"name": "metric", "type": 3, "value": "c", "focused": True}]
    acks(bot, 8, choices=[{"name": "CPU", "value": 5}])
    assert "choices.0.value" in (discord.person("ada").typing("status", "metric").failed or "")


def test_a_select_takes_only_what_it_offers(discord: Discord, bot: Bot) -> None:
    select = {"type": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]}
    acks(bot, 4, content="?", components=rows(select))
    ada = discord.person("ada")
    shown = ada.command("ping").wait(0)
    ada.choose(shown, "pick", "b")
    assert bot.got[-1]["data"]["values"] == ["b"]
    for values in (("c",), ("a", "b"), ()):
        with pytest.raises(NotPossible):
            ada.choose(shown, "pick", *values)


def test_a_modal_is_submitted_inside_its_labels(discord: Discord, bot: Bot) -> None:
    reason = {"type": 4, "custom_id": "reason", "style": 2, "min_length": 3}
    label = {"type": 18, "label": "Why?", "component": reason}
    acks(bot, 9, custom_id="open", title="Open an incident", components=[label])
    ada = discord.person("ada")
    opened = ada.command("ping")
    with pytest.raises(NotPossible):
        ada.submit(opened, {"reason": "no"})
    acks(bot, 4, content="noted")
    assert ada.submit(opened, {"reason": "it fell over"}).wait(0)["content"] == "noted"
    assert bot.got[-1]["data"]["components"] == [
        {
            "type": 18,
            "id": 1,
            "component": {"type": 4, "id": 2, "custom_id": "reason", "value": "it fell over"},
        }
    ]


def test_what_a_form_has_chosen_from_the_start_is_submitted_where_nobody_touches_it(discord: Discord, bot: Bot) -> None:
    ada, bob = discord.person("ada"), discord.person("bob")
    options = [{"label": x, "value": x, "default": x == "b"} for x in "ab"]
    fields = [
        *({"type": kind, "custom_id": str(kind), "options": options} for kind in (3, 21, 22)),
        {"type": 5, "custom_id": "5", "default_values": [{"id": bob.id, "type": "user"}]},
        {"type": 23, "custom_id": "23", "default": True},
    ]
    acks(bot, 9, custom_id="m", title="Ask", components=[{"type": 18, "label": "?", "component": f} for f in fields])
    opened = ada.command("ping")
    acks(bot, 4, content="noted")
    ada.submit(opened, {})
    answers = {each["component"]["type"]: each["component"] for each in bot.got[-1]["data"]["components"]}
    assert [answers[kind]["values"] for kind in (3, 22, 5)] == [["b"], ["b"], [bob.id]]
    assert (answers[21]["value"], answers[23]["value"]) == ("b", True)
    assert bot.got[-1]["data"]["resolved"]["users"][bob.id]["username"] == "bob"


def test_a_modal_opened_in_a_dm_is_submitted_there_with_people_and_ticks(discord: Discord, bot: Bot) -> None:
    fields = [
        {"type": 5, "custom_id": "who"},
        {"type": 21, "custom_id": "how", "options": [{"label": x, "value": x} for x in "ab"]},
        {"type": 23, "custom_id": "sure"},
    ]
    labels = [{"type": 18, "label": "?", "component": field} for field in fields]
    acks(bot, 9, custom_id="m", title="Ask", components=labels)
    ada, bob = discord.person("ada"), discord.person("bob")
    opened = ada.in_dm.command("ping")
    with pytest.raises(NotPossible):
        ada.submit(opened, {"who": bob, "how": "c"})
    ada.submit(opened, {"who": bob, "how": "b", "sure": True})
    body = bot.got[-1]
    answers = [each["component"] for each in body["data"]["components"]]
    assert (answers[0]["values"], answers[1]["value"], answers[2]["value"]) == ([bob.id], "b", True)
    assert body["data"]["resolved"]["users"][bob.id]["username"] == "bob"
    assert (body["context"], "message" in body) == (1, False)


def test_a_subcommand_is_run_by_its_whole_name(discord: Discord, bot: Bot) -> None:
    leaf = {"type": 1, "name": "open", "description": "x", "options": [{"type": 3, "name": "why", "description": "x"}]}
    group = {"type": 2, "name": "incident", "description": "x", "options": [leaf]}
    call(discord, "POST", f"/applications/{APP}/commands", {"name": "ops", "description": "x", "options": [group]})
    discord.person("ada").command("ops incident open", why="fire")
    inner = [{"name": "open", "type": 1, "options": [{"name": "why", "type": 3, "value": "fire"}]}]
    assert bot.got[-1]["data"]["options"] == [{"name": "incident", "type": 2, "options": inner}]
    with pytest.raises(NotPossible, match="subcommands"):
        discord.person("ada").command("ops incident")


# ---- events


def test_an_installation_is_told_in_discords_outer_shape(discord: Discord, bot: Bot) -> None:
    bot.answer = lambda body: (204, "", None)
    ada = discord.person("ada")
    (delivery,) = discord.install(ada)
    (body,) = bot.got
    assert delivery.delivered
    assert (body["version"], body["application_id"], body["type"]) == (1, APP, 1)
    assert body["event"]["type"] == "APPLICATION_AUTHORIZED"
    assert body["event"]["data"]["user"]["id"] == ada.id
    assert body["event"]["data"]["guild"]["id"] == discord.home.id
    assert "+" not in body["event"]["timestamp"]


def test_an_event_can_come_twice_at_once_and_is_retried_until_204(discord: Discord, bot: Bot) -> None:
    refusals = [503, 503]
    bot.answer = lambda body: (refusals.pop() if refusals else 204, "", None)
    deliveries = discord.install(discord.person("ada"), guild=False, times=2, at_once=True)
    assert all(delivery.delivered for delivery in deliveries)
    assert sum(len(delivery.tries) for delivery in deliveries) == 4
    assert len({json.dumps(body) for body in bot.got}) == 1
    bot.answer = lambda body: (200, "", None)
    assert not discord.install(discord.person("ada"))[0].delivered


def test_many_people_at_once_each_get_their_own_answer(discord: Discord, bot: Bot) -> None:
    bot.answer = lambda body: (200, JSON, {"type": 4, "data": {"content": body["member"]["user"]["username"]}})
    people = [discord.person(f"p{number}") for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda person: person.command("ping").wait(5)["content"], people))
    assert answers == [person.name for person in people]


def test_the_transcript_reads_like_the_conversation(discord: Discord, bot: Bot) -> None:
    acks(bot, 5)
    exchange = discord.person("ada").command("status", server="prod")
    call(discord, "PATCH", original(exchange), {"embeds": [{"title": "prod", "color": 0x2ECC71}]})
    text = "\n".join(discord.transcript)
    assert "ada runs /status server:prod" in text
    assert "thinking… (type 5)" in text
    assert "│ 🟩 prod" in text
    assert exchange.token not in text
    assert discord.faults == []


def test_who_may_not_use_commands_in_a_channel_is_not_offered_them(discord: Discord) -> None:
    ada = discord.person("ada")
    discord.overwrite(ada.channel, discord.home, deny=BITS["USE_APPLICATION_COMMANDS"])
    with pytest.raises(NotPossible, match="ada may not use commands in #general"):
        ada.command("ping")


@pytest.mark.parametrize("may_show_apps", [True, False])
def test_an_app_of_a_person_answers_privately_where_it_may_not_be_shown(
    discord: Discord, bot: Bot, may_show_apps: bool
) -> None:
    command = PING | {"name": "mine", "integration_types": [1]}
    assert call(discord, "POST", f"/applications/{APP}/commands", command)[0] == 201
    other = discord.guild("Elsewhere", has_bot=False)
    ada = discord.person("ada", other)
    ada.account.installed_app = True
    if not may_show_apps:
        discord.overwrite(ada.channel, other, deny=BITS["USE_EXTERNAL_APPS"])
    shown = ada.command("mine")
    followed = call(discord, "POST", f"/webhooks/{APP}/{shown.token}", {"content": "more"})[1]
    private = [bool(message["flags"] & 64) for message in (shown.message or {}, followed)]
    assert private == [not may_show_apps] * 2
    others_see = discord.messages(ada.channel, seen_by=discord.person("bob", other))
    assert len(others_see) == (2 if may_show_apps else 0)
