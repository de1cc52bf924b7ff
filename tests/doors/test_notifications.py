"""A notification in the send queue is posted once, or lies in the dead letters with the reason."""

import json
import logging

import pytest

from tests.discord_side import FakeDiscord
from watchbell.adapters.server_settings import ServerSettings
from watchbell.errors import DiscordError
from watchbell.status import notification

GUILD, OTHER, CHANNEL = "1000000000000000102", "1000000000000000103", "1000000000000000301"
ROLE, LOST = "1000000000000000401", "1000000000000000402"
TOKEN = "secret-token"
URL = f"https://discord.com/api/webhooks/123/{TOKEN}"


def event(id="1", **detail):
    whole = {"version": "0", "id": id, "detail-type": "notification", "source": "backup", "account": "123456789012"}
    whole |= {"time": "2026-11-26T02:13:00Z", "region": "us-east-1", "resources": []}
    return {**whole, "detail": {"content": "The backup has failed.", **detail}}


@pytest.fixture
def letters(aws, settings):
    """What lies in the dead letters of the bus: a function that takes out pairs of a reason's code and an event."""
    queue = settings["EVENT_DEAD_QUEUE_URL"].rpartition("/")[2]
    return lambda: [(each["attributes"]["ERROR_CODE"], each["body"]) for each in aws.take_all(queue)]


@pytest.fixture
def chosen(settings):
    ServerSettings(settings["STATE_TABLE"]).change(GUILD, {"status_channel": CHANNEL, "mention_roles": (ROLE,)})


@pytest.fixture
def webhooks(aws):
    def put(**urls):
        for name, url in urls.items():
            aws.put_parameter(f"/watchbell/test/webhooks/{name}", url, secret=True)

    return put


def server_with(discord, **channel):
    discord.stands = {"guild_id": GUILD, **channel}
    return discord


def run(door, send, *events):
    for each in events:
        send.put(json.dumps(each))
    return door.handler(send.take(), None)


DONE = {"batchItemFailures": []}


def test_a_server_gets_it_in_its_status_channel_once(door, send, letters, chosen):
    discord = FakeDiscord()
    sender = door("sender", discord)
    assert run(sender, send, event(guild=GUILD)) == run(sender, send, event(guild=GUILD)) == DONE
    ((_, channel, message, _),) = discord.did("create")
    assert (channel, message["content"]) == (CHANNEL, "The backup has failed.")
    assert message["embeds"][0]["footer"]["text"].startswith("backup · ")
    assert letters() == []


def test_a_dedupe_key_posts_two_events_once(door, send, chosen):
    discord = FakeDiscord()
    sender = door("sender", discord)
    for id in "12":
        run(sender, send, event(id, guild=GUILD, dedupe_key="2026-11-26"))
    run(sender, send, {**event("3", guild=GUILD, dedupe_key="2026-11-26"), "source": "shop"})
    assert len(discord.did("create")) == 2


def test_a_channel_gets_it_if_it_is_in_the_server_that_the_event_names(door, send, letters, chosen):
    discord = server_with(FakeDiscord())
    sender = door("sender", discord)
    assert run(sender, send, event("1", channel=CHANNEL), event("2", channel=CHANNEL, guild=GUILD)) == DONE
    assert [call[1] for call in discord.did("create")] == [CHANNEL, CHANNEL]
    refused = event("3", channel=CHANNEL, guild=OTHER)
    assert run(sender, send, refused) == DONE
    assert len(discord.did("create")) == 2
    assert letters() == [("other_server", refused)]


@pytest.mark.parametrize("stands", [{"guild_id": None}, {"guild_id": ""}, {"guild_id": 5}])
def test_direct_messages_are_no_target(door, send, letters, stands):
    discord = server_with(FakeDiscord(), **stands)
    assert run(door("sender", discord), send, event(channel=CHANNEL)) == DONE
    assert discord.did("create") == []
    assert [code for code, _ in letters()] == ["no_server_channel"]


@pytest.mark.parametrize("kind", [1, 4, 15, 16, None, "0"])
def test_a_channel_that_takes_no_messages_is_no_target(door, send, letters, kind):
    discord = server_with(FakeDiscord(), type=kind)
    run(door("sender", discord), send, event(channel=CHANNEL))
    assert discord.did("create") == []
    assert [code for code, _ in letters()] == ["no_text_channel"]


@pytest.mark.parametrize(
    "failure", [DiscordError("GET", 404, 10003), DiscordError("GET", 403, 50001), DiscordError("GET", 400, 50035)]
)
def test_a_channel_that_the_bot_does_not_see_is_no_target(door, send, letters, failure):
    assert run(door("sender", FakeDiscord(failure)), send, event(channel=CHANNEL)) == DONE
    assert [code for code, _ in letters()] == ["unknown_channel"]


def test_a_server_that_has_chosen_no_channel_is_no_target(door, send, letters):
    run(door("sender", FakeDiscord()), send, event(guild=OTHER))
    assert letters() == [("no_status_channel", event(guild=OTHER))]


def test_the_letter_and_the_log_say_why_and_hold_no_token(door, send, aws, settings, caplog, capsys):
    with caplog.at_level(logging.INFO):
        run(door("sender", FakeDiscord()), send, event(webhook=URL))
    queue = settings["EVENT_DEAD_QUEUE_URL"].rpartition("/")[2]
    (letter,) = aws.take_all(queue)
    assert letter["attributes"] == {
        "ERROR_CODE": "webhook_is_a_url",
        "ERROR_MESSAGE": notification.REASONS["webhook_is_a_url"],
    }
    assert letter["body"]["detail"]["webhook"] == "https://discord.com/api/webhooks/123/***"
    assert notification.REASONS["webhook_is_a_url"] in caplog.text
    assert TOKEN not in caplog.text + json.dumps(letter)
    assert "NotificationRefused" in capsys.readouterr().out


def test_without_a_target_it_goes_to_the_default_webhook(door, send, webhooks, letters):
    webhooks(default=URL, digest="https://discord.com/api/webhooks/456/x")
    discord = FakeDiscord()
    sender = door("sender", discord)
    assert run(sender, send, event()) == run(sender, send, event()) == DONE
    ((_, id, message),) = discord.did("webhook")
    assert (id, message["content"], message["allowed_mentions"]) == ("123", "The backup has failed.", {"parse": []})
    assert letters() == []


def test_the_webhook_of_the_digest_stands_in_for_the_default(door, send, webhooks):
    webhooks(digest=URL)
    discord = FakeDiscord()
    run(door("sender", discord), send, event())
    assert [call[1] for call in discord.did("webhook")] == ["123"]


@pytest.mark.parametrize("urls", [{}, {"digest": "none"}])
def test_without_any_webhook_a_notification_without_a_target_is_not_lost(door, send, webhooks, letters, urls):
    webhooks(**urls)
    run(door("sender", FakeDiscord()), send, event())
    assert letters() == [("no_default_webhook", event())]


def test_an_operator_who_wants_no_notifications_gets_no_dead_letters(door, send, webhooks, letters):
    webhooks(default="none", digest=URL)
    discord = FakeDiscord()
    run(door("sender", discord), send, event())
    assert (discord.calls, letters()) == ([], [])


@pytest.mark.parametrize(
    ("url", "failures", "code"),
    [
        (None, [], "webhook_missing"),
        ("https://evil.example/api/webhooks/1/x", [], "webhook_invalid"),
        (URL, [DiscordError("POST", 404, 10015)], "webhook_retired"),
        (URL, [DiscordError("POST", 400, 50035)], "refused"),
    ],
)
def test_a_webhook_that_cannot_be_used_is_a_reason(door, send, webhooks, letters, url, failures, code):
    webhooks(**({"ops": url} if url else {}))
    discord = FakeDiscord(*failures)
    assert run(door("sender", discord), send, event(webhook="ops")) == DONE
    assert letters() == [(code, event(webhook="ops"))]
    assert len(discord.calls) == len(failures)


def test_only_the_roles_that_the_server_allows_are_pinged_and_the_message_comes_all_the_same(
    door, send, chosen, caplog, capsys
):
    discord = FakeDiscord()
    sender = door("sender", discord)
    run(sender, send, event("1", guild=GUILD, mention=ROLE))
    assert "MentionRefused" not in capsys.readouterr().out
    run(sender, send, event("2", guild=GUILD, mention=[LOST, ROLE, GUILD]))
    messages = [call[2] for call in discord.did("create")]
    assert [message["allowed_mentions"] for message in messages] == [{"parse": [], "roles": [ROLE]}] * 2
    assert [message["content"] for message in messages] == [f"<@&{ROLE}> The backup has failed."] * 2
    (line,) = [record for record in caplog.records if "without a mention" in record.message]
    assert line.levelname == "ERROR"
    assert "MentionRefused" in capsys.readouterr().out


def test_a_server_that_allows_its_own_everyone_role_is_not_pinged(door, send, settings):
    ServerSettings(settings["STATE_TABLE"]).change(GUILD, {"status_channel": CHANNEL, "mention_roles": (GUILD,)})
    discord = FakeDiscord()
    run(door("sender", discord), send, event(guild=GUILD, mention=GUILD))
    ((_, _, message, _),) = discord.did("create")
    assert (message["content"], message["allowed_mentions"]) == ("The backup has failed.", {"parse": []})


def test_a_webhook_pings_nobody(door, send, webhooks):
    webhooks(ops=URL)
    discord = FakeDiscord()
    run(door("sender", discord), send, event(webhook="ops", mention=ROLE))
    ((_, _, message),) = discord.did("webhook")
    assert (message["content"], message["allowed_mentions"]) == ("The backup has failed.", {"parse": []})


def test_what_discord_refuses_for_good_is_a_dead_letter_and_may_be_said_again(door, send, letters, chosen):
    discord = FakeDiscord(DiscordError("POST /channels/{channel}/messages", 403, 50013, "Missing Permissions"))
    sender = door("sender", discord)
    for id in "12":
        assert run(sender, send, event(id, guild=GUILD, dedupe_key="k")) == DONE
    assert [code for code, _ in letters()] == ["refused"]
    assert len(discord.did("create")) == 2


def test_the_notification_of_a_feature_that_a_server_refuses_is_no_letter_for_the_operator(
    door, send, letters, chosen, caplog
):
    discord = FakeDiscord(DiscordError("POST /channels/{channel}/messages", 403, 50013, "Missing Permissions"))
    assert run(door("sender", discord), send, {"kind": "notification", **event(guild=GUILD)}) == DONE
    assert letters() == []
    assert "50013 Missing Permissions" in caplog.text


@pytest.mark.parametrize("failure", [DiscordError("POST", 503), DiscordError("POST", 0), DiscordError("POST", 429)])
def test_a_try_whose_answer_was_lost_finds_its_message(door, send, letters, chosen, failure):
    discord = FakeDiscord(failure)
    sender = door("sender", discord)
    assert len(run(sender, send, event(guild=GUILD))["batchItemFailures"]) == 1
    ((_, _, message, nonce),) = discord.did("create")
    discord.conversation = [{**message, "id": "77"}]
    send.put(json.dumps(event(guild=GUILD)))
    assert sender.handler(send.take(), None) == DONE
    assert len(discord.did("create")) == 1
    discord.conversation = []
    run(sender, send, event(guild=GUILD))
    assert len(discord.did("create")) == 1
    assert nonce


def last_try(batch):
    for record in batch["Records"]:
        record["attributes"]["ApproximateReceiveCount"] = "10"
    return batch


def test_an_outage_that_uses_up_all_tries_begins_them_again_and_not_for_ever(door, send, letters, chosen):
    discord = FakeDiscord(*[DiscordError("POST", 503, wait=0.0)] * 3)
    sender = door("sender", discord)
    send.put(json.dumps(event(guild=GUILD)))
    assert sender.handler(last_try(send.take()), None) == DONE
    (record,) = (batch := send.take())["Records"]
    assert json.loads(record["body"])["again"] == 1
    assert sender.handler(batch, None)["batchItemFailures"]
    send.put(json.dumps({**event(guild=GUILD), "again": 12}))
    batch = last_try(send.take())
    batch["Records"] = [each for each in batch["Records"] if json.loads(each["body"])["again"] == 12]
    assert sender.handler(batch, None)["batchItemFailures"]
    assert letters() == []
