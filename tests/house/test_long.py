"""The tests that `make test` leaves out are there, and `make check` runs them."""

from pathlib import Path

import pytest

from tests.conftest import LONG

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", LONG)
def test_what_takes_long_is_there(name):
    assert (ROOT / "tests" / name).exists()


def test_make_check_runs_them_and_make_test_does_not():
    targets = (ROOT / "Makefile").read_text().split("\n\n")
    commands = {target.split(":")[0]: target.partition("\n")[2] for target in targets}
    assert '-m "not long"' in commands["test"]
    assert "-m pytest" in commands["check"]
    assert "not long" not in commands["check"]


def test_this_test_is_not_long(request):
    assert request.node.get_closest_marker("long") is None
