"""Quotas, cooldowns and locks that a feature declares, used through the ingress and the worker with real tables."""

import json

import pytest

from tests import recorded
from tests.discord_side import FakeDiscord, sealed, tools
from tests.unit.test_platform import ADA, NOW, Bot, member
from watchbell import Command, Quota, anyone
from watchbell.adapters.batch import Delivery
from watchbell.adapters.claims import Claims
from watchbell.adapters.locks import Lock, Locks
from watchbell.adapters.quotas import Quotas
from watchbell.data.tables import INTERACTION
from watchbell.doors import worker as followup
from watchbell.errors import DefinitionError, DiscordError, Retry, Unavailable
from watchbell.interactions.limits import BUSY

BOB = "80351110224678913"

ORDER = """
from watchbell import Command, Quota, Reply, UserError, anyone

command = Command("order", "Order", who=anyone, quota=(Quota(3, per=600, by="guild"), Quota(2, per=60)))
ran = []
then = []

@command.run
def order(interaction, tools):
    ran.append(interaction.id)
    for each in then[:1]:
        del then[:1]
        raise each
    return Reply("ordered")

@command.button(cooldown=30)
def again(interaction, tools):
    return Reply("again")

@command.button
def also(interaction, tools):
    return Reply("also")

@command.button(quota=Quota(1, per=60, by="channel"), private=True)
def here(interaction, tools):
    return Reply("here")

@command.button(quota=Quota(1, per=60, by="feature"))
def everybody(interaction, tools):
    return Reply("everybody")

@command.button(quota=(), instant=True)
def free(interaction):
    return Reply("free")
"""

APPLY = """
from watchbell import Command, Reply, UserError, anyone

command = Command("apply", "Apply", who=anyone)
meanwhile = []
fences = []

def during(tools):
    fences.append(tools.fence)
    for each in meanwhile[:1]:
        del meanwhile[:1]
        each()

@command.run(lock="apply:{guild}:{user}")
def apply(interaction, tools):
    during(tools)
    return Reply("applied")

@command.button(lock="apply:{guild}:{user}", quota=())
def press(interaction, tools):
    during(tools)
    yield Reply("working")
    during(tools)
    yield Reply("pressed")

@command.button(lock="seat:{event}:{place}:{window}")
def seat(interaction, tools, *, event: str, place: int, window: bool):
    during(tools)
    return Reply("seated")

@command.button
def free(interaction, tools):
    return Reply(f"fence {tools.fence}")
"""


TEA = """
from watchbell import Command, Modal, Quota, Reply, Short, anyone

class Tea(Modal, title="Tea"):
    kind = Short("Kind", least=3)

command = Command("tea", "Tea", who=anyone, private=True)

@command.modal(quota=Quota(1, per=60))
def order(interaction, tools, form: Tea, *, table: str):
    return Reply(f"{form.kind} for {table}")
"""


class Doors(Bot):
    """The ingress and the worker, with tables. The ingress fills `queue`; `deliver` gives a message to the worker."""

    def __init__(self, settings):
        super().__init__()
        self.now = float(NOW)
        table, clock = settings["EPHEMERAL_TABLE"], lambda: self.now
        self.tools = tools(clock, **settings)
        self.tools.claims = Claims({"ephemeral": table}, clock)
        self.tools.quotas, self.tools.locks = Quotas(table, clock), Locks(table, clock)
        self.discord = self.tools.discord = FakeDiscord()
        self.doorkeeper.tools = self.tools
        self.doorkeeper.clock = clock
        self.ids = 0

    def ask(self, name, **changes):
        self.ids += 1
        return super().ask(name, **{"id": str(self.ids), **changes})

    def deliver(self, number=-1, *, attempt=1):
        """Deliver a message to the worker. Return the texts that the person sees because of it, in order."""
        before = len(self.discord.calls)
        message = json.loads(self.queue[number])
        followup.work(Delivery(message, attempt, False), self.tools, lambda seconds: None)
        shown = [call[1] for call in self.discord.calls[before:] if len(call) > 1]
        return [payload["content"] for payload in shown if isinstance(payload, dict)]

    def used(self, address="", *, by=ADA, **changes):
        who = {"member": {**member(), "user": {"id": by}}, **changes}
        acknowledged = self.press(address, **who) if address else self.command("order", **who)
        assert acknowledged["type"] in (5, 6)
        return self.deliver()[-1]


@pytest.fixture
def doors(settings):
    # The recorded requests have a fixed time, but the clock of the doors can advance.
    made = Doors(settings)
    made.press = lambda address, **changes: made.ask(
        "component_refresh",
        **{"data": {"custom_id": sealed(address, now=made.now), "component_type": 2}, **changes},
    )
    return made


def spent(text):
    return "reached the limit for this. You can use it again <t:" in text


# How often


def test_a_form_that_is_wrong_is_no_use_and_one_too_many_can_be_submitted_later(doors, feature):
    feature("tea", TEA)

    def submit(custom_id, kind):
        answer = {"type": 18, "component": {"type": 4, "custom_id": "kind", "value": kind}}
        assert doors.ask("modal", data={"custom_id": custom_id, "components": [answer]})["type"] == 5
        return doors.deliver()[-1]

    form = sealed("tea:order:four", now=NOW)
    assert ["at least 3 characters" in submit(form, "x") for _ in range(3)] == [True] * 3
    assert submit(form, "green") == "green for four"
    assert spent(submit(form, "black"))
    (row,) = doors.discord.calls[-1][1]["components"]
    opened = doors.ask("component_refresh", data={"custom_id": row["components"][0]["custom_id"], "component_type": 2})
    assert opened["data"]["components"][0]["component"]["value"] == "black"
    doors.now += 60
    assert submit(opened["data"]["custom_id"], "black") == "black for four"


def test_a_quota_lets_so_many_through_and_says_privately_when_it_is_free_again(doors, feature):
    feature("order", ORDER)
    assert [doors.used(), doors.used()] == ["ordered", "ordered"]
    assert doors.used() == f"You have reached the limit for this. You can use it again <t:{NOW + 60}:R>."
    assert doors.discord.calls[-1][1]["flags"] == 64
    assert doors.discord.calls[-2] == ("delete",)
    doors.now += 60
    doors.queue.clear()


def test_another_person_has_their_own_and_the_server_has_one_for_all(doors, feature):
    feature("order", ORDER)
    assert [doors.used(by=by) for by in (ADA, ADA, BOB)] == ["ordered"] * 3
    assert doors.used(by=BOB) == f"This server has reached the limit for this. You can use it again <t:{NOW + 600}:R>."
    assert doors.used(by=BOB, guild_id="7") == "ordered"


def test_what_a_handler_inherits_is_counted_together_and_its_own_apart(doors, feature):
    feature("order", ORDER)
    assert [doors.used(), doors.used("order:also"), doors.used("order:again")] == ["ordered", "also", "again"]
    assert spent(doors.used("order:also"))
    assert doors.used("order:again") == f"You have reached the limit for this. You can use it again <t:{NOW + 30}:R>."


def test_a_channel_and_a_feature_have_theirs(doors, feature):
    feature("order", ORDER)
    assert doors.used("order:here", by=ADA, channel_id="1") == "here"
    assert doors.used("order:here", by=BOB, channel_id="1").startswith("This channel has reached the limit")
    assert doors.used("order:here", by=BOB, channel_id="2") == "here"
    assert doors.used("order:everybody", by=ADA, guild_id="1") == "everybody"
    assert doors.used("order:everybody", by=BOB, guild_id="2").startswith("The limit for this has been reached")


def test_without_a_quota_an_instant_button_costs_nothing(doors, feature):
    feature("order", ORDER)
    del doors.tools.quotas
    doors.tools.settings = {}
    assert doors.press("order:free")["data"]["content"] == "free"


def test_a_retry_after_a_failure_is_not_counted_twice(doors, feature):
    module = feature("order", ORDER)
    module.then += [Unavailable("no table"), KeyError("a bug")]
    doors.command("order")
    with pytest.raises(Unavailable):
        doors.deliver()
    assert doors.deliver(attempt=2) == ["ordered"]
    assert len(module.ran) == 3
    assert doors.used() == "ordered"
    assert spent(doors.used())


def test_a_delivery_that_comes_twice_or_late_changes_nothing(doors, feature):
    module = feature("order", ORDER)
    assert doors.used() == "ordered"
    assert doors.deliver() == []
    doors.now += 400
    assert doors.deliver() == []
    assert module.ran == ["1"]


def test_where_the_table_is_away_nobody_gets_through(doors, feature, monkeypatch):
    module = feature("order", ORDER)
    doors.command("order")
    away, there = Quotas("no-such-table"), doors.tools.quotas
    doors.tools.quotas = away
    with pytest.raises(Unavailable):
        doors.deliver()
    assert (module.ran, doors.discord.calls) == ([], [])
    doors.tools.quotas = there
    assert doors.deliver(attempt=2) == ["ordered"]


def test_a_refusal_that_could_not_be_told_is_told_by_the_retry(doors, feature):
    feature("order", ORDER)
    doors.used(), doors.used()
    doors.command("order")
    doors.discord.failures = [DiscordError("DELETE", 503)]
    with pytest.raises(DiscordError):
        doors.deliver()
    assert spent(doors.deliver(attempt=2)[-1])


# One at a time


def test_the_second_of_two_clicks_is_told_privately_that_the_first_is_being_worked_on(doors, feature):
    module = feature("apply", APPLY)
    doors.command("apply")
    doors.press("apply:press")
    module.meanwhile.append(lambda: doors.deliver(1))
    assert doors.deliver(0)[-1] == "applied"
    told = [call[1] for call in doors.discord.did("follow up")]
    assert [(message["content"], message["flags"]) for message in told] == [(BUSY, 64)]
    assert doors.deliver(1) == []  # The person was told, so the interaction is finished and does not wait its turn.


def test_what_yields_keeps_its_lock_to_the_end_and_frees_it_then(doors, feature):
    module = feature("apply", APPLY)
    doors.press("apply:press")
    doors.command("apply")
    module.meanwhile += [lambda: None, lambda: doors.deliver(1)]
    assert doors.deliver(0) == ["working", BUSY, "pressed"]
    doors.command("apply")
    assert doors.deliver() == ["applied"]


def test_the_fence_is_at_hand_and_grows(doors, feature):
    module = feature("apply", APPLY)
    for _ in range(3):
        doors.command("apply")
        doors.deliver()
    assert module.fences == sorted(set(module.fences))
    assert module.fences[0] > 0
    doors.press("apply:free")
    assert doors.deliver() == ["fence 0"]


def test_a_redelivery_is_not_kept_out_by_its_own_lock_and_others_are(doors, feature):
    module = feature("apply", APPLY)

    def fail():
        raise Unavailable("no table")

    module.meanwhile.append(fail)
    doors.command("apply")
    doors.command("apply")
    with pytest.raises(Unavailable):
        doors.deliver(0)
    assert doors.deliver(1)[-1] == BUSY  # the first still holds the lock for its unfinished work
    assert doors.deliver(0, attempt=2) == ["applied"]
    assert module.fences[1] > module.fences[0]


def test_a_worker_that_was_killed_keeps_others_out_until_its_message_comes_again_and_is_done(doors, feature):
    feature("apply", APPLY)
    for _ in range(4):
        doors.command("apply")
    doors.tools.claims.take(INTERACTION, "1")
    doors.tools.locks.take(f"apply:{recorded.load('command_ping')['guild_id']}:{ADA}", "1")  # then it is killed
    doors.now += 60  # longer than the lease of the claim
    assert doors.deliver(1)[-1] == BUSY
    doors.now += 119
    assert doors.deliver(2)[-1] == BUSY
    doors.now += 1  # the visibility timeout of the queue
    assert doors.deliver(0, attempt=2) == ["applied"]
    assert doors.deliver(3) == ["applied"]


def test_a_lock_is_free_when_its_message_is_done_or_dead_even_if_nobody_released_it(doors, feature, monkeypatch):
    module = feature("apply", APPLY)
    monkeypatch.setattr(Lock, "release", lambda lock: None)
    doors.command("apply")
    assert doors.deliver() == ["applied"]
    doors.command("apply")
    module.meanwhile += [lambda: 1 / 0, lambda: 1 / 0]
    with pytest.raises(ZeroDivisionError):
        doors.deliver()
    doors.command("apply")
    assert doors.deliver() == ["applied"]


def test_what_ended_in_a_bug_is_not_done_again_and_reaches_the_dead_letters_without_a_wait(doors, feature):
    module = feature("apply", APPLY)
    module.meanwhile += [lambda: 1 / 0, lambda: 1 / 0]
    doors.command("apply")
    with pytest.raises(ZeroDivisionError):
        doors.deliver()
    for attempt in (2, 3, 4, 5):
        with pytest.raises(Retry) as raised:
            doors.deliver(attempt=attempt)
        assert raised.value.wait == 0
    assert len(module.fences) == 2


def test_the_lock_is_not_free_before_it_is_recorded_that_its_message_is_done(doors, feature, monkeypatch):
    recorded_as = []
    feature("apply", APPLY)
    monkeypatch.setattr(Lock, "release", lambda lock: recorded_as.append(doors.tools.claims.take(INTERACTION, "1")))
    doors.command("apply")
    doors.deliver()
    assert recorded_as == [None]  # It is done.


def test_what_the_person_got_wrong_frees_the_lock(doors, feature):
    module = feature("apply", APPLY.replace("each()", "raise UserError('No.')"))
    module.meanwhile.append(None)
    doors.command("apply")
    assert doors.deliver()[-1] == "No."
    doors.command("apply")
    assert doors.deliver() == ["applied"]


def test_a_lock_can_be_named_by_what_the_button_carries(doors, feature):
    module = feature("apply", APPLY)
    doors.press("apply:seat:gala:7:1")
    doors.press("apply:seat:gala:7:0")
    doors.press("apply:seat:gala:7:1")
    module.meanwhile += [lambda: doors.deliver(1), lambda: doors.deliver(2)]
    doors.deliver(0)
    assert [call[1]["content"] for call in doors.discord.calls if len(call) > 1] == [BUSY, "seated", "seated"]


def test_values_cannot_be_made_to_look_like_others(doors, feature):
    module = feature("apply", APPLY)
    doors.press("apply:seat:gala%3A7:1:1")  # the text `gala:7`
    doors.press("apply:seat:gala:7:1")
    module.meanwhile.append(lambda: doors.deliver(1))
    doors.deliver(0)
    assert BUSY not in str(doors.discord.calls)


def test_a_quota_is_not_used_up_by_who_found_the_lock_taken(doors, feature):
    source = APPLY.replace('lock="apply:{guild}:{user}")', 'lock="apply:{guild}:{user}", cooldown=30)', 1)
    feature("apply", source)
    lock = doors.tools.locks.take(f"apply:{recorded.load('command_ping')['guild_id']}:{ADA}", "other")
    doors.command("apply")
    assert doors.deliver()[-1] == BUSY
    lock.release()
    doors.command("apply")
    assert doors.deliver() == ["applied"]
    doors.command("apply")
    assert spent(doors.deliver()[-1])
    doors.now += 30
    doors.command("apply")
    assert doors.deliver() == ["applied"]  # the refusal released the lock


def test_two_deliveries_of_one_interaction_at_once_are_the_claims_affair(doors, feature):
    module = feature("apply", APPLY)
    doors.command("apply")

    def again():
        with pytest.raises(Retry):
            doors.deliver(0)

    module.meanwhile.append(again)
    assert doors.deliver(0) == ["applied"]


# Declaring


def handler(**options):
    command = Command("x", "X", who=anyone)

    @command.run(**options)
    def x(interaction, tools, *, word: str = "", user: str = ""):
        return None

    return x


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"quota": Quota(1, per=1), "instant": True}, "a quota, lock, flow or audit needs a table write"),
        ({"audit": "x.y", "instant": True}, "a quota, lock, flow or audit needs a table write"),
        ({"audit": "what it does"}, "is not a code; write one like `monitor.delete`"),
        ({"cooldown": 5, "instant": True}, "an instant handler cannot"),
        ({"lock": "a", "instant": True}, "drop instant=True"),
        (
            {"lock": "a:{nobody}"},
            "unknown placeholder {nobody}; use {guild}, {user}, {channel}, {message}, {target}, {word}",
        ),
        ({"lock": "a:{}"}, "is not a template; write one like `apply:{user}`"),
        ({"lock": "a:{0}"}, "is not a template"),
        ({"lock": "a:{guild.x}"}, "is not a template"),
        ({"lock": "a:{guild"}, "is not a template"),
        ({"lock": "{guild}:{word}"}, "must start with fixed text"),
        ({"lock": ""}, "must start with fixed text"),
        ({"lock": "a:{user}"}, "{user} could also mean its parameter; rename the parameter"),
        ({"cooldown": 0}, "a quota or cooldown lasts 1 to 604800 seconds, not 0"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_declared(options, sentence):
    with pytest.raises(DefinitionError) as raised:
        handler(**options)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"count": 0, "per": 60}, "a quota allows 1 to 100 uses, not 0"),
        ({"count": 101, "per": 60}, "a quota allows 1 to 100 uses, not 101"),
        ({"count": 1, "per": 604_801}, "lasts 1 to 604800 seconds, not 604801"),
        ({"count": 1, "per": 1, "by": "planet"}, "counts by user, guild, channel or feature, not by 'planet'"),
    ],
)
def test_a_quota_has_limits(arguments, sentence):
    with pytest.raises(DefinitionError, match=sentence):
        Quota(**arguments)


def test_an_instant_button_must_say_that_it_is_not_to_have_its_commands_quota():
    command = Command("x", "X", who=anyone, cooldown=5)
    with pytest.raises(DefinitionError, match=r"or write quota=\(\)"):
        command.button(lambda interaction: None, instant=True)
    assert command.button(lambda interaction: None, instant=True, quota=()).quotas == ()
