"""The checks of a shard run at once, and none of them stops the others."""

import threading

import pytest

from tests.adapters.test_opener import Site
from watchbell.adapters.checker import Checker
from watchbell.errors import DefinitionError
from watchbell.kit.check import Check
from watchbell.status.facts import Facts
from watchbell.status.found import Found
from watchbell.status.monitor import Monitor
from watchbell.status.reason import Reason

SECRET = "s3cr3t"


def kind(name, function):
    made = Check(name, "Test", example="x")
    made.run(function)
    return name, made


def monitor(id, kind, **fields):
    return Monitor(id, id, kind, "x", **{"seconds": 1.0, **fields})


def well(monitor, net):
    return Found(latency_ms=3)


def broken(monitor, net):
    raise RuntimeError(f"a bug with {SECRET}")


@pytest.fixture
def stuck():
    """A check that waits until the test has ended."""
    ended = threading.Event()

    def wait(monitor, net):
        ended.wait()

    yield wait
    ended.set()


def checker(together=25, **functions):
    kinds = dict(kind(name, function) for name, function in functions.items())
    kinds["fed"] = Check("fed", "Test", row=lambda monitor: {})
    return Checker(find=kinds.get, together=together)


def test_every_monitor_gets_its_facts_but_those_that_are_fed_from_outside():
    watched = [monitor("a", "well"), monitor("b", "well"), monitor("c", "fed")]
    assert checker(well=well).run(watched) == {"a": Facts("up", None, 3), "b": Facts("up", None, 3)}
    assert checker().run([monitor("c", "fed")]) == {}


def test_a_bug_is_unknown_and_logged_once_without_its_message(caplog):
    found = checker(well=well, broken=broken).run(
        [*(monitor(f"b{n}", "broken") for n in range(9)), monitor("w", "well")]
    )
    assert found.pop("w").outcome == "up"
    assert set(found) == {f"b{n}" for n in range(9)}
    assert all(each == Facts("unknown", Reason("not_measured")) for each in found.values())
    assert [record.getMessage().partition(" at ")[0] for record in caplog.records] == [
        "the check broken has a bug: RuntimeError"
    ]
    assert SECRET not in caplog.text


def test_a_kind_that_does_not_exist_or_cannot_be_loaded_is_unknown():
    assert checker().run([monitor("a", "gone")])["a"] == Facts("unknown", Reason("not_measured"))

    def find(name):
        raise DefinitionError("checks/odd.py cannot be imported")

    assert Checker(find=find).run([monitor("a", "odd")])["a"] == Facts("unknown", Reason("not_measured"))


def test_a_stored_monitor_that_its_kind_no_longer_understands_is_unknown():
    found = checker(well=well).run(
        [monitor("a", "well", conditions=("[STATUS] = 1",)), monitor("b", "well", options={"x": "y"})]
    )
    assert [each.reason for each in found.values()] == [Reason("not_measured")] * 2


def test_a_stuck_check_is_a_timeout_and_the_run_ends(stuck):
    found = checker(stuck=stuck, well=well).run([monitor("s", "stuck", seconds=0.2), monitor("w", "well")], seconds=1.2)
    assert found == {"s": Facts("down", Reason("timeout", {"seconds": 1})), "w": Facts("up", None, 3)}


def test_a_check_that_had_no_turn_is_unknown(stuck):
    watched = [monitor("s", "stuck", seconds=0.2), monitor("w", "well")]
    found = checker(1, stuck=stuck, well=well).run(watched, seconds=1.2)
    assert found["w"] == Facts("unknown", Reason("not_asked_in_time", {"seconds": 2}))


def test_a_check_that_has_less_time_than_its_target_may_take_does_not_begin():
    found = checker(well=well).run([monitor("w", "well", seconds=5.0)], seconds=1)
    assert found["w"].reason == Reason("not_asked_in_time", {"seconds": 1})


def test_the_real_kinds_ask_real_servers():
    site = Site()
    watched = [
        Monitor("h", "H", "http", f"{site.url}/", conditions=("[BODY] == ok", "[IP] == 127.0.0.1"), private=True),
        Monitor("t", "T", "tcp", f"127.0.0.1:{site.port}", private=True),
        Monitor("r", "R", "tcp", "127.0.0.1:1", private=True),
        Monitor("s", "S", "http", f"{site.url}/", private=True, options={"headers": "X: {{secret:none}}"}),
    ]
    found = Checker().run(watched)
    site.server.stop()
    assert {id: each.outcome for id, each in found.items()} == {"h": "up", "t": "up", "r": "down", "s": "unknown"}
    assert found["h"].values == {"status": 200}
    assert found["r"].reason == Reason("connection_refused")
