"""What the stored rows say about a window equals what its raw results say."""

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.status.facts import Facts
from watchbell.status.flip import Flip
from watchbell.status.histogram import BUCKETS, ERROR, middle
from watchbell.status.packing import RUN_BYTES, pack_period, pack_run, unpack_period, unpack_run
from watchbell.status.reason import Reason
from watchbell.status.tally import DAY, HOUR, Period, Share, Tally, add, day_of, day_that_ended, record, total
from watchbell.status.uptime import Span, by_day, outages, rows_needed, start_of, summary

MIDNIGHT = 20_780 * DAY  # 2026-11-23T00:00Z
WINDOWS = ("24h", "7d", "30d", "90d", "365d")
IDS = ("aaaaaaa1", "bbbbbbb2", "ccccccc3")


class Shard:
    """A shard that runs and keeps its rows packed, as a Lambda would between its runs."""

    def __init__(self):
        self.state, self.last = None, -1
        self.hours, self.days, self.raw = {}, {}, {}

    def run(self, slot, results, members, missed):
        if slot <= self.last:
            return
        state = None if self.state is None else unpack_period(self.state)
        hour, finished = record(state, slot, results, members, missed)
        if finished is not None:
            assert finished.start not in self.hours
            self.hours[finished.start] = pack_period(finished)
            day = day_that_ended(finished, slot)
            if day is not None:
                assert day not in self.days
                hours = [unpack_period(row) for start, row in self.hours.items() if day <= start < day + DAY]
                self.days[day] = pack_period(day_of(hours, members))
        self.state, self.last = pack_period(hour), slot
        self.raw[slot] = [(id, *result) for id, result in results.items()]
        self.raw[slot] += [(id, Facts("unknown"), False) for id, count in missed.items() for _ in range(count)]

    def plan(self, window, now):
        """Read the state, then plan which rows to read."""
        hour = None if self.state is None else unpack_period(self.state)
        return hour, rows_needed(window, now, hour and hour.start)

    def read(self, hour, needed):
        hours = [
            self.hours[start]
            for part in (needed.early_hours, needed.late_hours)
            for start in part
            if start in self.hours
        ]
        days = [self.days[start] for start in needed.days if start in self.days]
        return [*map(unpack_period, hours + days), *([hour] if needed.state else [])]


def recomputed(raw, monitor, start, until):
    counted = [
        (facts, quiet)
        for slot, results in raw.items()
        if start <= slot <= until
        for id, facts, quiet in results
        if id == monitor
    ]
    outcomes = [facts.outcome for facts, quiet in counted if not quiet]
    measured = [facts for facts, quiet in counted if not quiet and facts.outcome != "unknown"]
    return {
        **{outcome: outcomes.count(outcome) for outcome in ("up", "degraded", "down", "unknown")},
        "maintenance": sum(quiet for _, quiet in counted),
    }, sorted(facts.latency_ms for facts in measured if facts.latency_ms is not None)


def agree(tally, right):
    counts, latencies = right
    assert {name: getattr(tally, name) for name in counts} == counts
    assert sum(tally.latency.counts) == len(latencies)
    for percent in (50, 95, 99):
        found = tally.latency.percentile(percent)
        if latencies:
            exact = latencies[-(-len(latencies) * percent // 100) - 1]
            assert abs(found - exact) <= exact * ERROR
        else:
            assert found is None


facts = st.builds(
    Facts,
    st.sampled_from(["up", "up", "up", "degraded", "down", "unknown"]),
    latency_ms=st.none() | st.integers(0, 12_000),
)
steps = st.sampled_from([-60, 0, 60, 60, 300, 900, 59 * 60, HOUR, 61 * 60, 5 * HOUR, 23 * HOUR, DAY, 3 * DAY, 40 * DAY])
runs = st.lists(
    st.tuples(
        steps,
        st.dictionaries(st.sampled_from(IDS), st.tuples(facts, st.booleans())),
        st.dictionaries(st.sampled_from(IDS), st.integers(1, 3), max_size=1),
    ),
    min_size=1,
    max_size=30,
)


@given(
    st.sampled_from([MIDNIGHT, MIDNIGHT - 60, MIDNIGHT + 59 * 60, 1_774_746_000, 1_792_890_000]),  # two DST changes
    runs,
    st.sampled_from([0, 60, HOUR, 3 * HOUR, 26 * HOUR, 8 * DAY]),
    st.integers(0, 5),
)
@settings(max_examples=50)
def test_any_window_of_any_history_equals_its_raw_results(start, runs, later, behind):
    shard, slot = Shard(), start
    read_at = max(len(runs) - behind, 1)
    for number, (step, results, missed) in enumerate(runs, 1):
        shard.run(slot, results, set(IDS), missed)
        slot += step
        if number == read_at:  # The state is read here, and the shard goes on before the rows are read.
            until, now = shard.last, shard.last + later
            planned = {window: shard.plan(window, now) for window in WINDOWS}
    for window, (hour, needed) in planned.items():
        periods = shard.read(hour, needed)
        for monitor in IDS:
            right = recomputed(shard.raw, monitor, start_of(window, now), until)
            agree(total(periods, monitor), right)
    days = by_day(shard.read(*planned["30d"]), "30d", now, IDS[0])
    assert list(days) == list(range(start_of("30d", now), now + 1, DAY))
    for day, tally in days.items():
        agree(tally, recomputed(shard.raw, IDS[0], day, min(until, day + DAY - 1)))


def test_a_run_that_is_repeated_counts_once():
    shard, results = Shard(), {"aaaaaaa1": (Facts("down"), False)}
    for slot in (MIDNIGHT, MIDNIGHT, MIDNIGHT + 60, MIDNIGHT, MIDNIGHT + 60):
        shard.run(slot, results, {"aaaaaaa1"}, {})
    assert unpack_period(shard.state).tallies["aaaaaaa1"].down == 2


def test_a_run_that_is_older_than_the_hour_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="older than the hour"):
        record(Period(MIDNIGHT), MIDNIGHT - 60, {}, ())


def test_a_deleted_monitor_leaves_the_hour_and_the_day():
    both = {"aaaaaaa1": (Facts("up"), False), "bbbbbbb2": (Facts("up"), False)}
    hour, _ = record(None, MIDNIGHT, both, both)
    hour, _ = record(hour, MIDNIGHT + 60, {"aaaaaaa1": (Facts("up"), False)}, ["aaaaaaa1"])
    assert hour.tallies == {"aaaaaaa1": Tally(up=2)}
    assert day_of([Period(MIDNIGHT, dict.fromkeys(both, Tally(up=1)))], ["bbbbbbb2"]).tallies == {
        "bbbbbbb2": Tally(up=1)
    }


def test_an_added_monitor_has_only_its_own_results():
    hour, _ = record(None, MIDNIGHT, {"aaaaaaa1": (Facts("down"), False)}, IDS)
    hour, finished = record(hour, MIDNIGHT + HOUR, {"bbbbbbb2": (Facts("up"), False)}, IDS)
    assert (hour.tallies, finished.tallies) == ({"bbbbbbb2": Tally(up=1)}, {"aaaaaaa1": Tally(down=1)})


def test_unknown_results_and_maintenance_count_neither_way():
    tally = Tally()
    for outcome, quiet in [("up", False), ("degraded", False), ("down", False), ("unknown", False), ("down", True)]:
        tally = add(tally, Facts(outcome, latency_ms=10), quiet)
    assert (tally.uptime, tally.measured) == (Share(2, 3), Share(3, 5))
    assert sum(tally.latency.counts) == 3


# Which rows are read


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_starts_on_an_hour_or_a_day_and_is_at_least_as_long_as_its_name_says(window):
    lengths = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "365d": 365 * DAY}
    unit = HOUR if window in ("24h", "7d") else DAY
    for now in range(MIDNIGHT, MIDNIGHT + DAY, 1000):
        start = start_of(window, now)
        assert start % unit == 0
        assert lengths[window] <= now - start < lengths[window] + unit


@pytest.mark.parametrize(("window", "items"), [("24h", 25), ("7d", 55), ("30d", 55), ("90d", 115), ("365d", 390)])
def test_a_window_needs_few_items_at_any_time_of_the_day(window, items):
    for now in range(MIDNIGHT, MIDNIGHT + DAY, 600):
        for hour in (now // HOUR * HOUR, now // HOUR * HOUR - HOUR, MIDNIGHT - HOUR):
            assert rows_needed(window, now, hour).items <= items


def test_yesterday_is_read_by_its_hours_until_a_run_has_turned_the_day():
    needed = rows_needed("90d", MIDNIGHT + 30, MIDNIGHT - HOUR)
    assert needed.late_hours == range(MIDNIGHT - DAY, MIDNIGHT - HOUR, HOUR)
    assert needed.days[-1] == MIDNIGHT - 2 * DAY
    needed = rows_needed("90d", MIDNIGHT + 90, MIDNIGHT)
    assert (len(needed.late_hours), needed.days[-1]) == (0, MIDNIGHT - DAY)


def test_no_row_is_read_that_is_later_than_the_state():
    start = start_of("24h", NOW)
    needed = rows_needed("24h", NOW, start + 2 * HOUR)
    assert (needed.early_hours, needed.items) == (range(start, start + 2 * HOUR, HOUR), 3)


def test_nothing_is_read_if_nothing_was_measured_in_the_window():
    assert rows_needed("7d", MIDNIGHT, None).items == 0
    assert rows_needed("7d", MIDNIGHT, MIDNIGHT - 9 * DAY).items == 0


# Outages


def down(since, at=None, monitor="aaaaaaa1"):
    return Flip(monitor, at or since + 120, since, "up", "down", "opened")


def up(since, at=None, monitor="aaaaaaa1", old="down", new="up"):
    return Flip(monitor, at or since + 60, since, old, new, "recovered")


NOW = MIDNIGHT + 12 * HOUR
START = NOW - DAY


def summed(flips, planned=()):
    found = summary([], flips, "24h", NOW, "aaaaaaa1", planned)
    return found.outages, found.downtime, found.repair, found.longest


@pytest.mark.parametrize(
    ("flips", "figures"),
    [
        pytest.param([], (0, 0, None, 0), id="none"),
        pytest.param([down(NOW - 600), up(NOW - 300)], (1, 300, 300, 300), id="from streak to streak"),
        pytest.param([up(NOW - 300), down(NOW - 600)], (1, 300, 300, 300), id="in any order"),
        pytest.param([down(NOW - 600)], (1, 600, None, 600), id="still open"),
        pytest.param(
            [down(NOW - 900), up(NOW - 600), down(NOW - 500), up(NOW - 400)], (2, 400, 200, 300), id="the mean of two"
        ),
        pytest.param([down(START - 600), up(START + 60)], (1, 60, 660, 660), id="opened before the window"),
        pytest.param([up(START + 60)], (1, 60, 60, 60), id="the opening is not known"),
        pytest.param([down(START - 600), up(START - 300)], (0, 0, None, 0), id="over before the window"),
        pytest.param([down(START - 600), up(START)], (0, 0, None, 0), id="over when the window starts"),
        pytest.param([down(NOW - 600), up(NOW - 300, new="degraded")], (1, 300, 300, 300), id="degraded is not down"),
        pytest.param([up(NOW - 600, old="degraded")], (0, 0, None, 0), id="never down"),
        pytest.param([down(NOW - 600, monitor="bbbbbbb2")], (0, 0, None, 0), id="another monitor"),
        pytest.param([down(NOW - 600), down(NOW - 500), up(NOW - 300)], (1, 300, 300, 300), id="down twice"),
    ],
)
def test_outages_last_from_the_first_failure_to_the_first_success(flips, figures):
    assert summed(flips) == figures


@pytest.mark.parametrize(
    ("planned", "figures"),
    [
        ([Span(NOW - 2000, NOW)], (0, 0, None, 0)),
        ([Span(NOW - 600, NOW - 300)], (0, 0, None, 0)),
        ([Span(NOW - 500, NOW - 400)], (1, 200, 300, 300)),
        ([Span(NOW - 500, NOW - 400), Span(NOW - 450, NOW - 350)], (1, 150, 300, 300)),
        ([Span(NOW - 700, NOW - 350), Span(NOW - 500, NOW - 400)], (1, 50, 300, 300)),
        ([Span(NOW - 300, NOW)], (1, 300, 300, 300)),
    ],
)
def test_maintenance_is_no_downtime(planned, figures):
    assert summed([down(NOW - 600), up(NOW - 300)], planned) == figures


@given(st.lists(st.integers(1, 700), max_size=12))
def test_downtime_is_the_minutes_in_which_the_monitor_was_down(gaps):
    times = [START - 6 * HOUR + 60 * sum(gaps[:number]) for number in range(len(gaps) + 1)]
    flips = [(up if number % 2 else down)(time, at=time + 1) for number, time in enumerate(times) if time < NOW]
    minutes = sum(sum(flip.since <= at for flip in flips) % 2 for at in range(START, NOW, 60))
    assert summed(flips)[1] == 60 * minutes


def test_an_outage_that_is_decided_later_than_it_began_can_reach_into_the_window():
    flips = [down(START - 60, at=START + 60), up(START + 600)]
    assert outages(flips, START, NOW) == [(Span(START - 60, START + 600), True)]


def test_an_outage_without_a_known_opening_begins_at_the_start_but_never_after_its_end():
    assert outages([up(START + 600)], START, NOW) == [(Span(START, START + 600), True)]
    assert outages([up(START - 60, at=START + 60)], START, NOW) == [(Span(START - 60, START - 60), True)]


def test_a_summary_has_the_figures_of_its_periods():
    tally = add(add(Tally(), Facts("up", latency_ms=40), False), Facts("down"), False)
    found = summary(
        [Period(NOW, {"aaaaaaa1": tally}), Period(NOW - HOUR, {"bbbbbbb2": tally})], [], "24h", NOW, "aaaaaaa1"
    )
    assert (found.tally.uptime, found.p50, found.p95, found.p99) == (Share(1, 2), 40, 40, 40)
    nothing = summary([], [], "24h", NOW, "aaaaaaa1")
    assert (nothing.tally.uptime, nothing.p50) == (Share(0, 0), None)


# Packing

RANDOM = random.Random(7)
SHARD = ["".join(RANDOM.choices(string.ascii_letters + string.digits, k=8)) for _ in range(25)]


def full(results, latency):
    tallies = {}
    for id in SHARD:
        tallies[id] = Tally()
        for _ in range(results):
            outcome = RANDOM.choice(["up", "degraded", "down", "unknown"])
            tallies[id] = add(tallies[id], Facts(outcome, latency_ms=latency()), RANDOM.random() < 0.1)
    return Period(MIDNIGHT, tallies)


@pytest.mark.parametrize(
    "latency", [lambda: middle(RANDOM.randrange(BUCKETS)), lambda: int(RANDOM.lognormvariate(5, 1))]
)
@pytest.mark.parametrize(("results", "size"), [(60, 100), (1440, 200)])
def test_the_tallies_of_a_full_shard_are_small_even_if_latencies_vary_widely(latency, results, size):
    period = full(results, latency)
    packed = pack_period(period)
    assert len(packed) <= 25 * size
    assert unpack_period(packed) == period


def test_one_monitor_can_be_unpacked_alone():
    period = full(60, lambda: 70)
    assert unpack_period(pack_period(period), {SHARD[3]}) == Period(MIDNIGHT, {SHARD[3]: period.tallies[SHARD[3]]})


values = st.dictionaries(
    st.text(max_size=10), st.text(max_size=300) | st.integers() | st.floats(allow_nan=False), max_size=4
)
results = st.dictionaries(
    st.text(string.ascii_letters + string.digits, min_size=8, max_size=8),
    st.tuples(
        st.builds(
            Facts,
            st.sampled_from(["up", "degraded", "down", "unknown"]),
            st.none() | st.builds(Reason, st.sampled_from(["timeout", "http_status", "too_large"]), values),
            st.none() | st.integers(0, 2**31),
            values,
        ),
        st.booleans(),
    ),
    max_size=25,
)


@given(results)
@settings(max_examples=40)
def test_a_run_takes_at_most_a_kilobyte_and_keeps_outcomes_codes_and_latencies(results):
    packed = pack_run(MIDNIGHT, results)
    assert len(packed) <= RUN_BYTES
    slot, found = unpack_run(packed)

    def essence(results):
        return {id: (f.outcome, f.reason and f.reason.code, f.latency_ms, quiet) for id, (f, quiet) in results.items()}

    assert (slot, essence(found)) == (MIDNIGHT, essence(results))


def test_ordinary_values_survive():
    def facts():
        return Facts(
            "down", Reason("http_status", {"status": 503}), RANDOM.randrange(9000), {"status": 503, "days": 8.5}
        )

    results = {id: (facts(), RANDOM.random() < 0.5) for id in SHARD}
    assert unpack_run(pack_run(MIDNIGHT, results)) == (MIDNIGHT, results)


def test_the_values_of_targets_that_are_up_are_left_out_first():
    def noise():
        return {"x": "".join(RANDOM.choices(string.printable, k=90))}

    results = {id: (Facts("up", values=noise()), False) for id in SHARD[1:]}
    results[SHARD[0]] = (Facts("down", values=noise()), False)
    _, found = unpack_run(pack_run(MIDNIGHT, results))
    assert found[SHARD[0]] == results[SHARD[0]]
    assert found[SHARD[1]][0].values == {}


def test_what_does_not_fit_the_format_is_refused():
    with pytest.raises(ValueError, match="at most 25"):
        pack_run(MIDNIGHT, {f"abcdef{number}": (Facts("up"), False) for number in range(10, 36)})
    with pytest.raises(ValueError, match="8 letters"):
        pack_period(Period(MIDNIGHT, {"short": Tally()}))
    for unpack in (unpack_period, unpack_run):
        with pytest.raises(ValueError, match="unknown format"):
            unpack(b"\x03" + pack_period(Period(MIDNIGHT))[1:])
