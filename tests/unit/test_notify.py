"""tools.notify: a feature has a text posted, once, in the language of the server."""

import pytest

from watchbell import _
from watchbell.errors import DefinitionError
from watchbell.status import notification
from watchbell.testing import FakeTools
from watchbell.testing.calls import GUILD

CHANNEL, ROLE = "1000000000000000301", "1000000000000000401"


@pytest.fixture
def tools():
    made = FakeTools()
    made.server_settings.change(GUILD, {"status_channel": CHANNEL})
    return made


def test_the_text_is_queued_as_the_bus_would_bring_it(tools):
    assert tools.notify("Disk full", guild=GUILD, severity="warning", mention=ROLE, dedupe_key="disk")
    assert tools.notify("Disk full", channel=CHANNEL, mention=[ROLE])
    assert tools.notify("Disk full", webhook="ops")
    assert tools.notify("Disk full")
    assert tools.notified == [
        {"content": "Disk full", "guild": GUILD, "severity": "warning", "dedupe_key": "disk", "mention": [ROLE]},
        {"content": "Disk full", "channel": CHANNEL, "mention": [ROLE]},
        {"content": "Disk full", "webhook": "ops"},
        {"content": "Disk full"},
    ]
    for message in tools.send_queue.messages:
        assert notification.read(message).content == "Disk full"


def test_a_key_posts_once_and_each_call_without_one_posts(tools):
    for key in ("a", "a", "b", "", ""):
        tools.notify("Tea", guild=GUILD, dedupe_key=key)
    keys = [notification.read(message).key for message in tools.send_queue.messages]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_a_webhook_of_a_server_needs_no_status_channel(tools):
    assert tools.notify("Tea", guild="1000000000000000999", webhook="ops")
    (message,) = tools.send_queue.messages
    wanted = notification.read(message)
    assert (wanted.guild, wanted.webhook) == ("1000000000000000999", "ops")


def test_a_server_without_a_status_channel_gets_nothing(tools):
    assert not tools.notify("Tea", guild="1000000000000000999")
    assert tools.notify("Tea", guild="1000000000000000999", channel=CHANNEL)
    assert [each["channel"] for each in tools.notified] == [CHANNEL]


@pytest.mark.parametrize(
    ("chosen", "locale", "word"),
    [("", "", "Language"), ("", "de", "Sprache"), ("ja", "de", "言語"), ("en", "de", "Language")],
)
def test_a_function_makes_the_text_in_the_language_of_the_server(tools, chosen, locale, word):
    tools.server_settings.change(GUILD, {"language": chosen or None})
    tools.notify(lambda: _("Language"), guild=GUILD, locale=locale)
    assert tools.notified[0]["content"] == word


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"content": " "}, "content"),
        ({"webhook": "https://discord.com/api/webhooks/1/token"}, "never a URL"),
        ({"severity": "loud"}, "severity"),
        ({"mention": "everyone"}, "mention"),
        ({"channel": "1100000000000000009", "webhook": "ops"}, "not both"),
    ],
)
def test_a_mistake_is_an_error_at_once_that_says_what_is_wrong_and_repeats_no_secret(tools, given, says):
    with pytest.raises(DefinitionError, match=says) as error:
        tools.notify(**{"content": "Tea", **given})
    assert "token" not in str(error.value)
    assert tools.notified == []
