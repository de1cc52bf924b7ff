"""Applications whatever is killed, and whenever: each person gets one channel with one welcome, and nothing is left.

`make sweep` kills at every call, and plays 1,000 people who press 20 times each.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.applicants import AGAIN_SECONDS, Scene, World
from tests.sweep.test_watching import ALL
from watchbell.tools import applying


def applied(world: World, scene: Scene) -> None:
    """A person applies, and presses again while it is worked on and afterwards."""
    ada = scene.person("ada")
    scene.apply(ada)
    scene.apply(ada)
    world.work()
    scene.apply(ada)
    world.work()


def declined(world: World, scene: Scene) -> None:
    """A person applies, is declined, and the staff close the channel. Then the person applies again."""
    ada = scene.person("ada")
    scene.apply(ada)
    world.work()
    (room,) = scene.rooms
    opened = world.press(scene.staff, scene.messages(room)[0], "Decline")
    world.submit(scene.staff, opened, reason="Not now")
    world.work()
    world.press(scene.staff, scene.messages(room)[0], "Close")
    world.work()
    scene.apply(ada)
    world.work()


def waiting(world: World, scene: Scene) -> None:
    """A person finds the category full. When there is room again, the staff make the channel."""
    rooms = [world.discord.channel(f"c{number}", scene.guild, category=scene.category) for number in range(50)]
    scene.apply(scene.person("ada"))
    world.work()
    for room in rooms:
        world.state.world.remove_channel(room)
    world.press(scene.staff, scene.messages(scene.office)[0], "Try again")
    world.work()


def one_notice(world: World, scene: Scene) -> None:
    one_channel(world, scene)
    (notice,) = scene.messages(scene.office)
    assert (notice["components"], scene.application(scene.person("ada")).notice) == ([], "")


def one_channel(world: World, scene: Scene) -> None:
    (room,) = scene.rooms
    assert welcomes(scene, room) == 1
    application = scene.application(scene.person("ada"))
    assert (application.status, application.channel, application.number) == ("open", room.id, 1)


def closed_and_open(world: World, scene: Scene) -> None:
    (room,) = scene.rooms  # the first one was deleted after its transcript
    assert welcomes(scene, room) == 1
    application = scene.application(scene.person("ada"))
    assert (application.status, application.channel, application.number) == ("open", room.id, 2)
    transcripts = [message for message in scene.messages(scene.office) if message["attachments"]]
    assert len(transcripts) == 1
    said = world.discord.file(transcripts[0]["attachments"][0]).decode()
    assert said.count("your application was declined by") == 1
    assert len(world.discord.dms(scene.person("ada"))) == 1


def welcomes(scene: Scene, room: Any) -> int:
    return sum("Welcome" in message["content"] for message in scene.messages(room))


def makes_something(name: str) -> bool:
    """Whether a call could make something twice. The suite kills at all of these, and at each `step`-th other call."""
    return name.startswith(("POST /api/v10/guilds", "POST /api/v10/channels"))


def begun(again: float, finish: str) -> tuple[World, Scene]:
    world = World()
    world.again = again
    world.state.world.message_content = True
    return world, world.server(finish=finish)


@pytest.mark.parametrize("again", [1.0, AGAIN_SECONDS], ids=["delivered again at once", "delivered again after 180 s"])
@pytest.mark.parametrize(
    ("story", "holds", "step"),
    [(applied, one_channel, 17), (declined, closed_and_open, 67), (waiting, one_notice, 31)],
)
def test_a_flow_loses_and_doubles_nothing_wherever_a_worker_dies(story, holds, step, again, record_property):
    world, scene = begun(again, "delete")
    story(world, scene)
    holds(world, scene)
    names, tried = world.killer.names, 0
    for point in (at for at in range(1, len(names) + 1) if ALL or not at % step or makes_something(names[at - 1])):
        for moment in ("before", "after"):
            world, scene = begun(again, "delete")
            world.killer.at = (point, moment)
            story(world, scene)
            assert world.failures == world.dead == [], (point, names[point - 1])
            try:
                holds(world, scene)
            except (AssertionError, ValueError) as error:
                raise AssertionError(f"killed {moment} call {point}, {names[point - 1]}") from error
            tried += 1
    record_property("points", tried)


def played(servers: int, people: int, presses: int, unwell: float) -> tuple[World, list[Scene], int]:
    """People of several servers press again and again, while everything goes wrong. Then two days pass."""
    world = World()
    scenes = []
    for number in range(servers):
        guild = world.discord.guild(f"server {number}")
        scenes += [world.server(id=id, guild=guild) for id in "ab"[: 1 + (people > 25)]]
    per_scene = people // (len(scenes) // servers)
    crowd = [(scene, scene.person(f"p{number}-{at}")) for at, scene in enumerate(scenes) for number in range(per_scene)]
    order = crowd * presses
    world.random.shuffle(order)
    world.unwell, world.doubled, world.killer.share = unwell, 0.1, 0.002
    for scene, person in order:
        world.at += 0.4
        world.work(until=world.at)
        scene.apply(person)
    world.work()
    world.unwell = world.killer.share = 0.0
    for _day in range(2):
        world.at += 86_400
        world.errands()
    return world, scenes, len(crowd)


@pytest.mark.parametrize(
    ("servers", "people", "presses", "unwell"),
    [(2, 25, 5, 0.1), pytest.param(25, 40, 20, 0.02, marks=pytest.mark.skipif(not ALL, reason="only in make sweep"))],
)
def test_everybody_gets_one_channel_and_one_welcome_however_often_they_press(
    servers, people, presses, unwell, record_property
):
    world, scenes, crowd = played(servers, people, presses, unwell)
    assert world.failures == []
    assert world.killer.killed > 0
    rooms = [(scene, room) for scene in scenes for room in scene.rooms]
    assert crowd == servers * people == len(rooms)
    assert [welcomes(scene, room) for scene, room in rooms] == [1] * crowd
    for scene in {scene.guild.id: scene for scene in scenes}.values():
        found = applying.everybody(scene.guild.id, world.tools)
        assert {each.status for each in found} == {"open"}
        assert {each.channel for each in found} == {room.id for other, room in rooms if other.guild is scene.guild}
    assert len({row["channel"] for row in applications(world)}) == crowd
    assert [row for scene in scenes for row in scene.trail() if row["outcome"] == "duplicate"] == []
    record_property("points", crowd * presses)


def applications(world: World) -> list[dict]:
    stored = [row for (_pk, sort), row in world.raw_table.rows.items() if sort.startswith("application#")]
    return [json.loads(row["value"]["S"]) for row in stored]
