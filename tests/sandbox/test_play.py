"""Somebody at a keyboard uses the bot's own commands and the guide's examples."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.discord import NotPossible
from sandbox.play import Console
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
        *["A form opens, 'Join us':", "  name: Name", "  why: Why?"],
        "  how: How did you hear of us? (a friend, the press; optional)",
        *["  proof: A picture of you (optional)", "  agreed: I keep to the rules"],
    ]
    told = console.do('submit Name:Ada Why?:"Because I like it." agreed:no')
    assert "nobody joins who does not" in told
    assert "A form opens" in console.do('press "Open the form again"')
    assert "Ada by command" in console.do('submit Name:Ada Why?:"Because I like it." agreed:yes')
    assert "  Nearly there." in console.do("press Details")
    done = console.do("submit friends:@bob friends:@eve team:&crew days:Mon days:Tue half:morning")
    assert done.startswith("Ada, crew, Mon+Tue, morning, with bob, eve")


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
        ("press Refresh", "0 components are called 'Refresh'"),
        ("submit name:x", "there is no message yet"),
        ("choose", "name a select"),
        ("turn soon", "give a number of seconds"),
        ("turn", "give a number of seconds"),
        ("turn 1e9", "at most"),
        ("turn -1", "give a number of seconds"),
        ("as", "name a person"),
        *((line, "give a status") for line in ("fail", "fail x", "fail 99", "fail 503 soon", "fail 404 html 3")),
        ("menu", "name an entry"),
        ("type /shelf count", "name an option"),
        ("/parcel to:@bob size:small kilos:heavy", "'heavy' is not a number"),
        ("/parcel to:@bob insured:perhaps", "is not true or false"),
        ("/parcel to:@bob label:/nowhere.pdf", "/nowhere.pdf: No such file"),
        ("/parcel to:@bob size:small kilos", "'kilos' is not name:value"),
        ('say "open', "No closing quotation"),
        ("ops flags x maybe", "a flag begins with on, off or a percentage"),
        ("as bob MANAGE_SERVER", "no permission 'MANAGE_SERVER'"),
    ],
)
def test_what_makes_no_sense_is_told(console: Console, line: str, told: str) -> None:
    with pytest.raises((ValueError, NotPossible), match=told):
        console.do(line)


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
