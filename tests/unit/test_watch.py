"""The tick: it queues each shard that is due once, also those of minutes that it missed, and brings back lost flips."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.sweep.world import BEGUN, DOWN, GUILD, World
from watchbell.schedules.watch import watch
from watchbell.status.monitor import Monitor

SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=1)


def tick(world, slot):
    world.at = float(slot)
    watch(datetime.fromtimestamp(slot, UTC), world.tools)
    queued, world.checks.messages = world.checks.messages, []
    return [(message["shard"], message["slot"], message["every"]) for message in queued]


def test_a_shard_is_queued_for_each_minute_in_which_it_is_due():
    world = World(SHOP)
    assert [tick(world, BEGUN + 60 * minute) for minute in range(2)] == [[("01", BEGUN, 1)], [("01", BEGUN + 60, 1)]]


def test_a_shard_of_five_minutes_is_queued_once_in_five_minutes():
    world = World(replace(SHOP, every=5))
    queued = [tick(world, BEGUN + 60 * minute) for minute in range(10)]
    assert sorted(map(len, queued)) == [0] * 8 + [1] * 2


def test_after_missed_ticks_a_shard_is_queued_once_for_its_latest_slot():
    world = World(SHOP)
    tick(world, BEGUN)
    assert tick(world, BEGUN + 600) == [("01", BEGUN + 600, 1)]
    five = World(replace(SHOP, every=5))
    tick(five, BEGUN)
    ((_shard, slot, every),) = tick(five, BEGUN + 3600)
    assert every == 5
    assert BEGUN + 3300 < slot <= BEGUN + 3600


def test_a_tick_that_failed_before_it_was_recorded_is_made_up_for():
    world = World(SHOP)
    tick(world, BEGUN)
    send = world.checks.send_many

    def fails(messages):
        raise ConnectionError

    world.checks.send_many = fails
    with pytest.raises(ConnectionError):
        tick(world, BEGUN + 60)
    assert world.tools.shards.last_tick() == BEGUN
    world.checks.send_many = send
    assert tick(world, BEGUN + 120) == [("01", BEGUN + 120, 1)]


def test_a_flip_that_nobody_told_comes_again_and_later_less_often():
    world = World(SHOP)
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.sends.send = lambda message, wait=0: None
    world.minutes(3)
    assert world.discord.messages == []
    ((_server, _flip, at),) = world.tools.shards.untold()
    brought = []
    for minute in range(1, 9):
        world.sends.messages.clear()
        tick(world, at - at % 60 + 60 * minute)
        brought += [minute] * len(world.sends.messages)
    assert brought == [1, 2, 4, 8]
    assert world.sends.messages[0]["guild"] == GUILD
