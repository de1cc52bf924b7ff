"""A call to Discord returns a result, or raises a DiscordError that says whether to try again. No token leaks."""

import io
import json
import socket

import pytest
from werkzeug.formparser import MultiPartParser

from sandbox.loopback import Response, Server, as_json
from watchbell import Embed, Reply
from watchbell.adapters.discord import DiscordClient
from watchbell.discord.answers import BLOCKED_SECONDS, LEAST_WAIT, MOST_WAIT
from watchbell.discord.files import File
from watchbell.errors import DiscordError, Paced

SECRET = "aW50ZXJhY3Rpb24tdG9rZW4"


class Api:
    """A server that gives `answers` in order. The last answer is repeated."""

    def __init__(self, *answers):
        self.answers, self.requests, self.asked_fresh = list(answers), [], []
        self.server = Server(self._respond)
        self.client = DiscordClient(f"{self.server.url}/api/v10", self._token)

    def _token(self, fresh):
        self.asked_fresh.append(fresh)
        return "new-token" if fresh else "old-token"

    def _respond(self, request):
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def headers(self, number=0):
        return {name.lower(): value for name, value in self.requests[number].headers}

    def parts(self, number=0):
        """Return the uploaded message, and (name of the part, name of the file, type, bytes) for each file."""
        kind, _, boundary = self.headers(number)["content-type"].partition("; boundary=")
        assert kind == "multipart/form-data"
        body = self.requests[number].body
        form, files = MultiPartParser().parse(io.BytesIO(body), boundary.encode(), len(body))
        assert list(form) == ["payload_json"]
        uploaded = [(part, file.filename, file.mimetype, file.read()) for part, file in files.items()]
        return json.loads(form["payload_json"]), uploaded


def test_an_interaction_is_edited_by_its_token_alone():
    api = Api(as_json(200, {"id": "1"}))
    assert api.client.edit_original("42", SECRET, {"content": "hi"}) == {"id": "1"}
    request = api.requests[0]
    assert (request.method, request.target) == ("PATCH", f"/api/v10/webhooks/42/{SECRET}/messages/@original")
    assert "authorization" not in api.headers()
    assert api.headers()["user-agent"].startswith("DiscordBot (")


def test_the_bots_own_calls_carry_its_token():
    api = Api(as_json(200, {"id": "7"}))
    assert api.client.open_dm("9") == "7"
    assert api.headers()["authorization"] == "Bot old-token"


def test_a_message_carries_its_nonce():
    api = Api(as_json(200, {"id": "7"}))
    api.client.create_message("9", {"content": "hi"}, nonce="hello1")
    assert api.requests[0].body == b'{"content": "hi", "nonce": "hello1", "enforce_nonce": true}'


def test_a_token_that_was_changed_is_read_again_once():
    api = Api(as_json(401, {"code": 0, "message": "401: Unauthorized"}), as_json(200, {"id": "7"}))
    assert api.client.open_dm("9") == "7"
    assert api.asked_fresh == [False, True]
    assert api.headers(1)["authorization"] == "Bot new-token"


def test_a_token_that_stays_refused_is_not_tried_for_ever():
    api = Api(as_json(401, {"code": 0, "message": "401: Unauthorized"}))
    with pytest.raises(DiscordError) as raised:
        api.client.open_dm("9")
    assert (len(api.requests), raised.value.unauthorised, raised.value.permanent) == (2, True, False)


class Pace:
    """A pace that lets every call go, and keeps what it is told."""

    def __init__(self, *refused):
        self.turns, self.lessons, self.stopped, self.known = [], [], [], set(refused)

    def turn(self, route, names, token, *, follows):
        if token in self.known:
            raise Paced("refused", 600.0)
        self.turns.append((route, token, follows))
        return len(self.turns)

    def learn(self, turn, status, headers, refusal):
        self.lessons.append((turn, status, refusal and refusal.status))

    def refuses(self, token):
        return token in self.known

    def refused(self, token):
        self.known.add(token)

    def stops(self, what, *values):
        self.stopped.append(what % values)


def paced(api, *refused):
    api.client._pace = Pace(*refused)
    return api.client._pace


def test_the_bots_calls_take_turns_and_tell_what_was_answered():
    api = Api(as_json(200, {"id": "7"}))
    pace = paced(api)
    api.client.create_message(api.client.open_dm("9"), {"content": "hi"}, nonce="x")
    api.client.execute_webhook("3", SECRET, {"content": "hi"})
    assert [(route.partition("?")[0], follows) for route, _token, follows in pace.turns] == [
        ("POST /users/@me/channels", False),
        ("POST /channels/{channel}/messages", True),
        ("POST /webhooks/{webhook}/{token}", False),
    ]
    assert [token for _route, token, _follows in pace.turns] == ["old-token", "old-token", ""]
    assert pace.lessons == [(1, 200, None), (2, 200, None), (3, 200, None)]


def test_the_calls_of_an_interaction_take_no_turn_but_their_refusals_are_told():
    api = Api(as_json(200, {"id": "1"}), Response(429, b"<html>error code: 1015</html>"))
    pace = paced(api)
    api.client.edit_original("42", SECRET, {"content": "hi"})
    with pytest.raises(DiscordError):
        api.client.follow_up("42", SECRET, {"content": "hi"})
    assert (pace.turns, pace.lessons) == ([], [(None, 200, None), (None, 429, 429)])


def test_the_channel_of_a_persons_direct_messages_is_asked_for_once():
    api = Api(as_json(200, {"id": "7"}))
    assert [api.client.open_dm("9"), api.client.open_dm("9")] == ["7", "7"]
    assert len(api.requests) == 1


def test_a_refused_token_is_told_before_another_is_tried():
    api = Api(as_json(401, {"code": 0, "message": "401: Unauthorized"}), as_json(200, {"id": "7"}))
    pace = paced(api)
    assert api.client.open_dm("9") == "7"
    assert (pace.known, pace.stopped) == ({"old-token"}, [])
    api.client.open_dm("10")  # the store still gives the old one
    assert [api.headers(number)["authorization"] for number in (1, 2)] == ["Bot new-token"] * 2


@pytest.mark.parametrize("fresh", ["old-token", "new-token"])
def test_a_token_that_is_refused_after_it_was_read_again_stops_everything_and_alarms(fresh):
    api = Api(as_json(401, {"code": 0, "message": "401: Unauthorized"}))
    api.client._bot_token = lambda again: fresh if again else "old-token"
    pace = paced(api)
    with pytest.raises(DiscordError):
        api.client.open_dm("9")
    assert pace.known == {"old-token", fresh}
    assert len(api.requests) == len(pace.known)
    assert pace.stopped == ["DISCORD REFUSES THE BOT TOKEN: set another one; POST /users/@me/channels"]


def test_a_token_that_is_known_to_be_refused_is_read_again_and_raises_no_second_alarm():
    api = Api(as_json(200, {"id": "7"}))
    pace = paced(api, "old-token", "new-token")
    with pytest.raises(Paced):
        api.client.open_dm("9")
    pace.known.remove("new-token")
    assert api.client.open_dm("9") == "7"
    assert (len(api.requests), pace.stopped) == (1, [])


def test_a_call_that_has_to_wait_does_not_read_the_token_again():
    api = Api(as_json(200, {"id": "7"}))
    pace = paced(api, "old-token")
    pace.refuses = lambda token: False
    with pytest.raises(Paced):
        api.client.open_dm("9")
    assert api.asked_fresh == [False]


def test_an_expired_interaction_token_is_not_a_bad_bot_token():
    api = Api(as_json(401, {"code": 50027, "message": "Invalid Webhook Token"}))
    with pytest.raises(DiscordError) as raised:
        api.client.edit_original("42", SECRET, {})
    assert (raised.value.code, raised.value.unauthorised, raised.value.permanent) == (50027, False, True)
    assert api.asked_fresh == []


@pytest.mark.parametrize(
    ("answer", "code", "permanent", "wait"),
    [
        (as_json(404, {"code": 10015, "message": "Unknown Webhook"}), 10015, True, None),
        (as_json(403, {"code": 50007, "message": "Cannot send"}), 50007, True, None),
        (as_json(400, {"code": 50035, "message": "Invalid Form Body", "errors": {}}), 50035, True, None),
        (as_json(500, {"code": 10008, "message": "Unknown Message"}), 10008, False, None),
        (as_json(500, {"message": "oops"}), 0, False, None),
        (Response(502, b"<html>bad gateway</html>"), 0, False, None),
        (as_json(503, {"code": 130000, "message": "overloaded"}), 130000, False, None),
        (as_json(404, {"code": 0, "message": "404: Not Found"}), 0, True, None),
        (as_json(403, {"code": "strange", "message": ["strange"]}), 0, False, None),
        (as_json(404, {"error": "no such host"}), 0, False, None),
        (Response(404, b"<html>"), 0, False, None),
        (Response(400, b"[1]"), 0, False, None),
    ],
)
def test_a_refusal_says_whether_to_try_again_and_when(answer, code, permanent, wait):
    with pytest.raises(DiscordError) as raised:
        Api(answer).client.edit_original("42", SECRET, {})
    error = raised.value
    assert (error.status, error.code, error.permanent, error.wait) == (answer.status, code, permanent, wait)
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("body", "header", "seconds"),
    [
        (b'{"message": "slow down", "retry_after": 1.25, "global": false}', None, 1.25),
        (b'{"message": "slow down"}', "7", 7.0),
        (b'{"retry_after": 3}', "7", 3.0),
        (b'{"retry_after": "soon"}', "7", 7.0),
        (b'{"retry_after": 0}', None, LEAST_WAIT),
        (b'{"retry_after": -5}', None, LEAST_WAIT),
        (b'{"retry_after": 0.001}', None, LEAST_WAIT),
        (b'{"retry_after": 36000}', None, MOST_WAIT),
        (b'{"retry_after": NaN}', "7", 7.0),
        (b'{"retry_after": NaN}', "nan", BLOCKED_SECONDS),
        (b'{"retry_after": Infinity}', None, BLOCKED_SECONDS),
        (b'{"retry_after": 1e999}', "inf", BLOCKED_SECONDS),
        (b'{"retry_after": %s}' % (b"9" * 400), None, BLOCKED_SECONDS),
        (b"error code: 1015", None, BLOCKED_SECONDS),
        (b"<html>", "0", LEAST_WAIT),
        (b"<html>", "Wed, 21 Oct 2026 07:28:00 GMT", BLOCKED_SECONDS),
    ],
)
def test_a_wait_is_a_sane_number_of_seconds_and_a_random_part_more(body, header, seconds):
    api = Api(Response(429, body, [("retry-after", header)] if header else []))
    waits = []
    for _ in range(3):
        with pytest.raises(DiscordError) as raised:
            api.client.edit_original("42", SECRET, {})
        waits.append(raised.value.wait)
    assert all(seconds <= wait <= seconds * 1.25 for wait in waits)
    assert len(set(waits)) == 3
    assert not raised.value.permanent


def test_a_rate_limit_is_told_in_discords_words_though_it_has_no_code():
    api = Api(Response(429, b'{"message": "You are being rate limited.", "retry_after": 1.25, "global": false}'))
    with pytest.raises(DiscordError, match="429 0 You are being rate limited") as raised:
        api.client.edit_original("42", SECRET, {})
    assert raised.value.by_discord


def test_an_error_lists_what_discord_found_wrong():
    length = {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 256 or fewer in length."}
    errors = {
        "embeds": {"0": {"title": {"_errors": [length]}, "url": {"_errors": [{"code": "URL_TYPE_INVALID_URL"}]}}},
        "_errors": [{"message": "Too\nlarge"}, 7],
        "x": 7,
    }
    answer = as_json(400, {"code": 50035, "message": "Invalid Form Body", "errors": errors})
    with pytest.raises(DiscordError) as raised:
        Api(answer).client.edit_original("42", SECRET, {})
    faults = ["embeds.0.title: Must be 256 or fewer in length.", "embeds.0.url: URL_TYPE_INVALID_URL", "Too large"]
    assert raised.value.faults == faults
    assert raised.value.errors == errors
    assert str(raised.value).endswith("400 50035 Invalid Form Body; " + "; ".join(faults))


def test_what_discord_says_about_a_token_does_not_name_it():
    for secret, call in (
        (SECRET, lambda client: client.edit_original("42", SECRET, {})),
        ("old-token", lambda client: client.create_message("9", {}, nonce="n")),
    ):
        errors = {secret: {"_errors": [{"message": f"{secret} is wrong"}]}}
        with pytest.raises(DiscordError) as raised:
            call(Api(as_json(400, {"code": 0, "message": f"no {secret}", "errors": errors})).client)
        assert raised.value.faults == ["***: *** is wrong"]
        assert secret not in f"{raised.value} {raised.value.text} {raised.value.errors}"


def test_a_list_of_servers_that_does_not_go_on_is_an_error():
    for after, page in ("10", ["9", "11"]), ("9", ["9"]):
        with pytest.raises(DiscordError, match="does not go on"):
            Api(as_json(200, [{"id": id} for id in page])).client.guilds(after)


def test_no_answer_at_all_may_be_tried_again_and_names_no_token():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DiscordError) as raised:
        DiscordClient(f"http://127.0.0.1:{port}/api/v10", lambda fresh: "").edit_original("42", SECRET, {})
    assert (raised.value.status, raised.value.permanent) == (0, False)
    chain = [raised.value, raised.value.__cause__]
    assert all(SECRET not in repr(error) for error in chain)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("answer", [Response(200, b"<html>"), Response(200), Response(204), as_json(200, {})])
def test_what_was_done_is_done_whatever_came_back_of_it(answer):
    assert not Api(answer).client.execute_webhook("1", SECRET, {"content": "x"})


@pytest.mark.parametrize(
    ("call", "target"),
    [
        (lambda client: client.read_webhook("8", SECRET), f"GET /webhooks/8/{SECRET}"),
        (lambda client: client.execute_webhook("8", SECRET, {}), f"POST /webhooks/8/{SECRET}?wait=true"),
        (
            lambda client: client.execute_webhook("8", SECRET, {"components": [{"type": 10, "content": "x"}]}),
            f"POST /webhooks/8/{SECRET}?wait=true&with_components=true",
        ),
        (
            lambda client: client.execute_webhook("8", SECRET, {}, thread_id="7"),
            f"POST /webhooks/8/{SECRET}?wait=true&thread_id=7",
        ),
        (
            lambda client: client.edit_webhook_message("8", SECRET, "5", {}),
            f"PATCH /webhooks/8/{SECRET}/messages/5",
        ),
        (
            lambda client: client.edit_webhook_message("8", SECRET, "5", {}, thread_id="7"),
            f"PATCH /webhooks/8/{SECRET}/messages/5?thread_id=7",
        ),
    ],
)
def test_a_webhook_is_called_by_its_token_which_no_error_holds(call, target):
    api = Api(as_json(200, {"id": "5"}), as_json(404, {"code": 10015, "message": f"no {SECRET}"}))
    assert call(api.client) == {"id": "5"}
    assert f"{api.requests[0].method} {api.requests[0].target}" == target.replace(" ", " /api/v10")
    with pytest.raises(DiscordError) as refused:
        call(api.client)
    assert (refused.value.code, refused.value.permanent) == (10015, True)
    assert SECRET not in f"{refused.value!r} {refused.value.text}"


def test_a_redirect_is_not_followed():
    for place in ("http://127.0.0.1:1/evil", "http://[::1", "//"):
        api = Api(Response(302, b"", [("location", place)]))
        with pytest.raises(DiscordError):
            api.client.edit_original("42", SECRET, {})
        assert len(api.requests) == 1


def test_a_deletion_has_no_answer():
    api = Api(Response(204))
    assert api.client.delete_original("42", SECRET) is None


CHART = File("chart.png", b"\x89PNG\r\n--boundary\r\n", description="CPU, by hour", spoiler=True)
LOG = File("Größe „1“.log", b"", id=3)
ENTRIES = [
    {"id": 0, "filename": "Größe „1“.log"},
    {"id": 1, "filename": "chart.png", "description": "CPU, by hour", "is_spoiler": True},
]
UPLOADED = [
    ("files[0]", "Größe „1“.log", "application/octet-stream", b""),
    ("files[1]", "chart.png", "image/png", b"\x89PNG\r\n--boundary\r\n"),
]


@pytest.mark.parametrize(
    ("send", "method", "target"),
    [
        (
            lambda client, reply: client.edit_original("42", SECRET, reply.edit(), reply.uploads()),
            "PATCH",
            f"/webhooks/42/{SECRET}/messages/@original",
        ),
        (
            lambda client, reply: client.follow_up("42", SECRET, reply.message(), reply.uploads()),
            "POST",
            f"/webhooks/42/{SECRET}",
        ),
        (
            lambda client, reply: client.edit_follow_up("42", SECRET, "7", reply.edit(), reply.uploads()),
            "PATCH",
            f"/webhooks/42/{SECRET}/messages/7",
        ),
        (
            lambda client, reply: client.create_message("9", reply.message(), reply.uploads(), nonce="n"),
            "POST",
            "/channels/9/messages",
        ),
        (
            lambda client, reply: client.execute_webhook("8", SECRET, reply.message(), reply.uploads()),
            "POST",
            f"/webhooks/8/{SECRET}?wait=true",
        ),
    ],
    ids=["edit_original", "follow_up", "edit_follow_up", "create_message", "execute_webhook"],
)
def test_files_are_parts_beside_the_message(send, method, target):
    api = Api(as_json(200, {"id": "7"}))
    reply = Reply("see", embeds=[Embed(image=CHART)], files=[LOG])
    assert send(api.client, reply) == {"id": "7"}
    assert (api.requests[0].method, api.requests[0].target) == (method, f"/api/v10{target}")
    message, uploaded = api.parts()
    assert (message["content"], message["attachments"]) == ("see", ENTRIES)
    assert message["embeds"] == [{"image": {"url": "attachment://chart.png"}}]
    assert uploaded == UPLOADED


def test_the_message_of_an_upload_is_declared_as_json():
    api = Api(as_json(200, {"id": "7"}))
    api.client.follow_up("42", SECRET, {"content": "see"}, [CHART])
    first = api.requests[0].body.split(b"\r\n\r\n")[0]
    assert b'form-data; name="payload_json"\r\nContent-Type: application/json' in first


def test_a_file_name_cannot_forge_a_part():
    api = Api(as_json(200, {"id": "7"}))
    api.client.follow_up("42", SECRET, {}, [File('a"\r\nContent-Type: text/html\r\n\r\nx.txt', b"1")])
    assert [(part, kind, content) for part, _, kind, content in api.parts()[1]] == [("files[0]", "text/plain", b"1")]


def test_an_upload_is_sent_again_whole_with_a_fresh_token():
    api = Api(as_json(401, {"code": 0, "message": "401: Unauthorized"}), as_json(200, {"id": "7"}))
    api.client.create_message("9", {"content": "see"}, [CHART], nonce="n")
    assert api.parts(0) == api.parts(1)


def test_a_follow_up_is_edited_and_deleted_by_its_id():
    api = Api(as_json(200, {"id": "7", "content": "new"}), Response(204))
    assert api.client.edit_follow_up("42", SECRET, "7", {"content": "new"})["content"] == "new"
    assert api.client.delete_follow_up("42", SECRET, "7") is None
    assert [request.method for request in api.requests] == ["PATCH", "DELETE"]
    assert {request.target for request in api.requests} == {f"/api/v10/webhooks/42/{SECRET}/messages/7"}
    assert api.requests[0].body == b'{"content": "new"}'


def test_the_servers_of_the_bot_are_listed_page_by_page():
    pages = [as_json(200, [{"id": id, "name": "x"} for id in ids]) for ids in (["10", "9"], ["11"], [])]
    api = Api(*pages)
    assert [api.client.guilds(), api.client.guilds("10"), api.client.guilds("11")] == [["9", "10"], ["11"], []]
    assert [request.target.rpartition("after=")[2] for request in api.requests] == ["0", "10", "11"]


def test_the_commands_are_replaced_as_a_whole():
    api = Api(as_json(200, [{"id": "7", "name": "ping"}]))
    api.client.replace_commands("42/guilds/7", [{"name": "ping"}])
    assert (api.requests[0].method, api.requests[0].target) == ("PUT", "/api/v10/applications/42/guilds/7/commands")
    assert api.requests[0].body == b'[{"name": "ping"}]'
