"""The sender's handler: a message for a webhook is sent, kept for later, or given up, and the outcome is recorded."""

import json

import pytest

from tests.discord_side import FakeDiscord
from watchbell.errors import DiscordError

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


@pytest.mark.parametrize("answer", [None, {}])
def test_an_answer_without_an_id_is_a_message_that_was_sent(door, send, aws, answer):
    configure(aws)
    discord = FakeDiscord()
    discord.execute_webhook = lambda *_: discord.calls.append(("webhook",)) or answer
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
