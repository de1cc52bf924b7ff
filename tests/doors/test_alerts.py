"""Telling a flip when Discord refuses it: it is not tried for ever, and nothing else waits for it."""

import logging
from types import SimpleNamespace

import pytest

from tests.sweep.world import ADA, BOB, CHANNEL, DM, DOWN, GUILD, UP, World
from watchbell.adapters.batch import Delivery
from watchbell.adapters.monitors import Change
from watchbell.adapters.server_settings import Chosen
from watchbell.commands import notifications, status
from watchbell.doors import sender
from watchbell.errors import DiscordError, Unavailable, UserError
from watchbell.i18n import _, speaking
from watchbell.outbox import editions, mailboxes, maintenance, posting
from watchbell.outbox.kinds import MAILBOX, STEP, SUBSCRIPTION
from watchbell.status.flip import Flip
from watchbell.status.maintenance import Once, Window
from watchbell.status.monitor import Monitor
from watchbell.status.plans import Plan
from watchbell.status.refusal import Refusal, told
from watchbell.status.roster import OPERATOR, Entry, entry_of
from watchbell.subscriptions.edition import Edition
from watchbell.subscriptions.mailbox import Mailbox
from watchbell.subscriptions.subscription import id_of

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


def kept_alerts(world):
    """The outcomes of what the owner was to be told."""
    rows = {sort: row for (_pk, sort), row in world.table.rows.items() if sort.startswith("told#")}
    return {sort: row["outcome"]["S"] for sort, row in rows.items()}


@pytest.mark.parametrize(("status", "code"), [FORBIDDEN, UNKNOWN_CHANNEL])
def test_a_channel_that_refuses_is_not_asked_again_and_the_log_says_which_code(status, code, caplog):
    world = World(SHOP)
    world.discord.refuses[CHANNEL] = (status, code)
    with caplog.at_level(logging.INFO):
        outage(world)
    assert world.lost == 0
    assert world.tools.shards.untold() == []
    (told,) = [record for record in caplog.records if record.message.startswith("not told: ")]
    assert (told.guild_id, told.recipient, told.levelname) == (GUILD, f"channel:{CHANNEL}", "WARNING")
    assert str(code) in told.message
    assert world.counted == ["AlertRefused"]
    assert mailbox(world).alerts == []


def test_the_owner_hears_of_a_channel_that_refuses_once_until_a_message_arrives_there():
    world = World(SHOP)
    world.discord.refuses[CHANNEL] = (403, 50013)
    outage(world)
    (refusal,) = world.tools.shards.refusals(GUILD)
    assert refusal[:3] == (f"channel:{CHANNEL}", 403, 50013)
    assert refusal.lacks == ("SEND_MESSAGES",)
    (told,) = world.discord.messages
    assert (told["channel"], told["content"]) == (DM, "Alerts of your server **Shops** do not arrive.")
    assert told["embeds"][0]["description"] == (
        f"⚠️ I have not been able to post in <#{CHANNEL}> since <t:{refusal.since}:f>: I lack **Send Messages** there. "
        "Allow that in the channel's permissions."
    )
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    outage(world)
    assert world.discord.messages == [told]
    assert world.tools.shards.refusals(GUILD) == [refusal]
    world.discord.refuses.clear()
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    outage(world)
    assert world.tools.shards.refusals(GUILD) == []
    world.discord.refuses[CHANNEL] = (404, 10003)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    again = world.discord.messages[-1]
    assert (again["channel"], len(world.discord.messages)) == (DM, 3)
    assert "the channel is gone. Choose another one with /setup." in again["embeds"][0]["description"]


@pytest.mark.parametrize("code", [50007, 50278])
def test_an_owner_who_takes_no_direct_messages_is_not_asked_again(code):
    world = World(SHOP)
    world.discord.refuses = {CHANNEL: (404, 10003), DM: (403, code)}
    outage(world)
    assert world.lost == 0
    assert world.tools.shards.untold() == []
    assert len(world.tools.shards.refusals(GUILD)) == 1
    world.discord.refuses = {CHANNEL: (404, 10003)}
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    outage(world)
    assert world.discord.messages == []


def test_a_server_that_the_bot_has_left_has_nobody_to_tell():
    world = World(SHOP)
    for call, code in {"send": 50001, "missing": 50001, "server": 10004}.items():
        refuse(world, call, 403, code)
    outage(world)
    assert world.lost == 0
    assert world.tools.shards.untold() == []
    assert f"refused:{403}:{10004}" in kept_alerts(world).values()


@pytest.mark.parametrize("call", ["server", "open_dm", "missing", "recent_messages"])
def test_an_owner_whom_discord_does_not_let_us_reach_now_is_told_later_and_once(call):
    world = World(SHOP)
    world.discord.refuses[CHANNEL] = (403, 50013)
    works = getattr(world.discord, call)
    refuse(world, call, 503, 0)
    outage(world)
    setattr(world.discord, call, works)
    world.minutes(10)
    assert [each["channel"] for each in world.discord.messages] == [DM]
    assert world.tools.shards.untold() == []


def test_a_direct_message_whose_answer_was_lost_is_found_and_not_sent_again():
    world = World(SHOP)
    world.discord.refuses[CHANNEL] = (403, 50013)
    send, lost = world.discord.send, []

    def loses_the_answer(channel_id, reply, **more):
        sent = send(channel_id, reply, **more)
        if not lost:
            lost.append(sent)
            world.at += 600  # Discord no longer knows the nonce
            raise DiscordError("POST /channels/{channel}/messages", 502)
        return sent

    world.discord.send = loses_the_answer
    outage(world)
    world.minutes(5)
    assert lost == world.discord.messages


def test_a_channel_of_the_operator_that_refuses_is_an_error_in_the_log_and_nobody_gets_a_message(caplog):
    world = World(SHOP)
    world.operator_alerts = lambda: [CHANNEL]
    world.notify_users = lambda: []
    world.discord.refuses[CHANNEL] = (404, 10003)
    edition = editions.test_edition("1", Entry("aaaaaaaa", "Shop", "http", "01", 1), int(world.at))
    world.tools.shards.publish(OPERATOR, edition)
    mailboxes.tell(OPERATOR, edition.id, world.tools)
    (told,) = [record for record in caplog.records if record.message.startswith("not told: ")]
    assert told.levelname == "ERROR"
    assert world.counted == ["AlertRefused"]
    assert world.discord.messages == []
    assert world.tools.shards.refusals(OPERATOR) == []


def test_people_whom_the_operator_names_hear_of_the_operators_monitors_and_of_no_others():
    world = World(SHOP)
    world.operator_alerts = lambda: [CHANNEL]
    world.notify_users = lambda: [ADA, BOB]
    world.discord.closed = {ADA}
    entry = Entry("aaaaaaaa", "Shop", "http", "01", 1)
    edition = Edition("e1", int(world.at), ((entry, Flip("aaaaaaaa", 60, 60, "up", "down", "opened")),))
    world.tools.shards.publish(OPERATOR, edition)
    for _twice in range(2):
        mailboxes.tell(OPERATOR, edition.id, world.tools)
    assert [each["channel"] for each in world.discord.messages] == [CHANNEL, f"dm of {BOB}"]
    asks = SimpleNamespace(id="7", user_id=BOB)
    said = notifications.acknowledge(OPERATOR, f"user:{BOB}", edition.id, asks, world.tools)
    assert said.content.startswith("You are on it.")
    assert world.counted == ["DirectMessageRefused"]
    outage(world)
    assert [each["channel"] for each in world.discord.messages[2:]] == [CHANNEL]


def test_nobody_hears_of_a_channel_that_refuses_after_another_one_was_chosen():
    world = World(SHOP)
    outage(world)
    world.discord.refuses[CHANNEL] = (404, 10003)
    world.server_settings = NoChannel()
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    assert world.counted == ["AlertRefused"]
    assert [each["channel"] for each in world.discord.messages] == [CHANNEL]
    assert world.tools.shards.refusals(GUILD) == []
    assert world.tools.shards.untold() == []


def test_only_a_channel_that_is_still_chosen_is_a_trouble():
    world = World(SHOP)
    world.discord.refuses[CHANNEL] = (404, 10003)
    outage(world)
    (trouble,) = posting.troubles(GUILD, world.tools)
    assert f"<#{CHANNEL}>" in trouble
    world.server_settings = NoChannel()
    assert posting.troubles(GUILD, world.tools) == []


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (Refusal("channel:7", 403, 50001, 60, ("VIEW_CHANNEL", "SEND_MESSAGES")), "**View Channel, Send Messages**"),
        (Refusal("channel:7", 403, 50001, 60), "/setup shows what to change."),
        (Refusal("channel:7", 400, 200000, 60), "Discord refuses my messages (error 200000)."),
    ],
)
def test_a_refusal_says_what_to_change(refusal, says):
    assert says in told(refusal)
    assert told(refusal).startswith("⚠️ I have not been able to post in <#7> since <t:60:f>: ")


def test_who_did_not_hear_of_the_outage_does_not_hear_of_its_end():
    world = World(SHOP)
    world.discord.refuses = {CHANNEL: UNKNOWN_CHANNEL, DM: FORBIDDEN}
    outage(world)
    world.discord.refuses = {}
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    assert world.discord.messages == []
    assert world.tools.shards.untold() == []
    assert mailbox(world).outage("aaaaaaaa") is None


def test_the_end_finds_an_alert_whose_id_could_not_be_stored_at_first():
    world = World(SHOP)
    transact, failed = world.table.transact, []

    def fails_once(*writes, **more):
        if world.discord.messages and not failed:
            failed.append(writes)
            raise Unavailable("DynamoDB")
        return transact(*writes, **more)

    world.table.transact = fails_once
    outage(world)
    assert failed
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    opening, recovery = world.discord.messages
    assert opening["content"].startswith("✅ **Shop** was down for ")
    assert recovery["answers"] == opening["id"]


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
    editions.announce(GUILD, world.tools)
    assert world.tools.shards.untold() == []
    assert len(world.discord.messages) == told


def test_a_test_alert_is_sent_once_and_says_that_it_is_one():
    world = World(SHOP)
    (entry,) = world.tools.monitors.roster(GUILD).entries
    edition = editions.test_edition("1", entry, int(world.at))
    for _twice in range(2):
        world.tools.shards.publish(GUILD, edition)
        sender.deliver(Delivery(mailboxes.edition_message(GUILD, edition.id), 1, False), world.tools)
    (sent,) = world.discord.messages
    assert sent["content"] == "This is a test. 🔴 **Shop** is down."
    assert mailbox(world).outage("aaaaaaaa") is None


@pytest.mark.parametrize(
    ("seconds", "late"),
    [(0, False), (59, False), (60, True), (120, True), (180, False), (240, True), (3600, True), (3660, False)],
)
def test_the_tick_brings_a_flip_again_after_1_2_4_minutes_and_each_hour(seconds, late):
    assert editions.is_late(seconds) is late


def test_a_server_that_has_chosen_no_language_is_told_in_the_one_that_it_has_in_discord():
    world = World(SHOP)
    world.server_settings = SimpleNamespace(
        of=lambda guild_id: Chosen({"status_channel": CHANNEL, "discord_language": "de"})
    )
    plan = Plan("plan0001", "Upgrade", Window(Once(int(world.at) + 7200, int(world.at) + 9000)), 119)
    world.shards.change_plans(GUILD, lambda plans: [plan])
    outage(world)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    notice, alert, answer = [each["content"] for each in world.discord.messages]
    assert notice == "🔧 Es ist eine Wartung geplant: **Upgrade**."
    assert alert.startswith("✅ **Shop** war ")
    assert "ist wieder" in answer


def test_the_owner_reads_of_a_refusal_in_the_language_that_the_server_has_in_discord():
    world = World(SHOP)
    world.server_settings = SimpleNamespace(
        of=lambda guild_id: Chosen({"status_channel": CHANNEL, "discord_language": "de"})
    )
    world.discord.refuses[CHANNEL] = (403, 50013)
    outage(world)
    assert world.discord.messages[0]["content"].startswith("Die Alarme deines Servers")


BLOG = Monitor("bbbbbbbb", "Blog", "http", "https://blog.example/", every=1)


def choosing(world, channel=CHANNEL):
    """Do what `/setup` does when somebody chooses the status channel."""
    world.server_settings = SimpleNamespace(of=lambda guild_id: Chosen({"status_channel": channel}))
    world.sends.messages.append({"kind": "chosen", "guild": GUILD, "channel": channel, "at": int(world.at)})


def test_a_status_channel_that_is_chosen_during_an_outage_hears_of_it_once_and_of_its_end():
    world = World(SHOP, BLOG)
    world.server_settings = NoChannel()
    outage(world)
    choosing(world)
    choosing(world)
    world.minutes(3)
    (alert,) = world.discord.messages
    assert alert["content"].startswith("🔴 **Shop** is down")
    assert "".join(each["label"] for each in alert["components"][0]["components"]) == "AcknowledgeDetails"
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    assert [each["content"][:8] for each in world.discord.messages] == ["✅ **Shop", "✅ **Shop"]
    assert world.lost == 0
    assert world.tools.shards.untold() == []


def test_a_status_channel_that_is_chosen_again_hears_nothing_twice():
    world = World(SHOP)
    outage(world)
    told = len(world.discord.messages)
    choosing(world)
    world.minutes(2)
    assert len(world.discord.messages) == told == 1


def test_a_status_channel_that_is_chosen_reads_who_is_on_it():
    world = World(SHOP)
    outage(world)
    world.acknowledge("1300000000000000001", ADA)
    choosing(world, "1100000000000000008")
    world.minutes(2)
    assert f"<@{ADA}> is on it" in world.discord.messages[-1]["embeds"][0]["fields"][-1]["value"]
    assert world.discord.messages[-1]["channel"] == "1100000000000000008"


@pytest.mark.parametrize(
    ("about", "paused", "channel"), [("group:Web", False, CHANNEL), ("", True, CHANNEL), ("", False, "another")]
)
def test_a_status_channel_hears_of_no_outage_that_is_not_its_own(about, paused, channel):
    world = World(SHOP)
    world.server_settings = NoChannel()
    outage(world)
    if about:
        world.subscribe("channel:", about=about)
    if paused:
        world.pause("aaaaaaaa")
    choosing(world)
    world.sends.messages[-1]["channel"] = channel
    world.minutes(2)
    assert world.discord.messages == []
    assert world.lost == 0


def test_a_chosen_channel_hears_of_an_outage_though_discord_is_away_at_first():
    world = World(SHOP)
    world.server_settings = NoChannel()
    outage(world)
    choosing(world)
    world.discord.down = True
    world.minutes(1)
    world.discord.down = False
    world.minutes(5)
    (alert,) = world.discord.messages
    assert alert["content"].startswith("🔴 **Shop** is down")


def operators(world, *monitors):
    """The outages of monitors of the operator, told in their channel, which is in the server GUILD."""
    world.operator_alerts, world.notify_users = (lambda: [CHANNEL]), (lambda: [])
    entries = [entry_of(each, "01") for each in monitors]
    for each, entry in zip(monitors, entries, strict=True):
        change = Change(world.monitors.roster(OPERATOR).with_(entry), put=("01", each))
        world.monitors.change(OPERATOR, lambda roster, change=change: change)
    news = tuple((entry, Flip(entry.id, 60, 60, "up", "down", "opened")) for entry in entries)
    edition = Edition("e1", int(world.at), news)
    world.tools.shards.publish(OPERATOR, edition)
    mailboxes.tell(OPERATOR, edition.id, world.tools)
    return world.discord.messages[-1]["components"][0]["components"]


@pytest.mark.parametrize("count", [1, 2])
def test_the_buttons_of_an_alert_in_a_channel_of_the_operator_are_about_the_monitors_of_the_operator(count):
    world = World(Monitor("cccccccc", "Of the server", "http", "https://own.example/", every=1))
    taken, details = operators(world, *[SHOP, BLOG][:count])
    asked = []
    tools = SimpleNamespace(
        **{name: getattr(world, name) for name in ("data", "shards", "now", "send_queue", "monitors")}
    )
    tools.sources = SimpleNamespace(ask=lambda name: asked.append(name) or [])
    place = SimpleNamespace(id="7", user_id=ADA, guild_id=GUILD, channel_id=CHANNEL)
    handler, state = taken["custom_id"].handler, taken["custom_id"].values
    said = getattr(notifications, handler).function(place, tools, alert=state[0])
    assert said.content.startswith("You are on it.")
    handler, state = details["custom_id"].handler, details["custom_id"].values
    getattr(status, handler).function(place, tools, server=state[0], id=state[1])
    assert asked == ["Shop" if count == 1 else ""]


def halting(world, paused, id):
    """Do what `/monitor pause` or `resume` does."""
    world.pause("aaaaaaaa", paused)
    editions.put(GUILD, editions.paused_edition(id, "aaaaaaaa", paused, int(world.at)), world.tools)
    world.minutes(1)


def labels(message):
    return [each["label"] for row in message["components"] for each in row["components"]]


def test_the_alert_of_a_monitor_that_is_paused_says_so_until_it_is_resumed():
    world = World(SHOP)
    outage(world)
    halting(world, True, "1300000000000000001")
    (alert,) = world.discord.messages
    assert alert["content"] == "⏸️ **Shop** is paused. It was not up before."
    assert labels(alert) == ["Details"]
    world.minutes(10)
    halting(world, False, "1300000000000000002")
    (alert,) = world.discord.messages
    assert alert["content"].startswith("🔴 **Shop** is down")
    assert labels(alert) == ["Acknowledge", "Details"]
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    assert [each["content"][:6] for each in world.discord.messages] == ["✅ **Sh", "✅ **Sh"]


def test_a_monitor_that_is_paused_and_then_removed_is_no_longer_watched():
    world = World(SHOP)
    outage(world)
    halting(world, True, "1300000000000000001")
    editions.put(GUILD, editions.gone_edition("aaaaaaaa", int(world.at)), world.tools)
    world.minutes(1)
    assert [each["content"] for each in world.discord.messages] == ["**Shop** is no longer watched."]


def cancel(world, plan):
    """Do what the button of `/maintenance` does."""
    world.shards.change_plans(GUILD, lambda plans: [])
    world.sends.messages += [maintenance.cancelled_message(GUILD, plan, int(world.at))] * 2
    world.minutes(2)


@pytest.mark.parametrize(
    ("begins", "says"),
    [
        (1800, "🔧 The maintenance **Upgrade** is cancelled."),
        (240, "🔧 The maintenance **Upgrade** has ended early. Alerts come again."),
    ],
)
def test_maintenance_that_was_announced_and_is_cancelled_is_told_once_and_its_notice_is_edited(begins, says):
    world = World(SHOP)
    begins += int(world.at)
    plan = Plan("plan0001", "Upgrade", Window(Once(begins, begins + 1800)), 60)
    world.shards.change_plans(GUILD, lambda plans: [plan])
    world.minutes(5)
    cancel(world, plan)
    notice, news = world.discord.messages
    assert (notice["content"], notice["edits"] > 0) == (says, True)
    assert (news["content"], news["answers"], news["edits"]) == (says, notice["id"], 0)
    assert "fields" not in notice["embeds"][0]


def test_maintenance_that_was_not_announced_is_cancelled_silently():
    world = World(SHOP)
    plan = Plan("plan0001", "Upgrade", Window(Once(int(world.at) + 7200, int(world.at) + 9000)), 60)
    world.shards.change_plans(GUILD, lambda plans: [plan])
    world.minutes(3)
    cancel(world, plan)
    assert world.discord.messages == []
    assert world.lost == 0


def test_a_notice_that_discord_refused_is_not_edited_when_the_maintenance_is_cancelled():
    world = World(SHOP)
    world.discord.refuses[CHANNEL] = (403, 50013)
    plan = Plan("plan0001", "Upgrade", Window(Once(int(world.at) + 1800, int(world.at) + 9000)), 60)
    world.shards.change_plans(GUILD, lambda plans: [plan])
    world.minutes(3)
    told = len(world.discord.messages)
    cancel(world, plan)
    assert len(world.discord.messages) == told
    assert world.lost == 0


def test_direct_messages_name_the_server_once_and_are_in_the_language_of_each_person():
    world = World(SHOP)
    world.subscribe(f"user:{ADA}", locale="de")
    world.subscribe(f"user:{BOB}")
    world.server_settings = SimpleNamespace(of=lambda guild_id: Chosen({"discord_language": "fr"}))
    world.killer.names.clear()
    outage(world)
    world.checker.script["aaaaaaaa"] = UP
    world.data(SUBSCRIPTION, GUILD).delete(id_of(f"user:{ADA}", ""))
    world.minutes(5)
    said = {to: [each for each in world.discord.messages if each["channel"] == f"dm of {to}"] for to in (ADA, BOB)}
    german = [each["content"].replace("\u00a0", " ") for each in said[ADA]]
    assert german == ["✅ **Shop** war ausgefallen, Dauer: 5 min.", "✅ **Shop** ist wieder in Ordnung, nach 5 min."]
    with speaking("fr"):
        assert said[BOB][0]["content"] == _(
            "✅ {name} was down for {duration}.", name="**Shop**", duration="5\u00a0min"
        )
    assert [each[0]["embeds"][0]["author"]["name"] for each in said.values()] == ["Shops", "Shops"]
    assert world.killer.names.count("FakeDiscord.server") == 2  # one for the outage, one for its end


@pytest.mark.parametrize("id", ["aaaaaaaa", ""])
def test_details_in_direct_messages_are_for_those_who_were_told(id):
    world = World(SHOP, BLOG)
    world.subscribe(f"user:{ADA}")
    outage(world)
    (place, other) = [SimpleNamespace(user_id=user, guild_id="", locale="en-US") for user in (ADA, BOB)]
    shown = str(status.there.function(place, world.tools, server=GUILD, id=id).message())
    assert "🔴" in shown
    assert ("**Uptime**" in shown) == bool(id)
    with pytest.raises(UserError, match="has been removed"):
        status.there.function(other, world.tools, server=GUILD, id=id)


def test_an_alert_says_afterwards_who_was_on_it_and_the_next_one_says_nobody():
    world = World(SHOP)
    outage(world)
    world.acknowledge("1300000000000000001", ADA)
    world.minutes(2)
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    first = world.discord.messages[0]
    assert first["embeds"][0]["fields"][-1]["value"] == f"👀 <@{ADA}> was on it."
    outage(world)
    again = world.discord.messages[-1]
    assert labels(again) == ["Acknowledge", "Details"]
    world.acknowledge("1300000000000000002", BOB)
    world.minutes(2)
    assert again["embeds"][0]["fields"][-1]["value"] == f"👀 <@{BOB}> is on it."
    assert first["embeds"][0]["fields"][-1]["value"] == f"👀 <@{ADA}> was on it."
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    assert again["embeds"][0]["fields"][-1]["value"] == f"👀 <@{BOB}> was on it."


def test_who_has_left_the_server_hears_nothing_more_of_it_and_acknowledges_nothing():
    world = World(SHOP)
    for person in (ADA, BOB):
        world.subscribe(f"user:{person}")
    step = {"step": "1", "minutes": 5, "to": f"user:{ADA}", "person": ADA}
    world.data(STEP, GUILD).put(step)
    outage(world)
    (first,) = Mailbox.parse(world.data(MAILBOX, GUILD).get(f"user:{ADA}")).alerts
    world.discord.left = {ADA}
    presses = SimpleNamespace(id="7", user_id=ADA, guild_id="", locale="en-US")
    with pytest.raises(UserError, match="no longer in the server"):
        notifications.i_am_on_it(presses, world.tools, server=GUILD, alert=first.id)
    before = [each["id"] for each in world.discord.messages]
    world.at += 7 * 3600
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)
    outage(world)
    told = {each["channel"] for each in world.discord.messages if each["id"] not in before}
    assert told == {CHANNEL, f"dm of {BOB}"}
    assert [item["to"] for item in world.data(SUBSCRIPTION, GUILD).all()] == [f"user:{BOB}"]
    assert world.data(STEP, GUILD).all() == []
    assert world.lost == 0


def test_who_has_left_hears_nothing_although_discord_failed_when_it_was_asked():
    world = World(SHOP)
    world.subscribe(f"user:{ADA}")
    world.discord.left = {ADA}
    asked, ask = [], world.discord.member

    def member(*ids):
        asked.append(ids)
        if len(asked) == 1:
            raise DiscordError("GET /guilds/{server}/members/{user}", 503)
        return ask(*ids)

    world.discord.member = member
    outage(world)
    assert len(asked) > 1
    assert {each["channel"] for each in world.discord.messages} == {CHANNEL}
    assert world.data(SUBSCRIPTION, GUILD).all() == []


def test_a_person_whom_discord_does_not_tell_of_is_told_on():
    world = World(SHOP)
    world.subscribe(f"user:{ADA}")
    refuse(world, "member", 403, 50001)
    outage(world)
    assert f"dm of {ADA}" in {each["channel"] for each in world.discord.messages}
    assert len(world.data(SUBSCRIPTION, GUILD).all()) == 1
