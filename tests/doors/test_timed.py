"""Posting digests and reminders on bad days: nothing is lost, nothing comes twice, and who can help is told."""

import re
from dataclasses import replace

import pytest

from tests.sweep.test_timed import DIGEST, MINE, REMINDER, in_channel, jump, keep, said, stored
from tests.sweep.world import ADA, BEGUN, CHANNEL, DM, GUILD, World
from watchbell.adapters.batch import Delivery, NotOurs
from watchbell.doors import sender
from watchbell.errors import DiscordError
from watchbell.outbox import posting
from watchbell.outbox.kinds import TIMED
from watchbell.status.later import Later
from watchbell.status.monitor import Monitor
from watchbell.subscriptions.timed import expression

SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=5)
OTHER = "1100000000000000777"
ELSEWHERE = replace(DIGEST, to=f"channel:{OTHER}")
DAY = 86_400


def morning(world, minutes=4):
    """Go on until the digest of the next morning has come, or should have."""
    jump(world, "10:04")
    world.minutes(minutes)


def waiting(world):
    return [(each.at, each.id) for _server, each in world.tools.shards.later(2**31)]


def test_a_digest_that_was_changed_or_ended_since_the_tick_is_not_posted_and_its_row_goes():
    world = World(SHOP)
    keep(world, DIGEST)
    (asked,) = [each for _server, each in world.tools.shards.later(2**31)]
    keep(world, replace(DIGEST, cron="5 12 * * *"))
    sender.deliver(Delivery(asked.message(GUILD), 1, False), world.tools)
    assert world.discord.messages == []
    assert waiting(world) == [(stored(world).due, DIGEST.id)]
    world.data(TIMED, GUILD).delete(DIGEST.id)
    assert waiting(world) == []
    sender.deliver(Delivery(asked.message(GUILD), 1, False), world.tools)
    assert (world.discord.messages, waiting(world)) == ([], [])


@pytest.mark.parametrize(("ticks", "late"), [(2, 0), (1, 200), (2, 200)])
def test_a_tick_that_comes_twice_or_late_brings_one_digest(ticks, late):
    world = World(SHOP)
    world.ticks, world.tick_is_late = ticks, late
    keep(world, DIGEST, REMINDER)
    morning(world, 12)
    assert len(world.discord.messages) == 2
    assert world.lost == 0


def test_a_message_of_the_queue_that_comes_again_posts_nothing():
    world = World(SHOP)
    keep(world, DIGEST)
    first = stored(world).due
    morning(world)
    for _again in range(2):
        sender.deliver(Delivery(Later(first, "timed", DIGEST.id).message(GUILD), 2, False), world.tools)
    assert len(world.discord.messages) == 1
    assert waiting(world) == [(first + DAY, DIGEST.id)]


def test_a_reminder_that_comes_once_is_gone_then_although_its_message_comes_again():
    world = World(SHOP)
    due = BEGUN + 7500
    keep(world, replace(REMINDER, cron=f"@{due}"))
    morning(world)
    for _again in range(2):
        sender.deliver(Delivery(Later(due, "timed", REMINDER.id).message(GUILD), 2, False), world.tools)
    morning(world)
    assert len([each for each in in_channel(world) if "Backup?" in each]) == 1
    assert world.data(TIMED, GUILD).all() == []
    assert waiting(world) == []


def test_a_digest_that_moves_over_the_date_line_comes_on_each_date_of_its_new_zone_and_covers_each_hour():
    world = World(SHOP)
    keep(world, replace(DIGEST, cron="0 8 * * *", zone="Pacific/Auckland"))
    jump(world, "18:59")
    world.minutes(4)
    before = stored(world)
    assert before.told == "2026-11-23@Pacific/Auckland"
    moved = replace(before, zone="America/Los_Angeles")
    keep(world, moved)
    for _morning in range(2):
        jump(world, "15:59")
        world.minutes(4)
    told = in_channel(world)
    assert [each.rpartition("-# ")[2].split(" · ")[0] for each in told] == ["2026-11-23", "2026-11-23", "2026-11-24"]
    spans = [re.findall("<t:([0-9]+):f>", each)[:2] for each in told]
    assert [start for start, _end in spans[1:]] == [end for _start, end in spans[:-1]]


def test_after_days_without_a_tick_the_latest_digest_comes_once_and_then_the_next_one():
    world = World(SHOP)
    keep(world, DIGEST)
    world.minutes(1)
    world.at += 4 * DAY + 5 * 3600  # 2026-11-26 at 13:01
    world.minutes(3)
    (told,) = in_channel(world)
    assert "-# 2026-11-26 · UTC · " in told
    assert f"<t:{BEGUN + 3 * DAY + 7200}:f> – <t:{BEGUN + 4 * DAY + 7200}:f>" in told
    morning(world)
    assert "-# 2026-11-27 · UTC · " in in_channel(world)[1]
    assert len(in_channel(world)) == 2


def test_discord_away_for_an_hour_delays_a_digest_and_a_reminder_and_loses_none():
    world = World(SHOP)
    keep(world, DIGEST, REMINDER, MINE)
    jump(world, "10:04")
    world.discord.down = True
    world.minutes(40)
    assert world.discord.messages == []
    world.discord.down = False
    world.minutes(40)
    assert len(world.discord.messages) == 3
    assert stored(world).due == BEGUN + DAY + 7500


def test_an_answer_that_was_lost_is_found_again_though_the_nonce_is_forgotten():
    world = World(SHOP)
    keep(world, DIGEST, REMINDER)
    send, lost = world.discord.send, []

    def loses_answers(*args, **more):
        sent = send(*args, **more)
        if len(lost) < 2:
            lost.append(sent)
            world.at += 300
            raise DiscordError("POST /channels/{channel}/messages", 502)
        return sent

    world.discord.send = loses_answers
    jump(world, "10:04")
    world.minutes(20)
    assert world.discord.messages == lost
    assert waiting(world)[0][0] > world.at


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (404, 10003, "the channel is gone. Choose another one with /digest or /remind."),
        (403, 50013, "I lack **Send Messages** there."),
    ],
)
def test_the_owner_is_told_once_of_a_channel_that_refuses_digests_and_the_next_one_is_tried(status, code, says):
    world = World(SHOP)
    keep(world, ELSEWHERE)
    world.discord.refuses[OTHER] = (status, code)
    morning(world)
    morning(world)
    (told,) = world.discord.messages
    assert told["channel"] == DM
    assert told["content"] == "Digests or reminders of your server **Shops** do not arrive."
    assert says in told["embeds"][0]["description"]
    assert stored(world).refused == code
    assert any(says in each for each in posting.troubles(GUILD, world.tools))
    world.discord.refuses.clear()
    morning(world)
    assert len(in_channel(world, OTHER)) == 1
    assert stored(world).refused == 0
    assert posting.troubles(GUILD, world.tools) == []
    assert world.lost == 0


def test_permissions_that_are_taken_away_between_two_messages_stop_only_the_second():
    world = World(SHOP)
    keep(world, replace(DIGEST, id="d0000007"), replace(REMINDER, to=f"channel:{OTHER}"))
    world.discord.refuses[OTHER] = (403, 50013)
    morning(world)
    assert [each["channel"] for each in world.discord.messages] == [CHANNEL, DM]
    assert stored(world, REMINDER.id).due > world.at


@pytest.mark.parametrize("where", ["it cannot be opened", "it takes no message"])
def test_direct_messages_that_are_closed_are_noted_and_nobody_else_is_told(where):
    world = World(SHOP)
    keep(world, MINE)
    if where == "it cannot be opened":
        world.discord.closed.add(ADA)
    else:
        world.discord.refuses[f"dm of {ADA}"] = (403, 50007)
    morning(world)
    assert world.discord.messages == []
    assert stored(world, MINE.id).refused == 50007
    assert world.counted == ["DirectMessageRefused"]
    assert stored(world, MINE.id).due > world.at


def test_a_server_that_the_bot_has_left_is_no_reason_to_forget_the_next_digest():
    world = World(SHOP)
    keep(world, MINE)

    def gone(server_id):
        raise DiscordError("GET /guilds/{guild}", 403, 50001)

    world.discord.server = gone
    morning(world)
    assert len(in_channel(world, f"dm of {ADA}")) == 1
    assert world.lost == 0


def test_a_server_without_monitors_is_told_so_once_until_it_has_some():
    world = World(SHOP)
    keep(world, DIGEST)
    world.pause("aaaaaaaa")
    morning(world)
    morning(world)
    (note,) = in_channel(world)
    assert "Nothing is monitored here yet, so there is no digest." in note
    world.pause("aaaaaaaa", False)
    morning(world)
    assert "## Daily digest" in in_channel(world)[-1]
    world.pause("aaaaaaaa")
    morning(world)
    assert [("Nothing is monitored" in each) for each in in_channel(world)] == [True, False, True]


def test_a_weekly_digest_compares_with_the_week_before_and_reads_days():
    world = World(SHOP)
    keep(world, replace(DIGEST, cron=expression("weekly", "08:05", "monday"), cadence="weekly"))
    for _day in range(16):
        world.minutes(30)
        world.at += DAY - 1800
    told = in_channel(world)
    assert len(told) == 3
    assert "in the period before" not in told[0]
    assert "**100\u00a0% up** on average, 100\u00a0% in the period before" in told[2]
    assert "▇▇▇▇▇▇▇ **Shop** 100\u00a0%" in told[2]


def test_a_reminder_pings_only_roles_that_are_allowed_when_it_is_posted():
    world = World(SHOP)
    keep(world, replace(REMINDER, text="<@&1> <@2> @everyone"))
    morning(world)
    (told,) = world.discord.messages
    assert told["content"] == "<@&1> <@2> @everyone"
    assert told["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("missing", [{"id": None}, {"at": "soon"}, {"number": None}, {"guild": 5}])
def test_a_message_that_does_not_say_what_is_due_is_not_ours(missing):
    message = {**Later(1, "timed", "x").message(GUILD), **missing}
    with pytest.raises(NotOurs):
        sender.deliver(Delivery(message, 1, False), World(SHOP).tools)


def test_a_message_says_what_it_was_made_of():
    later = Later(5, "timed", "x", 3)
    assert Later.of(later.message(GUILD)) == later
    assert said({"content": None, "components": [{"components": [{"content": "x"}]}]}) == "None\nx"


BY_WEBHOOK = replace(DIGEST, to="webhook:status")


def test_a_digest_comes_by_a_webhook_without_buttons():
    world = World(SHOP)
    world.set_webhook("status", "77")
    keep(world, BY_WEBHOOK)
    morning(world)
    (message,) = world.discord.messages
    assert message["channel"] == "webhook 77"
    assert "## Daily digest" in said(message)
    assert "custom_id" not in str(message["components"])
    assert world.lost == 0


def test_the_owner_is_told_once_that_the_webhook_of_a_digest_is_gone_and_a_new_url_brings_it_back():
    world = World(SHOP)
    world.set_webhook("status", "77")
    world.discord.refuses["77"] = (404, 10015)
    keep(world, BY_WEBHOOK)
    morning(world)
    morning(world)
    assert stored(world).refused == 10015
    (told,) = world.discord.messages
    assert told["channel"] == DM
    world.set_webhook("status", "78")
    morning(world)
    assert [each["channel"] for each in world.discord.messages] == [DM, "webhook 78"]
    assert stored(world).refused == 0


def test_a_digest_by_a_webhook_that_was_removed_is_noted_and_stops_nothing():
    world = World(SHOP)
    keep(world, BY_WEBHOOK, replace(REMINDER, cron=DIGEST.cron))
    morning(world)
    assert stored(world).refused == 10015
    assert len(world.discord.messages) == 1
    assert world.lost == 0


def test_who_has_left_the_server_gets_no_digest_of_it_and_it_is_ended():
    world = World(SHOP)
    keep(world, DIGEST, MINE)
    world.discord.left = {ADA}
    morning(world)
    assert [each["channel"] for each in world.discord.messages] == [CHANNEL]
    assert [item["id"] for item in world.data(TIMED, GUILD).all()] == [DIGEST.id]
    assert [id for _at, id in waiting(world)] == [DIGEST.id]
    assert world.lost == 0
