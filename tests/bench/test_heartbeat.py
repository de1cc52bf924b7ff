"""The bench of the heartbeat function times only pings that were written."""

from __future__ import annotations

from bench.cold import Start
from bench.heartbeat import Comparison, fault


def test_the_figures_compare_cold_starts_and_give_the_warm_ping_in_microseconds() -> None:
    noop, heartbeat = [Start(40, 10, 50, 0.4)] * 3, [Start(60, 15, 75, 1.25)] * 3
    compared = Comparison(noop, heartbeat)
    assert compared.figures() == {"heartbeat_vs_noop": 1.5, "warm_p50_us": 1250}
    assert compared.table().endswith("1.5  at most 1.6: met")


def test_a_ping_that_is_refused_or_not_written_is_not_timed() -> None:
    ok = {"statusCode": 200, "body": "OK"}
    assert fault(ok, 3, ["1700000000000 3"]) == ""
    assert "instead of OK" in fault({"statusCode": 503, "body": ""}, 3, ["1700000000000 3"])
    assert "instead of the exit status 3" in fault(ok, 3, [])
    assert "instead of the exit status 3" in fault(ok, 3, ["1700000000000 4"])
