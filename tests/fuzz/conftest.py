"""The ingress that is fuzzed. Before the tests, it answers the recorded commands, to collect custom ids."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests import recorded
from tests.fuzz import grammar
from tests.fuzz.budget import BATCHES

pytest.register_assert_rewrite("tests.fuzz.door")
from tests.fuzz.door import Door, event, opened  # noqa: E402


@pytest.fixture(autouse=True, scope="module", params=range(BATCHES), ids="batch{}".format)
def batch() -> None:
    """Run each property once per batch. pytest-xdist distributes the batches."""


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with opened() as door:
        for name, recording in recorded.all_of("command_").items():
            _, payload = door.ask(
                event(json.dumps(recording).encode(), "/interactions"), json.dumps(recording).encode()
            )
            grammar.harvest(payload)
            assert payload["type"] in (4, 5), name
        yield door
