"""Telling a flip when Discord refuses it: it is not tried for ever, and nothing else waits for it."""

import logging

import pytest

from tests.sweep.world import CHANNEL, DOWN, GUILD, UP, World
from watchbell.adapters.batch import Delivery
from watchbell.adapters.server_settings import Chosen
from watchbell.doors import sender
from watchbell.errors import DiscordError
from watchbell.outbox import alerts
from watchbell.outbox.kinds import MAILBOX
from watchbell.status.monitor import Monitor
from watchbell.subscriptions.mailbox import Mailbox

SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=1)
FORBIDDEN, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = (403, 50001), (404, 10003), (404, 10008)


class NoChannel:
    def of(self, guild_id):
        return Chosen({})


def refuse(world, call, status, code):
    """Make the simulated Discord refuse these calls."""

    def refused(*args, **more):
        raise DiscordError(f"{call} /channels/{{channel}}/messages", status, code)

    setattr(world.discord, call, refused)


def mailbox(world):
    return Mailbox.parse(world.data(MAILBOX, GUILD).get(f"channel:{CHANNEL}"))


def outage(world):
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(5)


@pytest.mark.parametrize(("status", "code"), [FORBIDDEN, UNKNOWN_CHANNEL])
def test_a_channel_that_refuses_is_not_asked_again_and_the_log_says_which_code(status, code, caplog):
    world = World(SHOP)
    refuse(world, "send", status, code)
    with caplog.at_level(logging.WARNING):
        outage(world)
    assert world.lost == 0
    assert world.tools.shards.untold() == []
    (told,) = [record for record in caplog.records if record.message.startswith("not told: ")]
    assert (told.guild_id, told.recipient) == (GUILD, f"channel:{CHANNEL}")
    assert str(code) in told.message
    assert mailbox(world).alerts == []


def test_who_did_not_hear_of_the_outage_does_not_hear_of_its_end():
    world = World(SHOP)
    send = world.discord.send
    refuse(world, "send", *UNKNOWN_CHANNEL)
    outage(world)
    world.discord.send = send
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    assert world.discord.messages == []
    assert world.tools.shards.untold() == []
    assert mailbox(world).outage("aaaaaaaa") is None


@pytest.mark.parametrize(("status", "code"), [UNKNOWN_MESSAGE, FORBIDDEN])
def test_an_opening_that_cannot_be_edited_is_answered_all_the_same(status, code):
    world = World(SHOP)
    outage(world)
    refuse(world, "edit", status, code)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    opening, recovery = world.discord.messages
    assert opening["content"].startswith("🔴 **Shop** is down")
    assert recovery["content"].startswith("✅ **Shop** is up again")
    assert recovery["answers"] == opening["id"]


def test_a_server_without_a_status_channel_is_told_nothing_and_nothing_waits():
    world = World(SHOP)
    world.server_settings = NoChannel()
    outage(world)
    assert world.discord.messages == []
    assert world.tools.shards.untold() == []
    assert world.lost == 0


def test_a_flip_of_a_monitor_that_was_removed_is_dropped():
    world = World(SHOP)
    outage(world)
    told = len(world.discord.messages)
    key = world.flips()[-1]
    world.table.rows[("untold", f"{GUILD}#{key}")] = {
        "pk": {"S": "untold"},
        "sk": {"S": f"{GUILD}#{key}"},
        "at": {"N": "1"},
    }
    world.remove("aaaaaaaa")
    alerts.announce(GUILD, world.tools)
    assert world.tools.shards.untold() == []
    assert len(world.discord.messages) == told


def test_a_test_alert_is_sent_once_and_says_that_it_is_one():
    world = World(SHOP)
    (entry,) = world.tools.monitors.roster(GUILD).entries
    edition = alerts.test_edition("1", entry, int(world.at))
    for _twice in range(2):
        world.tools.shards.publish(GUILD, edition)
        sender.deliver(Delivery(alerts.edition_message(GUILD, edition.id), 1, False), world.tools)
    (sent,) = world.discord.messages
    assert sent["content"] == "This is a test. 🔴 **Shop** is down."
    assert mailbox(world).outage("aaaaaaaa") is None


@pytest.mark.parametrize(
    ("seconds", "late"),
    [(0, False), (59, False), (60, True), (120, True), (180, False), (240, True), (3600, True), (3660, False)],
)
def test_the_tick_brings_a_flip_again_after_1_2_4_minutes_and_each_hour(seconds, late):
    assert alerts.is_late(seconds) is late
