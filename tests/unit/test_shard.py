"""Each shard is queued at least once for each slot, and each slot runs once, however late or doubled the ticks are."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.status.monitor import EVERY, Monitor
from watchbell.status.shard import FULL, MINUTE, cadence, due, due_lists, joined, place

NOON = 29_757_600 * MINUTE
HOUR = 60 * MINUTE


def monitor(id, every=5, paused=False):
    return Monitor(id, id, "http", every=every, paused=paused)


@pytest.mark.parametrize(
    ("sizes", "number"),
    [
        ({}, 1),
        ({1: 3}, 1),
        ({1: 25}, 2),
        ({1: 25, 2: 25}, 3),
        ({1: 3, 2: 24, 3: 25}, 2),
        ({1: 7, 2: 7}, 1),
        ({1: 25, 4: 0}, 4),
        ({4: 25}, 5),
    ],
)
def test_a_new_monitor_joins_the_fullest_shard_that_has_room(sizes, number):
    assert joined(sizes) == number


def test_no_shard_gets_more_than_25_monitors_and_none_is_left_half_full():
    sizes = {}
    for _ in range(60):
        number = joined(sizes)
        sizes[number] = sizes.get(number, 0) + 1
    assert sizes == {1: FULL, 2: FULL, 3: 10}


def test_a_shard_runs_as_often_as_its_most_frequent_member():
    assert cadence([monitor("a", 60), monitor("b", 5), monitor("c", 1, paused=True)]) == 5
    assert cadence([monitor("a", paused=True)]) is None


def test_places_are_stable_because_stored_rows_depend_on_them():
    assert [place("guild#7/1", minutes) for minutes in EVERY] == [0, 3, 3, 33]


@given(st.text(max_size=20))
def test_the_places_of_all_cadences_fit_together(shard):
    for often, seldom in pairwise(EVERY):
        assert place(shard, seldom) % often == place(shard, often)
        assert 0 <= place(shard, often) < often


def test_shards_spread_over_the_hour():
    places = [place(f"guild#{number}/1", 60) for number in range(6000)]
    assert all(60 <= places.count(minute) <= 150 for minute in range(60))


def test_a_tick_reads_what_is_due_this_minute_and_in_the_minutes_that_were_missed():
    assert due_lists(None, NOON + 59) == [(1, 0, NOON), (5, 0, NOON), (15, 0, NOON), (60, 0, NOON)]
    assert due_lists(NOON, NOON + 59) == []
    assert due_lists(NOON, NOON + 125) == [
        (1, 0, NOON + 120),
        *[(minutes, minute, NOON + minute * MINUTE) for minutes in (5, 15, 60) for minute in (1, 2)],
    ]
    assert len(due_lists(NOON, NOON + 40 * HOUR)) == sum(EVERY)
    assert due_lists(NOON, NOON - 300) == []


SHARDS = {f"guild#{number}/1": EVERY[number % 4] for number in range(12)}
PLACES = {shard: place(shard, minutes) for shard, minutes in SHARDS.items()}
ticks = st.lists(
    st.tuples(
        st.sampled_from([0, 20, 60, 60, 60, 90, 5 * MINUTE, 17 * MINUTE, 59 * MINUTE, 3 * HOUR]),
        st.booleans(),  # the tick ends before it is stored
        st.sampled_from(["once", "twice", "lost", "late"]),  # what becomes of the messages
    ),
    min_size=1,
    max_size=30,
)


def latest_slot(shard, now):
    minute = int(now // MINUTE)
    while minute % SHARDS[shard] != PLACES[shard]:
        minute -= 1
    return minute * MINUTE


@given(ticks)
@settings(max_examples=50)
def test_every_slot_is_queued_once_it_has_come_and_runs_at_most_once(steps):
    last, now, late = NOON - HOUR, NOON, []
    ran = {shard: [latest_slot(shard, NOON - HOUR)] for shard in SHARDS}
    for wait, crashes, fate in steps:
        now += wait
        queued = [
            (shard, each.slot)
            for each in due_lists(last, now)
            for shard, minutes in SHARDS.items()
            if (each.minutes, each.place) == (minutes, PLACES[shard])
        ]
        assert len({shard for shard, _ in queued}) == len(queued)
        come = {shard: latest_slot(shard, now) for shard in SHARDS}
        assert dict(queued) == {shard: slot for shard, slot in come.items() if slot > last // MINUTE * MINUTE}
        if not crashes:
            last = now // MINUTE * MINUTE
        delivered = {"once": queued, "twice": queued * 2, "lost": [], "late": late}[fate]
        late = queued if fate == "lost" else late
        for shard, slot in delivered:
            if due(shard, [monitor("a", SHARDS[shard])], ran[shard][-1], slot):
                ran[shard].append(slot)
    for shard, slots in ran.items():
        assert slots == sorted(set(slots))
        assert all(slot // MINUTE % SHARDS[shard] == PLACES[shard] for slot in slots)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=9), st.sampled_from(EVERY))
@settings(max_examples=40)
def test_every_check_of_a_member_takes_place_or_is_counted_as_missed(gaps, often):
    members = [monitor(f"every{every}", every) for every in EVERY if every >= often]
    phase = place("guild#7/1", often)
    last = NOON + phase * MINUTE
    start, checks = last, dict.fromkeys((member.id for member in members), 0)
    for gap in gaps:
        slot = last + gap * often * MINUTE
        for id, missed in due("guild#7/1", members, last, slot).items():
            checks[id] += 1 + missed
        last = slot
    minutes = range(start // MINUTE + 1, last // MINUTE + 1)
    for member in members:
        its_place = place("guild#7/1", member.every)
        assert checks[member.id] == sum(minute % member.every == its_place for minute in minutes)


def test_members_are_checked_in_the_first_run_and_new_ones_at_once():
    members = [monitor("hourly", 60), monitor("often", 1), monitor("paused", 1, paused=True)]
    assert due("guild#7/1", members, None, NOON) == {"hourly": 0, "often": 0}
    assert due("guild#7/1", members, NOON, NOON + 60) == {"often": 0}
    assert due("guild#7/1", members, NOON, NOON + 60, new={"hourly"}) == {"hourly": 0, "often": 0}


def test_an_hourly_member_whose_minute_was_missed_is_checked_in_the_next_run():
    minute = NOON + 33 * MINUTE
    assert due("guild#7/1", [monitor("hourly", 60)], minute - 60, minute + 120) == {"hourly": 0}
    assert due("guild#7/1", [monitor("hourly", 60)], minute, minute + 59 * MINUTE) == {}
    assert due("guild#7/1", [monitor("hourly", 60)], minute - 60, minute + 3 * HOUR) == {"hourly": 3}


def test_a_slot_that_has_run_is_not_due_again():
    assert due("guild#7/1", [monitor("a", 1)], NOON, NOON) == {}
    assert due("guild#7/1", [monitor("a", 1)], NOON, NOON - 60, new={"a"}) == {}
