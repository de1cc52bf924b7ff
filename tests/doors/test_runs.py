"""A run of a shard: hours and days end, and what is paused, removed, unknown or late harms no other monitor."""

from dataclasses import replace

import pytest

from tests.sweep.world import BEGUN, DOWN, GUILD, UP, World
from watchbell.adapters.batch import Delivery, NotOurs
from watchbell.adapters.monitors import Change
from watchbell.doors import monitor
from watchbell.status import judgement
from watchbell.status.monitor import Monitor
from watchbell.status.tally import DAY, HOUR

SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=1)
MAIL = Monitor("bbbbbbbb", "Mail", "http", "https://mail.example/", every=1)
FED = Monitor("cccccccc", "Backup", "heartbeat", every=1, options={"ping": "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314"})
SHARD = (GUILD, "01")


def message(slot, every=1, **more):
    return {"kind": "shard", "guild": GUILD, "shard": "01", "slot": slot, "every": every, **more}


def run(world, slot, every=1):
    monitor.run(Delivery(message(slot, every), 1, False), world.tools)


def states(world):
    (stored,) = world.tools.shards.states(GUILD, ["01"]).values()
    return {id: found.state for id, found in judgement.unpack(stored.states).items()}


def change(world, each, **values):
    """Store another version of a monitor, as /monitor does."""

    def decide(roster):
        entry = next(entry for entry in roster.entries if entry.id == each.id)
        entry.paused = values.get("paused", entry.paused)
        return Change(roster.with_(entry), put=("01", replace(each, **values)))

    world.monitors.change(GUILD, decide)


def test_an_hour_and_a_day_that_have_ended_are_stored_by_the_first_run_afterwards():
    world = World(SHOP)
    world.at = BEGUN + 23 * HOUR + 58 * 60 - BEGUN % DAY
    first = int(world.at)
    world.minutes(2)
    assert world.tools.shards.hours(*SHARD, 0, 2**31) == []
    world.minutes(1)
    (hour,) = world.tools.shards.hours(*SHARD, 0, 2**31)
    (day,) = world.tools.shards.days(*SHARD, 0, 2**31)
    assert (hour.start, hour.tallies["aaaaaaaa"].up) == (first // HOUR * HOUR, 2)
    assert (day.start, day.tallies["aaaaaaaa"].up) == (first // DAY * DAY, 2)
    world.minutes(2)
    assert len(world.tools.shards.hours(*SHARD, 0, 2**31)) == 1


def test_a_day_has_all_its_hours():
    world = World(SHOP)
    world.at = BEGUN // DAY * DAY + 21 * HOUR
    world.minutes(3 * 60 + 1)
    (day,) = world.tools.shards.days(*SHARD, 0, 2**31)
    assert day.tallies["aaaaaaaa"].up == 180


def test_a_monitor_that_is_paused_is_not_checked_and_is_new_again():
    world = World(SHOP, MAIL)
    world.minutes(3)
    change(world, SHOP, paused=True)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(5)
    assert states(world) == {"aaaaaaaa": "new", "bbbbbbbb": "up"}
    assert world.discord.messages == []
    (hour,) = world.tools.shards.periods(*SHARD, "24h", world.now())
    assert (hour.tallies["aaaaaaaa"].counted, hour.tallies["bbbbbbbb"].counted) == (3, 8)


def test_a_monitor_that_is_removed_is_forgotten_and_the_others_go_on():
    world = World(SHOP, MAIL)
    world.minutes(3)
    world.monitors.change(GUILD, lambda roster: Change(roster.without("aaaaaaaa"), delete=("01", "aaaaaaaa")))
    world.minutes(2)
    assert states(world) == {"bbbbbbbb": "up"}


def test_the_last_monitor_of_a_shard_is_removed_and_the_tick_no_longer_finds_it():
    world = World(SHOP)
    world.minutes(1)
    world.monitors.change(GUILD, lambda roster: Change(roster.without("aaaaaaaa"), delete=("01", "aaaaaaaa")))
    world.minutes(1)
    assert world.checks.messages == []
    run(world, int(world.at))  # a message that was on its way
    assert [place for place in world.table.rows if place[0].startswith("due#")] == []


def test_a_kind_that_no_longer_exists_does_not_stop_the_others():
    world = World(SHOP, MAIL)
    change(world, SHOP, kind="telepathy")
    world.minutes(3)
    assert states(world)["bbbbbbbb"] == "up"
    assert world.lost == 0


def test_a_kind_that_is_fed_and_has_no_row_yet_is_not_judged_and_does_not_stop_the_others():
    world = World(SHOP, FED)
    world.checker.run = lambda monitors: {each.id: UP for each in monitors if each.kind != "heartbeat"}
    world.minutes(5)
    assert states(world) == {"aaaaaaaa": "up", "cccccccc": "new"}
    assert world.discord.messages == []


def test_a_run_that_begins_after_the_next_slot_has_begun_is_dropped():
    world = World(SHOP)
    slot = int(world.at)
    world.at = slot + 59.9
    run(world, slot)
    assert list(states(world)) == ["aaaaaaaa"]
    before = dict(world.table.rows)
    world.at = slot + 180
    run(world, slot + 60)
    assert world.table.rows == before


def test_a_run_of_five_minutes_is_in_time_for_five_minutes():
    world = World(replace(SHOP, every=5))
    slot = int(world.at)
    world.at = slot + 299
    run(world, slot, every=5)
    assert list(states(world)) == ["aaaaaaaa"]


def test_the_same_run_twice_is_judged_once():
    world = World(SHOP)
    slot = int(world.at)
    run(world, slot)
    before = dict(world.table.rows)
    world.checker.script["aaaaaaaa"] = DOWN
    run(world, slot)
    assert world.table.rows == before


def test_of_two_runs_at_the_same_time_one_is_stored():
    world = World(SHOP)
    slot = int(world.at)
    check = world.check

    def meanwhile(guild_id, monitors, **more):
        world.check = check
        run(world, slot)  # another function was faster
        return check(guild_id, monitors, **more)

    world.check = meanwhile
    run(world, slot)
    (hour,) = world.tools.shards.periods(*SHARD, "24h", world.now())
    assert hour.tallies["aaaaaaaa"].counted == 1


def test_only_what_was_well_is_checked_again_and_the_run_ends_before_the_next_slot():
    asked = []
    world = World(replace(SHOP, options={"recheck": "5"}), replace(MAIL, options={"recheck": "5"}))

    def check(guild_id, monitors, *, again, left):
        asked.append((set(again), left))
        return world.checker.run(monitors)

    world.check = check
    world.checker.script["bbbbbbbb"] = DOWN
    world.minutes(3)
    slot = int(world.at)
    world.at += 30
    monitor.run(Delivery(message(slot), 1, False, lambda: 44.0), world.tools)
    assert asked[0][0] == set()
    assert asked[-1] == ({"aaaaaaaa"}, 22.0)
    monitor.run(Delivery(message(slot + 60, every=5), 1, False, lambda: 44.0), world.tools)
    assert asked[-1] == ({"aaaaaaaa"}, 36.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "shard"},
        {"kind": "flip", "guild": GUILD, "shard": "01", "slot": 60, "every": 1},
        message("60"),
        message(60, every=None),
        message(60, shard=1),
        message(60, guild=None),
    ],
)
def test_what_is_no_run_of_a_shard_is_not_ours(wrong):
    with pytest.raises(NotOurs):
        monitor.run(Delivery(wrong, 1, False), World().tools)
