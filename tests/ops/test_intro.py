"""`ops intro`, with AWS on loopback: the operator sees who was greeted, and greets people again."""

import json

import pytest

from infra.settings import Deployment
from ops import intro
from ops.__main__ import main
from ops.audit import Book
from tests.discord_side import SIGNING_KEYS, FakeDiscord
from watchbell.adapters.dynamodb import Table
from watchbell.adapters.records import Records
from watchbell.errors import DiscordError
from watchbell.events.application_authorized import greeted, introduction

ADA, EVE, BOB, KIM = (str(80351110224678912 + number) for number in range(4))


class Discord(FakeDiscord):
    """Opens no direct messages with people in `closed`, and says why."""

    def __init__(self):
        super().__init__()
        self.closed = {}

    def open_dm(self, user_id):
        if codes := self.closed.get(user_id):
            raise DiscordError("POST /users/@me/channels", *codes)
        return super().open_dm(user_id)


@pytest.fixture
def known(settings, monkeypatch):
    monkeypatch.setenv("STATE_TABLE", settings["STATE_TABLE"])
    made = Records(Table(settings["STATE_TABLE"]), greeted)
    for user, outcome in ((ADA, "sent"), (EVE, "dm_closed"), (BOB, "refused:403:50009"), (KIM, "unknown")):
        made.put({"user": user, "outcome": outcome, "at": 1_795_000_000.0})
    return made


@pytest.fixture
def discord(aws, settings, monkeypatch):
    made = Discord()
    monkeypatch.setattr(intro, "DiscordClient", lambda *_: made)
    aws.put_parameter("/watchbell/dev/signing-keys", SIGNING_KEYS, secret=True)
    return made


@pytest.fixture
def resent(known, discord, settings, capsys):
    """`resent()` runs `ops intro resend` and returns the figures, and how long it slept."""

    def run(user=""):
        slept = []
        deployment = Deployment("watchbell", "dev")
        intro.run(deployment, Book(deployment), "resend", user, settings, slept.append)
        return json.loads(capsys.readouterr().out), sum(slept)

    return run


def greeted_now(discord):
    return [call[1] for call in discord.did("create")]


def test_the_operator_sees_whom_the_bot_has_greeted(known, capsys):
    assert main(["intro", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [f"{ADA} sent 2026-11-18", f"{EVE} dm_closed 2026-11-18"]
    assert main(["intro", "stats"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"total": 4, "sent": 1, "skipped": 1, "blocked": 1, "failed": 1}


def test_only_people_who_were_not_reached_are_greeted_again(known, discord, resent):
    discord.closed = {EVE: (403, 50007)}
    assert resent()[0] == {"total": 4, "sent": 1, "skipped": 2, "blocked": 1, "failed": 0}
    assert greeted_now(discord) == [f"dm-{BOB}"]
    assert [known.get(each)["outcome"] for each in (BOB, EVE)] == ["sent", "dm_closed"]
    assert resent()[0] == {"total": 4, "sent": 0, "skipped": 3, "blocked": 1, "failed": 0}


def test_there_is_a_pause_between_two_people(discord, resent):
    assert resent()[1] == intro.DELAY


def test_a_greeting_that_is_there_already_is_not_sent_again(discord, resent):
    sent = introduction().message()
    for row in sent["components"]:
        for button in row["components"]:
            button["custom_id"] = f"{button.get('custom_id')}~seal"
    discord.conversation = [sent]
    assert resent()[0]["sent"] == 2
    assert greeted_now(discord) == []


def test_a_limit_is_waited_for_and_an_outage_is_a_failure_that_stops_nobody_else(discord, resent):
    discord.failures = [DiscordError("POST", 429, wait=7.0)]
    figures, slept = resent()
    assert (figures["sent"], slept) == (2, intro.DELAY + 7.0)
    discord.closed = {EVE: (503,)}
    assert resent(EVE)[0] == {"total": 1, "sent": 0, "skipped": 0, "blocked": 0, "failed": 1}


def test_a_refused_token_ends_it(discord, resent):
    discord.closed = {EVE: (401,), BOB: (401,)}
    with pytest.raises(DiscordError):
        resent()


def test_one_person_can_be_greeted_again_whatever_the_first_outcome_was(discord, resent):
    assert resent(ADA)[0] == {"total": 1, "sent": 1, "skipped": 0, "blocked": 0, "failed": 0}
    assert greeted_now(discord) == [f"dm-{ADA}"]


@pytest.mark.parametrize("arguments", [("resend", "ada"), ("resend", "12"), ("list", ADA)])
def test_what_is_no_id_is_refused(known, arguments, capsys):
    assert main(["intro", *arguments]) == 1
    assert "15 to 20 digits" in capsys.readouterr().err
