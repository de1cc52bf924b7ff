"""The bench of the fan-out: every message once, no 429 that somebody could have avoided, and close to the optimum."""

from __future__ import annotations

import pytest

from bench import fanout
from bench.instance import WrongAnswer
from sandbox.discord import limits
from watchbell.adapters.pace import Pace


@pytest.mark.parametrize("senders", [1, 4])
def test_a_fleet_sends_everything_once_and_avoids_what_can_be_avoided(senders: int) -> None:
    fleet = fanout.fan_out(senders, dms=150, alerts=60, channels=10)
    assert (fleet.sent, fleet.avoidable_429, fleet.refused) == (210, 0, 0)
    assert 0.7 < fleet.share_of_optimum <= 1  # a small fleet: the beginning and the end count more
    assert fleet.table_calls > 2 * 360


def test_one_channel_is_sent_to_as_fast_as_its_limit_allows() -> None:
    fleet = fanout.fan_out(4, dms=0, alerts=30, channels=1)
    assert (fleet.sent, fleet.refused) == (30, 0)
    assert fleet.share_of_optimum > 0.9


def test_a_fleet_that_ignores_the_buckets_is_refused_and_that_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.data.pace.Bucket.entries", (40, 1))
    fleet = fanout.fan_out(4, dms=0, alerts=60, channels=3)
    assert (fleet.sent, fleet.avoidable_429 > 0) == (60, True)


def test_a_fleet_that_ignores_the_line_meets_the_global_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "_place", lambda self, now, *_, **__: now)
    assert fanout.fan_out(4, dms=60, alerts=0).avoidable_429 > 0


def test_a_hidden_limit_is_met_and_then_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPEN_DMS", limits.Limit("open direct messages", 20, 10.0))
    fleet = fanout.fan_out(2, dms=60, alerts=0)
    assert fleet.sent == 60
    assert 0 < fleet.refused < 40


def test_the_optimum_is_what_the_tightest_limit_allows() -> None:
    assert fanout.optimum(2_000, 500, 50) == pytest.approx(89.1)
    assert fanout.optimum(0, 50, 1) == pytest.approx(45.1)
    assert fanout.optimum(250, 0, 1) == pytest.approx(9.1)


def test_a_message_that_is_lost_is_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout._Run, "_send", lambda *_: None)
    with pytest.raises(WrongAnswer, match="0 of 3 messages"):
        fanout.fan_out(1, dms=3, alerts=0)


def test_the_figures_are_those_of_each_fleet() -> None:
    made = fanout.Measured([fanout.Fleet(8, 2_500, 0, 0.9612, 3, 92.7, 17_000, 6_900)])
    ((figures),) = made.figures()["fanout"]
    assert {key: figures[key] for key in ("senders", "sent", "avoidable_429", "share_of_optimum")} == {
        "senders": 8,
        "sent": 2_500,
        "avoidable_429": 0,
        "share_of_optimum": 0.961,
    }
    assert "simulated" in made.table()
    assert made.table().count(": met") == 2
