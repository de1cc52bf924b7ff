"""The bench of alerts times only an alert that Discord got once."""

from __future__ import annotations

import pytest

from bench import alert
from bench.instance import WrongAnswer


def test_an_alert_is_timed_from_the_last_failure_to_discord_and_its_calls_are_counted() -> None:
    figures = alert.measure(flips=2).figures()
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    # The run: 2 reads, 2 writes and a message. The sender: 13 reads and writes around the edition, the mailbox before
    # and after the opening, the places in the line and in the channel, and the mark.
    assert figures["aws_calls"] == 5 + 20


def test_the_figures_are_percentiles() -> None:
    made = alert.Measured([float(each) for each in range(1, 102)], [14] * 101)
    assert made.figures() == {"p50_ms": 51.0, "p99_ms": 100.0, "aws_calls": 14}
    assert "simulated" in made.table()


def test_an_alert_that_does_not_come_is_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert, "DOWN", alert.UP)
    with pytest.raises(WrongAnswer, match="after the third failure"):
        alert.measure(flips=1)
