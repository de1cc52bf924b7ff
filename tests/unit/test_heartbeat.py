"""What pings make of a heartbeat: the rules of healthchecks, with their dates."""

from datetime import datetime
from random import Random

import pytest

from watchbell.status.facts import Facts
from watchbell.status.heartbeat import POLICY, Rhythm, Turn, facts, heartbeat
from watchbell.status.judgement import Judgement, judge
from watchbell.status.ping import KEPT, Ping, change, pings, unpinged
from watchbell.status.reason import Reason

ONE, OTHER = "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314", "c0ffee00-1111-4222-8333-444455556666"
HOURLY = Rhythm(period=3600, grace=600)
NIGHTLY = Rhythm(cron="0 2 * * *", grace=1800)
BERLIN = Rhythm(cron="30 2 * * *", zone="Europe/Berlin", grace=1800)
OFFICE = Rhythm(cron="0 9-17 * * 1-5", zone="America/New_York", grace=600)


def epoch(text):
    return datetime.fromisoformat(text).timestamp()


MIDNIGHT = epoch("2026-01-05T00:00+00:00")
TIMES = {
    NIGHTLY.cron: [MIDNIGHT + 7200 + 86400 * day for day in range(3)],
    # In Berlin, 02:30 does not exist on March 29, so the job is due when the gap ends. On October 25 it comes twice.
    BERLIN.cron: [
        epoch(text)
        for text in (
            *("2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"),
            *("2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        )
    ],
    OFFICE.cron: [epoch("2026-11-20T17:00-05:00"), epoch("2026-11-23T09:00-05:00")],
}


def next_after(expression, zone, after):
    """The next time from the table."""
    return next(time for time in TIMES[expression] if time > after)


def sent(events, start=0.0):
    """Pings from (seconds after `start`, what) or (seconds, what, run)."""
    return [Ping(round((start + at) * 1000), str(what), *run) for at, what, *run in events]


def at(seconds, rhythm, *events, start=0.0):
    return heartbeat(sent(events, start), rhythm, at=start + seconds, next_after=next_after)


@pytest.mark.parametrize(
    ("events", "seconds", "shown", "status", "duration"),
    [
        pytest.param([], 0, "new", "new", None, id="never pinged"),
        pytest.param([], 10**9, "new", "new", None, id="never pinged, for 30 years"),
        pytest.param([(0, "success")], 3599, "up", "up", None, id="in its period"),
        pytest.param([(0, "success")], 3600, "late", "late", None, id="due"),
        pytest.param([(0, "success")], 4199, "late", "late", None, id="in its grace time"),
        pytest.param([(0, "success")], 4200, "down", "down", None, id="missed"),
        pytest.param([(0, "success"), (5000, "success")], 5001, "up", "up", None, id="missed, then pinged"),
        pytest.param([(0, "fail"), (60, "success")], 61, "up", "up", None, id="failed, then mended"),
        pytest.param([(0, "1")], 1, "down", "down", None, id="exit status 1"),
        pytest.param(
            [(0, "log"), (100, "success"), (200, "log")], 300, "up", "up", None, id="logs before and after a success"
        ),
        pytest.param([(0, "log")], 300, "new", "new", None, id="only a log"),
        pytest.param(
            [(0, "success"), (100, "start")], 700, "down", "down", None, id="a run too long within the period"
        ),
        pytest.param([(0, "start"), (42, "success")], 50, "up", "up", 42, id="a run of 42 s"),
        pytest.param(
            [(0, "start"), (500, "start"), (700, "success")], 701, "up", "up", 200, id="the second start counts"
        ),
        pytest.param(
            [(0, "start"), (42, "success"), (50, "success")], 51, "up", "up", None, id="an end without a start"
        ),
        pytest.param(
            [(0, "success"), (3590, "start"), (4000, "success")], 7599, "up", "up", 410, id="due a period after the end"
        ),
        pytest.param(
            [(0, "fail"), (100, "start"), (150, "success")], 151, "up", "up", 50, id="the second try succeeds"
        ),
        pytest.param([(0, "fail"), (100, "start")], 150, "started", "down", None, id="down while it tries again"),
        pytest.param([(0, "start", ONE), (100, "success", ONE)], 101, "up", "up", 100, id="start and success of a run"),
        pytest.param(
            [(0, "start", ONE), (100, "success", OTHER)], 101, "started", "up", None, id="success of another run"
        ),
        pytest.param([(0, "start", ONE), (100, "success", OTHER)], 600, "down", "down", None, id="the run is too long"),
        pytest.param(
            [(0, "start"), (100, "success", ONE)], 700, "down", "down", None, id="the run without an id is too long"
        ),
        pytest.param(
            [(0, "start", ONE), (100, "success")], 700, "up", "up", None, id="a success without an id ends it"
        ),
        pytest.param(
            [(0, "start", ONE), (100, "fail", OTHER)], 200, "down", "down", None, id="a fail of another run ends it"
        ),
        pytest.param(
            [(0, "start", ONE), (700, "success", OTHER)], 701, "down", "down", None, id="no success of others mends it"
        ),
        pytest.param([(0, "start", ONE), (700, "success", ONE)], 701, "up", "up", 700, id="its own success mends it"),
        pytest.param([(0, "success"), (100, "pause")], 99999, "paused", "paused", None, id="paused"),
        pytest.param([(0, "start"), (100, "pause")], 99999, "paused", "paused", None, id="paused in a run"),
        pytest.param(
            [(0, "success"), (100, "pause"), (200, "start")], 300, "started", "paused", None, id="started while paused"
        ),
        pytest.param([(0, "success"), (100, "pause"), (200, "success")], 201, "up", "up", None, id="a ping wakes it"),
        pytest.param([(0, "success"), (100, "pause"), (200, "resume")], 99999, "new", "new", None, id="resumed is new"),
        pytest.param([(0, "success"), (100, "resume")], 101, "up", "up", None, id="resumed without a pause"),
        pytest.param([(10, "success")], 5, "new", "new", None, id="a ping of the future does not count yet"),
    ],
)
def test_a_heartbeat_with_a_period(events, seconds, shown, status, duration):
    found = at(seconds, HOURLY, *events)
    assert ("started" if found.running else found.status, found.status) == (shown, status)
    assert at(10**6, HOURLY, *events).status in ("down", "new", "paused")
    assert found.duration == duration


def test_pings_do_not_wake_what_must_be_resumed_by_hand():
    rhythm = Rhythm(period=3600, grace=600, manual_resume=True)
    events = [(0, "success"), (100, "pause"), (150, "success"), (160, "start")]
    assert at(170, rhythm, *events).status == "paused"
    assert at(10**6, rhythm, *events).status == "paused"
    assert at(301, rhythm, *events, (200, "resume"), (300, "success")).status == "up"


@pytest.mark.parametrize(
    ("rhythm", "start", "events", "seconds", "status"),
    [
        pytest.param(NIGHTLY, MIDNIGHT, [(7205, "success")], 93599, "up", id="until 02:00 of the next day"),
        pytest.param(NIGHTLY, MIDNIGHT, [(7205, "success")], 93600, "late", id="due at 02:00"),
        pytest.param(NIGHTLY, MIDNIGHT, [(7205, "success")], 95400, "down", id="missed at 02:30"),
        pytest.param(NIGHTLY, MIDNIGHT, [(7190, "success")], 7200, "late", id="pinged ten seconds too early"),
        pytest.param(
            NIGHTLY, MIDNIGHT, [(7205, "success"), (50000, "success")], 93600, "late", id="a ping between moves nothing"
        ),
        pytest.param(
            BERLIN, epoch("2026-03-27T23:00+00:00"), [(9010, "success")], 93600, "late", id="due at the end of a gap"
        ),
        pytest.param(
            BERLIN, epoch("2026-10-24T22:00+00:00"), [(9005, "success")], 98999, "up", id="a time that comes twice: up"
        ),
        pytest.param(
            BERLIN,
            epoch("2026-10-24T22:00+00:00"),
            [(9005, "success")],
            99000,
            "late",
            id="a time that comes twice: due",
        ),
        pytest.param(OFFICE, epoch("2026-11-20T22:00:03+00:00"), [(0, "success")], 230397, "late", id="Monday at nine"),
    ],
)
def test_a_heartbeat_with_a_cron_expression(rhythm, start, events, seconds, status):
    assert at(seconds, rhythm, *events, start=start).status == status


def test_every_turn_is_dated_at_its_deadline_or_its_ping():
    found = at(20_000, HOURLY, (0, "success"), (5000, "success"), (5100, "start", ONE), (6000, "3"), (6060, "success"))
    assert found.turns == (
        Turn(0, "up"),
        Turn(4200, "down", Reason("ping_missed")),
        Turn(5000, "up"),
        Turn(5700, "down", Reason("run_too_long")),
        Turn(6060, "up"),
        Turn(10260, "down", Reason("ping_missed")),
    )
    assert at(9659, HOURLY, (6060, "success")).due == 9660


def test_a_success_of_another_run_is_no_recovery_of_a_run_that_takes_too_long():
    found = at(701, HOURLY, (0, "start", ONE), (700, "success", OTHER))
    assert found.turns == (Turn(600, "down", Reason("run_too_long")),)


def test_a_ping_at_the_deadline_is_in_time():
    assert at(4201, HOURLY, (0, "success"), (4200, "success")).turns == (Turn(0, "up"),)


class TestFacts:
    def judged(self, judged, seconds, *events):
        """The judgement and its flips after a look at these seconds, which judges what is new since the last look."""
        flips = []
        for fact in facts(at(seconds, HOURLY, *events), after=judged.since):
            judged, found = judge(judged, fact, POLICY, at=seconds, in_maintenance=False)
            flips += [(flip.since, flip.new, flip.news) for flip in found]
        return judged, flips

    def test_it_is_unknown_while_it_is_new_or_paused(self):
        assert facts(at(9, HOURLY), after=0) == [Facts("unknown")]
        assert facts(at(9, HOURLY, (0, "success"), (5, "pause")), after=3) == [Facts("unknown")]

    def test_a_late_one_is_up(self):
        assert facts(at(4000, HOURLY, (1, "success")), after=0) == [Facts("up", since=1)]

    def test_a_job_that_failed_and_recovered_between_two_looks_is_told(self):
        judged, flips = self.judged(Judgement("m"), 60, (1, "success"))
        assert flips == [(1, "up", "")]
        events = [(1, "success"), (70, "7"), (90.5, "success")]
        judged, flips = self.judged(judged, 120, *events)
        assert flips == [(70, "down", "opened"), (90, "up", "recovered")]
        assert self.judged(judged, 180, *events)[1] == []

    def test_a_missed_ping_dates_the_flip_at_the_deadline(self):
        judged, _ = self.judged(Judgement("m"), 60, (1, "success"))
        judged, flips = self.judged(judged, 4500, (1, "success"))
        assert flips == [(4201, "down", "opened")]
        assert self.judged(judged, 4560, (1, "success"))[1] == []

    def test_two_pings_in_one_second_are_judged_once(self):
        judged, _ = self.judged(Judgement("m"), 60, (1, "success"))
        events = [(1, "success"), (70.2, "fail"), (70.7, "success")]
        judged, flips = self.judged(judged, 120, *events)
        assert flips == [(70, "down", "opened"), (70, "up", "recovered")]
        assert self.judged(judged, 180, *events)[1] == []

    def test_a_ping_that_arrives_late_undoes_the_outage(self):
        judged, _ = self.judged(Judgement("m"), 60, (1, "success"))
        judged, _ = self.judged(judged, 4202, (1, "success"))
        judged, flips = self.judged(judged, 4260, (1, "success"), (4200, "success"))
        assert flips == [(4201, "up", "recovered")]


class Row:
    """A row to which pings are written as the heartbeat function writes them."""

    def __init__(self):
        self.item = unpinged()

    def take(self, ping, body=""):
        expression, values = change(ping, body)
        texts = {name: value["S"] for name, value in values.items()}
        if f"pings[{KEPT}] = :ping" in expression:
            assert expression.endswith("REMOVE pings[0]")
            self.item["pings"] = {"L": [*self.item["pings"]["L"][1:], {"S": texts[":ping"]}]}
        for name in ("ended", "logged"):
            if f"{name} = :ping" in expression:
                self.item[name] = {"S": texts[":ping"]}
        return self


def told(pings):
    return [str(ping) for ping in pings]


class TestRow:
    def test_a_row_gives_its_pings_back_in_the_order_of_their_time(self):
        row = Row()
        for ping in (Ping(2000, "success", ONE), Ping(1000, "start", ONE), Ping(3000, "log"), Ping(4000, "17")):
            row.take(ping)
        assert told(pings(row.item)) == [f"1000 start {ONE}", f"2000 success {ONE}", "4000 17"]

    def test_an_end_that_is_written_before_its_start_ends_the_run(self):
        row = Row().take(Ping(42_000, "success", ONE)).take(Ping(1000, "start", ONE))
        found = heartbeat(pings(row.item), HOURLY, at=900, next_after=next_after)
        assert (found.status, found.running, found.duration) == ("up", False, 41)

    def test_many_starts_do_not_hide_the_last_success(self):
        row = Row().take(Ping(0, "success"))
        for second in range(100):
            row.take(Ping(second * 1000, "start"))
        assert heartbeat(pings(row.item), HOURLY, at=200, next_after=next_after).status == "up"
        assert len(row.item["pings"]["L"]) == KEPT

    def test_many_logs_hide_nothing(self):
        row = Row().take(Ping(0, "start")).take(Ping(1, "fail"))
        for second in range(100):
            row.take(Ping(second * 1000, "log"))
        assert told(pings(row.item)) == ["0 start", "1 fail"]

    def test_rows_without_pings_or_with_nonsense_are_read(self):
        assert pings({}) == pings(unpinged()) == []
        nonsense = [{"S": text} for text in ("", " ", "x success", "5", "5 fail a b", "7 fail")] + [{"N": "1"}]
        assert told(pings({"pings": {"L": nonsense}})) == ["7 fail"]

    def test_a_row_says_the_same_as_all_pings_in_any_order_of_writing(self):
        for seed in range(300):
            random = Random(seed)
            times = sorted(random.sample(range(20_000_000), KEPT))
            all_of_them = [
                Ping(
                    at,
                    random.choice(("start", "success", "success", "fail", "3", "log")),
                    random.choice(("", ONE, OTHER)),
                )
                for at in times
            ]
            shuffled = random.sample(all_of_them, len(all_of_them))
            row = Row()
            for ping in shuffled:
                row.take(ping)
            when = random.randrange(25_000)
            ended = pings({"ended": row.item.get("ended", {})})
            assert set(told(ended)) <= set(told(all_of_them))
            assert heartbeat(pings(row.item), HOURLY, at=when, next_after=next_after) == heartbeat(
                all_of_them, HOURLY, at=when, next_after=next_after
            ), seed


class Clockwork:
    """A heartbeat that is looked at every second, and keeps nothing but its status and its last start and end."""

    def __init__(self, rhythm):
        self.rhythm, self.status, self.started, self.ended, self.duration = rhythm, "new", None, None, None

    def overdue(self, now):
        return self.started is not None and now >= self.started[0] + self.rhythm.grace

    def tick(self, now):
        missed = self.status == "up" and now >= self.ended + self.rhythm.period + self.rhythm.grace
        if missed or self.overdue(now):
            self.status = "down"

    def take(self, now, what, run=""):
        if what == "pause":
            self.status, self.started = "paused", None
        elif what == "resume" and self.status == "paused":
            self.status, self.started, self.ended = "new", None, None
        elif what == "start":
            self.started = (now, run)
        elif what not in ("log", "resume"):
            same = self.started is not None and self.started[1] == run
            self.duration = now - self.started[0] if same else None
            self.ended = now
            if same or what != "success" or run == "":
                self.started = None
            self.status = "up" if what == "success" else "down"

    def shown(self, now):
        if self.overdue(now):
            return "down", False
        if self.status == "up" and now >= self.ended + self.rhythm.period:
            return "late", self.started is not None
        return self.status, self.started is not None


def test_every_life_is_the_one_that_a_look_at_each_second_gives():
    rhythm = Rhythm(period=20, grace=7)
    words = ("start", "start", "success", "success", "success", "fail", "9", "log", "pause", "resume")
    for seed in range(200):
        random = Random(seed)
        events = [
            (second, random.choice(words), random.choice(("", "", ONE, OTHER)))
            for second in sorted(random.sample(range(90), random.randint(1, KEPT)))
        ]
        clockwork, left = Clockwork(rhythm), list(events)
        for second in range(120):
            if left and left[0][0] == second:  # A ping at the deadline is in time, so it comes before the look.
                clockwork.take(*left.pop(0))
            clockwork.tick(second)
            found = at(second, rhythm, *events)
            assert (found.status, found.running) == clockwork.shown(second), (seed, second)
            assert found.duration == clockwork.duration, (seed, second)
