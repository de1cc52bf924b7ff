"""tools.notify: a feature posts in the status channel of a server, in the server's language."""

import pytest

from tests.discord_side import FakeDiscord
from watchbell import Reply, _
from watchbell.errors import DiscordError, InvalidReply
from watchbell.testing import FakeTools
from watchbell.testing.calls import GUILD

CHANNEL = "1000000000000000301"


@pytest.fixture
def tools():
    made = FakeTools(discord=FakeDiscord())
    made.server_settings.change(GUILD, {"status_channel": CHANNEL})
    return made


def pong():
    return Reply(_("Pong! I am awake."))


def test_it_is_posted_in_the_channel_once_for_each_key(tools):
    assert tools.notify(GUILD, pong, "flip#1") == "1001"
    tools.notify(GUILD, pong, "flip#1")
    tools.notify(GUILD, pong, "flip#2")
    channels, nonces = zip(*((call[1], call[3]) for call in tools.discord.did("create")), strict=True)
    assert channels == (CHANNEL,) * 3
    assert nonces[0] == nonces[1] != nonces[2]


def test_a_server_without_a_channel_gets_nothing(tools):
    assert tools.notify("1000000000000000999", pong, "flip#1") == ""
    assert tools.discord.calls == []


@pytest.mark.parametrize(
    ("chosen", "locale", "word"),
    [("", "", "Language"), ("", "de", "Sprache"), ("ja", "de", "言語"), ("en", "de", "Language")],
)
def test_its_language_is_the_one_that_the_server_has_chosen(tools, chosen, locale, word):
    tools.server_settings.change(GUILD, {"language": chosen or None})
    tools.notify(GUILD, lambda: Reply(_("Language")), "flip#1", locale)
    assert tools.discord.did("create")[0][2]["content"] == word


def test_what_discord_would_refuse_is_not_sent_and_what_it_refuses_is_raised(tools):
    with pytest.raises(InvalidReply, match=r"tools\.notify"):
        tools.notify(GUILD, lambda: Reply("x" * 2001), "flip#1")
    tools.discord.failures.append(DiscordError("POST", 403, 50013))
    with pytest.raises(DiscordError):
        tools.notify(GUILD, pong, "flip#1")
