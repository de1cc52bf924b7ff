"""A ping is one update of its row: the last ten are kept, and a URL that no monitor has stays without a row."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.loopback import Server, as_json
from tests.conftest import CREDENTIALS
from watchbell.adapters.dynamodb import Table
from watchbell.adapters.pings import Pings
from watchbell.data.tables import PING
from watchbell.errors import Unavailable, Unsure
from watchbell.status.ping import KEPT, Ping, pings, unpinged

ID, RUN = "4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314", "c0ffee00-1111-4222-8333-444455556666"


@pytest.fixture
def table(settings):
    return Table(settings["STATE_TABLE"])


@pytest.fixture
def rows(settings, table):
    table.put({**PING.item_key(ID), "guild": {"S": "1"}, "monitor": {"S": "m0n1t0r5"}, **unpinged()})
    return Pings(settings["STATE_TABLE"])


def told(table):
    return [str(ping) for ping in pings(table.get(PING.item_key(ID)))]


def test_pings_are_kept_in_their_order_with_the_last_body(rows, table):
    assert rows.write(ID, Ping(1000, "start", RUN), "not kept")
    assert rows.write(ID, Ping(2000, "3", RUN), "disk is full")
    assert told(table) == [f"1000 start {RUN}", f"2000 3 {RUN}"]
    assert rows.write(ID, Ping(3000, "log"), "a log")
    row = table.get(PING.item_key(ID))
    assert (row["ended"], row["logged"], row["body"]) == ({"S": f"2000 3 {RUN}"}, {"S": "3000 log"}, {"S": "a log"})
    assert (row["guild"], row["monitor"]) == ({"S": "1"}, {"S": "m0n1t0r5"})


def test_a_row_keeps_its_size_however_many_pings_come(rows, table):
    for second in range(25):
        assert rows.write(ID, Ping(second, "success"), "")
    assert told(table) == [f"{second} success" for second in range(25 - KEPT, 25)]
    for second in range(100, 125):
        assert rows.write(ID, Ping(second, "start"), "")
    assert told(table) == ["24 success", *(f"{second} start" for second in range(125 - KEPT, 125))]
    assert len(table.get(PING.item_key(ID))["pings"]["L"]) == KEPT


def test_pings_at_the_same_time_lose_none(rows, table):
    with ThreadPoolExecutor(KEPT) as threads:
        done = threads.map(lambda second: rows.write(ID, Ping(second, "success"), ""), range(KEPT))
        assert [*done] == [True] * KEPT
    assert told(table) == [f"{second} success" for second in range(KEPT)]


def test_a_url_that_no_monitor_has_gets_no_row(rows, table):
    assert not rows.write(RUN, Ping(1, "success"), "")
    assert table.get(PING.item_key(RUN)) == {}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (as_json(500, {"__type": "InternalServerError"}), Unsure),
        (as_json(400, {"__type": "x#ThrottlingException"}), Unavailable),
        (as_json(200, []), Unsure),
    ],
)
def test_what_may_not_be_written_is_an_error(answer, error, monkeypatch):
    server = Server(lambda request: answer)
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": server.url}.items():
        monkeypatch.setenv(name, value)
    try:
        with pytest.raises(error):
            Pings("state").write(ID, Ping(1, "success"), "")
    finally:
        server.stop()
