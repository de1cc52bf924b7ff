"""A form end to end: a person in the simulated Discord, the handlers of the ingress and the worker, and a table."""

import json
import threading
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from sandbox.discord import Discord
from sandbox.loopback import Response, Server
from tests import judge, recorded
from watchbell.adapters.stash import Stash
from watchbell.data.tables import COMPONENT_STATE
from watchbell.registration.declare import manifest

APP, TOKEN = "1100000000000000001", "bot-token"
JOIN = """
from watchbell import Command, Modal, OneOf, Paragraph, Reply, UserPick, anyone

command = Command("join", "Join", who=anyone)

class Join(Modal, title="Join"):
    why = Paragraph("Why?", most=2000)
    team = OneOf("Team", ["red", "blue"])
    friend = UserPick("A friend", required=False)

@command.run
def join(interaction, tools, *, server: str):
    '''Join a server.

    server: Which one
    '''
    return Reply("Welcome", buttons=[submit.button("Join", server=server)])

@command.modal
def submit(interaction, tools, form: Join, *, server: str):
    if "please" not in form.why:
        from watchbell import FieldError
        raise FieldError("why", "Say please.")
    return Reply(f"{len(form.why)} {form.team} {[friend.name for friend in form.friend]} {server[:5]}")
"""


@pytest.fixture
def discord(aws, settings, feature, door, work):
    feature("join", JOIN)
    discord = Discord(APP, TOKEN)
    discord.start()
    aws.put_parameter("/watchbell/test/discord/bot-token", TOKEN, secret=True)
    ingress = door("ingress", DISCORD_PUBLIC_KEYS=discord.public_key, DISCORD_URL=discord.url)
    worker = door("worker", DISCORD_URL=discord.url)
    settled = threading.Event()

    def respond(request):
        event = recorded.load("gateway_v2", rawPath=request.path, body=request.body.decode())
        event["headers"] = {name.lower(): value for name, value in request.headers}
        event["isBase64Encoded"] = False
        answer = ingress.handler(event, None)
        if answer["statusCode"] == 200:
            judge.approve("callback", json.loads(answer["body"]))
        headers = [("content-type", "application/json")]
        return Response(answer["statusCode"], (answer["body"] or "").encode(), headers)

    def labour():
        while not settled.wait(0.05):
            event = work.take()
            if event["Records"]:
                work.settle(event, worker.handler(event, None))

    server = Server(respond)
    thread = threading.Thread(target=labour, daemon=True)
    thread.start()
    try:
        register(discord)
        discord.set_endpoints(f"{server.url}/interactions")
        yield discord
    finally:
        settled.set()
        thread.join()
        server.stop()
        discord.stop()


def register(discord):
    (command,) = [command for command in manifest() if command["name"] == "join"]
    connection = HTTPConnection(urlsplit(discord.url).netloc)
    headers = {"Authorization": f"Bot {TOKEN}", "User-Agent": "DiscordBot (x, 1)", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v10/applications/{APP}/commands", json.dumps(command), headers)
    assert connection.getresponse().status == 201
    connection.close()


def test_a_person_fills_in_a_form_mends_it_and_is_answered(discord):
    ada, bob = discord.person("ada"), discord.person("bob")
    welcome = ada.command("join", server="s" * 200).wait()
    opened = ada.press(welcome, "Join")
    assert opened.ack_type == 9
    wrong = ada.submit(opened, {"why": "w" * 1500, "team": "red", "friend": bob})
    told = wrong.wait()
    assert "Say please." in told["content"]
    again = ada.press(told, "Open the form again")
    fields = {label["component"]["custom_id"]: label["component"] for label in again.modal["components"]}
    assert fields["why"]["value"] == "w" * 1500
    assert [option.get("default", False) for option in fields["team"]["options"]] == [True, False]
    assert fields["friend"]["default_values"] == [{"id": bob.id, "type": "user"}]
    right = ada.submit(again, {"why": "please", "team": "blue", "friend": bob})
    assert right.wait()["content"] == "6 blue ['bob'] sssss"
    assert discord.faults == []


def test_the_table_gives_back_what_was_put_there_until_it_ends(aws, settings):
    now = [1_795_334_400.0]
    stash = Stash(settings["EPHEMERAL_TABLE"], lambda: now[0])
    key = stash.put(["é", "x" * 5000], 60)
    assert stash.get(key) == ["é", "x" * 5000]
    assert stash.get("other") is None
    stored = {part: {"S": value} for part, value in COMPONENT_STATE.key(key).items()}
    item = aws.dynamodb.get_item(TableName=settings["EPHEMERAL_TABLE"], Key=stored)["Item"]
    now[0] = int(item["expires_at"]["N"])
    assert stash.get(key) is None
