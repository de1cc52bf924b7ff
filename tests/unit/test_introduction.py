"""A person who installs the bot is greeted once, and their server is told once how to begin."""

import pytest

from tests import recorded
from tests.discord_side import FakeDiscord, tools
from watchbell.discord.permissions import bits
from watchbell.errors import DiscordError, Retry
from watchbell.events.application_authorized import CANNOT_DM, introduce, introduction, onboard, onboarding
from watchbell.kit import catalogue, server
from watchbell.testing.fakes import FakeServerSettings

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


def described(**data):
    """What the introduction says of an installation."""
    return introduction("", data).embeds[0].description


def test_it_says_only_what_is_true_of_the_installation():
    in_server = described(integration_type=0, scopes=["bot", "applications.commands"])
    assert "`/setup`" in in_server
    without_bot = described(integration_type=0, scopes=["applications.commands"])
    assert "cannot post alerts" in without_bot
    assert "`/setup`" not in without_bot
    for_user = described(integration_type=1, scopes=["applications.commands"])
    assert "`/status`" in for_user
    assert "`/setup`" not in for_user
    named = {word.strip("`.,/") for word in for_user.split() if word.startswith("`/")}
    assert all(catalogue.command(name).user_installs for name in named)
    for odd in (None, 7, "0", [], {}):
        assert "/help" in described(integration_type=odd, scopes=odd)


# The server of an installation

SERVER, BOT = "1000000000000000102", "1000000000000000900"
VIEW, SEND, EMBED = "VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS"
ALLOWED = str(bits(VIEW, SEND, EMBED))
CLOSED = [{"id": SERVER, "type": 0, "allow": "0", "deny": str(bits(SEND))}]


def channel(id, position=0, **more):
    return {"id": id, "type": 0, "position": position, "permission_overwrites": [], "parent_id": None, **more}


class ServerDiscord(FakeDiscord):
    """A server with these channels, as the bot sees it."""

    def __init__(self, *channels, failures=(), **server):
        super().__init__(*failures)
        self.there, self.place = list(channels), server

    _seal = staticmethod(lambda message, interaction: tools().seals.seal(message))

    def server(self, server_id):
        self._call("server", server_id)
        return {"id": SERVER, "owner_id": "1", "roles": [{"id": SERVER, "permissions": ALLOWED}], **self.place}

    def member(self, server_id, user_id):
        return {"user": {"id": user_id}, "roles": []}

    def me(self):
        return BOT

    def channels(self, server_id):
        return self.there


INSTALLATION = {"integration_type": 0, "scopes": ["bot"], "user": {"id": ADA}, "guild": {"id": SERVER}}


def onboarded(discord, attempt=1, settings=None, **data):
    """Tell the server of an installation how to begin, and return the outcome."""
    kit = tools(DOCUMENTATION_URL="https://docs.example/")
    claims = Claims(attempt)
    claims.take = lambda row, *names: claims.claim if (row.name, names) == ("onboarding", (SERVER,)) else 1 / 0
    kit.discord, kit.claims, kit.server_settings = discord, claims, settings or FakeServerSettings()
    onboard({**INSTALLATION, **data}, kit)
    return claims.claim.outcome


def test_a_server_reads_how_to_begin_in_its_system_channel():
    discord = ServerDiscord(channel("11", 0), channel("12", 1), system_channel_id="12")
    assert onboarded(discord) == "1002"
    ((_, where, message, _),) = discord.did("create")
    labels = [button["label"] for button in message["components"][0]["components"]]
    assert (where, labels) == ("12", ["Set up notifications", "View commands", "Documentation"])


@pytest.mark.parametrize(
    ("channels", "where"),
    [
        ([channel("11", 2), channel("12", 1)], "12"),
        ([channel("12", 0, permission_overwrites=CLOSED), channel("11", 1)], "11"),
        ([channel("9", 0, type=4), channel("8", 1, type=4), channel("11", 0, parent_id="8"), channel("13", 9)], "13"),
        (
            [
                *(channel("9", 0, type=4), channel("8", 1, type=4)),
                *(channel("11", 0, parent_id="8"), channel("12", 5, parent_id="9")),
            ],
            "12",
        ),
        ([channel("10", 0, type=2), channel("15", 0, type=15), channel("11", 7)], "11"),
        ([channel("12", None), channel("11", "x")], "11"),
    ],
)
def test_without_an_open_system_channel_it_is_the_first_text_channel_that_is_open(channels, where):
    discord = ServerDiscord(*channels, system_channel_id="12" if channels[0]["permission_overwrites"] else None)
    onboarded(discord)
    assert [call[1] for call in discord.did("create")] == [where]


def test_a_server_without_an_open_channel_is_an_outcome():
    discord = ServerDiscord(channel("12", permission_overwrites=CLOSED), system_channel_id="12")
    assert onboarded(discord) == "no_channel"
    assert discord.did("create") == []


@pytest.mark.parametrize(
    "data",
    [
        {"scopes": ["applications.commands"]},
        {"scopes": None},
        {"guild": None},
        {"guild": {"id": 7}},
        {"guild": {"id": "../x"}},
        {"guild": {}},
    ],
)
def test_an_installation_without_a_bot_in_a_server_tells_no_server(data):
    discord = ServerDiscord(channel("11"))
    assert onboarded(discord, **data) is None
    assert discord.calls == []


@pytest.mark.parametrize("code", [10004, 50001])
def test_a_server_that_the_bot_has_not_joined_yet_is_asked_again_and_not_for_ever(code):
    with pytest.raises(Retry):
        onboarded(ServerDiscord(failures=[DiscordError("GET", 403, code)]), attempt=3)
    assert onboarded(ServerDiscord(failures=[DiscordError("GET", 403, code)]), attempt=4) == f"refused:403:{code}"


def test_a_server_that_refuses_the_message_is_an_outcome_and_one_that_is_unwell_is_asked_again():
    discord = ServerDiscord(channel("11"), failures=[None, DiscordError("POST", 403, 50013)])
    assert onboarded(discord) == "refused:403:50013"
    with pytest.raises(DiscordError):
        onboarded(ServerDiscord(channel("11"), failures=[None, DiscordError("POST", 503)]))


def test_a_server_that_was_told_before_a_crash_is_not_told_again():
    discord = ServerDiscord(channel("11"))
    discord.conversation = [tools().seals.seal(onboarding().message())]
    assert onboarded(discord, attempt=2) == "sent"
    assert discord.did("create") == []


def test_the_server_is_told_in_its_own_language():
    discord = ServerDiscord(channel("11"))
    onboarded(discord, guild={"id": SERVER, "preferred_locale": "de"})
    ((_, _, message, _),) = discord.did("create")
    assert message["components"][0]["components"][0]["label"] == "Benachrichtigungen einrichten"


def test_the_language_of_a_server_is_known_from_its_installation_on():
    settings = FakeServerSettings()
    onboarded(ServerDiscord(), settings=settings, guild={"id": SERVER, "preferred_locale": "de"})
    assert server.spoken(settings.of(SERVER)) == "de"


def test_the_buttons_for_a_server_stay_and_make_a_new_message():
    for button in onboarding().buttons:
        address = button.custom_id
        handler = catalogue.command(address.feature).components[address.handler]
        assert not handler.updates
        assert handler.expires is None
