"""The answer within Discord's 3 seconds, to every request that Discord sends and to many that it never sends."""

import base64
import json
from bisect import bisect_left

import pytest

from tests import judge, recorded
from tests.discord_side import OTHER_KEY, PUBLIC_KEY, request, sealed, signed, tools, unflagged
from watchbell.adapters import api_gateway
from watchbell.discord.seals import EXPIRED, FOR_ANOTHER, NOT_YOURS, Seals
from watchbell.discord.signature import public_keys
from watchbell.doors.ingress import MESSAGE_BYTES, NOT_QUEUED, TOO_LARGE, TOO_SLOW, UNSURE, Doorkeeper
from watchbell.errors import Unavailable, Unsure
from watchbell.interactions.apology import BROKEN
from watchbell.interactions.gate import UNKNOWN

NOW = 1_795_334_400
PRIVATE = 64


class Door:
    """The ingress, with a list as its queue."""

    def __init__(self, refusal=None):
        self.queue = []
        self.refusal = refusal
        self.doorkeeper = Doorkeeper(public_keys(PUBLIC_KEY), self.enqueue, tools(lambda: NOW), lambda: NOW)

    def enqueue(self, text):
        if self.refusal:
            raise self.refusal
        self.queue.append(text)

    def ask(self, event):
        """Return the status and payload of the answer to an API Gateway event. Check it against Discord's schema."""
        answer = self.doorkeeper.answer(*api_gateway.read(event))
        response = api_gateway.respond(answer.status, answer.payload)
        assert response["headers"]["content-type"] == "application/json"
        payload = json.loads(response["body"]) if response["body"] else None
        if answer.status == 200:
            judge.approve("callback", payload)
        return answer.status, payload

    def hear(self, name, **changes):
        """Return the status and payload of the answer to a recording. Its custom id is sealed as the bot seals it."""
        return self.ask(self.event(name, **changes))

    def event(self, name, **changes):
        """Return the signed request of a recording."""
        path = "/events" if name.startswith("event_") else "/interactions"
        payload = recorded.load(name, **changes)
        if "custom_id" in payload.get("data", {}) and "data" not in changes:
            payload["data"]["custom_id"] = sealed(payload["data"]["custom_id"], now=NOW)
        return request(payload, path, at=NOW)


def is_private(payload):
    return payload["type"] == 4 and payload["data"]["flags"] == PRIVATE


def test_a_ping_is_ponged():
    assert Door().hear("ping") == (200, {"type": 1})


def test_an_instant_command_is_answered_at_once_and_queues_nothing():
    door = Door()
    status, payload = door.hear("command_ping")
    assert (status, payload["type"], payload["data"]["content"]) == (200, 4, "Pong! I am awake.")
    assert is_private(payload)
    assert door.queue == []


def test_a_button_of_an_instant_command_is_answered_at_once():
    assert Door().hear("component_ping_again")[1]["data"]["content"] == "Still here."


def test_help_is_written_from_the_catalogue():
    assert (
        "`/status`"
        in Door().hear("command_help", data={"name": "help", "type": 1})[1]["data"]["embeds"][0]["description"]
    )
    assert Door().hear("command_help")[1]["data"]["embeds"][0]["title"] == "/status"


def test_help_links_to_the_documentation_if_the_operator_has_said_where_it_is():
    def shown(door):
        return door.hear("command_help", data={"name": "help", "type": 1})[1]["data"]

    assert not shown(Door()).get("components")
    door = Door()
    door.doorkeeper.tools.settings = {**door.doorkeeper.tools.settings, "DOCUMENTATION_URL": "https://docs.example/"}
    (link,) = shown(door)["components"][0]["components"]
    assert (link["label"], link["url"]) == ("Documentation", "https://docs.example/")


def test_help_completes_the_names_of_commands():
    focused = {"name": "command", "type": 3, "value": "sta", "focused": True}
    data = {"name": "help", "type": 1, "options": [focused]}
    assert Door().hear("autocomplete", data=data)[1] == {
        "type": 8,
        "data": {"choices": [{"name": "status", "value": "status"}]},
    }


def test_help_shows_any_number_of_commands_page_by_page(feature):
    source = "from watchbell import Command, Reply, anyone\ncommand = Command({!r}, {!r}, who=anyone)\n"
    run = "@command.run\ndef run(interaction):\n    return Reply('x')\n"
    names = [f"{letter * 30}{n:02}" for letter in "az" for n in range(15)]
    for name in names:
        feature(name, source.format(name, "d" * 100) + run)
    door = Door()
    data = door.hear("command_help", data={"name": "help", "type": 1})[1]["data"]
    told = data["embeds"][0]["description"].splitlines()
    pages = 1
    while not (following := data["components"][0]["components"][2]).get("disabled"):
        pressed = {"custom_id": following["custom_id"], "component_type": 2}
        response = door.hear("component_refresh", data=pressed)[1]
        assert response["type"] == 7
        data = response["data"]
        told += data["embeds"][0]["description"].splitlines()
        pages += 1
    assert pages > 1
    assert data["components"][0]["components"][1]["label"] == f"Page {pages} of {pages}"
    assert {line.split("`")[1].removeprefix("/") for line in told} == set(unflagged()) > set(names)
    assert len(told) == len(unflagged())


MENU = """
from watchbell import MessageCommand, Reply, anyone

command = MessageCommand("Report message", who=anyone)

@command.run
def report(interaction, tools):
    return Reply("x")
"""

ROTA = """
from watchbell import Choice, Command, Reply, anyone

command = Command("rota", "The rota", who=anyone)
crew = command.group("crew", "The crew")

@command.subcommand
def show(interaction, tools, *, team: Choice["red", "blue"], week: int = 0):
    '''Show who is on.

    team: Which team
    week: Which week
    '''

@crew.subcommand
def add(interaction, tools):
    '''Add somebody.'''
"""


def test_help_tells_of_subcommands_and_of_context_menus(feature):
    feature("rota", ROTA)
    feature("report_message", MENU)

    def hear(*options):
        return Door().hear("command_help", data={"name": "help", "type": 1, "options": list(options)})[1]["data"]

    lines = hear()["embeds"][0]["description"].splitlines()
    assert "`Report message`: in the menu of a message, under Apps" in lines
    (rota,) = hear({"name": "command", "type": 3, "value": "/rota"})["embeds"]
    assert [(field["name"], field["value"].splitlines()) for field in rota["fields"]] == [
        ("show", ["Show who is on", "`team`: Which team One of red, blue.", "`week (optional)`: Which week"]),
        ("crew add", ["Add somebody"]),
    ]
    (menu,) = hear({"name": "command", "type": 3, "value": "report message"})["embeds"]
    assert (menu["title"], menu["description"]) == ("Report message", "in the menu of a message, under Apps")


def test_help_about_nothing_says_what_there_is():
    options = [{"name": "command", "type": 3, "value": "coffee"}]
    _, payload = Door().hear("command_help", data={"name": "help", "type": 1, "options": options})
    assert is_private(payload)
    assert "/ping" in payload["data"]["content"]


def test_a_deferred_command_is_queued_whole_and_acknowledged():
    door = Door()
    assert door.hear("command_status") == (200, {"type": 5})
    message = json.loads(door.queue[0])
    assert message == {"kind": "interaction", "received_at": NOW, "body": recorded.load("command_status")}
    assert door.queue[0].isascii()


def test_a_button_that_edits_its_message_is_acknowledged_as_such():
    door = Door()
    assert door.hear("component_refresh") == (200, {"type": 6})
    assert len(door.queue) == 1


def test_a_button_that_works_on_its_message_is_shown_as_busy_at_once():
    door = Door()
    link = {"type": 2, "style": 5, "label": "Docs", "url": "https://x.example", "id": 4}
    button = {"type": 2, "style": 1, "label": "Refresh", "custom_id": "status:refresh~1", "id": 2}
    select = {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}], "id": 6}
    message = recorded.load("component_refresh")["message"]
    rows = [{"type": 1, "id": 1, "components": [button, link]}, {"type": 1, "id": 5, "components": [select]}]
    status, payload = door.hear("component_refresh", message={**message, "components": rows})
    assert (status, payload["type"], len(door.queue)) == (200, 7, 1)
    shown = [each for row in payload["data"]["components"] for each in row["components"]]
    assert shown == [{**button, "disabled": True}, link, {**select, "disabled": True}]
    assert "content" not in payload["data"]
    assert json.loads(door.queue[0])["body"]["message"]["components"] == rows
    busy = {**message, "components": payload["data"]["components"]}
    assert door.hear("component_refresh", message=busy)[1] == {"type": 6}
    for odd in (None, {}, "x", [None], [7]):
        assert door.hear("component_refresh", message={**message, "components": odd})[1] == {"type": 6}


def test_a_button_in_a_layout_is_shown_as_busy_unless_the_layout_has_pictures_or_files():
    button = {"type": 2, "style": 1, "label": "Refresh", "custom_id": "status:refresh~1", "id": 4}
    section = {"type": 9, "id": 2, "components": [{"type": 10, "id": 3, "content": "prod"}], "accessory": button}
    message = {**recorded.load("component_refresh")["message"], "flags": 32768}
    layout = [{"type": 17, "id": 1, "components": [section]}]
    payload = Door().hear("component_refresh", message={**message, "components": layout})[1]
    busy = [{"type": 17, "id": 1, "components": [{**section, "accessory": {**button, "disabled": True}}]}]
    assert payload == {"type": 7, "data": {"components": busy, "flags": 32768, "allowed_mentions": {"parse": []}}}
    picture = {"media": {"url": "https://cdn.example/a.png"}}
    for media in (
        {"type": 12, "id": 5, "items": [picture]},
        {"type": 13, "id": 5, "name": "a.txt", "size": 3, "file": {"url": "https://cdn.example/a.txt"}},
        {"type": 17, "id": 5, "components": [{**section, "id": 6, "accessory": {"type": 11, "id": 7, **picture}}]},
    ):
        shown = Door().hear("component_refresh", message={**message, "components": [*layout, media]})[1]
        assert shown == {"type": 6}


def test_a_button_in_a_direct_message_works_the_same():
    door = Door()
    assert door.hear("component_in_dm") == (200, {"type": 5, "data": {"flags": 64}})


def test_what_could_not_be_queued_is_not_deferred():
    status, payload = Door(refusal=Unavailable("SQS gave no answer")).hear("command_status")
    assert (status, payload["data"]["content"]) == (200, NOT_QUEUED)
    assert is_private(payload)


def test_the_log_says_what_failed_and_names_the_queue_only_if_it_was_the_queue(caplog):
    Door(refusal=Unavailable("AmazonSQS.SendMessage: answered 503")).hear("command_status")
    door = Door()
    door.doorkeeper.tools.seals = Seals(unreadable, lambda: NOW, None)
    door.hear("component_refresh")
    queued, read = [each.getMessage() for each in caplog.records]
    assert queued == "could not take an interaction: AmazonSQS.SendMessage: answered 503"
    assert read == "could not take an interaction: AmazonSSM.GetParameter: no answer"


def unreadable(fresh):
    """The signing keys, if Parameter Store does not answer."""
    raise Unavailable("AmazonSSM.GetParameter: no answer")


def test_what_may_have_been_queued_is_not_said_to_be_lost():
    status, payload = Door(refusal=Unsure("no answer in time")).hear("command_status")
    assert (status, payload["data"]["content"]) == (200, UNSURE)
    assert is_private(payload)


def test_a_bug_on_the_way_is_told_with_a_reference(caplog):
    status, payload = Door(refusal=KeyError("AWS_REGION")).hear("command_status")
    reference = recorded.load("command_status")["id"]
    assert (status, payload["data"]["content"]) == (200, BROKEN.format(reference=reference))
    assert is_private(payload)
    assert "KeyError" in caplog.text


SLOW = """
import time
from watchbell import Command, Reply, anyone

command = Command("slow", "Too slow", who=anyone, instant=True)

@command.run
def slow(interaction, *, what: str = ""):
    '''Take a minute.

    what: What
    '''
    try:
        time.sleep(60)
    except Exception:
        time.sleep(60)
    return Reply("x")

@slow.autocomplete
def what(interaction, typed):
    time.sleep(60)
    return ["x"]
"""


def test_an_instant_handler_that_takes_too_long_is_stopped_and_the_person_is_told(feature, caplog):
    feature("slow", SLOW)
    event = request(recorded.load("command_ping", data={"name": "slow", "type": 1}), at=NOW)
    answer = Door().doorkeeper.answer(*api_gateway.read(event), 2.9)
    assert (answer.status, answer.payload["data"]["content"]) == (200, TOO_SLOW)
    assert is_private(answer.payload)
    (record,) = caplog.records
    assert (record.levelname, record.interaction_id) == ("ERROR", recorded.load("command_ping")["id"])


def test_an_autocomplete_that_takes_too_long_offers_nothing(feature):
    feature("slow", SLOW)
    focused = {"name": "what", "type": 3, "value": "x", "focused": True}
    data = {"name": "slow", "type": 1, "options": [focused]}
    event = request(recorded.load("autocomplete", data=data), at=NOW)
    answer = Door().doorkeeper.answer(*api_gateway.read(event), 2.9)
    assert answer.payload == {"type": 8, "data": {"choices": []}}


@pytest.mark.parametrize("name", ["user_command", "modal"])
def test_an_interaction_that_nobody_handles_gets_a_polite_private_answer(name):
    status, payload = Door().hear(name)
    assert (status, payload["data"]["content"]) == (200, UNKNOWN)
    assert is_private(payload)


@pytest.mark.parametrize("kind", [0, 6, 99, -1])
def test_an_interaction_type_that_does_not_exist_yet_gets_one_too(kind):
    _, payload = Door().hear("command_ping", type=kind)
    assert is_private(payload)


def test_an_autocomplete_that_nobody_handles_gets_no_choices():
    assert Door().hear("autocomplete") == (200, {"type": 8, "data": {"choices": []}})


@pytest.mark.parametrize(
    "name", ["", "coffee", "os", "../../os", "__init__", "Ping", "ping\n", "ping.again", "x" * 5000, None, 7]
)
def test_an_unknown_command_gets_a_polite_answer(name):
    door = Door()
    assert is_private(door.hear("command_ping", data={"name": name, "type": 1})[1])
    assert door.queue == []


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        ":",
        "status",
        "status:",
        "status::",
        "status:show",
        "os:system:ls",
        "../../os:x",
        "..:run",
        "status:__init__:",
        None,
        1,
        ["a"],
    ],
)
def test_a_stale_or_forged_button_gets_a_polite_answer(custom_id):
    door = Door()
    assert is_private(door.hear("component_refresh", data={"custom_id": custom_id, "component_type": 2})[1])
    assert door.queue == []


def press(custom_id):
    door = Door()
    status, payload = door.hear("component_refresh", data={"custom_id": custom_id, "component_type": 2})
    return status, payload, len(door.queue)


def test_a_button_with_our_seal_is_served_and_one_without_is_not():
    genuine = sealed("status:refresh:simple:prod", now=NOW)
    assert press(genuine) == (200, {"type": 6}, 1)
    for forged in ("status:refresh:simple:prod", genuine[:-1] + "A", genuine.replace("simple", "detail")):
        _, payload, queued = press(forged)
        assert is_private(payload)
        assert payload["data"]["content"] == NOT_YOURS
        assert queued == 0


def test_a_button_that_has_expired_says_so():
    _, payload, queued = press(sealed("status:refresh:simple:prod", now=NOW - 7200, seconds=3600))
    assert (payload["data"]["content"], queued) == (EXPIRED, 0)


@pytest.mark.parametrize(
    ("bound", "whose", "works"),
    [("u", "80351110224678912", True), ("u", "1", False), ("g", "197038439483310086", True), ("g", "2", False)],
)
def test_a_button_that_is_bound_works_for_whom_it_is_bound_to(bound, whose, works):
    _, payload, queued = press(sealed("status:refresh:simple:prod", now=NOW, bound=bound, to=whose))
    assert queued == works
    assert works or payload["data"]["content"] == (FOR_ANOTHER if bound == "u" else NOT_YOURS)


def test_the_buttons_of_an_instant_answer_are_sealed():
    _, payload = Door().hear("command_ping")
    custom_id = payload["data"]["components"][0]["components"][0]["custom_id"]
    assert custom_id.startswith("ping:again~1")
    _, again, _ = press(custom_id)
    assert again["data"]["content"] == "Still here."


def test_an_option_of_a_wrong_type_is_explained():
    options = [{"name": "command", "type": 3, "value": {"deep": 1}}]
    payload = Door().hear("command_help", data={"name": "help", "type": 1, "options": options})[1]
    assert is_private(payload)
    assert payload["data"]["content"] == "`command` must be text."


# Requests that are refused


def test_a_forged_request_is_401():
    door = Door()
    assert door.ask(request(recorded.load("command_status"), key=OTHER_KEY, at=NOW))[0] == 401
    assert door.queue == []


@pytest.mark.parametrize(
    ("path", "age", "status"), [("/interactions", 301, 401), ("/events", 301, 204), ("/events", 901, 401)]
)
def test_events_may_be_older_than_interactions(path, age, status):
    assert Door().ask(request(recorded.load("event_ping"), path, at=NOW - age))[0] == status


@pytest.mark.parametrize("header", ["x-signature-ed25519", "x-signature-timestamp"])
def test_a_missing_header_is_401(header):
    event = request(recorded.load("ping"), at=NOW)
    del event["headers"][header]
    assert Door().ask(event)[0] == 401


def test_an_event_without_headers_or_body_is_401():
    assert Door().ask({}) == (401, {"error": "invalid request signature"})
    assert Door().ask({"headers": None, "body": None, "requestContext": None}) == (
        401,
        {"error": "invalid request signature"},
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"7",
        b'"ping"',
        b"{}",
        b'{"type": "1"}',
        b'{"type": true}',
        b'{"type": 2}',
        b'{"type": 2, "id": "1", "application_id": "2", "token": "", "data": {}}',
        b'{"type": 2, "id": "1/../..", "application_id": "2", "token": "t", "data": {}}',
        b'{"type": 2, "id": "1", "application_id": "2", "token": "t"}',
        b'{"type": 1',
        b'{"type": 1}\xff',
        b"\xff\xfe" + '{"type": 1}'.encode("utf-16-le"),
        b"[" * 100_000,
        b'{"type":' * 50_000,
        b'{"type": ' + b"9" * 10_000 + b"}",
    ],
    ids=range(19),
)
def test_a_signed_body_that_is_no_interaction_is_400(body):
    door = Door()
    event = recorded.load("gateway_v2", body=base64.b64encode(body).decode(), isBase64Encoded=True)
    event["headers"].update(signed(body, at=NOW))
    assert door.ask(event)[0] == 400
    assert door.queue == []


def nested(depth):
    """Return a signed, deferred command. A field that the bot does not read has `depth` nested lists."""
    body = json.dumps({**recorded.load("command_status"), "unheard_of": "?"}).encode()
    return request(body.replace(b'"?"', b"[" * depth + b"]" * depth), at=NOW)


def test_what_can_be_read_and_is_too_deep_to_be_queued_is_400_and_no_apology():
    door = Door()
    deepest = bisect_left(range(100_000), 1, key=lambda depth: door.ask(nested(depth))[0] != 200)
    door.queue.clear()
    # JSON's reader accepts a few more levels than its writer. How many depends on the version of Python.
    answers = [door.ask(nested(depth)) for depth in range(deepest - 10, deepest + 10)]
    refused = (400, {"error": "not something that Discord sends here"})
    assert all(answer in ((200, {"type": 5}), refused) for answer in answers)
    assert len(door.queue) == answers.count((200, {"type": 5})) > 0
    assert refused in answers


def test_a_body_of_a_megabyte_is_queued_like_any_other():
    door = Door()
    padding = {"name": "server", "type": 3, "value": "x" * 1_000_000}
    assert door.hear("command_status", data={"name": "status", "type": 1, "options": [padding]})[1]["type"] == 5
    assert len(door.queue[0]) > 1_000_000


@pytest.mark.parametrize("letter", ["x", "🙂"])
def test_what_is_too_large_for_the_queue_is_told_as_such(letter):
    door = Door()
    padding = {"name": "server", "type": 3, "value": letter * (MESSAGE_BYTES // len(json.dumps(letter)[1:-1]))}
    status, payload = door.hear("command_status", data={"name": "status", "type": 1, "options": [padding]})
    assert (status, payload["data"]["content"]) == (200, TOO_LARGE)
    assert is_private(payload)
    assert door.queue == []


def test_an_event_that_is_too_large_is_not_asked_for_again(caplog):
    door = Door()
    event = recorded.load("event_application_authorized")
    event["event"]["data"]["more"] = "x" * MESSAGE_BYTES
    assert door.ask(request(event, "/events", at=NOW)) == (204, None)
    assert door.queue == []
    assert "APPLICATION_AUTHORIZED" in caplog.text


def test_characters_that_sqs_refuses_are_queued_as_ascii():
    door = Door()
    options = [{"name": "server", "type": 3, "value": "\ufffe\uffff\x00\ud800 é 🙂"}]
    body = json.dumps(recorded.load("command_status", data={"name": "status", "type": 1, "options": options})).encode()
    assert door.ask(request(body, at=NOW))[1]["type"] == 5
    assert door.queue[0].isascii()
    assert json.loads(door.queue[0])["body"]["data"]["options"] == options


# Webhook events


def test_an_event_ping_is_204_without_a_body():
    assert Door().hear("event_ping") == (204, None)


@pytest.mark.parametrize("name", ["event_application_authorized", "event_entitlement_create"])
def test_an_event_is_queued_and_204(name):
    door = Door()
    assert door.hear(name) == (204, None)
    assert json.loads(door.queue[0]) == {"kind": "event", "received_at": NOW, "body": recorded.load(name)}


def test_an_event_that_could_not_be_queued_is_asked_for_again():
    assert Door(refusal=Unavailable("no")).hear("event_application_authorized")[0] == 503


def test_an_event_at_the_door_for_interactions_is_not_one():
    assert Door().ask(request(recorded.load("event_application_authorized"), "/interactions", at=NOW)) == (
        200,
        {"type": 1},
    )
    assert Door().ask(request(recorded.load("ping"), "/events", at=NOW))[0] == 400


@pytest.mark.parametrize(
    "payload", [[], {}, {"type": 2}, {"type": 1}, {"type": 1, "event": {}}, {"type": 1, "event": {"type": 3}}]
)
def test_a_signed_body_that_is_no_event_is_400(payload):
    assert Door().ask(request(payload, "/events", at=NOW))[0] == 400


# The shapes of API Gateway's requests


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("encoded", [False, True])
def test_payload_formats_1_and_2_are_read_alike(upper, encoded):
    body = json.dumps(recorded.load("ping")).encode()
    headers = {name.upper() if upper else name: value for name, value in signed(body, at=NOW).items()}
    text = base64.b64encode(body).decode() if encoded else body.decode()
    for shape in ("gateway_v1", "gateway_v2"):
        event = recorded.load(shape, body=text, isBase64Encoded=encoded)
        event["headers"].update(headers)
        if shape == "gateway_v1":
            event["multiValueHeaders"].update({name: [value] for name, value in headers.items()})
        assert Door().ask(event) == (200, {"type": 1}), shape


def test_a_header_that_comes_twice_in_format_1_is_401():
    body = json.dumps(recorded.load("ping")).encode()
    event = recorded.load("gateway_v1", body=body.decode())
    event["headers"].update(signed(body, at=NOW))
    event["multiValueHeaders"].update({name: [value, value] for name, value in signed(body, at=NOW).items()})
    assert Door().ask(event)[0] == 401


def test_a_header_that_comes_in_two_spellings_is_401():
    event = request(recorded.load("ping"), at=NOW)
    event["headers"]["X-Signature-Ed25519"] = "00" * 64
    assert Door().ask(event)[0] == 401


def test_a_body_that_is_not_the_base64_it_claims_to_be_is_401():
    event = request(recorded.load("ping"), at=NOW)
    event["isBase64Encoded"] = True
    assert Door().ask(event)[0] == 401


def test_a_path_below_a_stage_is_told_apart_by_its_end():
    event = request(recorded.load("event_ping"), "/prod/events", at=NOW)
    assert Door().ask(event) == (204, None)


def account(door, name, **changes):
    """Return what the log says about a recording."""
    return door.doorkeeper.answer(*api_gateway.read(door.event(name, **changes))).account


@pytest.mark.parametrize(
    ("name", "kind", "handler", "ended"),
    [
        ("command_ping", "command", "/ping", "answered"),
        ("command_status", "command", "/status", "deferred"),
        ("component_refresh", "component", "status:refresh", "deferred"),
        ("component_ping_again", "component", "ping:again", "answered"),
        ("autocomplete", "autocomplete", "/status", "failed"),  # these tools have no parameters
        ("user_command", "command", "/Report", "refused"),
    ],
)
def test_the_log_says_of_each_interaction_who_asked_what_where_and_how_it_ended(name, kind, handler, ended):
    said, recording = account(Door(), name), recorded.load(name)
    handler = f"/{recording['data']['name']}" if name == "user_command" else handler
    assert (said["kind"], said["handler"], said["ended"]) == (kind, handler, ended)
    user = recording["member"]["user"]["id"]
    assert (said["interaction_id"], said["server"], said["user"]) == (recording["id"], recording["guild_id"], user)


def test_the_log_tells_a_failure_from_an_answer():
    assert account(Door(Unavailable("x")), "command_status")["ended"] == "unavailable"
    assert account(Door(RuntimeError("x")), "command_status")["ended"] == "failed"
    assert account(Door(), "ping") == {"kind": "ping", "ended": "pong"}
    assert account(Door(), "event_application_authorized") is None


def test_a_forged_request_is_logged_with_its_reason_once_a_minute_for_each_reason(caplog):
    door = Door()
    now = [NOW]
    door.doorkeeper.clock = lambda: now[0]
    for at in (NOW, NOW, NOW, NOW + 61):
        now[0] = at
        door.ask(request(recorded.load("command_ping"), key=OTHER_KEY, at=at))
    door.ask(request(recorded.load("command_ping"), at=NOW - 301))
    lines = [each for each in caplog.records if each.name == "watchbell.doors.ingress"]
    assert [(each.levelname, each.reason, each.unsaid) for each in lines] == [
        ("WARNING", "wrong_key", 0),
        ("WARNING", "wrong_key", 2),
        ("WARNING", "stale", 0),
    ]
    assert lines[0].body_bytes > 500
    assert lines[0].body_is_object
    assert "token" not in caplog.text


def test_an_unknown_button_is_a_warning_that_names_its_address_and_not_its_state(caplog):
    Door().hear("component_refresh", data={"custom_id": "gone:away:state", "component_type": 2})
    (line,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert line.getMessage() == "no handler for component 'gone:away'"
    assert line.server == recorded.load("component_refresh")["guild_id"]


def test_an_event_that_discord_will_send_again_is_a_warning_without_a_stack(caplog):
    assert Door(Unavailable("x")).hear("event_application_authorized")[0] == 503
    (line,) = caplog.records
    assert (line.levelname, line.exc_info) == ("WARNING", None)
