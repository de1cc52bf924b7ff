"""/announce: a text is posted once, where it may be posted, and rings only for the roles that the server allows."""

import pytest

from tests.unit.test_monitor_command import GUILD, MANAGER
from watchbell import Channel, Role
from watchbell.commands import announce
from watchbell.errors import FormError
from watchbell.kit import server
from watchbell.status import notification
from watchbell.testing import FakeTools, run, submit

STATUS, CELLAR, CREW = "1000000000000000301", "1000000000000000888", "1000000000000000777"


class Discord:
    """`lacks` are the permissions that the bot does not have."""

    def __init__(self):
        self.lacks = []

    def missing(self, channel, *names):
        return self.lacks


@pytest.fixture
def tools():
    tools = FakeTools(discord=Discord())
    tools.server_settings.change(GUILD, {server.status_channel.name: STATUS, server.mention_roles.name: [CREW]})
    return tools


def write(tools, text="The shop closes at 8.", *, channel="", role="", **more):
    return submit(announce.post, tools=tools, guild=GUILD, text=text, **MANAGER, channel=channel, role=role, **more)


def test_the_command_opens_a_form_that_knows_the_channel_and_the_role():
    form = run(
        announce, guild=GUILD, **MANAGER, channel=Channel(CELLAR, {"type": 0}), role=Role(CREW, {"name": "crew"})
    )
    assert form.address.values == (CELLAR, CREW)


def test_a_text_goes_to_the_status_channel_or_to_the_channel_that_was_chosen(tools):
    assert write(tools).content == f"The announcement is on its way to <#{STATUS}>."
    assert write(tools, channel=CELLAR, role=CREW).content == f"The announcement is on its way to <#{CELLAR}>."
    (first, second) = tools.notified
    assert (first["content"], first["guild"], first["channel"]) == ("The shop closes at 8.", GUILD, STATUS)
    assert "mention" not in first
    assert (second["channel"], second["mention"]) == (CELLAR, [CREW])


def test_what_cannot_be_posted_is_told_and_the_text_is_not_lost(tools):
    with pytest.raises(FormError, match="I never mention everybody"):
        write(tools, role=GUILD)
    with pytest.raises(FormError, match=r"Add it to \*\*Roles that I may mention\*\*"):
        write(tools, role="1000000000000000778")
    tools.discord.lacks = ["Send Messages"]
    with pytest.raises(FormError, match="I cannot post in"):
        write(tools)
    tools.server_settings.change(GUILD, {server.status_channel.name: None})
    with pytest.raises(FormError, match="no status channel is chosen"):
        write(tools)
    assert tools.notified == []


def test_an_announcement_of_nothing_asks_for_a_text(tools):
    for nothing in ("\0", " \0 \n"):
        with pytest.raises(FormError, match="an answer is needed"):
            write(tools, nothing)
    assert tools.notified == []


def test_a_second_try_of_the_same_interaction_has_the_same_key_so_it_is_posted_once(tools):
    for _try in range(2):
        write(tools, id="1100000000000000042")
    assert [each["dedupe_key"] for each in tools.notified] == ["1100000000000000042"] * 2
    first, second = (notification.read(message).key for message in tools.send_queue.messages)
    assert first == second
