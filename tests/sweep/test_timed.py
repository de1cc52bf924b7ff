"""Whatever is killed, and whenever: each digest and each reminder is posted once, and the next one is not forgotten.

`make sweep` kills before and after every call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.sweep.test_watching import LATE, SHOP, swept
from tests.sweep.world import ADA, BEGUN, CHANNEL, DM, DOWN, GUILD, ROLE, UP, World
from watchbell.outbox import known
from watchbell.outbox.kinds import TIMED
from watchbell.subscriptions.message import _texts
from watchbell.subscriptions.timed import Timed

DAY = 86_400
DIGEST = Timed("d0000001", f"channel:{CHANNEL}", "5 10 * * *", "UTC")
MINE = Timed("d0000002", f"user:{ADA}", "5 10 * * *", "UTC", locale="de")
REMINDER = Timed("r0000001", f"channel:{CHANNEL}", "6 10 * * *", "UTC", text=f"Backup? <@&{ROLE}> <@&{DM}> @here")


def keep(world: World, *wanted: Timed) -> None:
    """Do what `/digest set` and `/remind add` do."""
    for each in wanted:
        due = replace(each, due=each.next(world.now()).due)
        world.killer.quietly(lambda due=due: world.data(TIMED, GUILD).put(due.item()))


def stored(world: World, id: str = DIGEST.id) -> Timed:
    found: list[Timed] = []
    world.killer.quietly(lambda: found.extend(known.timed(GUILD, world.tools)))
    return next(each for each in found if each.id == id)


def said(message: dict) -> str:
    return "\n".join(map(str, [message.get("content"), *filter(None, _texts(message.get("components")))]))


def in_channel(world: World, channel: str = CHANNEL) -> list[str]:
    return [said(each) for each in world.discord.messages if each["channel"] == channel]


def jump(world: World, to: str) -> None:
    """Go on at a time of this day, or of the next one."""
    hours, minutes = map(int, to.split(":"))
    at = world.at // DAY * DAY + hours * 3600 + minutes * 60
    world.at = at if at >= world.at else at + DAY


def mornings(world: World) -> None:
    """Digests and a reminder come on two mornings."""
    keep(world, DIGEST, MINE, REMINDER)
    for _morning in range(2):
        jump(world, "10:04")
        world.minutes(9)


def each_once(world: World) -> None:
    told = in_channel(world)
    assert sum("## Daily digest" in each for each in told) == 2, told
    assert sum("Backup?" in each for each in told) == 2, told
    mine = in_channel(world, f"dm of {ADA}")
    assert len(mine) == 2, mine
    assert all("## Tagesübersicht, Shops" in each for each in mine)
    for id in (DIGEST.id, MINE.id, REMINDER.id):
        assert stored(world, id).due > world.at
    later: list[Any] = []
    world.killer.quietly(lambda: later.extend(world.tools.shards.later(2**31)))
    assert sorted(each.id for _server, each in later) == [DIGEST.id, MINE.id, REMINDER.id]
    assert world.lost == 0


def test_without_a_kill_digests_and_reminders_come_each_morning():
    world = World(SHOP)
    world.minutes(2)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(3)
    mornings(world)
    each_once(world)
    digests = [each for each in in_channel(world) if "Daily digest" in each]
    assert "**Shop** was down for 3\u00a0min" in digests[0]
    assert "in the period before" in digests[1]
    reminders = [each for each in world.discord.messages if "Backup?" in str(each.get("content"))]
    assert [each["allowed_mentions"] for each in reminders] == [{"parse": [], "roles": [ROLE]}] * 2
    silent = [each for each in world.discord.messages if "Daily digest" in said(each)]
    assert {each["flags"] for each in silent} == {32768 + 4096}  # a layout, and silent


@LATE
def test_digests_and_reminders_come_once_whatever_is_killed(late, record_property):
    hourly = replace(SHOP, every=60)
    swept(mornings, each_once, [hourly], late=late, step=17, record=record_property)


def one_morning(world: World) -> None:
    """A reminder comes once."""
    keep(world, replace(REMINDER, cron=f"@{BEGUN + 7500}"))
    jump(world, "10:04")
    world.minutes(14)


def once(world: World) -> None:
    assert [("Backup?" in each) for each in in_channel(world)] == [True]
    left: list[Any] = []
    world.killer.quietly(lambda: left.extend([*known.timed(GUILD, world.tools), *world.tools.shards.later(2**31)]))
    assert left == []
    assert world.lost == 0


@LATE
def test_a_reminder_that_comes_once_is_posted_and_forgotten_whatever_is_killed(late, record_property):
    hourly = replace(SHOP, every=60)
    swept(one_morning, once, [hourly], late=late, step=17, record=record_property)
