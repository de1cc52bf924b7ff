"""The commands are registered with the simulated Discord, which has the rate limits and the habits of the real one."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType

import pytest

from sandbox.discord import Discord
from sandbox.discord.validation import Form
from tests.sandbox.rest import APP, TOKEN
from watchbell.adapters.discord import DiscordClient
from watchbell.kit.flags import Flags
from watchbell.registration.apply import bring_about, plan

LUDO = """
from watchbell import Annotated, Channel, Command, Kinds, Reply, anyone

command = Command("{name}", "Play", who=anyone, {rules})

@command.run
def play(interaction, *, room: Annotated[Channel, Kinds("voice", "text")] | None = None):
    '''Play.

    room: Where
    '''
    return Reply("on")
"""


class Clock:
    """A clock that only sleeping moves, so that real time refills no bucket."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


Feature = Callable[[str, str], ModuleType]


def register(discord: Discord, clock: Clock, **flags: str) -> None:
    """Register the commands as a deployment does. Afterwards there must be nothing left to change."""
    read = Flags(lambda: flags).all()
    client = DiscordClient(discord.url, lambda fresh: TOKEN)
    bring_about(client, read, APP, most_guilds=200, sleep=clock.sleep)
    clock.sleep(10)
    assert plan(client, read, APP, most_guilds=0) == []
    assert discord.faults == []


def writes(discord: Discord) -> list[str]:
    return [line for line in discord.transcript if " PUT " in line]


def test_many_new_commands_are_one_write(discord: Discord, clock: Clock, feature: Feature) -> None:
    for number in range(30):
        feature(f"ludo{number}", LUDO.format(name=f"ludo{number}", rules='contexts=("bot_dm", "guild")'))
    register(discord, clock)
    assert len(discord.commands()) > 30
    assert len(writes(discord)) == 1


def test_200_servers_at_50_calls_a_second_are_registered(discord: Discord, clock: Clock, feature: Feature) -> None:
    feature("ludo", LUDO.format(name="ludo", rules='flag="ludo"'))
    others = [discord.guild(f"guild {number}") for number in range(199)]
    register(discord, clock, ludo="on -1")
    register(discord, clock, ludo=f"on -{discord.home.id}")
    assert discord.commands(discord.home) == []
    assert {command["name"] for guild in others for command in discord.commands(guild)} == {"ludo"}


def test_a_command_that_stays_keeps_its_id_and_so_does_the_entry_point(
    discord: Discord, clock: Clock, feature: Feature
) -> None:
    register(discord, clock)
    discord.state.commands.create(Form(), None, {"name": "launch", "type": 4, "handler": 2})
    before = {command["name"]: command["id"] for command in discord.commands()}
    feature("ludo", LUDO.format(name="ludo", rules=""))
    register(discord, clock)
    after = {command["name"]: command["id"] for command in discord.commands()}
    assert before.keys() | {"ludo"} == after.keys()
    assert after == {**after, **before}


def test_a_command_can_be_used_in_more_places_after_a_deployment(
    discord: Discord, clock: Clock, feature: Feature
) -> None:
    command = feature("ludo", LUDO.format(name="ludo", rules='contexts=("guild",)')).command
    register(discord, clock)
    command.contexts, command.user_installs = None, True
    register(discord, clock)
    (ludo,) = [command for command in discord.commands() if command["name"] == "ludo"]
    assert (ludo["integration_types"], ludo["contexts"]) == ([0, 1], [0, 1, 2])
