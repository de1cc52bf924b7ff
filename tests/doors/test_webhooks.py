"""Alerts and notifications by the webhooks of a server, on bad days too."""

import logging

import pytest

from tests.sweep.world import CHANNEL, DM, DOWN, GUILD, UP, World
from watchbell.adapters.batch import Delivery
from watchbell.adapters.webhooks import Address
from watchbell.doors import sender
from watchbell.errors import DiscordError, Unavailable
from watchbell.outbox import posting
from watchbell.outbox.kinds import MAILBOX, WEBHOOK
from watchbell.status.monitor import Monitor
from watchbell.status.refusal import Refusal, told
from watchbell.subscriptions.mailbox import Mailbox

SHOP = Monitor("aaaaaaaa", "Shop", "http", "https://shop.example/", every=1)
ID, NEW_ID = "1200000000000000001", "1200000000000000002"


def world_with_webhook(**more):
    world = World(SHOP)
    world.set_webhook("ops", ID, **more)
    world.subscribe("webhook:ops")
    return world


def goes_down(world):
    world.minutes(3)
    world.checker.script["aaaaaaaa"] = DOWN
    world.minutes(5)


def is_back(world):
    world.checker.script["aaaaaaaa"] = UP
    world.minutes(5)


def by_webhook(world, id=ID):
    return [each for each in world.discord.messages if each["channel"] == f"webhook {id}"]


def to_owner(world):
    return [each for each in world.discord.messages if each["channel"] == DM]


def webhook(world):
    return world.data(WEBHOOK, GUILD).get("ops")


def test_a_webhook_hears_of_an_outage_and_its_message_is_edited_and_has_no_buttons():
    world = world_with_webhook()
    goes_down(world)
    (opening,) = by_webhook(world)
    assert opening["content"].startswith("🔴 **Shop** is down")
    assert "components" not in opening
    assert opening["allowed_mentions"] == {"parse": []}
    is_back(world)
    opening, recovery = by_webhook(world)
    assert opening["content"].startswith("✅ **Shop** was down for ")
    assert (opening["edits"], opening["components"]) == (1, [])
    assert recovery["content"].startswith("✅ **Shop** is up again")
    assert [each["channel"] for each in world.discord.messages].count(CHANNEL) == 2  # the status channel hears too


def test_a_thread_in_the_url_gets_the_message_and_its_edit():
    world = world_with_webhook(query="?thread_id=77")
    goes_down(world)
    is_back(world)
    assert [(each["thread"], each["edits"]) for each in by_webhook(world)] == [("77", 1), ("77", 0)]


def test_in_a_forum_each_alert_opens_a_post_and_its_end_is_told_in_the_post():
    world = world_with_webhook(post="Outages")
    for _twice in range(2):
        goes_down(world)
        is_back(world)
    first, its_end, second, the_other_end = by_webhook(world)
    assert [each.get("thread_name") for each in (first, its_end)] == ["Outages", None]
    assert (first["thread"], its_end["thread"]) == (first["id"], first["id"])
    assert (second["thread"], the_other_end["thread"]) == (second["id"], second["id"])


def test_if_somebody_deletes_the_post_of_an_alert_its_end_opens_another_one():
    world = world_with_webhook(post="Outages")
    goes_down(world)
    world.discord.refuses[by_webhook(world)[0]["id"]] = (404, 10003)
    is_back(world)
    assert [each.get("thread_name") for each in by_webhook(world)] == ["Outages", "Outages"]
    assert to_owner(world) == []


@pytest.mark.parametrize(("status", "code"), [(404, 10015), (401, 50027)])
def test_a_webhook_that_is_deleted_between_two_messages_is_retired_and_the_owner_hears_once(status, code, caplog):
    world = world_with_webhook()
    goes_down(world)
    world.discord.refuses[ID] = (status, code)
    with caplog.at_level(logging.INFO):
        is_back(world)
        calls = world.killer.names.count("FakeDiscord.edit_webhook_message")
        goes_down(world)
        is_back(world)
    assert len(by_webhook(world)) == 1
    assert world.killer.names.count("FakeDiscord.edit_webhook_message") == calls  # it is not called again
    assert world.killer.names.count("FakeDiscord.execute_webhook") == 1
    assert webhook(world)["retired"] == webhook(world)["life"]
    (notice,) = to_owner(world)
    assert notice["content"] == "Alerts of your server **Shops** do not arrive."
    assert "the webhook `ops`" in notice["embeds"][0]["description"]
    assert "set its URL with `/webhook add`" in notice["embeds"][0]["description"]
    (trouble,) = posting.troubles(GUILD, world.tools)
    assert trouble == notice["embeds"][0]["description"]
    assert world.lost == 0
    assert world.tools.shards.untold() == []
    assert "canary" not in caplog.text


def test_a_new_url_gives_a_webhook_a_new_life_and_a_later_end_is_told_again():
    world = world_with_webhook()
    world.discord.refuses[ID] = (404, 10015)
    goes_down(world)
    is_back(world)
    world.set_webhook("ops", NEW_ID)
    assert posting.troubles(GUILD, world.tools) == []
    goes_down(world)
    is_back(world)
    assert len(by_webhook(world, NEW_ID)) == 2
    world.discord.refuses[NEW_ID] = (404, 10015)
    goes_down(world)
    assert len(to_owner(world)) == 2


def test_a_sender_that_remembers_the_old_url_asks_for_the_new_one():
    world = world_with_webhook()
    old, asked = world.webhooks["ops"], []
    world.set_webhook("ops", NEW_ID)
    new = world.webhooks["ops"]

    def remembers(guild_id, name, *, fresh=False):
        asked.append(fresh)
        return new._replace(life="later") if fresh else Address(old.url, "old life")

    world.server_webhook = remembers
    goes_down(world)
    assert asked == [False, True]
    assert len(by_webhook(world, NEW_ID)) == 1


def test_a_url_that_is_set_while_the_old_one_is_refused_is_not_retired():
    world = world_with_webhook()

    def sets_it_and_refuses(webhook_id, *arguments, **more):
        world.set_webhook("ops", NEW_ID)
        raise DiscordError("POST /webhooks/{webhook}/{token}", 404, 10015)

    world.discord.execute_webhook = sets_it_and_refuses
    goes_down(world)
    assert webhook(world)["retired"] == ""
    assert world.lost == 0


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (404, 10003, "Its thread is gone."),
        (400, 220001, "It belongs to a forum."),
        (400, 220003, "It belongs to no forum."),
        (400, 40067, "It belongs to a forum."),
        (403, 50013, "Set it again with `/webhook add`, or remove it"),
    ],
)
def test_any_other_refusal_tells_the_owner_and_retires_nothing(status, code, says):
    world = world_with_webhook()
    world.discord.refuses[ID] = (status, code)
    goes_down(world)
    (notice,) = to_owner(world)
    assert says in notice["embeds"][0]["description"]
    assert f"(error {code})" in notice["embeds"][0]["description"]
    assert webhook(world)["retired"] == ""
    world.discord.refuses.clear()
    is_back(world)
    goes_down(world)
    assert len(by_webhook(world)) == 1
    assert posting.troubles(GUILD, world.tools) == []


def test_a_404_that_is_not_discords_retires_nothing_and_is_tried_again():
    world, send, failed = world_with_webhook(), None, []
    send = world.discord.execute_webhook

    def a_proxy(*arguments, **more):
        if not failed:
            failed.append(arguments)
            raise DiscordError("POST /webhooks/{webhook}/{token}", 404, by_discord=False)
        return send(*arguments, **more)

    world.discord.execute_webhook = a_proxy
    goes_down(world)
    assert failed
    assert len(by_webhook(world)) == 1
    assert webhook(world)["retired"] == ""
    assert to_owner(world) == []


def test_an_answer_that_is_html_with_status_200_is_a_message_that_nobody_can_edit():
    world = world_with_webhook()
    world.discord.unreadable = True
    goes_down(world)
    world.minutes(20)
    is_back(world)
    opening, recovery = by_webhook(world)
    assert opening["content"].startswith("🔴 **Shop** is down")
    assert recovery["content"].startswith("✅ **Shop** is up again")
    box = Mailbox.parse(world.data(MAILBOX, GUILD).get("webhook:ops"))
    assert box.alerts == []


def test_while_discord_is_away_an_alert_waits_and_then_comes_once():
    world = world_with_webhook()
    world.discord.down = True
    goes_down(world)
    world.discord.down = False
    world.minutes(20)
    assert len(by_webhook(world)) == 1
    assert world.tools.shards.untold() == []


def test_while_the_store_is_away_an_alert_waits_and_takes_no_lease():
    world = world_with_webhook()
    find = world.server_webhook

    def away(*arguments, **more):
        raise Unavailable("AmazonSSM.GetParameter: no answer")

    world.server_webhook = away
    goes_down(world)
    world.server_webhook = find
    world.minutes(1)
    assert len(by_webhook(world)) <= 1
    world.minutes(15)
    assert len(by_webhook(world)) == 1
    assert world.tools.shards.untold() == []


def test_an_edit_that_discord_refuses_is_left_out_and_the_end_is_told():
    world = world_with_webhook()
    goes_down(world)

    def refuses(*arguments, **more):
        raise DiscordError("PATCH /webhooks/{webhook}/{token}/messages/{message}", 404, 10008)

    world.discord.edit_webhook_message = refuses
    is_back(world)
    assert len(by_webhook(world)) == 2
    assert webhook(world)["retired"] == ""


def test_a_webhook_that_was_removed_hears_nothing_and_nobody_is_asked_again():
    world = world_with_webhook()
    goes_down(world)
    world.data(WEBHOOK, GUILD).delete("ops")
    is_back(world)
    assert len(by_webhook(world)) == 1
    assert to_owner(world) == []
    assert world.lost == 0
    assert world.tools.shards.untold() == []


def notify(world, guild=GUILD, name="ops"):
    world.operator_webhook = None
    detail = {"content": "Backup done @everyone", "guild": guild, "webhook": name}
    event = {"source": "backup", "id": "e1", "detail-type": "notification", "detail": detail}
    sender.deliver(Delivery(event, 1, False), world.tools)


@pytest.fixture
def bus():
    world = world_with_webhook()
    world.dead = []

    class Dead:
        def send(self, message, wait=0, attributes=None):
            world.dead.append(attributes)

    world.event_dead = Dead()
    return world


def test_a_notification_finds_the_webhook_of_its_server_and_is_sent_once(bus):
    notify(bus)
    notify(bus)
    (sent,) = by_webhook(bus)
    assert sent["content"] == "Backup done @everyone"
    assert sent["allowed_mentions"] == {"parse": []}
    assert bus.dead == []


def test_a_notification_does_not_find_the_webhook_of_another_server(bus):
    notify(bus, guild="1100000000000000002")
    assert bus.discord.messages == []
    assert [each["ERROR_CODE"] for each in bus.dead] == ["no_server_webhook"]


def test_a_notification_by_a_webhook_that_discord_no_longer_knows_retires_it_and_tells_the_owner(bus):
    bus.discord.refuses[ID] = (404, 10015)
    notify(bus)
    assert webhook(bus)["retired"] == webhook(bus)["life"]
    assert len(to_owner(bus)) == 1
    assert [each["ERROR_CODE"] for each in bus.dead] == ["refused"]


def test_a_refusal_of_a_webhook_names_it_and_never_a_channel():
    assert told(Refusal("webhook:ops", 404, 10015, 60)) == (
        "⚠️ Discord has not known the webhook `ops` since <t:60:f>: somebody has deleted it. "
        "Make a new one in the settings of its channel, and set its URL with `/webhook add`."
    )
