"""What is stored of shards: in DynamoDB and in the fake alike, once, and only if nobody else wrote in between."""

from uuid import uuid4

import pytest

from watchbell.adapters.dynamodb import Table
from watchbell.adapters.shards import Shards, Stored, keyed
from watchbell.data.tables import AWS_EVENT
from watchbell.errors import Unavailable
from watchbell.status import judgement
from watchbell.status.aws_events import AwsEvent
from watchbell.status.facts import Facts
from watchbell.status.flip import Flip
from watchbell.status.judgement import Judgement
from watchbell.status.later import Later
from watchbell.status.maintenance import Once, Window
from watchbell.status.packing import pack_period
from watchbell.status.plans import Plan
from watchbell.status.refusal import Refusal
from watchbell.status.roster import Entry
from watchbell.status.tally import HOUR, Period, Tally
from watchbell.subscriptions.edition import Edition
from watchbell.testing.table import FakeTable

SLOT = 1_795_334_400
DOWN = Flip("aaaaaaaa", SLOT, SLOT - 120, "up", "down", "opened")
SILENT = Flip("bbbbbbbb", SLOT, SLOT, "new", "up")


@pytest.fixture(params=["DynamoDB", "the fake"])
def table(request):
    if request.param == "the fake":
        return FakeTable()
    return Table(request.getfixturevalue("settings")["STATE_TABLE"])


@pytest.fixture
def shards(table, clock):
    return Shards(table, clock)


@pytest.fixture
def guild():
    """The id of a server that no other test has used."""
    return str(10**18 + uuid4().int % 10**17)


def stored(slot=SLOT, state="up"):
    judged = [Judgement("aaaaaaaa", state, slot - 60, seen=slot), Judgement("bbbbbbbb", "up", slot, seen=slot)]
    return Stored(slot, judgement.pack(judged), pack_period(Period(slot // HOUR * HOUR, {"aaaaaaaa": Tally(up=1)})))


def test_a_shard_that_never_ran_has_nothing(shards, guild):
    assert shards.read(guild, "01").slot == 0
    assert shards.states(guild, ["01", "02"]) == {}


def test_a_run_is_stored_with_its_flips_and_with_what_has_ended(shards, guild):
    before = shards.read(guild, "01")
    ended = Period(SLOT // HOUR * HOUR - HOUR, {"aaaaaaaa": Tally(up=60)})
    day = Period(ended.start // (24 * HOUR) * 24 * HOUR, {"aaaaaaaa": Tally(up=1440)})
    assert shards.store(guild, "01", before, stored(), flips=[DOWN, SILENT], hour=ended, day=day)
    found = shards.read(guild, "01")
    assert (found.slot, found.states, found.hour, found.version) == (SLOT, stored().states, stored().hour, 1)
    assert shards.flips(guild, "01", SLOT, SLOT) == [DOWN, SILENT]
    assert shards.flips(guild, "01", SLOT + 1, SLOT + 60) == []
    assert shards.hours(guild, "01", ended.start, ended.start) == [ended]
    assert shards.days(guild, "01", day.start, day.start) == [day]
    assert shards.hours(guild, "01", ended.start, ended.start, {"cccccccc"})[0].tallies == {}


def test_only_a_flip_that_is_news_waits_to_be_told(shards, guild):
    shards.store(guild, "01", shards.read(guild, "01"), stored(), flips=[DOWN, SILENT])
    (key,) = keyed("01", SLOT, [DOWN])
    assert shards.waiting(guild) == ({key: (DOWN,)}, set())
    shards.hold(guild, key)
    assert shards.waiting(guild) == ({key: (DOWN,)}, {key})
    shards.told(guild, key)
    shards.hold(guild, key)  # a sender that is late does not bring it back
    assert shards.waiting(guild) == ({}, set())


@pytest.mark.parametrize("flips", [[], [DOWN]], ids=["one write", "a transaction"])
def test_a_run_that_comes_second_stores_nothing(shards, guild, flips):
    before = shards.read(guild, "01")
    assert shards.store(guild, "01", before, stored())
    assert not shards.store(guild, "01", before, stored(SLOT + 60, "down"), flips=flips)
    assert shards.read(guild, "01").slot == SLOT
    assert shards.flips(guild, "01", 0, 2 * SLOT) == []


def test_a_write_whose_answer_was_lost_is_found_to_be_done(shards, guild):
    before = shards.read(guild, "01")
    assert shards.store(guild, "01", before, stored())
    assert shards.store(guild, "01", before, stored())
    assert shards.states(guild, ["01"])["01"].version == 1


def test_flips_wait_in_the_order_of_time(shards, guild):
    first = shards.read(guild, "01")
    shards.store(guild, "01", first, stored(), flips=[DOWN])
    up = Flip("aaaaaaaa", SLOT + 60, SLOT + 60, "down", "up", "recovered")
    other = Flip("bbbbbbbb", SLOT + 60, SLOT + 60, "up", "down", "opened")
    shards.store(guild, "01", shards.read(guild, "01"), stored(SLOT + 60), flips=[up, other])
    (one,), (two, three) = keyed("01", SLOT, [DOWN]), keyed("01", SLOT + 60, [up, other])
    waiting, _held = shards.waiting(guild)
    assert list(waiting) == [one, two, three]


def test_a_monitor_that_is_restarted_is_new_and_the_others_stay(shards, guild):
    shards.restart(guild, "01", "aaaaaaaa")  # it never ran
    shards.store(guild, "01", shards.read(guild, "01"), stored(state="down"))
    shards.restart(guild, "01", "aaaaaaaa")
    shards.restart(guild, "01", "cccccccc")
    found = judgement.unpack(shards.states(guild, ["01"])["01"].states)
    assert {id: each.state for id, each in found.items()} == {"aaaaaaaa": "new", "bbbbbbbb": "up"}
    assert [(flip.old, flip.new) for flip in shards.flips(guild, "01", 0, 2 * SLOT)] == [("down", "new")]


def test_a_restart_leaves_the_flips_of_the_latest_run_alone(shards, guild):
    shards.store(guild, "01", shards.read(guild, "01"), stored(state="down"), flips=[DOWN])
    shards.restart(guild, "01", "aaaaaaaa")
    assert [(flip.old, flip.new) for flip in shards.flips(guild, "01", 0, 2**33)] == [("up", "down"), ("down", "new")]
    assert list(shards.waiting(guild)[0].values()) == [(DOWN,)]


def test_the_results_of_a_run_are_kept_once(shards, guild):
    results = {"aaaaaaaa": (Facts("up", latency_ms=20), False)}
    for _twice in range(2):
        shards.keep_run(guild, "01", SLOT, results)
    assert list(shards.runs(guild, "01", SLOT - 60, SLOT + 60)) == [SLOT]


def test_the_last_tick_never_goes_back(shards):
    shards.ticked(SLOT + 10**9)
    shards.ticked(SLOT)
    assert shards.last_tick() == SLOT + 10**9


def test_the_plans_of_a_server_are_decided_again_if_somebody_else_changes_them(shards, guild):
    one = Plan("11111111", "One", Window(Once(SLOT, SLOT + 60)))
    two = Plan("22222222", "Two", Window(Once(SLOT, SLOT + 60)))
    turns = []

    def decide(before):
        turns.append(len(before))
        if len(turns) == 1:
            shards.change_plans(guild, lambda found: [*found, one])
        return [*before, two]

    shards.change_plans(guild, decide)
    assert turns == [0, 1]
    assert shards.plans(guild) == [one, two]
    assert len(shards.read(guild, "01").windows) > 0


def test_plans_that_others_change_all_the_time_are_busy(shards, guild):
    def decide(before):
        shards.change_plans(guild, lambda found: found)
        return before

    with pytest.raises(Unavailable, match="busy"):
        shards.change_plans(guild, decide)


def test_an_older_event_of_aws_does_not_replace_a_newer_one(shards, table, guild):
    name = f"alarm:{guild}"
    shards.heard(AwsEvent(name, SLOT + 60, "down", "Threshold crossed"))
    shards.heard(AwsEvent(name, SLOT, "up"))
    item = table.get(AWS_EVENT.item_key(name))
    assert (item["at"]["N"], item["outcome"]["S"]) == (str(SLOT + 60), "down")


SHOP = Entry("aaaaaaaa", "Shop", "http", "01", 1)


def test_an_edition_takes_its_flips_from_those_that_wait_and_is_made_once(shards, guild):
    shards.store(guild, "01", shards.read(guild, "01"), stored(), flips=[DOWN])
    keys = list(shards.waiting(guild)[0])
    first, second = (Edition(f"{SLOT}-{name}", SLOT, ((SHOP, DOWN),)) for name in "ab")
    assert shards.publish(guild, first, keys)
    assert not shards.publish(guild, second, keys)  # another sender was quicker
    assert shards.waiting(guild) == ({}, set())
    assert shards.editions(guild, second.id) == [first]
    shards.told(guild, f"edition#{first.id}")
    assert shards.editions(guild, second.id) == []
    assert shards.edition(guild, first.id) == first


def test_editions_are_told_in_the_order_of_time_and_each_is_stored_once(shards, guild):
    later, earlier = (Edition(f"{SLOT + seconds}-x", SLOT + seconds, on_it=("a",)) for seconds in (60, 0))
    assert shards.publish(guild, later)
    assert shards.publish(guild, earlier)
    assert not shards.publish(guild, earlier)
    assert shards.editions(guild, later.id) == [earlier, later]
    assert shards.editions(guild, earlier.id) == [earlier]


def test_the_next_step_takes_the_place_of_the_one_that_is_told(shards, guild):
    one, two = Later(SLOT + 300, "step", "e1", 1), Later(SLOT + 600, "step", "e1", 2)
    shards.publish(guild, Edition("e1", SLOT), later=one)
    assert (guild, one) not in shards.later(SLOT + 299)
    assert (guild, one) in shards.later(SLOT + 300)
    shards.publish(guild, Edition("e2", SLOT), later=two, instead_of=one)
    assert [step for server, step in shards.later(2 * SLOT) if server == guild] == [two]
    shards.replace(guild, two, None)
    assert [step for server, step in shards.later(2 * SLOT) if server == guild] == []


def test_a_refusal_is_kept_with_the_time_of_the_first_one_until_a_message_arrives(shards, guild):
    first = Refusal("channel:7", 403, 50013, SLOT, ("SEND_MESSAGES", "EMBED_LINKS"))
    assert shards.refused(guild, first) == first
    assert shards.refusals(guild) == [first]
    later = Refusal("channel:7", 404, 10003, SLOT + 60)
    assert shards.refused(guild, later) == later._replace(since=SLOT)
    shards.accepted(guild, "channel:8", SLOT + 70)
    shards.accepted(guild, "channel:7", SLOT - 1)  # it was sent before the refusal, and its sender is late
    assert shards.refusals(guild) == [later._replace(since=SLOT)]
    shards.accepted(guild, "channel:7", SLOT + 70)
    assert shards.refusals(guild) == []
