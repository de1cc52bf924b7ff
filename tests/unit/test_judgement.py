"""How results become a state and news: the rules, one by one."""

import json

import pytest

from tests.judgements import FACTS
from watchbell.status.facts import Facts
from watchbell.status.flip import Flip
from watchbell.status.judgement import Judgement, judge, pack, remind, reminded, reminder_due, restart, unpack
from watchbell.status.monitor import Policy
from watchbell.status.reason import Reason

OUTCOME = {"u": "up", "g": "degraded", "d": "down", "?": "unknown"}
START = 1_700_000_000


class Watch:
    """A monitor and its results: one a minute, the first in minute 1."""

    def __init__(self, policy=Policy()):  # noqa: B008 a policy is immutable
        self.policy, self.judged, self.minute, self.flips = policy, Judgement("m0n1t0r5"), 0, []

    def sees(self, outcomes, in_maintenance=False, **values):
        """Judge results: u is up, g degraded, d down, ? unknown. Return their flips, shortly."""
        found = []
        for letter in outcomes:
            self.minute += 1
            facts = Facts(OUTCOME[letter], FACTS[OUTCOME[letter]].reason, 100, values)
            found += self._keep(
                judge(self.judged, facts, self.policy, at=START + 60 * self.minute, in_maintenance=in_maintenance)
            )
        return found

    def restarts(self):
        return self._keep(restart(self.judged, at=START + 60 * self.minute))

    def _keep(self, result):
        self.judged, flips = result
        self.flips += flips
        return [shortly(flip) for flip in flips]


def shortly(flip):
    """When it was decided, since when, from what to what, and the news, such as "3 since 1: up > down, opened"."""
    news = f", {flip.news}" if flip.news else ""
    return f"{(flip.at - START) // 60} since {(flip.since - START) // 60}: {flip.old} > {flip.new}{news}"


@pytest.mark.parametrize(
    ("outcomes", "flips"),
    [
        ("u", []),
        ("uu", ["2 since 1: new > up"]),
        ("uudd", ["2 since 1: new > up"]),
        ("uuddd", ["2 since 1: new > up", "5 since 3: up > down, opened"]),
        ("uudduddu", ["2 since 1: new > up"]),
        ("uudgd", ["2 since 1: new > up", "5 since 3: up > degraded, opened"]),
        ("uudgdd", ["2 since 1: new > up", "5 since 3: up > degraded, opened"]),
        (
            "uudgddd",
            ["2 since 1: new > up", "5 since 3: up > degraded, opened", "7 since 5: degraded > down, changed"],
        ),
        ("ddd", ["3 since 1: new > down, opened"]),
        ("dd", []),
        ("udud", []),
        ("gg", []),
        ("ggg", ["3 since 1: new > degraded, opened"]),
        ("dddu", ["3 since 1: new > down, opened"]),
        ("ddduu", ["3 since 1: new > down, opened", "5 since 4: down > up, recovered"]),
        ("dddudu", ["3 since 1: new > down, opened"]),
        ("dddug", ["3 since 1: new > down, opened", "5 since 4: down > degraded, changed"]),
        (
            "dddguu",
            [
                "3 since 1: new > down, opened",
                "5 since 4: down > degraded, changed",
                "6 since 5: degraded > up, recovered",
            ],
        ),
    ],
)
def test_a_state_gets_worse_after_three_results_and_better_after_two(outcomes, flips):
    assert Watch().sees(outcomes) == flips


@pytest.mark.parametrize(
    ("policy", "outcomes", "flips"),
    [
        (
            Policy(1, 1),
            "udu",
            ["1 since 1: new > up", "2 since 2: up > down, opened", "3 since 3: down > up, recovered"],
        ),
        (Policy(10, 1), "u" + "d" * 9, ["1 since 1: new > up"]),
        (Policy(10, 1), "u" + "d" * 10, ["1 since 1: new > up", "11 since 2: up > down, opened"]),
        (Policy(1, 10), "d" + "u" * 10, ["1 since 1: new > down, opened", "11 since 2: down > up, recovered"]),
    ],
)
def test_each_monitor_has_its_own_numbers(policy, outcomes, flips):
    assert Watch(policy).sees(outcomes) == flips


@pytest.mark.parametrize("numbers", [(0, 2), (3, 0), (11, 2), (3, 11), (-1, 2)])
def test_a_policy_outside_of_1_to_10_is_refused(numbers):
    with pytest.raises(ValueError, match="between 1 and 10"):
        Policy(*numbers)


def test_unknown_results_change_nothing_and_are_counted():
    watch = Watch()
    assert watch.sees("uudd????") == ["2 since 1: new > up"]
    assert (watch.judged.unknown, watch.judged.seen, watch.judged.results) == (4, START + 240, "0022")
    assert watch.sees("d") == ["9 since 3: up > down, opened"]
    assert watch.judged.unknown == 0


def test_unknown_results_do_not_tell_what_was_held_back():
    watch = Watch()
    watch.sees("uu")
    watch.sees("ddd", in_maintenance=True)
    assert watch.sees("???") == []
    assert watch.sees("d") == ["9 since 3: down > down, opened"]


class TestMaintenance:
    def test_an_outage_is_recorded_and_told_at_the_first_result_afterwards(self):
        watch = Watch()
        watch.sees("uu")
        assert watch.sees("ddddd", in_maintenance=True) == ["5 since 3: up > down"]
        assert watch.sees("d", status=503) == ["8 since 3: down > down, opened"]
        assert watch.flips[-1].values == {"status": 503}

    def test_an_outage_that_is_over_by_then_is_not_told(self):
        watch = Watch()
        watch.sees("uu")
        assert watch.sees("ddduu", in_maintenance=True) == ["5 since 3: up > down", "7 since 6: down > up"]
        assert watch.sees("uuu") == []

    def test_it_is_told_with_its_reason_even_if_the_first_result_afterwards_is_up(self):
        watch = Watch()
        watch.sees("uu")
        watch.sees("ddd", in_maintenance=True, status=503)
        assert watch.sees("u") == ["6 since 3: down > down, opened"]
        assert (watch.flips[-1].reason, watch.flips[-1].values) == (FACTS["down"].reason, {"status": 503})
        assert watch.sees("u") == ["7 since 6: down > up, recovered"]

    def test_it_does_not_hold_back_the_recovery_of_an_outage_that_was_told(self):
        watch = Watch()
        watch.sees("uuddd")
        assert watch.sees("uu", in_maintenance=True) == ["7 since 6: down > up, recovered"]

    def test_what_got_worse_and_better_again_meanwhile_is_no_news(self):
        watch = Watch()
        watch.sees("ggg")
        watch.sees("dddgg", in_maintenance=True)
        assert watch.sees("g") == []

    def test_the_notice_of_flapping_waits_too(self):
        watch = Watch()
        watch.sees("u" * 20)
        assert watch.sees("du" * 9, in_maintenance=True) == []
        assert watch.judged.flapping
        assert watch.sees("d") == ["39 since 1: up > up, flapping"]

    def test_flapping_that_ends_badly_is_told_after_maintenance(self):
        watch = Watch()
        watch.sees("u" * 20 + "du" * 9)
        watch.sees("d" * 30, in_maintenance=True)
        assert not watch.judged.flapping
        assert watch.sees("d") == ["69 since 39: down > down, settled"]

    def test_flapping_that_ends_well_is_told_at_once(self):
        watch = Watch()
        watch.sees("u" * 20 + "du" * 9)
        assert [flip.split(", ")[1] for flip in watch.sees("u" * 30, in_maintenance=True)] == ["settled"]


class TestFlapping:
    def test_forty_changes_are_one_notice(self):
        watch = Watch()
        watch.sees("u" * 20)
        assert watch.sees("du" * 40) == ["29 since 1: up > up, flapping"]

    def test_states_that_change_are_recorded_without_news(self):
        watch = Watch(Policy(1, 1))
        watch.sees("u" * 20)
        flips = watch.sees("du" * 40)
        assert len([flip for flip in flips if ":" in flip]) == 80
        assert [flip for flip in flips if "flapping" in flip] == ["29 since 29: up > down, flapping"]
        assert [flip.split(", ")[1] for flip in flips if "," in flip] == ["opened", "recovered"] * 4 + ["flapping"]

    def test_its_end_tells_the_state_there_is_then(self):
        watch = Watch()
        watch.sees("u" * 20 + "du" * 20)
        assert watch.sees("u" * 20) == ["74 since 1: up > up, settled"]
        watch.sees("du" * 20)
        found = watch.sees("d" * 20)
        assert [flip.split(": ")[1] for flip in found] == ["up > down", "down > down, settled"]
        assert watch.judged.told == "down"

    def test_it_does_not_hold_back_a_recovery(self):
        watch = Watch(Policy(1, 2))
        watch.sees("u" * 20 + "dududududud")
        assert (watch.judged.flapping, watch.judged.told) == (True, "down")
        assert [flip.split(", ")[1] for flip in watch.sees("uu")] == ["recovered"]
        assert watch.sees("d") == ["34 since 34: up > down"]

    def test_it_starts_at_half_of_the_weighted_changes_and_ends_below_a_quarter(self):
        """The newest 9 of 19 changes weigh 9.93 of 19, the newest 8 weigh 8.98. The oldest 5 weigh 4.22, and 6 5.13."""
        watch = Watch()
        watch.sees("u" * 20 + "dudududu")
        assert not watch.judged.flapping
        watch.sees("d")
        assert watch.judged.flapping
        watch.sees("d" * 14)  # 5 changes are left, which weigh 4.27.
        assert not watch.judged.flapping

    def test_it_ends_only_below_a_quarter(self):
        watch = Watch()
        watch.sees("u" * 20 + "dudududud")
        shares = []
        while watch.judged.flapping:
            watch.sees("d")
            shares.append(share(watch.judged.results))
        assert shares[-1] < 0.25 <= min(shares[:-1])
        assert 0.25 <= shares[-2] < 0.5

    def test_few_results_are_no_flapping(self):
        watch = Watch()
        assert watch.sees("dudududu") == []
        assert not watch.judged.flapping

    def test_a_level_counts_as_an_outcome(self):
        watch = Watch()
        watch.sees("g" * 20 + "dg" * 9)
        assert watch.judged.flapping


def share(results):
    weights = [0.8 + 0.4 * index / 18 for index in range(19)]
    return sum(weight for weight, a, b in zip(weights, results, results[1:], strict=False) if a != b) / 19


class TestDates:
    def test_a_fact_of_the_past_dates_the_flip(self):
        up = Facts("up", since=START)
        judged, _ = judge(Judgement("m"), up, Policy(1, 1), at=START + 60, in_maintenance=False)
        missed = Facts("down", since=START + 100)
        judged, flips = judge(judged, missed, Policy(1, 1), at=START + 300, in_maintenance=False)
        assert flips == (Flip("m", START + 300, START + 100, "up", "down", "opened"),)
        judged, flips = judge(judged, missed, Policy(1, 1), at=START + 360, in_maintenance=False)
        assert (flips, judged.since) == ((), START + 100)

    @pytest.mark.parametrize("since", [START - 500, START + 900])
    def test_no_flip_is_dated_before_the_last_one_or_after_its_result(self, since):
        judged, _ = judge(Judgement("m"), Facts("up"), Policy(1, 1), at=START, in_maintenance=False)
        _, flips = judge(judged, Facts("down", since=since), Policy(1, 1), at=START + 60, in_maintenance=False)
        assert flips[0].since == min(max(since, START), START + 60)

    def test_a_clock_that_is_behind_turns_nothing_back(self):
        watch = Watch()
        watch.sees("uuddd")
        watch.minute = 1
        assert watch.sees("uu") == ["5 since 5: down > up, recovered"]


class TestRestart:
    def test_a_paused_monitor_is_new_and_its_outage_ends(self):
        watch = Watch()
        watch.sees("uuddd")
        watch.minute = 7
        assert watch.restarts() == ["7 since 7: down > new"]
        assert watch.restarts() == []
        assert (watch.judged.results, watch.judged.reason) == ("", None)

    def test_a_recovery_is_told_after_it(self):
        watch = Watch()
        watch.sees("uuddd")
        watch.restarts()
        assert watch.sees("uu") == ["7 since 6: new > up, recovered"]

    def test_an_outage_that_goes_on_is_no_news_after_it(self):
        watch = Watch()
        watch.sees("uuddd")
        watch.restarts()
        assert watch.sees("dd") == []
        assert watch.sees("d") == ["8 since 6: new > down"]

    def test_people_who_heard_of_flapping_hear_how_it_is_after_it(self):
        watch = Watch()
        watch.sees("u" * 20 + "du" * 9)
        watch.restarts()
        assert watch.sees("uu") == ["40 since 39: new > up, settled"]

    def test_another_policy_counts_the_results_from_before(self):
        watch = Watch(Policy(10, 1))
        watch.sees("udddd")
        watch.policy = Policy(3, 1)
        assert watch.sees("d") == ["6 since 2: up > down, opened"]


class TestReminders:
    def due(self, judged, seconds, every=3600, in_maintenance=False):
        return reminder_due(judged, every, at=judged.told_at + seconds, in_maintenance=in_maintenance)

    def test_one_is_due_an_hour_after_the_news_and_an_hour_after_the_last_reminder(self):
        watch = Watch()
        watch.sees("ddd")
        assert not self.due(watch.judged, 3599)
        assert self.due(watch.judged, 3600)
        again = reminded(watch.judged, at=watch.judged.told_at + 9000)
        assert not self.due(again, 3599)
        assert self.due(again, 3600)

    def test_none_is_due_for_what_is_up_new_untold_in_maintenance_or_flapping(self):
        watch = Watch()
        assert not self.due(watch.judged, 10**6)
        watch.sees("uu")
        assert not self.due(watch.judged, 10**6)
        watch.sees("ddd", in_maintenance=True)
        assert not self.due(watch.judged, 10**6)
        watch.sees("d")
        assert self.due(watch.judged, 10**6)
        assert not self.due(watch.judged, 10**6, every=0)
        assert not self.due(watch.judged, 10**6, in_maintenance=True)
        assert not self.due(watch.judged._replace(flapping=True), 10**6)
        assert not self.due(watch.judged._replace(unknown=1), 10**6)

    @pytest.mark.parametrize(
        ("seen", "every", "seconds", "in_maintenance", "state"),
        [
            ("ddd", 3600, 3600, False, "down"),
            ("ggg", 3600, 9999, False, "degraded"),
            ("ddd", 3600, 3599, False, ""),
            ("ddd", 0, 3600, False, ""),
            ("ddd", 3600, 3600, True, ""),
            ("uuu", 3600, 3600, False, ""),
        ],
    )
    def test_a_reminder_is_a_flip_without_a_change_and_moves_the_next_one(
        self, seen, every, seconds, in_maintenance, state
    ):
        watch = Watch()
        watch.sees(seen)
        at = watch.judged.told_at + seconds
        after, flips = remind(watch.judged, every, at=at, in_maintenance=in_maintenance)
        assert [(flip.old, flip.new, flip.news) for flip in flips] == ([(state, state, "reminder")] if state else [])
        assert after == (reminded(watch.judged, at=at) if state else watch.judged)
        assert remind(after, every, at=at, in_maintenance=in_maintenance) == (after, ())


class TestPacking:
    def test_a_shard_of_25_fits_its_share(self):
        shard = []
        for number, outcomes in enumerate(["u" * 30] * 15 + ["uuddd"] * 5 + ["ud" * 15] * 5):
            watch = Watch()
            watch.sees(outcomes, status=503)
            shard.append(watch.judged._replace(monitor=f"m0n1t0{number:02}"))
        assert len(pack(shard).encode()) <= 25 * 110
        assert [*unpack(pack(shard)).values()] == shard

    def test_long_and_hostile_values_are_cut(self):
        hostile = {"a": "\ud800" * 999, "b": float("nan"), "c": 10**5000, "d": "never kept"}
        facts = Facts("down", Reason("http_status", {"status": "x" * 999}), 1, hostile)
        judged, flips = judge(Judgement("m0n1t0r5"), facts, Policy(1, 1), at=START, in_maintenance=False)
        assert judged.values == {"a": "?" * 23 + "…", "b": "…", "c": "…"}
        assert len(pack([judged]).encode()) < 200
        assert unpack(pack([judged])) == {"m0n1t0r5": judged}
        assert flips[0].reason == facts.reason

    def test_values_are_forgotten_when_it_is_up(self):
        watch = Watch()
        watch.sees("uud", status=503)
        assert watch.judged.values == {"status": 503}
        watch.sees("u")
        assert (watch.judged.values, watch.judged.reason) == ({}, None)

    def test_a_row_of_an_older_version_gets_the_defaults_and_one_of_a_newer_version_is_read(self):
        watch = Watch()
        watch.sees("uuddd")
        row = json.loads(pack([watch.judged._replace(reason=None)]))["m0n1t0r5"]
        older, newer = row[:4], [*row, "", {}, {}, "a field", 7]
        assert unpack(json.dumps({"m0n1t0r5": newer})) == {"m0n1t0r5": watch.judged._replace(reason=None)}
        assert unpack(json.dumps({"m0n1t0r5": older})) == {
            "m0n1t0r5": Judgement(
                "m0n1t0r5",
                "down",
                START + 180,
                results="00222",
                streaks=(START + 300, START + 300, 0, 0),
                seen=START + 300,
            )
        }
        assert unpack('{"m0n1t0r5":[]}') == {"m0n1t0r5": Judgement("m0n1t0r5")}
        assert unpack("") == unpack("{}") == {}
