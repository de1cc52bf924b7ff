"""The sender's handler: a message for a webhook is sent, kept for later, or given up, and the outcome is recorded."""

import json

import pytest

from sandbox.discord import Discord
from tests.discord_side import FakeDiscord
from watchbell.adapters.batch import Delivery
from watchbell.doors import sender as outbound
from watchbell.errors import DiscordError, Paced, Retry, Unavailable
from watchbell.testing import FakeTools

URL = "https://discord.com/api/webhooks/123/secret-token"
NAME = "/watchbell/test/webhooks/digest"


def message(delivery="digest#2026-11-22"):
    return json.dumps(
        {"kind": "webhook", "delivery": delivery, "webhook": "digest", "message": {"content": "All well."}}
    )


def configure(aws, url=URL):
    aws.put_parameter(NAME, url, secret=True)


def kept(aws, settings, delivery="digest#2026-11-22"):
    """Return the status and the outcome of the claim to a delivery."""
    key = {"pk": {"S": f"delivery#{delivery}"}, "sk": {"S": "claim"}}
    stored = aws.dynamodb.get_item(TableName=settings["EPHEMERAL_TABLE"], Key=key)["Item"]
    return stored["status"]["S"], stored["outcome"]["S"]


def run(door, batches, body=None):
    batches.put(body or message())
    return door.handler(batches.take(), None)


def test_a_message_is_sent_once_and_its_id_kept(door, send, aws, settings):
    configure(aws)
    discord = FakeDiscord()
    sender = door("sender", discord)
    assert run(sender, send) == run(sender, send) == {"batchItemFailures": []}
    assert discord.calls == [("webhook", "123", {"content": "All well."})]
    assert kept(aws, settings) == ("done", "1001")


def test_a_missing_url_is_an_error_that_alarms(door, send, caplog, capsys):
    discord = FakeDiscord()
    assert run(door("sender", discord), send) == {"batchItemFailures": []}
    assert discord.calls == []
    (line,) = [record for record in caplog.records if "no URL is configured" in record.message]
    assert line.levelname == "ERROR"
    assert "WebhookUnusable" in capsys.readouterr().out


def test_a_webhook_that_the_operator_does_not_want_is_silent(door, send, aws, caplog, capsys):
    configure(aws, "none")
    discord = FakeDiscord()
    assert run(door("sender", discord), send) == {"batchItemFailures": []}
    assert discord.calls == []
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
    assert "WebhookUnusable" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "url", ["https://evil.example/api/webhooks/1/x", "http://discord.com/api/webhooks/1/x", "nonsense"]
)
def test_a_url_that_is_none_of_discords_gets_nothing(door, send, aws, caplog, url):
    configure(aws, url)
    discord = FakeDiscord()
    assert run(door("sender", discord), send) == {"batchItemFailures": []}
    assert discord.calls == []
    assert "not a Discord webhook" in caplog.text
    assert url not in caplog.text


@pytest.mark.parametrize(
    "failure", [DiscordError("POST", 429, wait=0.0), DiscordError("POST", 502), DiscordError("POST", 0)]
)
def test_a_discord_that_is_unwell_gets_it_later(door, send, aws, failure):
    configure(aws)
    discord = FakeDiscord(failure)
    sender = door("sender", discord)
    assert len(run(sender, send)["batchItemFailures"]) == 1
    if failure.wait == 0.0:
        assert sender.handler(send.take(), None) == {"batchItemFailures": []}
        assert len(discord.did("webhook")) == 2


def test_a_webhook_that_is_gone_is_retired_and_never_called_again(door, send, aws, settings, caplog, capsys):
    configure(aws)
    discord = FakeDiscord(DiscordError("POST", 404, 10015))
    sender = door("sender", discord)
    assert run(sender, send) == {"batchItemFailures": []}
    assert "WEBHOOK RETIRED" in caplog.text
    assert kept(aws, settings) == ("done", "webhook_retired")
    assert '"WebhookUnusable":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert run(sender, send, message("digest#2026-11-23")) == {"batchItemFailures": []}
    assert len(discord.calls) == 1
    assert "secret-token" not in caplog.text


@pytest.mark.parametrize(
    "failure", [DiscordError("POST", 404, by_discord=False), DiscordError("POST", 403, by_discord=False)]
)
def test_an_answer_that_is_not_discords_neither_retires_a_webhook_nor_loses_the_message(door, send, aws, failure):
    configure(aws)
    discord = FakeDiscord(failure)
    sender = door("sender", discord)
    send.put(message())
    event = send.take()
    assert len(sender.handler(event, None)["batchItemFailures"]) == 1
    assert sender.handler(event, None) == {"batchItemFailures": []}
    assert len(discord.calls) == 2


@pytest.mark.parametrize("failure", [DiscordError("POST", 404, 10003), DiscordError("POST", 404)])
def test_another_404_of_discord_refuses_the_message_and_not_the_webhook(door, send, aws, settings, failure):
    configure(aws)
    discord = FakeDiscord(failure)
    sender = door("sender", discord)
    assert run(sender, send) == {"batchItemFailures": []}
    assert kept(aws, settings) == ("done", f"refused:404:{failure.code}")
    run(sender, send, message("digest#2026-11-23"))
    assert len(discord.calls) == 2


def test_a_url_that_is_set_again_gives_its_webhook_a_new_life(door, send, aws):
    configure(aws)
    discord = FakeDiscord(DiscordError("POST", 401, 50027))
    sender = door("sender", discord)
    run(sender, send)
    run(sender, send, message("digest#2026-11-23"))
    assert len(discord.calls) == 1
    configure(aws)
    assert run(sender, send, message("digest#2026-11-24")) == {"batchItemFailures": []}
    assert len(discord.calls) == 2


def test_an_answer_without_an_id_is_a_message_that_was_sent(door, send, aws):
    configure(aws)
    discord = FakeDiscord()
    discord.execute_webhook = lambda *_: discord.calls.append(("webhook",)) or {}
    sender = door("sender", discord)
    assert run(sender, send) == run(sender, send) == {"batchItemFailures": []}
    assert len(discord.calls) == 1


def test_a_message_that_discord_refuses_for_good_is_not_tried_again(door, send, aws, settings, capsys):
    configure(aws)
    discord = FakeDiscord(DiscordError("POST", 400, 50035))
    sender = door("sender", discord)
    assert run(sender, send) == run(sender, send) == {"batchItemFailures": []}
    assert len(discord.calls) == 1
    assert "WebhookUnusable" in capsys.readouterr().out
    assert kept(aws, settings) == ("done", "refused:400:50035")


def test_a_new_url_ends_the_retirement(door, send, aws):
    configure(aws)
    discord = FakeDiscord(DiscordError("POST", 404, 10015))
    sender = door("sender", discord)
    run(sender, send)
    configure(aws, URL.replace("123", "456"))
    sender = door("sender", discord)  # a minute later, the cache has expired
    run(sender, send, message("digest#2026-11-23"))
    assert [call[1] for call in discord.calls] == ["123", "456"]


@pytest.mark.parametrize("body", ["{}", '{"kind": "webhook"}', '{"kind": "webhook", "webhook": 1, "message": {}}', "x"])
def test_a_message_that_is_not_ours_fails(door, send, body):
    assert len(run(door("sender", FakeDiscord()), send, body)["batchItemFailures"]) == 1


# Threads, with the simulated Discord


@pytest.fixture
def service():
    discord = Discord("1100000000000000001", "bot-token")
    discord.start()
    yield discord
    discord.stop()


def test_a_message_goes_to_the_thread_that_the_url_names(door, send, aws, service):
    url = service.webhook("digest")
    thread = service.thread("Status", "digest")
    configure(aws, f"{url}?thread_id={thread.id}")
    aws.put_parameter(f"{NAME}/thread-name", "not used", secret=False)
    assert run(door("sender", DISCORD_URL=service.url), send) == {"batchItemFailures": []}
    assert [each["content"] for each in service.messages(thread)] == ["All well."]
    assert service.webhook_messages("digest") == []


def test_a_message_to_a_forum_opens_a_thread_with_the_configured_name(door, send, aws, service):
    configure(aws, service.webhook("digest", forum=True))
    aws.put_parameter(f"{NAME}/thread-name", "Daily status", secret=False)
    assert run(door("sender", DISCORD_URL=service.url), send) == {"batchItemFailures": []}
    (thread,) = service.threads("digest")
    assert thread.name == "Daily status"
    assert [each["content"] for each in service.messages(thread)] == ["All well."]


@pytest.mark.parametrize(
    ("forum", "name", "code", "advice"),
    [(True, "", 220001, "set webhooks/NAME/thread-name"), (False, "Daily status", 220003, "delete the parameter")],
)
def test_the_log_says_what_to_change_if_the_channel_and_the_thread_do_not_fit(
    door, send, aws, settings, service, caplog, forum, name, code, advice
):
    configure(aws, service.webhook("digest", forum=forum))
    if name:
        aws.put_parameter(f"{NAME}/thread-name", name, secret=False)
    assert run(door("sender", DISCORD_URL=service.url), send) == {"batchItemFailures": []}
    assert kept(aws, settings) == ("done", f"refused:400:{code}")
    assert advice in next(record.advice for record in caplog.records if "not sent" in record.message)


class Unwell:
    """The shards, when nothing can be read of them."""

    def __init__(self, error):
        self.error = error

    def waiting(self, guild_id):
        raise self.error


@pytest.mark.parametrize("error", [DiscordError("Discord is away", 503), Unavailable("no answer"), Retry("busy")])
def test_news_is_tried_again_and_left_to_the_tick_at_the_last_try(error):
    message, tools = {"kind": "news", "guild": "1"}, FakeTools(shards=Unwell(error))
    with pytest.raises(type(error)):
        outbound.deliver(Delivery(message, 1, False), tools)
    outbound.deliver(Delivery(message, 10, True), tools)


def test_news_that_meets_a_bug_is_a_dead_letter():
    message, tools = {"kind": "news", "guild": "1"}, FakeTools(shards=Unwell(KeyError("x")))
    with pytest.raises(KeyError):
        outbound.deliver(Delivery(message, 10, True), tools)


# Waiting for Discord's limits


def last_delivery(error, sent_at=0.0, **more):
    """Meet `error` at the last delivery of a message. Return what was put on the queue."""
    sent = []
    message = {"kind": "maintenance", "guild": "1", "plan": "2", **more}
    delivery = Delivery(message, 10, True, send=lambda message, wait: sent.append((message, wait)), sent_at=sent_at)

    def fails():
        raise error

    outbound.unhurried(delivery, 1_000_000.0, fails)
    return sent


@pytest.mark.parametrize("error", [Paced("not yet", 7.0), DiscordError("POST", 429, wait=7.0)])
def test_to_wait_for_discord_is_no_failure_however_often(error):
    ((message, wait),) = last_delivery(error, sent_at=999_999.0)
    assert (message["plan"], message["since"], wait) == ("2", 999_999.0, 7.0)
    assert last_delivery(error, sent_at=999_999.0, since=999_000.0)[0][0]["since"] == 999_000.0


@pytest.mark.parametrize("error", [Retry("busy"), DiscordError("POST", 503)])
def test_any_other_failure_at_the_last_delivery_is_a_dead_letter(error):
    with pytest.raises(type(error)):
        last_delivery(error, sent_at=999_999.0)


def test_nobody_waits_for_discord_for_ever():
    with pytest.raises(Paced):
        last_delivery(Paced("not yet", 7.0), sent_at=999_999.0, since=1_000_000.0 - outbound.MOST_SECONDS)


def test_news_that_has_to_wait_goes_back_to_the_queue_and_is_not_left_to_the_tick():
    message, tools = {"kind": "news", "guild": "1"}, FakeTools(shards=Unwell(Paced("no", 5.0)))
    tools.now = lambda: 1_000_000.0
    sent = []
    outbound.deliver(Delivery(message, 10, True, send=lambda *again: sent.append(again), sent_at=999_999.0), tools)
    assert sent == [({**message, "since": 999_999.0}, 5.0)]


def test_two_senders_send_all_messages_to_one_webhook_and_discord_refuses_none(door, send, aws, service):
    configure(aws, service.webhook("digest"))
    senders = [door("sender", DISCORD_URL=service.url) for _sender in range(2)]
    for number in range(7):
        send.put(message(f"digest#{number}"))
    while send.waiting():
        for sender in senders:
            event = send.take()
            send.settle(event, sender.handler(event, None))
    assert len(service.webhook_messages("digest")) == 7
    assert not [line for line in service.transcript if "429" in line]


ROUNDS = """
from watchbell import Schedule

schedule = Schedule("rounds", "Goes round", every=1440)
seen = []

@schedule.run
def rounds(slot, tools):
    tools.send_queue.send({"kind": "errand", "schedule": "rounds", "subject": "7"})

@schedule.errand
def visit(subject, tools):
    seen.append(subject)
"""


def test_the_sender_does_the_errands_of_a_schedule_and_no_other(feature):
    rounds, tools = feature("rounds", ROUNDS, "schedules"), FakeTools()
    rounds.rounds(None, tools)
    outbound.deliver(Delivery(tools.send_queue.messages[0], 1, False), tools)
    assert rounds.seen == ["7"]
    for name in ("daily_digest", "nobody"):
        errand = {"kind": "errand", "schedule": name, "subject": "7"}
        with pytest.raises(outbound.NotOurs):
            outbound.deliver(Delivery(errand, 1, False), tools)
