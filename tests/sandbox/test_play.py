"""Somebody at a keyboard uses the bot's own commands and the guide's examples."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.discord import NotPossible
from sandbox.play import Console, People
from sandbox.testing import bot

pytestmark = pytest.mark.xdist_group("guide")


@pytest.fixture
def console(features: Path) -> Iterator[Console]:
    with bot(features) as block:
        yield Console(block.sandbox)


def test_commands_are_typed_with_options_of_every_kind(console: Console, tmp_path: Path) -> None:
    label = tmp_path / "label.pdf"
    label.write_bytes(b"1234")
    line = f'/parcel to:@bob size=small kilos:1.5 count:2 insured:yes speed:"By air" near:#general label:{label}'
    assert console.do(line) == "2 small to bob, 1.5 kg; insured; By air; general; label.pdf, 4 bytes"
    assert (
        console.do("/parcel to:@bob size:small kilos:2 speed:air team:&crew") == "1 small to bob, 2.0 kg; By air; crew"
    )
    assert console.do("/shelf box find title:Emma") == "Emma, by Austen"
    assert console.do("type /shelf box find title:em") == "Emma\nMiddlemarch"


def test_selects_buttons_and_forms_are_used(console: Console) -> None:
    console.do("/table note:quiet")
    assert "With whom?" in console.do('choose "Where?" garden')
    console.do("as eve")
    assert "for the person who asked" in console.do("press Alone")
    console.do("as ada")
    assert "Alone in the garden. quiet" in console.do("press Alone")
    assert console.do("/join nick:Ada").splitlines() == [
        *["A form opens, 'Join us':", "  name: Name = Ada", "  why: Why?"],
        "  how: How did you hear of us? (a friend, the press; optional)",
        *["  proof: A picture of you (optional)", "  agreed: I keep to the rules"],
    ]
    told = console.do('submit Name:Ada Why?:"Because I like it." agreed:no')
    assert "nobody joins who does not" in told
    again = console.do('press "Open the form again"').splitlines()
    assert again[1:3] == ["  name: Name = Ada", "  why: Why? = Because I like it."]
    assert "Ada by command" in console.do('submit Name:Ada Why?:"Because I like it." agreed:yes')
    assert "  Nearly there." in console.do("press Details")
    done = console.do("submit friends:@bob friends:@eve team:&crew days:Mon days:Tue half:morning")
    assert done.startswith("Ada, crew, Mon+Tue, morning, with bob, eve")


def test_somebody_watches_a_target_fail(console: Console) -> None:
    console.do("as ada MANAGE_GUILD")
    console.do("in #alerts")
    console.do("/setup")
    console.do('choose "Change a setting" status_channel')
    console.do('choose "Choose a channel" #alerts')
    address = console.do("target kiosk up").split()[0]
    console.do("/monitor add")
    assert "I am watching it now." in console.do(f"submit address:{address} name:Kiosk often:1")
    console.do("turn 180")
    assert console.do("target kiosk 503").startswith(address)
    assert "🔴 Kiosk is down: it answered HTTP 503 instead of 200." in console.do("turn 240")
    assert "🔴 Kiosk is down" in console.do("press Details")
    console.do("/monitor remove monitor:Kiosk")
    assert "no longer watched" in console.do("press Remove")


def test_somebody_adds_the_bot_to_a_new_server_is_greeted_and_sets_it_up(console: Console) -> None:
    console.do("as mary")
    greeting = console.do('install "Mary\'s shop"')
    assert greeting.startswith("(the bot is in Mary's shop, which you manage)")
    assert "Set up notifications" in greeting
    assert "Where do I post alerts?" in console.do('press "Set up notifications"')
    assert "✅ I post in <#" in console.do('choose "Choose a channel" #alerts')
    assert [each.name for each in console.block.simulated.channels(console._guild)] == ["general", "alerts"]
    console.do("dm")
    assert console.do("server") == "(in #general)"
    assert console._guild is console.block.simulated.home
    assert console.do('server "Mary\'s shop"') == "(in #general)"
    console.do("as paul")
    with pytest.raises(NotPossible, match="setup"):
        console.do("/setup")


def test_messages_are_said_and_somebody_else_opens_their_menu(console: Console) -> None:
    console.do("as bob")
    assert console.do("say buy now") == "(said)"
    said = console.shown
    console.do("as ada MANAGE_GUILD")
    console.shown = said
    assert console.do('menu "Report message"').startswith("bob wrote: buy now")
    assert console.prompt == "ada in #general> "
    console.do("dm")
    assert console.prompt == "ada in DM> "
    assert console.do("server") == "(in #general)"
    assert console.do("in #cellar") == "(in #cellar)"
    console.do("say who is here?")
    assert console.do("as eve KICK_MEMBERS &cellarers") == "(you are eve)"
    assert console.prompt == "eve in #cellar> "
    cellarers = next(role for role in console.block.simulated.home.roles.values() if role.name == "cellarers")
    assert cellarers.held_by == {console.me.person.id}
    assert [message["content"] for message in console.me.person.messages()] == ["who is here?"]


def test_an_operator_acts_and_time_passes(console: Console) -> None:
    console.do("ops flags brewing on")
    assert "create /brew" in console.do("ops commands apply")
    assert console.do("/shelf count") == "3 books"
    watch = console.block.role("guards")
    assert console.do("ops ranks server &guards=responder").endswith(f"{watch.id}=responder")
    console.do("ops ranks server &guards=none")
    console.do("ops flags brewing unset")
    assert "delete /brew" in console.do("ops commands apply")
    assert console.do("turn 60") == "(the time has passed)"
    assert "INFO" in console.do("log")
    assert console.do("log") == "(nothing)"


@pytest.mark.parametrize("how", ["404 html", "200 deep", "503", "429 nan", "silence"])
def test_a_person_can_try_what_discord_does_on_a_bad_day(console: Console, how: str) -> None:
    console.do("dm")
    assert console.do(f"fail {how}") == "(the bot's next call fails)"
    assert "prod" in console.do("/status server:prod")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dance", "'dance' is not one of help, type"),
        ('menu "" @bob', "no command"),
        ('/"" target:@bob', "no command"),
        ("turn nan", "give a number of seconds"),
        ("target", "name a target"),
        ("target shop 99", "is not a line of a target's script"),
        ("press Refresh", "0 components are called 'Refresh'"),
        ("submit name:x", "there is no message yet"),
        ("choose", "name a select"),
        ("turn soon", "give a number of seconds"),
        ("turn", "give a number of seconds"),
        ("turn 1e9", "at most"),
        ("turn -1", "give a number of seconds"),
        ("as", "name a person"),
        ("install", "name the new server"),
        ("server Nowhere", "you are in no server 'Nowhere'"),
        *((line, "give a status") for line in ("fail", "fail x", "fail 99", "fail 503 soon", "fail 404 html 3")),
        ("menu", "name an entry"),
        ("type /shelf count", "name an option"),
        ("/parcel to:@bob size:small kilos:heavy", "'heavy' is not a number"),
        ("/parcel to:@bob insured:perhaps", "is not true or false"),
        ("/parcel to:@bob label:/nowhere.pdf", "/nowhere.pdf: No such file"),
        ("/parcel to:@bob size:small kilos", "'kilos' is not name:value"),
        ('say "open', "No closing quotation"),
        ("ops flags x maybe", "a flag begins with on, off or a percentage"),
        *((line, "name a channel") for line in ("in", "in garden", "in #", "in #a #b")),
        *((line, "give an error code") for line in ("fail code", "fail code x")),
        ("fail code 7", "code=7 is not one of"),
        ("slow", "give a number of seconds"),
        ("slow soon", "'soon' is not a number"),
        ("slow 10", "waits less than 10 seconds"),
        ("", "'' is not one of help, type"),
        ("as bob MANAGE_SERVER", "no permission 'MANAGE_SERVER'"),
    ],
)
def test_what_makes_no_sense_is_told(console: Console, line: str, told: str) -> None:
    with pytest.raises((ValueError, NotPossible), match=told):
        console.do(line)


def test_a_call_is_slow_or_refused_with_a_code(console: Console) -> None:
    console.do("dm")
    assert console.do("slow 8") == "(the bot's next call is slow)"
    begun = console.block.sandbox.clock.offset
    assert "prod" in console.do("/status server:prod")
    assert console.block.sandbox.clock.offset >= begun + 8
    assert console.do("fail code 130000") == "(the bot's next call fails)"
    assert "prod" in console.do("/status server:prod")
    assert "503" in console.block.transcript


def test_what_a_form_holds_is_shown(console: Console) -> None:
    ada = console.me.person
    garden = console.block.simulated.channel("garden")
    option = {"label": "Red", "value": "red"}
    fields = [
        {"type": 4, "value": "hello"},
        {"type": 4},
        {"type": 3, "options": [{**option, "default": True}, {"label": "Blue", "value": "blue"}]},
        {"type": 7, "default_values": [{"id": ada.id, "type": "user"}, {"id": "404", "type": "role"}]},
        {"type": 8, "default_values": [{"id": garden.id, "type": "channel"}]},
        {"type": 21, "options": [{**option, "default": True}]},
        {"type": 22, "options": [option]},
        {"type": 23, "default": True},
        {"type": 23, "default": False},
    ]
    shown = [console._field({"label": "L", "component": {"custom_id": "f", **field}}) for field in fields]
    assert [line.partition(" = ")[2] for line in shown] == [
        *["hello", "", "red", "@ada, 404", "#garden", "red", "", "yes", ""],
    ]


def test_two_people_have_places_and_forms_of_their_own(console: Console) -> None:
    people = People(console.block.sandbox)
    assert "A form opens" in people("grace", "/join nick:Grace")
    assert people("hedy", "in #attic") == "(in #attic)"
    assert "nobody joins who does not" in people("grace", 'submit why:"Because I like it." agreed:no')
    assert people("hedy", "say hello") == "(said)"
    assert people("hedy", "as hedy MANAGE_GUILD") == "(you are hedy)"
    for name, line, told in (
        ("grace", "as hedy", "this is grace"),
        ("grace", "dance", "'dance' is not one of"),
        ("grace", "/nothing", "no command /nothing"),
        ("Grace Hopper", "/ping", "is no user name"),
    ):
        with pytest.raises(ValueError, match=told):
            people(name, line)


def test_a_script_is_played_and_told_where_it_failed() -> None:
    def played(text: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "sandbox", "play"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    status, said = played('/ping\npress "Ask again"\n\nquit\n/status\n')
    assert status == 0
    assert "ada in #general> /ping\nPong! I am awake." in said
    assert "Still here." in said
    assert "/status" not in said
    status, said = played("/nothing")
    assert status == 1
    assert "! no command /nothing is registered here" in said
