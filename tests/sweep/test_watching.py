"""Whatever is killed, and whenever: each flip is stored once, and each alert is told once.

`make sweep` prints how many points were tried.
"""

import os
from dataclasses import replace

import pytest

from tests.sweep.world import BEGUN, DOWN, UP, World
from watchbell.status.facts import Facts
from watchbell.status.maintenance import Once, Repeating, Window
from watchbell.status.monitor import Monitor
from watchbell.status.plans import Plan

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


# Reminders


def test_people_are_reminded_of_an_outage_and_of_nothing_else():
    world = World(replace(SHOP, remind=1), MAIL)
    world.minutes(3)
    world.checker.script.update(aaaaaaaa=DOWN, bbbbbbbb=DOWN)
    world.minutes(150)
    world.checker.script.update(aaaaaaaa=UP, bbbbbbbb=UP)
    world.minutes(70)
    about = [text.replace("\xa0", " ") for text in told(world) if "Shop" in text]
    assert about == [
        "**Shop** was down for 2 h 30 min.",
        "**Shop** is still down, for 1 h 2 min now.",
        "**Shop** is still down, for 2 h 2 min now.",
        "**Shop** is up again, after 2 h 30 min.",
    ]
    assert [text for text in told(world) if "still" in text and "Mail" in text] == []
    opening, *answers = [each for each in world.discord.messages if "Shop" in each["content"]]
    assert [each["answers"] for each in answers] == [opening["id"]] * 3
    flips = world.tools.shards.flips(*FLIPS, 0, 2**31)
    assert [(flip.old, flip.new) for flip in flips if flip.news == "reminder"] == [("down", "down")] * 2


def test_nobody_is_reminded_in_maintenance_and_once_afterwards():
    world = World(replace(SHOP, remind=1))
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(5)
    window = Window(Once(int(world.at), int(world.at) + 3 * 3600))
    world.tools.shards.change_plans(FLIPS[0], lambda before: [Plan("p", "Work", window)])
    world.minutes(3 * 60)
    assert len(told(world)) == 1
    world.minutes(10)
    assert len(told(world)) == 2
    assert "still down" in told(world)[1]


def test_a_reminder_does_not_replace_an_opening_that_waits_for_its_parent():
    world = World(DATABASE, replace(API, remind=1))
    world.minutes(3)
    world.checker.script.update(cccccccc=DOWN)
    world.minutes(4)
    world.checker.script.update(dddddddd=DOWN)
    world.minutes(130)
    assert [each for each in told(world) if "API" in each] == []
    world.checker.script.update(cccccccc=UP)
    world.minutes(62)
    assert next(each for each in told(world) if "API" in each) == "**API** is down: it answered with HTTP 503."


# Notices of maintenance


HOURLY = Plan("11111111", "Backup", Window(Repeating("0 * * * *", 10)), 30)


def planned(world: World, *wanted: Plan) -> None:
    world.tools.shards.change_plans(FLIPS[0], lambda before: [*before, *wanted])


def notices(world: World) -> list[int]:
    """The starts that were announced, in minutes after the world began."""
    assert set(told(world)) <= {"Maintenance is planned: **Backup**."}
    starts = [int(message["embeds"][0]["fields"][0]["value"].split(":")[1]) for message in world.discord.messages]
    return [(start - BEGUN) // 60 for start in starts]


def test_each_occurrence_is_announced_once_before_it_begins():
    world = World(SHOP)
    planned(world, HOURLY)
    world.minutes(30)
    assert notices(world) == []
    world.minutes(2)
    assert notices(world) == [60]
    world.minutes(93)
    assert notices(world) == [60, 120]
    assert len(world.tools.shards.notices(2**31)) == 1  # the next one


OFTEN = Plan("11111111", "Backup", Window(Repeating("*/10 * * * *", 5)), 5)


@pytest.mark.parametrize("late", [False, True], ids=["delivered again at once", "delivered again after 180 s"])
def test_a_notice_is_given_once_whatever_is_killed(late, record_property):
    world = World(SHOP)
    planned(world, OFTEN)
    planning = world.killer.calls
    world.minutes(17)
    names = list(world.killer.names)
    assert notices(world) == [10, 20]
    for point in range(planning + 1 + late, len(names) + 1, STEP):
        for moment in ("before", "after"):
            world = World(SHOP)
            world.late = late
            planned(world, OFTEN)
            world.killer.at = (point, moment)
            world.minutes(17)
            assert notices(world) == [10, 20], (names[point - 1], moment)
            assert world.lost == 0
    record_property("points", 2 * len(range(planning + 1 + late, len(names) + 1, STEP)))


def test_ticks_that_come_twice_or_not_at_all_neither_double_nor_lose_a_notice():
    world = World(SHOP)
    planned(world, HOURLY)
    world.minutes(29)
    world.at += 10 * 60  # no tick for 10 minutes
    send = world.sends.send_many
    world.sends.send_many = lambda messages: (send(messages), send(messages))  # type: ignore[method-assign]
    world.minutes(90)
    assert notices(world) == [60, 120]


def test_discord_that_is_away_delays_a_notice_until_the_window_is_over_and_then_drops_it():
    world = World(SHOP)
    planned(world, HOURLY)
    world.minutes(25)
    world.discord.down = True
    world.minutes(20)
    world.discord.down = False
    world.minutes(15)
    assert notices(world) == [60]
    world.discord.down = True
    world.minutes(80)
    world.discord.down = False
    world.minutes(60)
    assert 120 not in notices(world)
    assert notices(world)[-1] == 180


def test_a_cancelled_plan_announces_nothing_and_leaves_nothing_behind():
    world = World(SHOP)
    planned(world, HOURLY)
    world.tools.shards.change_plans(FLIPS[0], lambda before: [])
    world.minutes(65)
    assert notices(world) == []
    assert world.tools.shards.notices(2**31) == []


def test_maintenance_that_begins_soon_is_announced_at_once_and_an_open_one_is_not():
    world = World(SHOP)
    world.minutes(2)
    now = int(world.at)
    soon = Plan("22222222", "Backup", Window(Once(now + 300, now + 900)), 60)
    is_open = Plan("33333333", "Backup", Window(Once(now - 300, now + 900)), 60)
    never = Plan("44444444", "Backup", Window(Once(now + 300, now + 900)), 0)
    planned(world, soon, is_open, never)
    world.minutes(3)
    assert notices(world) == [7]
    assert world.tools.shards.notices(2**31) == []
