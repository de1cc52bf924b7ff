"""A person who installs the bot is greeted once."""

import pytest

from tests import recorded
from tests.discord_side import FakeDiscord, tools
from watchbell.errors import DiscordError
from watchbell.events.application_authorized import CANNOT_DM, introduce, introduction
from watchbell.kit import catalogue

ADA = "80351110224678912"


class Claim:
    def __init__(self, attempt):
        self.attempt, self.outcome = attempt, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def done(self, outcome):
        self.outcome = outcome


class Claims:
    def __init__(self, attempt=1):
        self.claim = Claim(attempt)

    def take(self, row, *names):
        assert (row.name, names) == ("introduction", (ADA,))
        return self.claim if self.claim.outcome is None else None


def installed(discord, claims, data=None):
    kit = tools()
    kit.discord, kit.claims = discord, claims
    introduce(recorded.load("event_application_authorized")["event"]["data"] if data is None else data, kit)


def test_one_message_with_two_buttons_goes_to_the_person():
    discord, claims = FakeDiscord(), Claims()
    installed(discord, claims)
    installed(discord, claims)
    ((_, channel, message, nonce),) = discord.did("create")
    assert (channel, nonce) == (f"dm-{ADA}", f"hello{ADA}")
    assert len(nonce) <= 25
    assert [button["label"] for button in message["components"][0]["components"]] == [
        "Check server status",
        "View help",
    ]
    assert claims.claim.outcome == "sent"


def test_it_links_to_the_documentation_if_the_operator_has_said_where_it_is():
    discord, kit = FakeDiscord(), tools(DOCUMENTATION_URL="https://docs.example/watchbell")
    kit.discord, kit.claims = discord, Claims()
    introduce(recorded.load("event_application_authorized")["event"]["data"], kit)
    ((_, _, message, _),) = discord.did("create")
    link = message["components"][0]["components"][-1]
    assert (link["label"], link["url"]) == ("Documentation", "https://docs.example/watchbell")


def test_its_buttons_lead_to_handlers_that_make_a_new_message():
    for button in introduction().buttons:
        address = button.custom_id
        handler = catalogue.command(address.feature).components[address.handler]
        assert not handler.updates
        assert handler.expires is None


@pytest.mark.parametrize(("code", "outcome"), [*CANNOT_DM.items()])
@pytest.mark.parametrize("calls_before", [0, 1])
def test_a_person_who_cannot_be_written_to_is_an_outcome(code, outcome, calls_before):
    discord, claims = FakeDiscord(*[None] * calls_before, DiscordError("POST", 403, code)), Claims()
    installed(discord, claims)
    assert claims.claim.outcome == outcome


@pytest.mark.parametrize("failure", [DiscordError("POST", 500), DiscordError("POST", 403, by_discord=False)])
def test_a_discord_that_is_unwell_leaves_the_claim_to_the_next_try(failure):
    discord, claims = FakeDiscord(None, failure), Claims()
    with pytest.raises(DiscordError):
        installed(discord, claims)
    assert claims.claim.outcome is None


def test_after_a_crash_it_looks_whether_the_message_is_there_already():
    discord, claims = FakeDiscord(), Claims(attempt=2)
    discord.conversation = [{"content": "hi"}, tools().seals.seal(introduction().message())]
    installed(discord, claims)
    assert discord.did("create") == []
    assert claims.claim.outcome == "sent"


def test_after_a_crash_before_the_message_it_is_sent():
    discord, claims = FakeDiscord(), Claims(attempt=2)
    odd = [{}, {"components": None}, {"components": 7}, {"components": [7, {"components": "x"}]}]
    discord.conversation = [{"content": "hi", "components": []}, *odd]
    installed(discord, claims)
    assert len(discord.did("create")) == 1


def test_after_a_crash_a_conversation_that_cannot_be_read_is_not_an_empty_one():
    discord, claims = FakeDiscord(None, DiscordError("GET", 200, by_discord=False)), Claims(attempt=2)
    with pytest.raises(DiscordError):
        installed(discord, claims)
    assert discord.did("create") == []


@pytest.mark.parametrize("data", [{}, {"user": None}, {"user": {}}, {"user": {"id": 7}}, {"user": {"id": "../x"}}])
def test_an_event_that_names_no_user_is_only_logged(data):
    discord = FakeDiscord()
    installed(discord, Claims(), data)
    assert discord.calls == []
