"""Whatever is killed, and whenever: each flip is stored once, and each alert is told once.

`make sweep` prints how many points were tried.
"""

import os

import pytest

from tests.sweep.world import BEGUN, DOWN, UP, World
from watchbell.status.facts import Facts
from watchbell.status.monitor import Monitor

SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=1)
MAIL = Monitor("bbbbbbbb", "Mail", "http", "https://mail.example/", every=1)
DATABASE = Monitor("cccccccc", "Database", "tcp", "db.example:5432", every=1)
API = Monitor("dddddddd", "API", "http", "https://api.example/", every=1, parent="cccccccc")


def outage(world: World) -> None:
    """A monitor goes down and comes back, and another one is never affected. Then the sweep has time."""
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(5)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(10)


def told(world: World) -> list[str]:
    """What was posted, in its order: the first line of each message, without its glyph."""
    return [message["content"].split(" ", 1)[1] for message in world.discord.messages]


def once(world: World) -> None:
    news = [(flip.old, flip.new) for flip in world.tools.shards.flips(*FLIPS, 0, 2**31)]
    assert news == [("new", "up"), ("up", "down"), ("down", "up")], news
    opening, recovery = world.discord.messages
    assert opening["content"].startswith("✅ **Shop** was down for ")
    assert recovery["content"].startswith("✅ **Shop** is up again, after ")
    assert recovery["answers"] == opening["id"]
    assert world.tools.shards.untold() == []
    assert world.lost == 0


STEP = 1 if os.environ.get("WATCHBELL_SWEEP") else 12
"""The suite kills at each twelfth point. `make sweep` kills at all of them."""

FLIPS = ("1100000000000000001", "01")


def points() -> int:
    world = World(SHOP)
    outage(world)
    return world.killer.calls


def test_without_a_kill_an_outage_is_one_opening_and_one_recovery():
    world = World(SHOP)
    outage(world)
    once(world)
    assert points() > 80


@pytest.mark.parametrize("late", [False, True], ids=["delivered again at once", "delivered again after 180 s"])
def test_an_outage_is_told_once_whatever_is_killed(late, record_property):
    tried = 0
    for point in range(1 + late, points() + 1, STEP):
        for moment in ("before", "after"):
            world = World(SHOP)
            world.late = late
            world.killer.at = (point, moment)
            outage(world)
            try:
                once(world)
            except (AssertionError, ValueError) as error:
                where = world.killer.names[point - 1]
                raise AssertionError(f"killed {moment} call {point}, {where}: {told(world)}") from error
            tried += 1
    record_property("points", tried)


def test_discord_that_is_away_for_ten_minutes_delays_the_alert_and_loses_nothing():
    world = World(SHOP)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.discord.down = True
    world.minutes(10)
    world.discord.down = False
    world.minutes(5)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(10)
    world.lost = 0  # messages went to the dead letters, and the tick brought the flips again
    once(world)


def test_a_run_that_comes_twice_is_judged_once():
    world = World(SHOP)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    send = world.checks.send_many
    world.checks.send_many = lambda messages: (send(messages), send(messages))  # type: ignore[method-assign]
    world.minutes(5)
    assert [flip.new for flip in world.tools.shards.flips(*FLIPS, 0, 2**31)] == ["up", "down"]
    (hour,) = world.tools.shards.periods(*FLIPS, "24h", world.now())
    assert hour.tallies["aaaaaaaa"].counted == 8


def test_a_child_whose_parent_is_down_is_not_told_and_its_recovery_neither():
    world = World(DATABASE, API)
    world.minutes(3)
    world.checker.script.update(cccccccc=DOWN)
    world.minutes(4)
    world.checker.script.update(dddddddd=DOWN)
    world.minutes(4)
    world.checker.script.update(cccccccc=UP, dddddddd=UP)
    world.minutes(10)
    assert [each for each in told(world) if "API" in each] == []
    assert len(told(world)) == 2
    assert world.tools.shards.untold() == []


def test_a_child_that_is_still_down_when_its_parent_is_back_is_told_then():
    world = World(DATABASE, API)
    world.minutes(3)
    world.checker.script.update(cccccccc=DOWN)
    world.minutes(4)
    world.checker.script.update(dddddddd=DOWN)
    world.minutes(4)
    world.checker.script.update(cccccccc=UP)
    world.minutes(12)
    assert [each for each in told(world) if "API" in each] == ["**API** is down: it answered with HTTP 503."]
    world.checker.script.update(dddddddd=UP)
    world.minutes(4)
    assert told(world)[-1].startswith("**API** is up again")


def test_what_could_not_be_measured_changes_nothing():
    world = World(SHOP)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = Facts("unknown")
    world.minutes(20)
    assert [flip.new for flip in world.tools.shards.flips(*FLIPS, 0, 2**31)] == ["up"]
    assert told(world) == []


def test_a_slow_shard_delays_no_other_run_and_a_late_run_is_dropped():
    world = World(SHOP, MAIL)
    world.minutes(2)
    message = {"kind": "shard", "guild": FLIPS[0], "shard": "01", "slot": BEGUN, "every": 1}
    before = dict(world.table.rows)
    world.checks.messages.append(message)
    world.checker.script["aaaaaaaa"] = DOWN
    from watchbell.adapters.batch import Delivery
    from watchbell.doors import monitor

    monitor.run(Delivery(message, 1, False), world.tools)
    assert world.table.rows == before
