"""The checks of a shard run at once, and none of them stops the others."""

import threading
import time

import pytest

from sandbox.loopback import Response, Server
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


class Flaky:
    """A site that answers with these statuses, one after the other, and with the last one from then on."""

    def __init__(self, *statuses):
        self.statuses, self.asked = list(statuses), []
        self.server = Server(self._answer)
        self.monitor = Monitor(
            "f", "F", "http", f"{self.server.url}/", private=True, seconds=2.0, options={"recheck": "1"}
        )

    def _answer(self, request):
        self.asked.append(time.monotonic())
        return Response(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0], b"")


@pytest.fixture
def flaky():
    made = []

    def make(*statuses):
        made.append(Flaky(*statuses))
        return made[-1]

    yield make
    for each in made:
        each.server.stop()


def test_a_target_that_fails_once_is_asked_again_after_the_wait_and_is_up(flaky):
    site = flaky(503, 200)
    assert Checker().run([site.monitor], again={"f"}, left=20.0)["f"].outcome == "up"
    first, second = site.asked
    assert second - first >= 1.0


@pytest.mark.parametrize(
    ("statuses", "again", "left", "asked", "outcome"),
    [
        ((503, 500), {"f"}, 20.0, 2, "down"),
        ((200, 503), {"f"}, 20.0, 1, "up"),
        ((503, 200), set(), 20.0, 1, "down"),
        ((503, 200), {"f"}, 2.9, 1, "down"),
    ],
    ids=["it fails twice", "it is up at once", "it was not well before", "there is no time"],
)
def test_what_is_asked_again_is_only_a_failure_for_which_there_is_time(flaky, statuses, again, left, asked, outcome):
    site = flaky(*statuses)
    found = Checker(sleep=lambda seconds: None).run([site.monitor], again=again, left=left)["f"]
    assert (len(site.asked), found.outcome) == (asked, outcome)
    if asked == 2:
        assert found.values == {"status": 500}


def test_a_second_check_that_has_a_bug_leaves_the_first_result():
    results = [Reason("unreachable")]

    def once(monitor, net):
        return results.pop()

    made = checker(once=once)
    made._sleep = lambda seconds: None
    watched = monitor("a", "once", options={"recheck": "5"})
    assert made.run([watched], again={"a"}, left=20.0)["a"] == Facts("down", Reason("unreachable"))


def test_a_second_check_that_is_stuck_leaves_the_first_result_and_the_run_ends(stuck):
    results = [Reason("unreachable")]

    def then_stuck(monitor, net):
        return results.pop() if results else stuck(monitor, net)

    made = checker(odd=then_stuck, well=well)
    made._sleep = lambda seconds: None
    watched = [monitor("a", "odd", seconds=0.1, options={"recheck": "1"}), monitor("w", "well", seconds=0.1)]
    found = made.run(watched, seconds=0.2, again={"a"}, left=1.2)
    assert found == {"a": Facts("down", Reason("unreachable")), "w": Facts("up", None, 3)}
