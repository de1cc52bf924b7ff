"""What a feature does in Discord besides its answer: messages, channels, overwrites, threads and roles."""

import json
from urllib.parse import unquote

import pytest

from sandbox.loopback import Response, as_json
from tests import judge
from tests.adapters.test_discord import Api
from watchbell import Button, Embed, File, Overwrite, Reply
from watchbell.adapters.discord import DiscordClient
from watchbell.discord.custom_id import Address
from watchbell.errors import DefinitionError, DiscordError, InvalidReply
from watchbell.tools.toolbox import Tools

CHANNEL = {"id": "7", "type": 0, "guild_id": "1", "permission_overwrites": []}
REFUSED = {"message": "no", "code": 0}


def sealed(message, interaction):
    """Stands for the seals: writes the custom ids as texts."""
    return json.loads(json.dumps(message, default=lambda address: f"sealed {address.handler}"))


def api(*answers):
    there = Api(*answers)
    there.client = DiscordClient(f"{there.server.url}/api/v10", lambda fresh: "token", sealed, lambda: 1_800_000_000.0)
    return there


def asked(there, number=0):
    request = there.requests[number]
    body = json.loads(request.body) if request.body else None
    return request.method, request.target.removeprefix("/api/v10"), body


def test_a_reply_is_sealed_checked_and_sent_with_its_files():
    there = api(as_json(200, {"id": "9"}))
    chart = File("chart.png", b"png")
    reply = Reply("Hi", embeds=[Embed("A chart", image=chart)], buttons=[Button("Go", custom_id=Address("a", "go"))])
    assert there.client.send("7", reply, nonce="hello") == {"id": "9"}
    message, files = there.parts()
    assert message["components"][0]["components"][0]["custom_id"] == "sealed go"
    assert [name for _, name, _, _ in files] == ["chart.png"]
    judge.approve("message", message)


def test_a_nonce_of_any_length_fits_and_belongs_to_its_channel():
    there = api(as_json(200, {"id": "9"}))
    for channel, nonce in (("7", "x"), ("7", "x"), ("8", "x"), ("7", "apply:" + "1" * 300), ("7", "…\ud800")):
        there.client.send(channel, Reply("Hi"), nonce=nonce)
    nonces = [asked(there, number)[2]["nonce"] for number in range(5)]
    assert nonces[0] == nonces[1]
    assert len(set(nonces)) == 4
    assert {len(nonce) for nonce in nonces} == {25}
    assert asked(there)[2]["enforce_nonce"] is True


def test_what_discord_would_refuse_is_not_sent():
    there = api(as_json(200, {"id": "9"}))
    with pytest.raises(InvalidReply, match="2001 characters"):
        there.client.send("7", Reply("x" * 2001), nonce="x")
    with pytest.raises(InvalidReply, match="2001 characters"):
        there.client.edit("7", "9", Reply("x" * 2001))
    with pytest.raises(DefinitionError, match="cannot be private"):
        there.client.send("7", Reply("x", private=True), nonce="x")
    with pytest.raises(DefinitionError, match="seals no buttons"):
        DiscordClient(there.client._base, lambda fresh: "token").send("7", Reply("x"), nonce="x")
    assert there.requests == []


def test_the_tools_seal_buttons_of_a_message_for_the_person_it_is_bound_to():
    tools = Tools("worker", {"DISCORD_URL": "http://127.0.0.1:9"})
    tools.seals = type("Seals", (), {"seal": lambda self, message, interaction: {"content": f"for {interaction}"}})()
    there = api(as_json(200, {"id": "9"}))
    tools.discord._base, tools.discord._bot_token = there.client._base, lambda fresh: "token"
    tools.discord.send("7", Reply("Hi"), nonce="x", interaction="ada")
    assert asked(there)[2]["content"] == "for ada"


def test_a_message_is_edited_as_a_whole_and_deleted():
    there = api(as_json(200, {"id": "9"}), Response(204))
    assert there.client.edit("7", "9", Reply("new")) == {"id": "9"}
    there.client.delete("7", "9", reason="spam")
    method, target, body = asked(there)
    assert (method, target, body["content"], body["embeds"]) == ("PATCH", "/channels/7/messages/9", "new", [])
    assert asked(there, 1) == ("DELETE", "/channels/7/messages/9", None)


def test_a_private_channel_is_created_as_discord_s_schema_has_it():
    there = api(as_json(201, {"id": "8"}))
    overwrites = [
        Overwrite(role="1", deny="VIEW_CHANNEL"),
        Overwrite(member="2", allow=["VIEW_CHANNEL", "SEND_MESSAGES"]),
    ]
    made = there.client.create_channel(
        "1", "apply-ada", topic="Ada", parent="5", overwrites=overwrites, slowmode=5, reason="Ada applies"
    )
    assert made == {"id": "8"}
    method, target, body = asked(there)
    assert (method, target) == ("POST", "/guilds/1/channels")
    assert body == {
        "name": "apply-ada",
        "type": 0,
        "topic": "Ada",
        "parent_id": "5",
        "rate_limit_per_user": 5,
        "permission_overwrites": [
            {"id": "1", "type": 0, "allow": "0", "deny": "1024"},
            {"id": "2", "type": 1, "allow": "3072", "deny": "0"},
        ],
    }
    judge.approve("channel", body)


@pytest.mark.parametrize("kind", ["text", "voice", "category", "announcement", "stage", "forum"])
def test_every_kind_of_channel_is_one_that_discord_s_schema_has(kind):
    there = api(as_json(201, {"id": "8"}))
    there.client.create_channel("1", "x", kind=kind)
    assert "permission_overwrites" not in asked(there)[2]  # Otherwise it would not get those of its category.
    judge.approve("channel", asked(there)[2])


def test_an_edit_of_a_channel_changes_only_what_is_named():
    there = api(as_json(200, {"id": "8"}))
    there.client.edit_channel("8", parent="", overwrites=[])
    assert asked(there) == ("PATCH", "/channels/8", {"parent_id": None, "permission_overwrites": []})
    judge.approve("channel-edit", asked(there)[2])
    there.client.edit_channel("8", archived=True, locked=False)
    assert asked(there, 1)[2] == {"archived": True, "locked": False}
    judge.approve("thread-edit", asked(there, 1)[2])


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"name": "x" * 101}, "name: 101 characters; at most 100"),
        ({"name": " "}, "name: empty"),
        ({"topic": "x" * 1025}, "topic: 1025 characters; at most 1024"),
        ({"slowmode": 21601}, "rate_limit_per_user: 21601; must be 0 to 21600"),
        ({"parent": "lobby"}, 'parent_id: "lobby", not an id'),
        ({"overwrites": [Overwrite(role="everyone")]}, r'permission_overwrites\[0\].id: "everyone", not an id'),
        ({"overwrites": [Overwrite(role="1")] * 101}, "permission_overwrites: 101; at most 100"),
    ],
)
def test_a_channel_that_discord_would_refuse_is_not_asked_for(wrong, fault):
    there = api(as_json(201, {"id": "8"}))
    with pytest.raises(InvalidReply, match=fault):
        there.client.create_channel("1", **{"name": "x", **wrong})
    with pytest.raises(InvalidReply, match=fault):
        there.client.edit_channel("8", **wrong)
    assert there.requests == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "one role or one member"),
        ({"role": "1", "member": "2"}, "one role or one member"),
        ({"role": "1", "allow": "VIEW_CHANEL"}, "did you mean VIEW_CHANNEL"),
        ({"role": "1", "allow": "VIEW_CHANNEL", "deny": ["SEND_MESSAGES", "VIEW_CHANNEL"]}, "allow and deny the same"),
    ],
)
def test_an_overwrite_that_means_nothing_is_refused(wrong, why):
    with pytest.raises(DefinitionError, match=why):
        Overwrite(**wrong)


def test_a_channel_of_an_unknown_kind_is_refused_with_the_kinds_that_there_are():
    with pytest.raises(DefinitionError, match="use one of text, voice"):
        api(Response(204)).client.create_channel("1", "x", kind="thread")


def test_an_overwrite_is_set_and_taken_away():
    there = api(Response(204))
    there.client.overwrite("8", member="2", allow="VIEW_CHANNEL", deny=["SEND_MESSAGES", "EMBED_LINKS"])
    there.client.delete_overwrite("8", "2")
    allowed = {"type": 1, "allow": "1024", "deny": "18432"}
    assert asked(there) == ("PUT", "/channels/8/permissions/2", allowed)
    judge.approve("overwrite", {"id": "2", **allowed})
    assert asked(there, 1) == ("DELETE", "/channels/8/permissions/2", None)


def test_a_thread_is_public_unless_it_is_said_to_be_private():
    there = api(as_json(201, {"id": "8"}))
    there.client.create_thread("7", "Talk")
    there.client.create_thread("7", "Talk", private=True)
    there.client.create_thread("7", "Talk", message="9")
    assert asked(there) == ("POST", "/channels/7/threads", {"name": "Talk", "type": 11})
    assert asked(there, 1) == ("POST", "/channels/7/threads", {"name": "Talk", "type": 12})
    assert asked(there, 2) == ("POST", "/channels/7/messages/9/threads", {"name": "Talk"})
    judge.approve("thread", asked(there, 1)[2])
    judge.approve("thread-at-message", asked(there, 2)[2])
    with pytest.raises(DefinitionError, match="as public as the message"):
        there.client.create_thread("7", "Talk", message="9", private=True)


def test_a_post_in_a_forum_has_a_name_tags_and_a_first_message_with_its_files():
    there = api(as_json(201, {"id": "8"}))
    button = Button("Go", custom_id=Address("a", "go"))
    assert there.client.create_post("7", "prod is down", Reply("Since 9:00", buttons=[button]), tags=["5"]) == {
        "id": "8"
    }
    method, path, body = asked(there)
    assert (method, path, body["name"], body["applied_tags"]) == ("POST", "/channels/7/threads", "prod is down", ["5"])
    assert (body["message"]["content"], "nonce" in body["message"]) == ("Since 9:00", False)
    assert body["message"]["components"][0]["components"][0]["custom_id"] == "sealed go"
    judge.approve("post", body)

    there.client.create_post("7", "A chart", Reply(files=[File("chart.png", b"png")]))
    body, files = there.parts(1)
    assert [each["filename"] for each in body["message"]["attachments"]] == ["chart.png"]
    assert [name for _, name, _, _ in files] == ["chart.png"]
    judge.approve("post", body)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": ""}, "name: empty"),
        ({"name": "x" * 101}, "101 characters"),
        ({"tags": ["1"] * 6}, "applied_tags"),
        ({"tags": ["incident"]}, "applied_tags"),
        ({"reply": Reply("x" * 2001)}, "2001 characters"),
    ],
)
def test_a_post_that_discord_would_refuse_is_not_sent(wrong, told):
    there = api(as_json(201, {"id": "8"}))
    with pytest.raises(InvalidReply, match=told):
        there.client.create_post(
            "7", wrong.get("name", "n"), wrong.get("reply", Reply("x")), tags=wrong.get("tags", ())
        )
    with pytest.raises(DefinitionError, match="cannot be private"):
        there.client.create_post("7", "n", Reply("x", private=True))
    assert there.requests == []


def test_a_thread_at_a_message_is_created_once():
    thread = {"id": "9", "type": 11, "parent_id": "7", "guild_id": "1"}
    there = api(as_json(400, {**REFUSED, "code": 160004}), as_json(200, thread))
    assert there.client.create_thread("7", "Talk", message="9") == thread
    assert asked(there, 1) == ("GET", "/channels/9", None)


def test_people_are_added_to_a_thread_and_get_and_lose_roles():
    there = api(Response(204))
    there.client.add_to_thread("8", "2")
    there.client.remove_from_thread("8", "2")
    there.client.add_role("1", "2", "3", reason="accepted")
    there.client.remove_role("1", "2", "3")
    assert [asked(there, number)[:2] for number in range(4)] == [
        ("PUT", "/channels/8/thread-members/2"),
        ("DELETE", "/channels/8/thread-members/2"),
        ("PUT", "/guilds/1/members/2/roles/3"),
        ("DELETE", "/guilds/1/members/2/roles/3"),
    ]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda client: client.delete("7", "9"), 10008),
        (lambda client: client.delete("7", "9"), 10003),
        (lambda client: client.delete_channel("7"), 10003),
        (lambda client: client.delete_overwrite("7", "2"), 10009),
        (lambda client: client.remove_from_thread("7", "2"), 10003),
        (lambda client: client.remove_role("1", "2", "3"), 10007),
    ],
)
def test_what_is_gone_already_needs_no_deleting_and_anything_else_is_an_error(call, code):
    assert call(api(as_json(404, {**REFUSED, "code": code})).client) is None
    with pytest.raises(DiscordError):
        call(api(as_json(403, {**REFUSED, "code": 50013})).client)
    with pytest.raises(DiscordError):  # Anything may answer so in Discord's place.
        call(api(Response(404)).client)


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("Ada's wish: 100 % ✓", "Ada's wish: 100 % ✓"),
        ("a\r\nAuthorization: x", "a\r\nAuthorization: x"),
        ("x" * 600, "x" * 512),
        ("é" * 600, "é" * 512),
        ("\ud800", "?"),
        ("  ", None),
        ("", None),
    ],
)
def test_a_reason_goes_to_the_audit_log_in_one_line_of_at_most_512_characters(reason, sent):
    there = api(Response(204))
    there.client.delete_channel("7", reason=reason)
    header = there.headers().get("x-audit-log-reason")
    assert (unquote(header) if header is not None else None) == sent
    assert header is None or header.isascii()


SERVER = {"id": "1", "owner_id": "2", "roles": [{"id": "1", "permissions": str(1024 + 2048)}]}
ME, MEMBER = {"id": "42"}, {"user": {"id": "42"}, "roles": []}


def test_the_missing_permissions_are_computed_from_roles_and_overwrites():
    there = api(*(as_json(200, answer) for answer in (CHANNEL, SERVER, ME, MEMBER)))
    assert there.client.missing("7", "SEND_MESSAGES", "ATTACH_FILES") == ["ATTACH_FILES"]
    assert [asked(there, number)[1] for number in range(4)] == [
        *("/channels/7", "/guilds/1", "/users/@me", "/guilds/1/members/42")
    ]
    closed = {**CHANNEL, "permission_overwrites": [{"id": "1", "type": 0, "allow": "0", "deny": "2048"}]}
    there.answers = [as_json(200, answer) for answer in (closed, SERVER, MEMBER)]
    assert there.client.missing("7", "SEND_MESSAGES", "VIEW_CHANNEL") == ["SEND_MESSAGES"]
    assert len(there.requests) == 7  # The bot knows who it is.


def test_the_permissions_in_a_thread_are_those_of_its_channel():
    thread = {"id": "8", "type": 11, "guild_id": "1", "parent_id": "7"}
    there = api(*(as_json(200, answer) for answer in (thread, CHANNEL, SERVER, ME, MEMBER)))
    assert there.client.missing("8", "VIEW_CHANNEL", "SEND_MESSAGES") == ["SEND_MESSAGES"]
    assert asked(there, 1)[1] == "/channels/7"


def test_everything_is_missing_in_a_channel_that_the_bot_cannot_see_and_nothing_in_a_dm():
    hidden = api(as_json(403, {**REFUSED, "code": 50001}))
    assert hidden.client.missing("7", "VIEW_CHANNEL", "SEND_MESSAGES") == ["VIEW_CHANNEL", "SEND_MESSAGES"]
    assert api(as_json(200, {"id": "7", "type": 1})).client.missing("7", "SEND_MESSAGES") == []
    with pytest.raises(DiscordError):
        api(as_json(404, {**REFUSED, "code": 10003})).client.missing("7", "SEND_MESSAGES")
    with pytest.raises(DefinitionError):
        hidden.client.missing("7", "SEND_MESAGES")


def test_the_history_of_a_channel_is_read_in_pages_of_a_hundred():
    there = api(as_json(200, []), as_json(200, []))
    assert there.client.messages("7") == there.client.messages("7", before="9") == []
    assert [asked(there, number)[1] for number in range(2)] == [
        "/channels/7/messages?limit=100",
        "/channels/7/messages?limit=100&before=9",
    ]


@pytest.mark.parametrize(
    ("flags", "reads"), [(0, False), (1 << 18, True), (1 << 19, True), (None, False), ("x", False)]
)
def test_the_flags_of_the_application_say_whether_it_reads_what_others_write(flags, reads):
    assert api(as_json(200, {"id": "1", "flags": flags})).client.reads_content() is reads
